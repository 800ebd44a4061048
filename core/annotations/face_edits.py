"""Edits of whether a face is there at all, beside adding and deleting."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from core.annotations.changes import Recorder
from core.annotations.edits import RangeEdit
from core.annotations.frame_states import (
    PRESENCE,
    REVIEW,
    Presence,
    change_states,
    states_in,
)
from core.annotations.records import Bools, Bytes, ReviewState


@dataclass(frozen=True, eq=False)
class RestoreFace(RangeEdit):
    """Take "this is not a face" back for a range of frames: what is known of the face is shown."""

    kind: ClassVar[str] = "restore_face"

    @property
    def title(self) -> str:
        """For the undo menu."""
        return "bring face back"

    def perform(self, rows: Recorder) -> None:
        """Change the states; where the face was not deleted nothing changes."""
        absent = states_in(rows, PRESENCE, self.face, self.span) == Presence.ABSENT
        self._put(rows, PRESENCE, absent, np.uint8(Presence.NOTHING_SAID))
        self._put(rows, REVIEW, absent, np.uint8(ReviewState.EDITED))

    def _put(self, rows: Recorder, kind: str, where: Bools, value: np.uint8) -> None:
        def change(states: Bytes, at: int) -> Bytes:
            here = where[at - self.start :][: len(states)]
            return np.where(here, value, states)

        change_states(rows, kind, self.face, self.span, change)
