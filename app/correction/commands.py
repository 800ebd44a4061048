"""The slots behind the Landmarks menu that are about one face on the frame shown."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject

from app.correction.editor import PointEditor
from app.correction.selection import PointSelection
from app.correction.subject import Points, Subject, absent_subject, chosen_subject
from app.session import Session
from app.viewing import NO_FACE
from core.faces.correction.edge_snap import snapped
from core.faces.correction.mirroring import mirrored
from core.faces.correction.moves import is_there, mapped, middle_of, shifted, turn_about

_TURN_RAD = np.deg2rad(1.0)
_GROWTH = 1.01
_SNAP_SHARE = 0.03
"""How far a point may snap, as a share of the face's height."""


class PointCommands(QObject):
    """Edits the selected points, or where that makes sense the whole face."""

    def __init__(self, session: Session, selection: PointSelection) -> None:
        super().__init__(session)
        self._session = session
        self._selection = selection
        self.editor = PointEditor(session)
        self.shown_rgb: Callable[[], NDArray[np.uint8] | None] = lambda: None
        """Pixels of the frame on the canvas; the main window says where they come from."""

    # Selecting

    def select_all(self) -> None:
        """Select all points of the face."""
        subject = self.subject()
        if subject is not None:
            self._selection.choose(subject.track_id, range(subject.count))

    def select_none(self) -> None:
        """Select no point."""
        self._selection.clear()

    def next_point(self) -> None:
        """Select the next point of the scheme."""
        self._select_beside(1)

    def previous_point(self) -> None:
        """Select the previous point of the scheme."""
        self._select_beside(-1)

    def select_part(self, number: int) -> None:
        """Select a part of the face by its number in the scheme, from 1."""
        subject = self.subject()
        if subject is None:
            return
        parts = list(subject.scheme.components.values())
        if number <= len(parts):
            self._selection.choose(subject.track_id, parts[number - 1])
        else:
            self._session.hub.info(f"A face of {subject.scheme.title} has {len(parts)} parts.")

    # Moving

    def nudge(self, x_px: float, y_px: float) -> None:
        """Move the selected points by pixels of the clip."""
        shift = np.array([x_px, y_px])
        self._change("nudge landmarks", lambda s, chosen: shifted(s.xy, chosen, shift))

    def turn_right(self) -> None:
        """Turn the selected points clockwise."""
        self._turn(_TURN_RAD, 1.0)

    def turn_left(self) -> None:
        """Turn the selected points anticlockwise."""
        self._turn(-_TURN_RAD, 1.0)

    def grow(self) -> None:
        """Scale the selected points up."""
        self._turn(0.0, _GROWTH)

    def shrink(self) -> None:
        """Scale the selected points down."""
        self._turn(0.0, 1.0 / _GROWTH)

    def mirror(self) -> None:
        """Put the selected points where the mirror image of the other side is."""
        self._change("mirror landmarks", lambda s, chosen: mirrored(s.xy, s.scheme.mirror, chosen))

    def snap(self) -> None:
        """Move the selected points to the image's edge along their contour's normal."""
        rgb = self.shown_rgb()
        if rgb is None or self._session.shown_frame_idx != self._session.frame_idx:
            return

        def to_edge(subject: Subject, chosen: list[int]) -> Points:
            height = float(np.ptp(subject.xy[is_there(subject.xy)][:, 1]))
            reach = max(_SNAP_SHARE * height, 2.0)
            return snapped(subject.xy, subject.scheme.contours, chosen, rgb, reach)

        self._change("snap landmarks to the edge", to_edge)

    # Saying

    def toggle_visible(self) -> None:
        """Say that the selected points are hidden in the picture, or that they can be seen."""
        subject = self.subject()
        chosen = self.selected_of(subject)
        if subject is not None and chosen:
            self.editor.set_visible(subject, chosen, not subject.visible[chosen].all())

    def delete(self) -> None:
        """Say that the selected points are missing."""

        def without(subject: Subject, chosen: list[int]) -> Points:
            xy = subject.xy
            xy[chosen] = np.nan
            return xy

        self._change("delete landmarks", without)

    def reset(self) -> None:
        """Take back what people said of the selected points, or of all points of the face."""
        subject = self.subject()
        if subject is not None:
            self.editor.reset(subject, self.selected_of(subject) or range(subject.count))

    # Inside

    def subject(self) -> Subject | None:
        """The selected face of this frame, or its only one; says so if there is none."""
        subject = chosen_subject(self._session)
        if subject is None:
            several = len(self._session.faces(self._session.frame_idx)) > 1
            self._session.hub.info(
                "Select one of the faces first (F, or a click)."
                if several
                else "There is no face with known landmarks on this frame."
            )
        return subject

    def subject_or_new(self) -> Subject | None:
        """As `subject`, but on a frame without the face: the face that is to be put there."""
        several = len(self._session.faces(self._session.frame_idx)) > 1
        known = chosen_subject(self._session)
        if known is None and several and self._session.selected_track == NO_FACE:
            return self.subject()  # says that one is to be selected
        return known or absent_subject(self._session)

    def selected_of(self, subject: Subject | None) -> list[int]:
        """The selected points that the subject's scheme has."""
        count = 0 if subject is None else subject.count
        return sorted(index for index in self._selection.points if index < count)

    def _change(self, what: str, change: Callable[[Subject, list[int]], Points]) -> None:
        subject = self.subject()
        chosen = self.selected_of(subject)
        if subject is not None and chosen:
            self.editor.place(subject, change(subject, chosen), chosen, what)

    def _turn(self, angle_rad: float, scale: float) -> None:
        def turned(subject: Subject, chosen: list[int]) -> Points:
            middle = middle_of(subject.xy, chosen)
            if np.isnan(middle).any():
                return subject.xy
            return mapped(subject.xy, chosen, turn_about(middle, angle_rad, scale))

        self._change("turn landmarks" if angle_rad else "scale landmarks", turned)

    def _select_beside(self, direction: int) -> None:
        subject = self.subject()
        if subject is None:
            return
        chosen = self.selected_of(subject)
        if not chosen:
            index = 0 if direction > 0 else subject.count - 1
        else:
            index = ((chosen[-1] if direction > 0 else chosen[0]) + direction) % subject.count
        self._selection.choose(subject.track_id, [index])
