"""Approving: the slots behind the review actions."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QObject

from app.navigator import Navigator
from app.session import Session

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
