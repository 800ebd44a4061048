"""Bringing landmarks from frame to frame: accept, copy, copy on, interpolate.

Each is one command however many frames it touches, and those over several frames leave approved
ones alone.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QApplication, QInputDialog

from app.correction.commands import PointCommands
from app.correction.editor import composite, mask_of, points_edit
from app.correction.subject import DERIVED, INTERPOLATED, PERSON, Points, Subject, subject_of
from app.session import Session
from core.faces.correction.copying import copied
from core.faces.correction.interpolation import Interpolation
from core.faces.correction.moves import is_there
from core.progress import Cancelled, check, never

_SEARCHED = 500
"""How many frames back or ahead a face to copy from is looked for."""
_DEFAULT_COUNT = 10
AT_ONCE = 200
"""More frames than these are edited in a thread, so that the window goes on."""


class FrameCommands(QObject):
    """Acts on the selected points, or on the whole face where none is selected."""

    def __init__(self, session: Session, points: PointCommands) -> None:
        super().__init__(session)
        self._session = session
        self._points = points

    # Accepting

    def accept(self) -> None:
        """Make what is shown of the face an annotation; that is not yet an approval."""
        subject = self._points.subject()
        if subject is None:
            return
        edit = self._acceptance(subject)
        if edit is None:
            self._session.hub.info("This face has no landmarks to accept.")
        elif self._session.apply(edit):
            self._session.hub.info(f"{int(edit.members.sum())} landmarks accepted.")

    def accept_range(self) -> None:
        """Accept the face on every frame of the chosen range that is not approved."""
        chosen = self._session.range
        subject = self._points.subject() if chosen else None
        if chosen is None:
            self._session.hub.info("Choose a range first (Ctrl+[ and Ctrl+], or Shift and drag).")
        if chosen is None or subject is None:
            return
        self._over(
            subject, range(*chosen), ("accept landmarks", "accepted"),
            lambda one: None if one.face is None else self._acceptance(one),
        )  # fmt: skip

    # Copying

    def copy_previous(self) -> None:
        """Copy from the nearest earlier frame with this face."""
        self._copy_from(-1)

    def copy_next(self) -> None:
        """Copy from the nearest later frame with this face."""
        self._copy_from(1)

    def ask_copy_forward(self) -> None:
        """Ask for how many frames, then copy on."""
        left = self._session.num_frames - 1 - self._session.frame_idx
        if self._points.subject() is None or left < 1:
            return
        dialog = QInputDialog(QApplication.activeWindow())
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setWindowTitle("Copy forward")
        dialog.setLabelText("To how many of the next frames? Approved frames are left alone.")
        dialog.setInputMode(QInputDialog.InputMode.IntInput)
        dialog.setIntRange(1, left)
        dialog.setIntValue(min(self._wanted_count(), left))
        dialog.intValueSelected.connect(self.copy_forward)
        dialog.open()

    def copy_forward(self, count: int) -> None:
        """Copy this frame's points to the next frames, aligned to the face on each."""
        subject = self._points.subject()
        if subject is None:
            return
        first = subject.frame_idx + 1
        frames = range(first, min(first + count, self._session.num_frames))
        members = self._points.selected_of(subject) or list(range(subject.count))
        self._over(
            subject, frames, ("copy landmarks forward", "written"),
            lambda target: _copy(subject, target, members, by_hand=False),
        )  # fmt: skip

    # Interpolating

    def interpolate(self) -> None:
        """Fill the frames between two anchor frames.

        The anchors are the ends of the chosen range, else the nearest frames before and after with
        points set by hand (this frame counts as one if it has any). Filled are the selected parts,
        else those set by hand on both anchors.
        """
        subject = self._points.subject()
        anchors = self._anchors(subject) if subject is not None else None
        if subject is None or anchors is None:
            return
        first, second = (self.on_frame(subject, frame) for frame in anchors)
        members = self._between(subject, first, second)
        if not members or first.face is None or second.face is None:
            self._session.hub.info("The two frames have no part of the face in common.")
            return
        frames = range(anchors[0] + 1, anchors[1])
        words = ("interpolate landmarks", "filled")
        self._over(subject, frames, words, _filler(first, second, members))

    # Inside

    def on_frame(self, subject: Subject, frame_idx: int) -> Subject:
        """The same face on another frame; without a face where it is not there."""
        document = self._session.document
        assert document is not None  # there is a subject
        for face in document.shown(subject.clip_id, frame_idx, masks=False):
            if face.track_id == subject.track_id:
                found = subject_of(self._session, face, frame_idx)
                if found is not None and found.scheme is subject.scheme:
                    return found
        return Subject(subject.clip_id, frame_idx, subject.track_id, subject.scheme)

    def _acceptance(self, subject: Subject) -> Any:
        """The edit that accepts a face as shown but for points set by hand; None for no points."""
        members = is_there(subject.xy) & ~subject.edited
        if not members.any():
            return None
        return points_edit(
            subject, subject.xy, members, subject.sources, False, what="accept landmarks"
        )

    def _copy_from(self, direction: int) -> None:
        here = self._points.subject_or_new()
        if here is None:
            return
        frame = here.frame_idx + direction
        end = min(max(frame + direction * _SEARCHED, -1), self._session.num_frames)
        for frame_idx in range(frame, end, direction):
            source = self.on_frame(here, frame_idx)
            if is_there(source.xy).any():
                members = self._points.selected_of(source) or list(range(source.count))
                self._session.apply(_copy(source, here, members))
                return
        where = "before" if direction < 0 else "after"
        self._session.hub.info(f"This face has no landmarks on the frames {where} this one.")

    def _anchors(self, subject: Subject) -> tuple[int, int] | None:
        chosen = self._session.range
        if chosen is not None and chosen[1] - chosen[0] > 2:
            return chosen[0], chosen[1] - 1
        document = self._session.document
        assert document is not None
        known = document.corrected_frames(subject.clip_id, subject.track_id)
        here = subject.frame_idx
        before = next((int(frame) for frame in known[known < here][::-1]), None)
        after = next((int(frame) for frame in known[known > here]), None)
        if subject.edited.any():
            if before is not None and here - before > 1:
                after = here
            else:
                before = here
        if before is None or after is None or after - before < 2:
            self._session.hub.info(
                "Correct the face on two frames first, one before and one after those to be filled."
            )
            return None
        return before, after

    def _between(self, subject: Subject, first: Subject, second: Subject) -> list[int]:
        """The points of the parts to be filled."""
        parts = list(subject.scheme.components.values())
        chosen = set(self._points.selected_of(subject))
        if chosen:
            return sorted({i for part in parts if chosen & set(part) for i in part})
        for both in (first.edited & second.edited, first.edited | second.edited):
            touched = [part for part in parts if both[list(part)].any()]
            if touched:
                return sorted({i for part in touched for i in part})
        return list(range(subject.count))

    def _over(
        self,
        subject: Subject,
        frames: range,
        words: tuple[str, str],
        edit_of: Callable[[Subject], Any],
    ) -> None:
        """Edit a face on the frames that are not approved, as one command; many in a thread.

        Args:
            subject: The face.
            frames: The frames.
            words: What it is called in the undo menu, and what then has been done to the frames.
            edit_of: The edit of one frame, None for none; only reads.
        """
        made: list[Any] = []

        def make(cancelled: Cancelled) -> Any:
            for frame in frames:
                check(cancelled)
                target = self.on_frame(subject, frame)
                edit = None if target.is_approved else edit_of(target)
                if edit is not None and edit.members.any():
                    made.append(edit)
            return composite(made, words[0]) if made else None

        def tell(_applied: object = None) -> None:
            left = len(frames) - len(made)
            note = f"; {left:,} approved or empty ones left as they were" if left else ""
            nothing = "There is nothing to do: the frames are approved or empty."
            self._session.hub.info(f"{len(made):,} frames {words[1]}{note}." if made else nothing)

        if len(frames) > AT_ONCE:
            what = f"{words[0].capitalize()}, {len(frames):,} frames"
            self._session.edits.slow.start(make, what, tell)
        elif (edit := make(never)) is None or self._session.apply(edit):
            tell()

    def _wanted_count(self) -> int:
        """What the dialog offers: to the end of the chosen range, else a few frames."""
        chosen = self._session.range
        here = self._session.frame_idx
        if chosen is not None and chosen[1] - 1 > here:
            return chosen[1] - 1 - here
        return _DEFAULT_COUNT


def _copy(source: Subject, target: Subject, members: list[int], by_hand: bool = True) -> Any:
    """The edit that brings points to another frame, aligned to the face there."""
    target_xy = None if target.face is None else target.xy
    target_box = None if target.face is None else target.face.box_xyxy
    xy = copied(source.xy, target_xy, members, source.face.box_xyxy, target_box)
    mask = mask_of(members, source.count) & is_there(xy)
    sources = np.full(source.count, PERSON if by_hand else DERIVED, np.uint8)
    return points_edit(target, xy, mask, sources, by_hand, what="copy landmarks")


def _filler(first: Subject, second: Subject, members: list[int]) -> Callable[[Subject], Any]:
    """Gives the edit that fills a frame between two anchors."""
    parts = [[i for i in part if i in members] for part in first.scheme.components.values()]
    way = Interpolation(first.xy, second.xy, parts)
    length = second.frame_idx - first.frame_idx

    def fill(target: Subject) -> Any:
        xy: Points = way.at((target.frame_idx - first.frame_idx) / length)
        mask = mask_of(members, first.count) & is_there(xy)
        sources = np.full(first.count, INTERPOLATED, np.uint8)
        return points_edit(target, xy, mask, sources, False, what="interpolate landmarks")

    return fill
