"""How the overlay of one face is painted: areas and lines in the scene, glyphs and words in screen
size. The canvas paints by it, and so does the magnifier, which turns the picture.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QFont, QPainter, QPen, QPixmap, QTransform

from app import data_colours
from app.canvas.face_picture import FacePicture, Line, PointGroup
from app.data_colours import Mark, Rgb, qcolor
from app.layers import Layers

_GLYPH = 9
"""Size of a landmark's glyph on the screen, logical pixels."""
_FAST_LINE = 1.0
"""Up to this width Qt draws smooth lines pixel by pixel; wider ones are filled as areas, at three
times the cost."""
_EXACT_ZOOM = 3.0
"""From this zoom on glyphs are drawn at fractions of a pixel; below, sprites are faster."""


def paint_face(
    painter: QPainter, picture: FacePicture, layers: Layers, is_selected: bool, is_hurried: bool
) -> None:
    """Paint a face from areas up to words.

    Args:
        painter: Its world transform leads from the scene to the screen.
        picture: What there is to draw.
        layers: What is shown of it, and how opaque.
        is_selected: Selected faces have a whole box and a bold name.
        is_hurried: While playing or dragging lines are drawn thin.
    """
    if layers["label_maps"].visible:
        _paint_areas(painter, picture, layers["label_maps"].opacity, is_hurried)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    if layers["contours"].visible:
        painter.setOpacity(layers["contours"].opacity)
        _paint_lines(painter, picture.lines, _FAST_LINE if is_hurried else 1.4)
    if layers["boxes"].visible:
        painter.setOpacity(layers["boxes"].opacity)
        _paint_box(painter, picture, is_selected)
    _paint_on_screen(painter, picture, layers, is_selected)


def zoom_of(to_screen: QTransform) -> float:
    """Screen pixels a pixel of the scene takes, whatever the turn."""
    return math.hypot(to_screen.m11(), to_screen.m12())


def _paint_areas(painter: QPainter, picture: FacePicture, opacity: float, is_hurried: bool) -> None:
    painter.setOpacity(opacity)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
    for area in picture.areas:
        painter.drawImage(area.target, area.image)
    _paint_lines(painter, picture.outlines, _FAST_LINE if is_hurried else 1.5)


def _paint_box(painter: QPainter, picture: FacePicture, is_selected: bool) -> None:
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    painter.setPen(_pen(picture.box_colour, 2.0 if is_selected else 1.0))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    if is_selected:
        painter.drawRect(picture.box)
    else:
        _paint_corners(painter, picture.box)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)


def _paint_on_screen(
    painter: QPainter, picture: FacePicture, layers: Layers, is_selected: bool
) -> None:
    """Glyphs and words, which keep their size whatever the zoom."""
    to_screen = painter.worldTransform()
    painter.save()
    painter.resetTransform()
    if layers["points"].visible:
        opacity = layers["points"].opacity
        for group in picture.points:
            painter.setOpacity(opacity * (0.45 if group.is_hidden else 1.0))
            _paint_points(painter, group, to_screen)
    if picture.numbers:
        painter.setOpacity(layers["indices"].opacity)
        _paint_numbers(painter, picture, to_screen)
    if layers["boxes"].visible:
        painter.setOpacity(1.0)
        _paint_name(painter, picture, to_screen, is_selected)
    painter.restore()


def _paint_lines(painter: QPainter, lines: list[Line], width: float) -> None:
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for line in lines:
        painter.setPen(_pen(line.colour, width))
        if line.closed:
            painter.drawPolygon(line.polygon)
        else:
            painter.drawPolyline(line.polygon)


def _paint_corners(painter: QPainter, box: QRectF) -> None:
    """Only the corners: a full box hides chin and brows, and the eye completes it anyway."""
    reach = min(box.width(), box.height()) * 0.14
    for corner, across, down in (
        (box.topLeft(), 1, 1),
        (box.topRight(), -1, 1),
        (box.bottomLeft(), 1, -1),
        (box.bottomRight(), -1, -1),
    ):
        painter.drawPolyline(
            [corner + QPointF(across * reach, 0), corner, corner + QPointF(0, down * reach)]
        )


def _paint_points(painter: QPainter, group: PointGroup, to_screen: QTransform) -> None:
    screen = _on_screen(group.xy, to_screen)
    half = _GLYPH / 2
    if zoom_of(to_screen) >= _EXACT_ZOOM:
        for x, y in screen:
            box = QRectF(x - half, y - half, _GLYPH, _GLYPH)
            data_colours.paint_mark(painter, group.mark, box, group.colour, rimmed=True)
        return
    sprite = _sprite(group.mark, group.colour, painter.device().devicePixelRatioF())
    for x, y in screen:
        painter.drawPixmap(QPointF(x - half, y - half), sprite)


def _on_screen(xy: Any, to_screen: QTransform) -> list[tuple[float, float]]:
    """Scene points on the screen."""
    turn = np.array([[to_screen.m11(), to_screen.m12()], [to_screen.m21(), to_screen.m22()]])
    places = xy @ turn + (to_screen.dx(), to_screen.dy())
    return [(x, y) for x, y in places.tolist()]


def _paint_numbers(painter: QPainter, picture: FacePicture, to_screen: QTransform) -> None:
    font = QFont(painter.font())
    font.setPointSizeF(7.5)
    painter.setFont(font)
    for point, number in picture.numbers:
        at = to_screen.map(point) + QPointF(4, -3)
        painter.setPen(QColor(0, 0, 0, 200))
        painter.drawText(at + QPointF(1, 1), number)
        painter.setPen(QColor(255, 255, 255))
        painter.drawText(at, number)


def _paint_name(
    painter: QPainter, picture: FacePicture, to_screen: QTransform, is_selected: bool
) -> None:
    """Name and source above the box: a small plate that shows on any frame."""
    font = QFont(painter.font())
    font.setPointSizeF(8.5)
    font.setWeight(QFont.Weight.DemiBold if is_selected else QFont.Weight.Normal)
    painter.setFont(font)
    corner = to_screen.map(picture.box.topLeft())
    width = painter.fontMetrics().horizontalAdvance(picture.name)
    plate = QRectF(corner.x(), corner.y() - 20, width + 26, 17)
    if plate.top() < 2:
        plate.moveTop(max(corner.y() + 3, 2))
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QBrush(QColor(20, 22, 25, 190)))
    painter.drawRoundedRect(plate, 3, 3)
    glyph = QRectF(plate.left() + 4, plate.top() + 3, 11, 11)
    data_colours.paint_mark(painter, picture.mark, glyph, picture.mark.colour)
    painter.setPen(qcolor(picture.box_colour))
    painter.drawText(
        plate.adjusted(19, 0, 0, 0), Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft,
        picture.name,
    )  # fmt: skip


@lru_cache(maxsize=128)
def _sprite(mark: Mark, colour: Rgb, ratio: float) -> QPixmap:
    return data_colours.mark_pixmap(mark, _GLYPH, ratio, colour, rimmed=True)


@lru_cache(maxsize=128)
def _pen(colour: Rgb, width: float) -> QPen:
    pen = QPen(qcolor(colour), width)
    pen.setCosmetic(True)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    return pen
