"""The selected face levelled and magnified in a corner of the canvas, wherever the canvas looks.

One transform leads from the scene to the magnifier, for the frame and for the overlay, so both sit
on each other to the half pixel whatever the turn.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QObject, QRectF, Qt, Slot
from PySide6.QtGui import (
    QColor,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPalette,
    QPen,
    QTransform,
    QWheelEvent,
)
from PySide6.QtWidgets import QWidget

from app import convert, schemes
from app.canvas.face_painting import paint_face
from app.canvas.video_view import VideoView
from app.session import Session

_SHARE = 0.42
"""Of the canvas's smaller side."""
_LEAST, _MOST = 150, 460
"""Sides, logical pixels."""
_MARGIN = 10
_ROOM = 1.35
"""Side of what is shown over the face's own, at first."""
_ROOMS = (0.35, 4.0)
_WHEEL_STEP = 1.15


class Magnifier(QWidget):
    """Follows the selected face, else the first of the frame; the wheel changes how close."""

    def __init__(self, session: Session, view: VideoView) -> None:
        super().__init__(view.viewport())
        self._session = session
        self._view = view
        self._room = _ROOM
        self.setAccessibleName("Face magnifier")
        self.setToolTip("The wheel comes closer; a double click zooms the canvas to the face")
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        view.drawn.connect(self._on_drawn)
        view.viewport().installEventFilter(self)
        self.setVisible(bool(session.settings.value("magnifier")))
        self._place()

    # Slots of the action table

    def set_shown(self, shown: bool) -> None:
        """Show the magnifier, or put it away; remembered."""
        self._session.settings.set_value("magnifier", shown)
        self.setVisible(shown)
        self._place()

    def to_magnifier(self) -> QTransform | None:
        """From the scene to here, turned so that the eyes are level; None without a face."""
        face = self._face()
        if face is None:
            return None
        angle, centre, extent = levelled(face, self._session.scheme_name(face))
        if not (np.isfinite(centre).all() and extent > 0):
            return None
        zoom = self.width() / (extent * self._room)
        transform = QTransform()
        transform.translate(self.width() / 2, self.height() / 2)
        transform.rotateRadians(-angle)
        transform.scale(zoom, zoom)
        transform.translate(-float(centre[0]), -float(centre[1]))
        return transform

    def _face(self) -> Any:
        faces = self._view.faces
        chosen = [face for face in faces if face.track_id == self._session.selected_track]
        return next(iter([*chosen, *faces]), None)

    @Slot()
    def _on_drawn(self) -> None:
        if self.isVisible():
            self.update()

    def _place(self) -> None:
        area = self._view.viewport().size()
        side = round(min(max(_SHARE * min(area.width(), area.height()), _LEAST), _MOST))
        self.setGeometry(area.width() - side - _MARGIN, area.height() - side - _MARGIN, side, side)

    # Qt overrides

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Keep to the canvas's corner."""
        if event.type() == QEvent.Type.Resize:
            self._place()
        return False

    def paintEvent(self, event: QPaintEvent) -> None:
        """The frame, the face's overlay, a rim."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(16, 18, 20))
        transform = self.to_magnifier()
        if transform is None:
            painter.setPen(QColor(190, 194, 198))
            words = "No face on this frame" if self._session.clip else ""
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, words)
        else:
            self._paint_face(painter, transform)
        painter.resetTransform()
        painter.setOpacity(1.0)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(self.palette().color(QPalette.ColorRole.Mid), 2))
        painter.drawRect(self.rect())
        painter.end()

    def _paint_face(self, painter: QPainter, transform: QTransform) -> None:
        painter.setTransform(transform)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        # Only what is seen is sampled, with a pixel around it for the smoothing.
        seen = transform.inverted()[0].mapRect(QRectF(self.rect())).adjusted(-1, -1, 1, 1)
        image = self._view.image
        part = seen.toAlignedRect().intersected(image.rect())
        painter.drawImage(part, image, part)
        face = self._face()
        picture = self._view.picture_of(face.track_id)
        if picture is not None:
            layers = dict(self._session.layers)
            layers["boxes"] = replace(layers["boxes"], visible=False)
            paint_face(painter, picture, layers, False, self._session.playing)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Come closer, or step back."""
        steps = event.angleDelta().y() / 120.0
        self._room = min(max(self._room * _WHEEL_STEP**-steps, _ROOMS[0]), _ROOMS[1])
        self.update()
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """What is pressed here is not for the canvas behind."""
        event.accept()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Go to the face on the canvas."""
        self._view.zoom_to_face()


def levelled(face: Any, scheme_name: str | None) -> tuple[float, NDArray[np.float64], float]:
    """How a face lies in the frame.

    Args:
        face: A FaceRecord.
        scheme_name: Scheme of its landmarks; the eyes are its normalising pair.

    Returns:
        Angle of the line through the eyes, rad, 0 without them; middle of the levelled face in
        scene coordinates, (2,); the larger side of the levelled face's box, pixels of the clip.
    """
    x0, y0, x1, y1 = convert.scene_from_image(np.asarray(face.box_xyxy, dtype=np.float64))
    points = np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]])
    angle = 0.0
    if face.landmarks is not None:
        xy = convert.scene_from_image(np.asarray(face.landmarks, dtype=np.float64))
        there = xy[np.isfinite(xy).all(axis=1)]
        scheme = schemes.landmark_scheme(scheme_name)
        if scheme is not None and scheme.num_points == len(xy):
            across = xy[scheme.normalising_pair[1]] - xy[scheme.normalising_pair[0]]
            angle = float(np.arctan2(across[1], across[0])) if np.isfinite(across).all() else 0.0
        points = there if len(there) >= 3 else points
    cosine, sine = np.cos(angle), np.sin(angle)
    level = points @ np.array([[cosine, -sine], [sine, cosine]])
    low, high = level.min(axis=0), level.max(axis=0)
    middle = (low + high) / 2 @ np.array([[cosine, sine], [-sine, cosine]])
    return angle, middle, float((high - low).max())
