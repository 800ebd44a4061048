"""What the tools draw over the faces: selected points, handles, the ghost of the before, hints."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPen, QPolygonF, QTransform
from PySide6.QtWidgets import QGraphicsItem, QGraphicsScene, QStyleOptionGraphicsItem, QWidget

from app import convert
from app.canvas.tools.gestures import CORNERS, KNOB
from app.correction.subject import Points

_FAR = 1e6
_MARGIN = 12.0
"""From the outermost selected points to the frame with the handles, screen pixels."""
_KNOB = 24.0
_HANDLE = 4.0
_DARK = QColor(0, 0, 0, 150)
_LIGHT = QColor(255, 255, 255)
_GHOST = QColor(255, 255, 255, 120)


@dataclass
class ToolPicture:
    """Everything the tools show at a moment, in image coordinates."""

    selected: Points = field(default_factory=lambda: np.zeros((0, 2)))
    """(P, 2) places of the selected points."""
    hovered: Points | None = None
    """(2,) the point a press would take."""
    ghost: Points | None = None
    """(M, 2) the face before the drag in hand."""
    ghost_members: Sequence[int] = ()
    """The points that move: the others are where they were."""
    contours: Sequence[Any] = ()
    """The ghost's Contours."""
    band: QRectF | None = None
    """Rubber band, screen coordinates."""
    clicks: Points = field(default_factory=lambda: np.zeros((0, 2)))
    """(C, 2) places clicked so far."""
    hint: str = ""
    has_handles: bool = True


class ToolLayer(QGraphicsItem):
    """Draws a ToolPicture; sizes are the screen's whatever the zoom."""

    def __init__(self, scene: QGraphicsScene) -> None:
        super().__init__()
        self.picture = ToolPicture()
        self.setZValue(5)
        scene.addItem(self)

    def show_picture(self, picture: ToolPicture) -> None:
        """Draw something else from now on."""
        self.picture = picture
        self.update()

    def boundingRect(self) -> QRectF:
        """Anywhere on the canvas."""
        return QRectF(-_FAR, -_FAR, 2 * _FAR, 2 * _FAR)

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        """Paint from the ghost up to the hint."""
        to_screen = painter.worldTransform()
        painter.save()
        painter.resetTransform()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        picture = self.picture
        if picture.ghost is not None:
            _paint_ghost(painter, picture, to_screen)
        for xy in picture.selected:
            _paint_ring(painter, screen_of(xy, to_screen), 7.0, 2.0)
        if picture.hovered is not None:
            _paint_ring(painter, screen_of(picture.hovered, to_screen), 9.0, 1.2)
        for xy in picture.clicks:
            _paint_cross(painter, screen_of(xy, to_screen))
        if picture.has_handles:
            _paint_handles(painter, handle_places(picture.selected, to_screen))
        if picture.band is not None:
            _paint_band(painter, picture.band)
        if picture.hint and widget is not None:
            _paint_hint(painter, picture.hint, QRectF(widget.rect()))
        painter.restore()


def screen_of(xy: Points, to_screen: QTransform) -> QPointF:
    """Where an image place is on the screen."""
    x, y = convert.scene_from_image(xy)
    return to_screen.map(QPointF(float(x), float(y)))


def handle_places(selected: Points, to_screen: QTransform) -> dict[str, QPointF]:
    """Where the handles of selected points are on the screen; none for fewer than two points."""
    there = selected[np.isfinite(selected).all(axis=1)]
    if len(there) < 2:
        return {}
    low, high = (
        screen_of(xy, to_screen) + QPointF(sign * _MARGIN, sign * _MARGIN)
        for xy, sign in ((there.min(axis=0), -1), (there.max(axis=0), 1))
    )
    places = {
        name: QPointF((low.x(), high.x())[right], (low.y(), high.y())[down])
        for name, (right, down) in CORNERS.items()
    }
    places[KNOB] = QPointF((low.x() + high.x()) / 2, low.y() - _KNOB)
    return places


def _paint_ghost(painter: QPainter, picture: ToolPicture, to_screen: QTransform) -> None:
    assert picture.ghost is not None
    pen = QPen(_GHOST, 1.2, Qt.PenStyle.DashLine)
    painter.setPen(pen)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    moving = set(picture.ghost_members)
    for contour in picture.contours:
        if not moving.intersection(contour.points):
            continue
        curve = contour.curve(picture.ghost, per_interval=5)
        if np.isfinite(curve).all():
            line = QPolygonF([screen_of(xy, to_screen) for xy in curve])
            (painter.drawPolygon if contour.closed else painter.drawPolyline)(line)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(_GHOST)
    places = picture.ghost[list(picture.ghost_members)]
    for xy in places[np.isfinite(places).all(axis=1)]:
        painter.drawEllipse(screen_of(xy, to_screen), 2.0, 2.0)


def _paint_ring(painter: QPainter, centre: QPointF, radius: float, width: float) -> None:
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for colour, extra in ((_DARK, 2.0), (_LIGHT, 0.0)):
        painter.setPen(QPen(colour, width + extra))
        painter.drawEllipse(centre, radius, radius)


def _paint_cross(painter: QPainter, centre: QPointF) -> None:
    for colour, width in ((_DARK, 4.0), (_LIGHT, 1.5)):
        painter.setPen(QPen(colour, width))
        painter.drawLine(centre - QPointF(7, 0), centre + QPointF(7, 0))
        painter.drawLine(centre - QPointF(0, 7), centre + QPointF(0, 7))


def _paint_handles(painter: QPainter, places: dict[str, QPointF]) -> None:
    if not places:
        return
    frame = QRectF(places["top_left"], places["bottom_right"])
    stem = QPointF(places[KNOB].x(), frame.top())
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for colour, width in ((_DARK, 3.0), (_LIGHT, 1.0)):
        painter.setPen(QPen(colour, width))
        painter.drawRect(frame)
        painter.drawLine(stem, places[KNOB])
    painter.setPen(QPen(_DARK, 1.0))
    painter.setBrush(_LIGHT)
    for name, at in places.items():
        if name == KNOB:
            painter.drawEllipse(at, _HANDLE + 1, _HANDLE + 1)
        else:
            painter.drawRect(QRectF(at.x() - _HANDLE, at.y() - _HANDLE, 2 * _HANDLE, 2 * _HANDLE))


def _paint_band(painter: QPainter, band: QRectF) -> None:
    painter.setPen(QPen(_DARK, 3.0))
    painter.setBrush(QColor(255, 255, 255, 30))
    painter.drawRect(band)
    painter.setPen(QPen(_LIGHT, 1.0, Qt.PenStyle.DashLine))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRect(band)


def _paint_hint(painter: QPainter, hint: str, area: QRectF) -> None:
    font = QFont(painter.font())
    font.setPointSizeF(10)
    painter.setFont(font)
    width = painter.fontMetrics().horizontalAdvance(hint) + 28
    plate = QRectF(area.center().x() - width / 2, area.bottom() - 44, width, 30)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(16, 18, 20, 215))
    painter.drawRoundedRect(plate, 6, 6)
    painter.setPen(_LIGHT)
    painter.drawText(plate, Qt.AlignmentFlag.AlignCenter, hint)
