"""Steps and jumps: the slots behind the Go menu, and the places jumped from."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject

from app.session import Session
from app.viewing import NO_FACE

_UNREVIEWED = (1,)  # ReviewState.PREDICTED
_APPROVED = (3,)  # ReviewState.APPROVED
_REMEMBERED = 100


class Navigator(QObject):
    """Moves the session's cursor."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._session = session
        self._back: list[int] = []
        self._forward: list[int] = []
        session.clip_changed.connect(self._forget)

    def jump(self, frame_idx: int) -> None:
        """Go to a frame and remember where we were."""
        if frame_idx != self._session.frame_idx:
            self._back.append(self._session.frame_idx)
            del self._back[:-_REMEMBERED]
            self._forward.clear()
            self._session.set_frame(frame_idx)

    def next_frame(self) -> None:
        """One frame forward."""
        self._step(1)

    def previous_frame(self) -> None:
        """One frame back."""
        self._step(-1)

    def forward_10(self) -> None:
        """Ten frames forward."""
        self._step(10)

    def back_10(self) -> None:
        """Ten frames back."""
        self._step(-10)

    def first_frame(self) -> None:
        """The clip's first frame."""
        self.jump(0)

    def last_frame(self) -> None:
        """The clip's last frame."""
        self.jump(self._session.num_frames - 1)

    def next_key(self) -> None:
        """The next frame the heavy net ran on."""
        self._seek(self._session.columns.is_key(), 1, "key frame")

    def previous_key(self) -> None:
        """The previous frame the heavy net ran on."""
        self._seek(self._session.columns.is_key(), -1, "key frame")

    def next_edited(self) -> None:
        """The next frame a person edited."""
        self._seek(self._session.columns.edited, 1, "edited frame")

    def previous_edited(self) -> None:
        """The previous frame a person edited."""
        self._seek(self._session.columns.edited, -1, "edited frame")

    def next_unreviewed(self) -> None:
        """The next predicted frame nobody has looked at."""
        self._seek(np.isin(self._session.columns.review, _UNREVIEWED), 1, "unreviewed frame")

    def previous_unreviewed(self) -> None:
        """The previous predicted frame nobody has looked at."""
        self._seek(np.isin(self._session.columns.review, _UNREVIEWED), -1, "unreviewed frame")

    def next_approved(self) -> None:
        """The next approved frame."""
        self._seek(np.isin(self._session.columns.review, _APPROVED), 1, "approved frame")

    def previous_approved(self) -> None:
        """The previous approved frame."""
        self._seek(np.isin(self._session.columns.review, _APPROVED), -1, "approved frame")

    def toggle_marker(self) -> None:
        """Mark this frame, or take its mark away."""
        self._session.toggle_marker(self._session.frame_idx)

    def next_marker(self) -> None:
        """The next marked frame."""
        self._seek(self._marked(), 1, "marked frame")

    def previous_marker(self) -> None:
        """The previous marked frame."""
        self._seek(self._marked(), -1, "marked frame")

    def go_back(self) -> None:
        """Back to the frame before the last jump."""
        if self._back:
            self._forward.append(self._session.frame_idx)
            self._session.set_frame(self._back.pop())

    def go_forward(self) -> None:
        """Forward again after going back."""
        if self._forward:
            self._back.append(self._session.frame_idx)
            self._session.set_frame(self._forward.pop())

    def next_clip(self) -> None:
        """The next clip of the list."""
        self._turn_to_clip(1)

    def previous_clip(self) -> None:
        """The previous clip of the list."""
        self._turn_to_clip(-1)

    def select_next_face(self) -> None:
        """Select the next face of the frame."""
        self._select(1)

    def select_previous_face(self) -> None:
        """Select the previous face of the frame."""
        self._select(-1)

    def deselect(self) -> None:
        """Select no face."""
        self._session.select_face(NO_FACE)

    def _step(self, frames: int) -> None:
        self._session.set_playing(False)
        self._session.set_frame(self._session.frame_idx + frames)

    def _seek(self, wanted: NDArray[np.bool_], direction: int, what: str) -> None:
        """Jump to the nearest frame where `wanted` holds, before or after this one."""
        here = self._session.frame_idx
        if direction > 0:
            found = np.flatnonzero(wanted[here + 1 :]) + here + 1
            target = int(found[0]) if len(found) else None
        else:
            found = np.flatnonzero(wanted[:here])
            target = int(found[-1]) if len(found) else None
        if target is None:
            self._session.hub.info(
                f"There is no {what} {'after' if direction > 0 else 'before'} this one."
            )
        else:
            self.jump(target)

    def _marked(self) -> NDArray[np.bool_]:
        marked = np.zeros(self._session.num_frames, np.bool_)
        marked[[frame for frame in self._session.markers if frame < len(marked)]] = True
        return marked

    def _turn_to_clip(self, direction: int) -> None:
        if self._session.document is None or self._session.entry is None:
            return
        ids = [entry.clip_id for entry in self._session.document.entries()]
        at = ids.index(self._session.entry.clip_id) + direction
        if 0 <= at < len(ids):
            self._session.open_clip(ids[at])

    def _select(self, direction: int) -> None:
        tracks = sorted(face.track_id for face in self._session.faces(self._session.frame_idx))
        if not tracks:
            return
        if self._session.selected_track in tracks:
            at = tracks.index(self._session.selected_track) + direction
        else:
            at = 0 if direction > 0 else -1
        self._session.select_face(tracks[at % len(tracks)])

    def _forget(self) -> None:
        self._back.clear()
        self._forward.clear()
