"""What a person does to some of a face's landmarks, the others left as they are.

`SetLandmarks` replaces a whole decision; these edits change the part of it they are about, whatever
the rest is when they act, so that a thousand frames need no reading before they are edited.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from core.annotations.changes import Recorder
from core.annotations.edits import FaceEdit
from core.annotations.frame_states import PRESENCE, Presence, change_states
from core.annotations.records import Bools, Bytes, Floats, LandmarkAnnotation, Source
from core.annotations.rows import Row, landmarks_from_row, landmarks_to_row


@dataclass(frozen=True, eq=False)
class SetPoints(FaceEdit):
    """Decide some landmarks of a face."""

    kind: ClassVar[str] = "set_points"
    scheme: str
    members: Bools
    """(M,) the points decided; of the other arrays only these entries count."""
    points: Floats
    """(M, 2) float32; NaN decides that a point is missing."""
    sources: Bytes
    """(M,) uint8 of `Source`."""
    by_hand: bool = True
    """Whether a person placed them, rather than accepted or computed them."""
    visible: Bools | None = None
    """(M,) bool, of *all* points as they are shown now; None says nothing of visibility."""
    adds_face: bool = False
    """Whether the face is there from now on where nobody has said that it is not."""
    what: str = "move landmarks"

    @property
    def title(self) -> str:
        """For the undo menu."""
        return self.what

    def act(self, rows: Recorder) -> None:
        """Change the row.

        Raises:
            ValueError: If the arrays do not fit together, or the face has another number of points.
        """
        key = self.key(self.scheme)
        value = _decision(rows, key, len(self.members))
        chosen = self.members
        value.points[chosen] = self.points[chosen]
        value.edited[chosen] = self.by_hand | ~np.isfinite(self.points[chosen]).all(axis=1)
        assert value.sources is not None  # see _decision
        value.sources[chosen] = self.sources[chosen]
        if self.visible is not None:
            if value.visible is None:
                value.visible = self.visible.astype(np.bool_)
            value.visible[chosen] = self.visible[chosen]
        rows.put("landmarks", key, landmarks_to_row(value))
        if self.adds_face:
            _add_face(rows, self.face, self.frame)


@dataclass(frozen=True, eq=False)
class ResetPoints(FaceEdit):
    """Take the decision on some landmarks back: they are the run's again."""

    kind: ClassVar[str] = "reset_points"
    scheme: str
    members: Bools
    """(M,)."""

    @property
    def title(self) -> str:
        """For the undo menu."""
        return "reset landmarks"

    def act(self, rows: Recorder) -> None:
        """Change the row; remove it where no decision is left."""
        key = self.key(self.scheme)
        if rows.get("landmarks", key) is None:
            return
        value = _decision(rows, key, len(self.members))
        value.points[self.members] = np.nan
        value.edited[self.members] = False
        row = landmarks_to_row(value) if value.decided.any() else None
        rows.put("landmarks", key, row)


def _decision(rows: Recorder, key: Row, count: int) -> LandmarkAnnotation:
    """What is decided so far, with sources, ready to be changed."""
    row = rows.get("landmarks", key)
    if row is None:
        nowhere = np.full((count, 2), np.nan, np.float32)
        return LandmarkAnnotation(nowhere, np.zeros(count, np.bool_), None, _person(count))
    value = landmarks_from_row(row)
    if len(value.points) != count:
        raise ValueError(f"a face with {len(value.points)} points is edited as one with {count}")
    if value.sources is None:
        value.sources = _person(count)
    return value


def _person(count: int) -> Bytes:
    return np.full(count, Source.PERSON, np.uint8)


def _add_face(rows: Recorder, face: tuple[str, int], frame: int) -> None:
    added = np.uint8(Presence.ADDED)
    nothing = np.uint8(Presence.NOTHING_SAID)
    change_states(
        rows, PRESENCE, face, (frame, frame + 1), lambda s, _: np.where(s == nothing, added, s)
    )
