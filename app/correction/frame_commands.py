"""Bringing landmarks from frame to frame: accept, copy, copy on, interpolate.

Each is one command however many frames it touches, and those over several frames leave approved
ones alone.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QApplication, QInputDialog

from app.correction.commands import PointCommands
from app.correction.editor import mask_of, points_edit
from app.correction.subject import DERIVED, INTERPOLATED, PERSON, Points, Subject, subject_of
from app.session import Session
from core.faces.correction.copying import copied
from core.faces.correction.interpolation import interpolated
from core.faces.correction.moves import is_there

_SEARCHED = 500
"""How many frames back or ahead a face to copy from is looked for."""
_DEFAULT_COUNT = 10


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
        there = [self.on_frame(subject, frame) for frame in range(*chosen)]
        open_ones = [one for one in there if one.face is not None and not one.is_approved]
        edits = [edit for one in open_ones if (edit := self._acceptance(one)) is not None]
        self._apply(edits, "accept landmarks", "accepted", len(there) - len(edits))

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
        targets = [self.on_frame(subject, frame) for frame in frames]
        open_ones = [target for target in targets if not target.is_approved]
        edits = [self._copy(subject, target, by_hand=False) for target in open_ones]
        self._apply(edits, "copy landmarks forward", "written", len(targets) - len(edits))

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
        targets = [self.on_frame(subject, frame) for frame in range(anchors[0] + 1, anchors[1])]
        open_ones = [target for target in targets if not target.is_approved]
        edits = [self._fill(first, second, target, members) for target in open_ones]
        self._apply(edits, "interpolate landmarks", "filled", len(targets) - len(edits))

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
                self._session.apply(self._copy(source, here))
                return
        where = "before" if direction < 0 else "after"
        self._session.hub.info(f"This face has no landmarks on the frames {where} this one.")

    def _copy(self, source: Subject, target: Subject, by_hand: bool = True) -> Any:
        members = self._points.selected_of(source) or list(range(source.count))
        target_xy = None if target.face is None else target.xy
        target_box = None if target.face is None else target.face.box_xyxy
        xy = copied(source.xy, target_xy, members, source.face.box_xyxy, target_box)
        mask = mask_of(members, source.count) & is_there(xy)
        sources = np.full(source.count, PERSON if by_hand else DERIVED, np.uint8)
        return points_edit(target, xy, mask, sources, by_hand, what="copy landmarks")

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

    def _fill(self, first: Subject, second: Subject, target: Subject, members: list[int]) -> Any:
        share = (target.frame_idx - first.frame_idx) / (second.frame_idx - first.frame_idx)
        parts = [[i for i in part if i in members] for part in first.scheme.components.values()]
        xy: Points = interpolated(first.xy, second.xy, share, parts)
        mask = mask_of(members, first.count) & is_there(xy)
        sources = np.full(first.count, INTERPOLATED, np.uint8)
        return points_edit(target, xy, mask, sources, False, what="interpolate landmarks")

    def _apply(self, edits: list[Any], what: str, done: str, left: int) -> None:
        """Apply edits of many frames as one command and say what came of it."""
        edits = [edit for edit in edits if edit.members.any()]
        if not edits:
            self._session.hub.info("There is nothing to do: the frames are approved or empty.")
        elif self._points.editor.apply_all(edits, what):
            note = f"; {left:,} approved or empty ones left as they were" if left else ""
            self._session.hub.info(f"{len(edits):,} frames {done}{note}.")

    def _wanted_count(self) -> int:
        """What the dialog offers: to the end of the chosen range, else a few frames."""
        chosen = self._session.range
        here = self._session.frame_idx
        if chosen is not None and chosen[1] - 1 > here:
            return chosen[1] - 1 - here
        return _DEFAULT_COUNT
