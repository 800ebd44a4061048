"""Draws what correlation marks on a face: rings, colours, links; sizes are the screen's."""

from __future__ import annotations

from typing import Any

import numpy as np
from PySide6.QtCore import QLineF, QObject, QPointF, QRectF, Qt, Slot
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from app import convert
from app.canvas.video_view import VideoView
from app.correlation.marks import Marks
from app.correlation.state import Correlation
from app.session import Session

_Z = 40.0
_DOT, _RING = 5.0, 9.0


class MarksItem(QGraphicsItem):
    """Draws marks on a face; sizes are the screen's, whatever the zoom."""

    def __init__(self) -> None:
        super().__init__()
        self.setZValue(_Z)
        self.setAcceptedMouseButtons(Qt.MouseButton.NoButton)
        self.marks = Marks()
        self.points = np.zeros((0, 2))
        """(M, 2) scene coordinates, NaN = missing."""

    def show_marks(self, marks: Marks, points: Any) -> None:
        """Draw other marks, or on a face that has moved."""
        if marks.is_empty and self.marks.is_empty:
            return
        self.prepareGeometryChange()
        self.marks, self.points = marks, points
        self.update()

    def boundingRect(self) -> QRectF:
        """All points, with room for rings at any sensible zoom."""
        known = self.points[np.isfinite(self.points).all(axis=1)]
        if not len(known) or self.marks.is_empty:
            return QRectF()
        (left, top), (right, bottom) = known.min(axis=0), known.max(axis=0)
        room = max(right - left, bottom - top, 40.0)
        return QRectF(left - room, top - room, right - left + 2 * room, bottom - top + 2 * room)

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        """Links, then filled points, then rings."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        scale = painter.worldTransform().m11() or 1.0
        for first, second in self.marks.links:
            a, b = self._at(first), self._at(second)
            if a is not None and b is not None:
                for colour, width in ((QColor(0, 0, 0, 150), 3.0), (QColor(255, 255, 255), 1.2)):
                    painter.setPen(_cosmetic(colour, width))
                    painter.drawLine(QLineF(a, b))
        for point, colour_of in self.marks.colours.items():
            at = self._at(point)
            if at is not None:
                painter.setPen(_cosmetic(QColor(0, 0, 0, 200), 1.4))
                painter.setBrush(QColor(*colour_of))
                painter.drawEllipse(at, _DOT / scale, _DOT / scale)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for point in self.marks.rings:
            at = self._at(point)
            if at is not None:
                for colour, width in ((QColor(0, 0, 0), 4.5), (QColor(255, 255, 255), 2.2)):
                    painter.setPen(_cosmetic(colour, width))
                    painter.drawEllipse(at, _RING / scale, _RING / scale)

    def _at(self, point: int) -> QPointF | None:
        if point >= len(self.points) or not np.isfinite(self.points[point]).all():
            return None
        x, y = self.points[point]
        return QPointF(float(x), float(y))


class CorrelationMarks(QObject):
    """Keeps the marks on the selected face of the frame, else on its first one."""

    def __init__(self, session: Session, canvas: VideoView, correlation: Correlation) -> None:
        super().__init__(canvas)
        self._session, self._canvas, self._correlation = session, canvas, correlation
        self.item = MarksItem()
        canvas.scene().addItem(self.item)
        canvas.drawn.connect(self.refresh)
        correlation.marks_changed.connect(self.refresh)

    @Slot()
    def refresh(self) -> None:
        """Follow the face."""
        marks = self._correlation.marks
        if marks.is_empty and self.item.marks.is_empty:
            return
        face = self._face()
        if face is None or self._session.overlays_hidden:
            self.item.show_marks(Marks(), np.zeros((0, 2)))
            return
        xy = np.asarray(face.landmarks, dtype=np.float64)
        self.item.show_marks(marks, convert.scene_from_image(xy))

    def _face(self) -> Any:
        """The face that is marked: one of as many landmarks as the affinity has."""
        fitting = [
            face
            for face in self._canvas.faces
            if face.landmarks is not None and len(face.landmarks) == self._correlation.num_points
        ]
        chosen = [face for face in fitting if face.track_id == self._session.selected_track]
        return next(iter(chosen or fitting), None)


def _cosmetic(colour: QColor, width: float) -> QPen:
    pen = QPen(colour, width)
    pen.setCosmetic(True)
    return pen
