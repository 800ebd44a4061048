"""What a person does to one face: points, masks, boxes, review states, names; and many at once.

An edit is a plain record. `Project.apply` lets it act on the tables in one transaction and keeps,
beside its summary, every row it altered (see `changes`): that is what undo and redo use.
Any edit of a face marks the frame edited. Bulk edits leave approved frames alone.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, fields
from typing import Any, ClassVar

import numpy as np

from core.annotations.changes import Recorder
from core.annotations.frame_states import (
    PRESENCE,
    REVIEW,
    Presence,
    change_states,
    mark_edited,
    unapproved,
)
from core.annotations.records import (
    Bytes,
    Floats,
    LandmarkAnnotation,
    ReviewState,
    Source,
)
from core.annotations.rows import Row, box_to_row, landmarks_to_row, mask_to_row
from core.masks.label_map import LabelMap

FOREVER = 1 << 40
"""As the end of a range of frames: to the end of the clip."""


class Edit(ABC):
    """One thing a person did. Subclasses are frozen dataclasses with a `kind`."""

    kind: ClassVar[str]

    @property
    @abstractmethod
    def title(self) -> str:
        """What was done, for the undo menu: "move landmarks"."""

    @property
    @abstractmethod
    def clip(self) -> str:
        """The clip it acts on."""

    @property
    @abstractmethod
    def span(self) -> tuple[int, int]:
        """First frame, one past the last frame it acts on; undo goes to the first."""

    @abstractmethod
    def perform(self, rows: Recorder) -> None:
        """Act on the tables.

        Raises:
            ValueError: If its arrays do not fit together.
        """

    def summary(self) -> dict[str, Any]:
        """What the history says beside the changes: the plain fields (JSON), no arrays."""
        values = {f.name: getattr(self, f.name) for f in fields(self)}  # type: ignore[arg-type]
        return {k: v for k, v in values.items() if isinstance(v, bool | int | float | str)}


@dataclass(frozen=True, eq=False)
class FaceEdit(Edit):
    """An edit of one face in one frame."""

    kind: ClassVar[str] = "face"
    clip_id: str
    track_id: int
    frame: int

    @property
    def clip(self) -> str:
        """The clip."""
        return self.clip_id

    @property
    def span(self) -> tuple[int, int]:
        """The frame."""
        return self.frame, self.frame + 1

    @property
    def face(self) -> tuple[str, int]:
        """Clip and track."""
        return self.clip_id, self.track_id

    def perform(self, rows: Recorder) -> None:
        """Act unless the frame is approved and the edit is part of a bulk edit."""
        if rows.skip_approved and not unapproved(rows, self.face, self.span)[0]:
            return
        self.act(rows)
        mark_edited(rows, self.face, self.frame)

    @abstractmethod
    def act(self, rows: Recorder) -> None:
        """Change the rows."""

    def key(self, scheme: str) -> Row:
        """Key of the face's row for a scheme."""
        return self.clip_id, self.frame, self.track_id, scheme


@dataclass(frozen=True, eq=False)
class SetLandmarks(FaceEdit):
    """Decide landmarks of a face; None takes the decision back."""

    kind: ClassVar[str] = "set_landmarks"
    scheme: str
    value: LandmarkAnnotation | None

    @property
    def title(self) -> str:
        """For the undo menu."""
        return "reset landmarks" if self.value is None else "set landmarks"

    def act(self, rows: Recorder) -> None:
        """Change the row."""
        row = None if self.value is None else landmarks_to_row(self.value)
        rows.put("landmarks", self.key(self.scheme), row)


@dataclass(frozen=True, eq=False)
class SetMask(FaceEdit):
    """Decide the label map of a face; None takes the decision back."""

    kind: ClassVar[str] = "set_mask"
    scheme: str
    label_map: LabelMap | None
    source: int = Source.PERSON

    @property
    def title(self) -> str:
        """For the undo menu."""
        return "reset mask" if self.label_map is None else "paint mask"

    def act(self, rows: Recorder) -> None:
        """Change the row."""
        row = None if self.label_map is None else mask_to_row(self.label_map, Source(self.source))
        rows.put("masks", self.key(self.scheme), row)


@dataclass(frozen=True, eq=False)
class SetBox(FaceEdit):
    """Decide the box of a face; None takes the decision back."""

    kind: ClassVar[str] = "set_box"
    box_xyxy: Floats | None

    @property
    def title(self) -> str:
        """For the undo menu."""
        return "set box"

    def act(self, rows: Recorder) -> None:
        """Change the row."""
        row = None if self.box_xyxy is None else box_to_row(self.box_xyxy)
        rows.put("boxes", (self.clip_id, self.frame, self.track_id), row)


@dataclass(frozen=True, eq=False)
class AddFace(FaceEdit):
    """Say that there is a face; without a box, that the one the run found is there after all."""

    kind: ClassVar[str] = "add_face"
    box_xyxy: Floats | None = None

    @property
    def title(self) -> str:
        """For the undo menu."""
        return "add face"

    def act(self, rows: Recorder) -> None:
        """Change the rows."""
        _set_presence(rows, self.face, self.span, Presence.ADDED, None)
        if self.box_xyxy is not None:
            SetBox(*self.face, self.frame, self.box_xyxy).act(rows)


