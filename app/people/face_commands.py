"""Deleting faces and bringing them back: on this frame, in a range, or for good.

What is deleted is remembered: a new prediction does not find it again.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from PySide6.QtCore import QObject

from app.people.identity import skipped_in_words
from app.people.roster import chosen_track, frames_in_words, is_there, span_here
from app.session import Session
from app.viewing import NO_FACE


class FaceCommands(QObject):
    """The slots behind deleting."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._session = session

    def delete_here(self) -> None:
        """The selected face is none on this frame."""
        here = self._session.frame_idx
        self._delete((here, here + 1))

    def delete_range(self) -> None:
        """The selected face is none on the frames of the chosen range."""
        if self._session.range is None:
            self._session.hub.info("Choose a range first (Ctrl+[ and Ctrl+], or Shift and drag).")
        else:
            self._delete(self._session.range)

    def delete_all(self) -> None:
        """The selected face is none at all: not found again."""
        self._delete((0, self._session.num_frames))

    def bring_back(self) -> None:
        """Faces deleted on this frame are there after all; of a chosen range round it."""
        session = self._session
        if session.document is None or session.entry is None or session.clip is None:
            return
        clip_id = session.entry.clip_id
        deleted = session.document.deleted_faces(clip_id, session.frame_idx)
        if not deleted:
            session.hub.info("No face was deleted on this frame.")
            return
        from core.annotations.edits import CompositeEdit
        from core.annotations.face_edits import RestoreFace

        span = span_here(session, open_end=False)
        edits = tuple(RestoreFace(clip_id, track, *span) for track in deleted)
        if session.apply(CompositeEdit("bring faces back", edits, skip_approved=False)):
            names = ", ".join(session.name_of(track) for track in deleted)
            words = frames_in_words(span, session.num_frames)
            session.hub.info(f"Back {words}: {names}.")
            session.select_face(deleted[0])

    def _delete(self, span: tuple[int, int]) -> None:
        session = self._session
        track = chosen_track(session)
        if session.document is None or session.entry is None or session.clip is None:
            return
        if track == NO_FACE:
            session.hub.info("Select the face to be deleted first (F, or a click).")
            return
        from core.annotations.edits import DeleteFace

        name = session.name_of(track)
        there = [face.track_id for face in session.faces(session.frame_idx)]
        if span[1] - span[0] == 1 and track not in there:
            session.hub.info(f"{name} is not on this frame.")
            return
        count = int(np.count_nonzero(is_there(session, track)[slice(*span)]))
        edit = DeleteFace(session.entry.clip_id, track, *span, frame=session.frame_idx)
        if session.apply(edit):
            self._say(name, span, count)

    def _say(self, name: str, span: tuple[int, int], count: int) -> None:
        session = self._session
        last: Any = session.edits.last
        if not last.seq:
            session.hub.info(
                f"{name} is approved {frames_in_words(span, session.num_frames)}: nothing was"
                " deleted; take the approval back first (M)."
            )
            return
        frames = max(count - last.skipped, 1)
        what = f"{name} is deleted {frames_in_words(span, session.num_frames)}"
        many = f" ({frames:,} frames)" if span[1] - span[0] > 1 else ""
        again = "; a new prediction will not find it there"
        session.hub.info(what + many + again + skipped_in_words(session) + ".")
        if span[0] <= session.frame_idx < span[1]:
            session.select_face(NO_FACE)
