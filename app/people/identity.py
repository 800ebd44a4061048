"""Splitting, merging and swapping people: from this frame on, or in the chosen range around it.

Approved frames stay as they are and are counted. Where only one other face can be meant nothing is
asked.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from PySide6.QtCore import QObject

from app.people.picking import Picking
from app.people.roster import chosen_track, frames_in_words, is_there, span_here
from app.session import Session
from app.viewing import NO_FACE


class Identities(QObject):
    """The slots behind split, merge and swap."""

    def __init__(self, session: Session, picking: Picking) -> None:
        super().__init__(session)
        self._session = session
        self._picking = picking

    def swap(self) -> None:
        """Two people were mixed up: from here on each is the other."""
        session = self._session
        here = [int(face.track_id) for face in session.faces(session.frame_idx)]
        track = chosen_track(session)
        if track == NO_FACE and len(here) == 2:
            track = here[0]
        if not self._can_begin(track, "Select one of the two faces first (F, or a click)."):
            return
        others = [other for other in here if other != track]
        if track in here and len(others) == 1:
            self.swap_with(track, others[0])
        else:
            self._ask(f"Swap {session.name_of(track)} with:", track, self.swap_with)

    def merge(self) -> None:
        """A person is somebody known already: from here on."""
        self._begin_merge(span_here(self._session, open_end=True))

    def merge_all(self) -> None:
        """A person is somebody known already: on every frame."""
        self._begin_merge((0, self._session.num_frames))

    def split(self) -> None:
        """From here on a person is somebody new."""
        session = self._session
        track = chosen_track(session)
        if not self._can_begin(track, "Select the face that is somebody else (F, or a click)."):
            return
        assert session.document is not None  # see _can_begin
        assert session.entry is not None
        from core.annotations.track_edits import SplitTrack

        span = span_here(session, open_end=True)
        there = is_there(session, track)
        if not (there[: span[0]].any() or there[span[1] :].any()):
            session.hub.info(f"{session.name_of(track)} is on no other frames than these.")
            return
        new = session.document.new_track_id(session.entry.clip_id)
        if self._apply(SplitTrack(*self._scope(span), track, new, skip_approved=True)):
            words = frames_in_words(span, session.num_frames)
            self._done(f"{session.name_of(track)} is {session.name_of(new)} {words}")
            session.select_face(new)

    # What is done once both are known

    def swap_with(self, track: int, other: int) -> None:
        """Let two people change places."""
        from core.annotations.track_edits import SwapTracks

        session = self._session
        span = span_here(session, open_end=True)
        selected = session.selected_track
        if self._apply(SwapTracks(*self._scope(span), track, other, skip_approved=True)):
            names = f"{session.name_of(track)} and {session.name_of(other)}"
            self._done(f"{names} are swapped {frames_in_words(span, session.num_frames)}")
            if selected in (track, other):  # the face stays selected, under its new name
                session.select_face(other if selected == track else track)

    def merge_into(self, track: int, into: int, span: tuple[int, int]) -> None:
        """Let a person be another one."""
        from core.annotations.track_edits import MergeTracks

        session = self._session
        both = self._meet(track, into, span)
        names = session.name_of(track), session.name_of(into)
        if self._apply(MergeTracks(*self._scope(span), track, into, skip_approved=True)):
            more = f"; {names[1]} stayed on {both:,} frames that had both" if both else ""
            words = frames_in_words(span, session.num_frames)
            self._done(f"{names[0]} is {names[1]} {words}{more}")
            session.select_face(into)

    # Inside

    def _begin_merge(self, span: tuple[int, int]) -> None:
        session = self._session
        track = chosen_track(session)
        if not self._can_begin(track, "Select the face that is somebody known (F, or a click)."):
            return

        def take(into: int) -> None:
            self.merge_into(track, into, span)

        fitting = [
            t for t in session.columns.track_ids if t != track and not self._meet(t, track, span)
        ]
        if len(fitting) == 1:
            take(fitting[0])
        else:
            self._ask(f"Who is {session.name_of(track)}?", track, lambda _, into: take(into))

    def _meet(self, track: int, other: int, span: tuple[int, int]) -> int:
        """On how many frames of a range two people both are: those cannot be one."""
        part = slice(*span)
        both = is_there(self._session, track)[part] & is_there(self._session, other)[part]
        return int(np.count_nonzero(both))

    def _ask(self, question: str, track: int, take: Any) -> None:
        session = self._session
        here = [int(face.track_id) for face in session.faces(session.frame_idx)]
        known = dict.fromkeys([*session.columns.track_ids, *here])
        others = [other for other in known if other != track]
        if not others:
            session.hub.info("There is nobody else in this clip.")
            return
        session.set_playing(False)
        self._picking.ask(question, others, lambda other: take(track, other))

    def _can_begin(self, track: int, otherwise: str) -> bool:
        session = self._session
        if session.document is None or session.entry is None or session.clip is None:
            return False
        if track == NO_FACE:
            session.hub.info(otherwise)
            return False
        return True

    def _scope(self, span: tuple[int, int]) -> tuple[str, str | None, int, int]:
        """Clip, shown run, and frames as track edits take them."""
        session = self._session
        assert session.document is not None  # see _can_begin
        assert session.entry is not None
        clip_id = session.entry.clip_id
        return clip_id, session.document.shown_run(clip_id), *span

    def _apply(self, edit: Any) -> bool:
        """Apply; says so where approved frames left nothing to do."""
        session = self._session
        if not session.apply(edit):
            return False
        last = session.edits.last
        if last is not None and not last.seq:
            session.hub.info(
                f"Nothing has changed: {last.skipped:,} frames are approved; take the approval back"
                " first (M)."
                if last.skipped
                else "Nothing has changed: nobody is on these frames."
            )
        return last is not None and last.seq > 0

    def _done(self, sentence: str) -> None:
        self._session.hub.info(sentence + skipped_in_words(self._session) + ".")


def skipped_in_words(session: Session) -> str:
    """What the last edit left alone, for the end of a sentence."""
    last = session.edits.last
    if last is None or not last.skipped:
        return ""
    frames = "frame" if last.skipped == 1 else "frames"
    return f"; {last.skipped:,} approved {frames} left as they were"
