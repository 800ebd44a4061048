"""What the box tools draw over the faces: a box with handles, a box being drawn, a question."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPen
from PySide6.QtWidgets import QGraphicsItem, QGraphicsScene, QStyleOptionGraphicsItem, QWidget

_FAR = 1e6
_MARGIN = 7.0
"""Handles stand this far outside the box, so that landmarks on its edge stay free; screen px."""
_HANDLE = 4.0
_DARK = QColor(0, 0, 0, 150)
_LIGHT = QColor(255, 255, 255)

HANDLES: dict[str, tuple[float, float]] = {
    "top_left": (0, 0), "top": (0.5, 0), "top_right": (1, 0), "right": (1, 0.5),
    "bottom_right": (1, 1), "bottom": (0.5, 1), "bottom_left": (0, 1), "left": (0, 0.5),
}  # fmt: skip
"""By name: how far right and down along the box."""


@dataclass
class BoxPicture:
    """Everything the box tools show at a moment."""

    box: QRectF | None = None
    """Scene coordinates."""
    has_handles: bool = False
    is_new: bool = False
    """A box that is not recorded yet is dashed."""
    hint: str = ""


class BoxLayer(QGraphicsItem):
    """Draws a BoxPicture; sizes are the screen's whatever the zoom."""

    def __init__(self, scene: QGraphicsScene) -> None:
        super().__init__()
        self.picture = BoxPicture()
        self.setZValue(6)
        scene.addItem(self)

    def show_picture(self, picture: BoxPicture) -> None:
        """Draw something else from now on."""
        if picture != self.picture:
            self.picture = picture
            self.update()

    def boundingRect(self) -> QRectF:
        """Anywhere on the canvas."""
        return QRectF(-_FAR, -_FAR, 2 * _FAR, 2 * _FAR)

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        """Paint the box, its handles, the hint."""
        picture = self.picture
        painter.save()
        to_screen = painter.worldTransform()
        painter.resetTransform()
        if picture.box is not None:
            on_screen = to_screen.mapRect(picture.box)
            if picture.is_new:
                _paint_new(painter, on_screen)
            if picture.has_handles:
                _paint_handles(painter, on_screen)
        if picture.hint and widget is not None:
            paint_hint(painter, picture.hint, QRectF(widget.rect()))
        painter.restore()


def handle_places(on_screen: QRectF) -> dict[str, QPointF]:
    """Where the handles of a box on the screen are."""
    frame = on_screen.adjusted(-_MARGIN, -_MARGIN, _MARGIN, _MARGIN)
    return {
        name: QPointF(frame.x() + right * frame.width(), frame.y() + down * frame.height())
        for name, (right, down) in HANDLES.items()
    }


def _paint_new(painter: QPainter, on_screen: QRectF) -> None:
    painter.setBrush(QColor(255, 255, 255, 24))
    painter.setPen(QPen(_DARK, 3.0))
    painter.drawRect(on_screen)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(_LIGHT, 1.4, Qt.PenStyle.DashLine))
    painter.drawRect(on_screen)


def _paint_handles(painter: QPainter, on_screen: QRectF) -> None:
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(_DARK, 1.0))
    painter.setBrush(_LIGHT)
    for name, at in handle_places(on_screen).items():
        half = _HANDLE if "_" in name else _HANDLE - 0.5
        painter.drawRect(QRectF(at.x() - half, at.y() - half, 2 * half, 2 * half))


def paint_hint(painter: QPainter, hint: str, area: QRectF) -> None:
    """A plate with words at the foot of the canvas, wrapped where it is narrow."""
    font = QFont(painter.font())
    font.setPointSizeF(10)
    painter.setFont(font)
    flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
    room = QRectF(0, 0, max(area.width() - 60, 80), area.height())
    needed = QRectF(painter.boundingRect(room, int(flags), hint))
    plate = QRectF(0, 0, needed.width() + 28, needed.height() + 14)
    plate.moveCenter(QPointF(area.center().x(), 0))
    plate.moveBottom(area.bottom() - 14)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(16, 18, 20, 215))
    painter.drawRoundedRect(plate, 6, 6)
    painter.setPen(_LIGHT)
    painter.drawText(plate, int(flags), hint)
