"""From the mouse on the screen to places and landmarks of the frame."""

from __future__ import annotations

from typing import Any

import numpy as np
from PySide6.QtCore import QPointF

from app import convert
from app.canvas.tools import hits
from app.canvas.video_view import VideoView
from app.correction.subject import Points
from app.session import Session


class Aim:
    """Knows what the mouse points at."""

    def __init__(self, session: Session, view: VideoView) -> None:
        self._session = session
        self._view = view

    def can_edit(self, position: QPointF) -> bool:
        """Whether the canvas shows the frame itself there, with overlays that can be edited."""
        session, view = self._session, self._view
        is_shown = session.clip is not None and session.shown_frame_idx >= 0
        is_bare = session.overlays_hidden or view.shows_other_at(position)
        return is_shown and not is_bare and not view.is_approximate

    def image_xy(self, position: QPointF) -> Points:
        """The image place of the middle of the screen's pixel at a position, (2,)."""
        half = 0.5 / self._view.devicePixelRatioF()
        point = self._view.viewportTransform().inverted()[0].map(position + QPointF(half, half))
        return convert.image_from_scene(np.array([point.x(), point.y()]))

    def handle_at(self, selected: Points, position: QPointF) -> str:
        """Name of the handle of selected points at a position; empty if there is none."""
        return hits.handle_at(selected, self._view.viewportTransform(), position)

    def editable_point_at(self, position: QPointF) -> tuple[Any, int] | None:
        """Face and index of the landmark at a position, where it can be edited."""
        return self.point_at(position) if self.can_edit(position) else None

    def point_at(self, position: QPointF) -> tuple[Any, int] | None:
        """Face and index of the landmark at a position; None if there is none to be seen."""
        if not self._session.layers["points"].visible:
            return None
        return hits.point_at(self._session, self._view.viewportTransform(), position)