@dataclass(frozen=True, eq=False)
class RangeEdit(Edit):
    """An edit of one face in a range of frames."""

    kind: ClassVar[str] = "range"
    clip_id: str
    track_id: int
    start: int
    stop: int

    @property
    def clip(self) -> str:
        """The clip."""
        return self.clip_id

    @property
    def span(self) -> tuple[int, int]:
        """The range."""
        return self.start, self.stop

    @property
    def face(self) -> tuple[str, int]:
        """Clip and track."""
        return self.clip_id, self.track_id

    def _allowed(self, rows: Recorder, include_approved: bool) -> Bytes:
        """Which frames may change, (T,) 0 or 1."""
        if include_approved and not rows.skip_approved:
            return np.ones(self.stop - self.start, np.uint8)
        return unapproved(rows, self.face, self.span).astype(np.uint8)


@dataclass(frozen=True, eq=False)
class SetReviewState(RangeEdit):
    """Set how far a face has been looked at."""

    kind: ClassVar[str] = "set_review_state"
    state: int
    include_approved: bool = False
    """Whether approved frames change too: taking an approval back is asked for in so many words."""

    @property
    def title(self) -> str:
        """For the undo menu."""
        return {ReviewState.APPROVED: "approve"}.get(ReviewState(self.state), "set review state")

    def perform(self, rows: Recorder) -> None:
        """Change the states."""
        state = np.uint8(ReviewState(self.state))
        include = self.include_approved or state == ReviewState.APPROVED
        allowed = self._allowed(rows, include)
        change_states(
            rows,
            REVIEW,
            self.face,
            self.span,
            lambda states, at: np.where(_part(allowed, states, at - self.start), state, states),
        )


@dataclass(frozen=True, eq=False)
class DeleteFace(RangeEdit):
    """Say "this is not a face" for a range of frames."""

    kind: ClassVar[str] = "delete_face"
    include_approved: bool = False
    frame: int = -1
    """Where it was done, for undo to go to; −1 = at the first frame."""

    @property
    def title(self) -> str:
        """For the undo menu."""
        return "delete face"

    def perform(self, rows: Recorder) -> None:
        """Change the states."""
        allowed = self._allowed(rows, self.include_approved)
        _set_presence(rows, self.face, self.span, Presence.ABSENT, allowed)
        edited = np.uint8(ReviewState.EDITED)
        change_states(
            rows,
            REVIEW,
            self.face,
            self.span,
            lambda states, at: np.where(_part(allowed, states, at - self.start), edited, states),
        )


@dataclass(frozen=True, eq=False)
class SetTrack(Edit):
    """Name a person and choose the colour of the face."""

    kind: ClassVar[str] = "set_track"
    clip_id: str
    track_id: int
    name: str
    colour: str = ""
    frame: int = 0
    """Where it was done; undo goes there."""

    @property
    def title(self) -> str:
        """For the undo menu."""
        return "name person"

    @property
    def clip(self) -> str:
        """The clip."""
        return self.clip_id

    @property
    def span(self) -> tuple[int, int]:
        """The frame it was done at."""
        return self.frame, self.frame + 1

    def perform(self, rows: Recorder) -> None:
        """Change the row; nothing said is no row."""
        row = (self.name, self.colour) if self.name or self.colour else None
        rows.put("tracks", (self.clip_id, self.track_id), row)


@dataclass(frozen=True, eq=False)
class CompositeEdit(Edit):
    """Many edits as one command: one transaction, one undo."""

    kind: ClassVar[str] = "composite"
    what: str
    """What was done, for the undo menu."""
    edits: tuple[Edit, ...]
    """In the order they act; one clip; at least one."""
    skip_approved: bool = True
    """Whether approved frames are left alone, as accepting, propagating, interpolating must."""

    @property
    def title(self) -> str:
        """For the undo menu."""
        return self.what

    @property
    def clip(self) -> str:
        """The clip."""
        return self.edits[0].clip

    @property
    def span(self) -> tuple[int, int]:
        """From the first frame touched to the last."""
        spans = [edit.span for edit in self.edits]
        return min(start for start, _ in spans), max(stop for _, stop in spans)

    def perform(self, rows: Recorder) -> None:
        """Let every edit act."""
        if not self.edits or len({edit.clip for edit in self.edits}) > 1:
            raise ValueError("a composite edit needs edits of one clip")
        before, rows.skip_approved = rows.skip_approved, rows.skip_approved or self.skip_approved
        try:
            for edit in self.edits:
                edit.perform(rows)
        finally:
            rows.skip_approved = before

    def summary(self) -> dict[str, Any]:
        """How many edits of each kind; the changes hold what they did."""
        kinds = [edit.kind for edit in self.edits]
        return super().summary() | {
            "parts": {kind: kinds.count(kind) for kind in sorted(set(kinds))}
        }


def _set_presence(
    rows: Recorder,
    face: tuple[str, int],
    span: tuple[int, int],
    presence: Presence,
    allowed: Bytes | None,
) -> None:
    value = np.uint8(presence)

    def change(states: Bytes, at: int) -> Bytes:
        if allowed is None:
            return np.full_like(states, value)
        return np.where(_part(allowed, states, at - span[0]), value, states)

    change_states(rows, PRESENCE, face, span, change)


def _part(allowed: Bytes, states: Bytes, offset: int) -> Bytes:
    """The entries of a range that belong to a block's states."""
    return allowed[offset : offset + len(states)]
