"""Approving: the slots behind the review actions."""

from __future__ import annotations

from typing import Any

import numpy as np
from PySide6.QtCore import QObject

from app.document import NO_SOURCE
from app.navigator import Navigator
from app.session import Session
from app.viewing import NO_FACE

_APPROVED = 3
_EDITED = 2
_PREDICTED = 1


class Review(QObject):
    """Sets review states, as edits that can be undone."""

    def __init__(self, session: Session, navigator: Navigator) -> None:
        super().__init__(session)
        self._session = session
        self._navigator = navigator

    def approve(self) -> None:
        """Approve the selected face or all; if they are approved already, take it back."""
        faces = self._faces()
        if faces and all(int(face.review) == _APPROVED for face in faces):
            self._set(faces, taking_back=True)
        else:
            self._set(faces)

    def approve_next(self) -> None:
        """Approve and go to the next unreviewed frame."""
        if self._set(self._faces()):
            self._navigator.next_unreviewed()

    def approve_range(self) -> None:
        """Approve the selected person, or everybody, on every frame of the range."""
        session = self._session
        if session.range is None:
            session.hub.info("Choose a range first (Ctrl+[ and Ctrl+], or Shift and drag).")
            return
        if session.entry is None:
            return
        from core.annotations.edits import CompositeEdit, SetReviewState

        chosen = session.selected_track
        tracks = [chosen] if chosen != NO_FACE else list(session.columns.track_ids)
        edits = [
            SetReviewState(session.entry.clip_id, track, *span, _APPROVED)
            for track in tracks
            for span in self._spans(track, session.range)
        ]
        if not edits:
            session.hub.info("There is no face in the range to approve.")
        else:
            session.apply(CompositeEdit("approve range", tuple(edits), skip_approved=True))

    def _spans(self, track: int, chosen: tuple[int, int]) -> list[tuple[int, int]]:
        """Runs of frames of a range on which a person is there."""
        columns = self._session.columns
        if track not in columns.track_ids:
            return []
        there = columns.source[columns.track_ids.index(track), slice(*chosen)] != NO_SOURCE
        edges = np.flatnonzero(np.diff(np.concatenate([[False], there, [False]]).astype(np.int8)))
        return [
            (chosen[0] + int(start), chosen[0] + int(stop)) for start, stop in edges.reshape(-1, 2)
        ]

    def _faces(self) -> list[Any]:
        session = self._session
        faces = list(session.faces(session.frame_idx))
        chosen = [face for face in faces if face.track_id == session.selected_track]
        return chosen or faces

    def _set(self, faces: list[Any], taking_back: bool = False) -> bool:
        session = self._session
        if not faces or session.entry is None:
            session.hub.info("There is no face on this frame to approve.")
            return False
        from core.annotations.edits import CompositeEdit, SetReviewState

        here = session.frame_idx
        edits = [
            SetReviewState(
                session.entry.clip_id,
                face.track_id,
                here,
                here + 1,
                _state_before(face) if taking_back else _APPROVED,
                include_approved=taking_back,
            )
            for face in faces
        ]
        if len(edits) == 1:
            return session.apply(edits[0])
        what = "take approval back" if taking_back else "approve"
        return session.apply(CompositeEdit(what, tuple(edits), skip_approved=not taking_back))


def _state_before(face: Any) -> int:
    """What a face that loses its approval is: edited if a person's points are in it."""
    edited = getattr(face, "edited", None)
    return _EDITED if edited is not None and edited.any() else _PREDICTED
