"""The matrix: a cell a pair, components along both axes, a cell or a block under the mouse."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from app import convert

Floats = NDArray[np.float64]
Block = tuple[int, int, int, int]
"""Rows first … last, columns first … last."""

_STRIP, _GAP, _BAR = 9, 4, 12
_LEGEND = 46
_ENTERS = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
_MODIFIERS = (
    Qt.KeyboardModifier.ControlModifier
    | Qt.KeyboardModifier.AltModifier
    | Qt.KeyboardModifier.ShiftModifier
)
_STEPS = {
    Qt.Key.Key_Left: (0, -1),
    Qt.Key.Key_Right: (0, 1),
    Qt.Key.Key_Up: (-1, 0),
    Qt.Key.Key_Down: (1, 0),
}


@dataclass(frozen=True)
class Scale:
    """Which number has which colour."""

    is_diverging: bool = False
    low: float = 0.0
    high: float = 1.0


class HeatMap(QWidget):
    """Shows a matrix; knows nothing of where it comes from.

    Signals:
        hovered: Row and column under the mouse or the keys, −1 each for none.
        pinned: Row clicked on.
        block_chosen: First and last row, first and last column dragged over; None when let go.
    """

    hovered = Signal(int, int)
    pinned = Signal(int)
    block_chosen = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._image = QImage()
        self._size = 0
        self._components: list[tuple[int, int, tuple[int, int, int]]] = []
        self.scale = Scale()
        self._cell: tuple[int, int] | None = None
        self._pin = -1
        self._block: Block | None = None
        self._pressed: tuple[int, int] | None = None
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Affinity matrix")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    @property
    def cell(self) -> tuple[int, int] | None:
        """Row and column under the mouse or the keys."""
        return self._cell

    @property
    def block(self) -> Block | None:
        """What is dragged over."""
        return self._block

    def show_matrix(self, matrix: Floats | None, scheme: Any, scale: Scale) -> None:
        """Draw a matrix with a scheme's components, or none."""
        from core.correlation.colour_maps import DIVERGING, SEQUENTIAL, colourise

        self.scale = scale
        size = 0 if matrix is None else len(matrix)
        if size != self._size:
            self._cell, self._block, self._pin = None, None, -1
        self._size = size
        self._components = [] if scheme is None or not size else _strips(scheme)
        if matrix is None:
            self._image = QImage()
        else:
            table = DIVERGING if scale.is_diverging else SEQUENTIAL
            colours = colourise(matrix, table, scale.low, scale.high)
            self._image = convert.image_from_rgb(colours)
        self.update()

    def show_pin(self, row: int) -> None:
        """Mark the row and column of a pinned landmark; −1 for none."""
        self._pin = row
        self.update()

    def _area(self) -> QRectF:
        """Where the cells are: a square, room for strips left and below, the bar on the right."""
        wide = self.width() - _STRIP - 2 * _GAP - _BAR - _LEGEND
        side = max(float(min(wide, self.height() - _STRIP - _GAP - 2)), 10.0)
        return QRectF(_STRIP + _GAP, 1, side, side)

    def _cell_at(self, at: QPointF, clamp: bool = False) -> tuple[int, int] | None:
        area = self._area()
        if not self._size or (not clamp and not area.contains(at)):
            return None
        column = int((at.x() - area.left()) / area.width() * self._size)
        row = int((at.y() - area.top()) / area.height() * self._size)
        last = self._size - 1
        return min(max(row, 0), last), min(max(column, 0), last)

    def position_of(self, row: int, column: int) -> QPoint:
        """The middle of a cell in this widget."""
        area = self._area()
        step = area.width() / max(self._size, 1)
        at = QPointF(area.left() + (column + 0.5) * step, area.top() + (row + 0.5) * step)
        return at.toPoint()

    def _go_to(self, cell: tuple[int, int] | None) -> None:
        if cell != self._cell:
            self._cell = cell
            self.hovered.emit(*(cell or (-1, -1)))
            self.update()

    def _choose(self, block: Block | None) -> None:
        if block != self._block:
            self._block = block
            self.block_chosen.emit(block)
            self.update()

    # Qt overrides

    def sizeHint(self) -> QSize:
        """A square with its legend."""
        return QSize(320, 280)

    def minimumSizeHint(self) -> QSize:
        """Small, but still to be read."""
        return QSize(200, 140)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Cells, strips, marks, colour bar."""
        painter = QPainter(self)
        area = self._area()
        if self._image.isNull():
            painter.setPen(self.palette().placeholderText().color())
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, "No affinity yet")
            return
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, area.width() < self._size)
        painter.drawImage(area, self._image)
        step = area.width() / self._size
        self._paint_strips(painter, area, step)
        self._paint_marks(painter, area, step)
        self._paint_bar(painter, area)

    def _paint_strips(self, painter: QPainter, area: QRectF, step: float) -> None:
        for first, last, colour in self._components:
            start, length = first * step, (last - first + 1) * step
            fill = QColor(*colour)
            painter.fillRect(QRectF(0, area.top() + start, _STRIP, length), fill)
            below = area.bottom() + _GAP
            painter.fillRect(QRectF(area.left() + start, below, length, _STRIP), fill)

    def _paint_marks(self, painter: QPainter, area: QRectF, step: float) -> None:
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if self._pin >= 0:
            _outline(
                painter, QRectF(area.left(), area.top() + self._pin * step, area.width(), step)
            )
            _outline(
                painter, QRectF(area.left() + self._pin * step, area.top(), step, area.height())
            )
        if self._block is not None:
            top, bottom, left, right = self._block
            _outline(
                painter,
                QRectF(
                    area.left() + left * step, area.top() + top * step,
                    (right - left + 1) * step, (bottom - top + 1) * step,
                ),
            )  # fmt: skip
        if self._cell is not None:
            row, column = self._cell
            for i, j in ((row, column), (column, row)):
                _outline(painter, QRectF(area.left() + j * step, area.top() + i * step, step, step))

    def _paint_bar(self, painter: QPainter, area: QRectF) -> None:
        from core.correlation.colour_maps import DIVERGING, SEQUENTIAL

        table = DIVERGING if self.scale.is_diverging else SEQUENTIAL
        bar = QRectF(area.right() + _GAP + 2, area.top(), _BAR, area.height())
        painter.drawImage(bar, convert.image_from_rgb(np.ascontiguousarray(table[::-1, None])))
        painter.setPen(self.palette().text().color())
        sign = "+" if self.scale.is_diverging else ""
        low, high = self.scale.low, self.scale.high
        line = painter.fontMetrics().height()
        for share in (0.0, 0.5, 1.0):
            y = area.top() + (1 - share) * (area.height() - line)
            value = f"{low + share * (high - low):{sign}.2f}"
            painter.drawText(
                QRectF(bar.right() + 4, y, _LEGEND, line), Qt.AlignmentFlag.AlignLeft, value
            )

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """A cell under the mouse; a block while a button is down."""
        if self._pressed is None:
            self._go_to(self._cell_at(event.position()))
            return
        cell = self._cell_at(event.position(), clamp=True)
        if cell is not None and (cell != self._pressed or self._block is not None):
            (a, b), (c, d) = self._pressed, cell
            self._choose((min(a, c), max(a, c), min(b, d), max(b, d)))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin a click or a block."""
        self._choose(None)
        self._pressed = self._cell_at(event.position())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """A click pins the row's landmark."""
        if self._pressed is not None and self._block is None:
            self.pinned.emit(self._pressed[0])
        self._pressed = None

    def leaveEvent(self, event: Any) -> None:
        """Nothing is under the mouse."""
        super().leaveEvent(event)
        self._go_to(None)

    def event(self, event: QEvent) -> bool:
        """Keep the matrix's keys from acting as the window's shortcuts."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            key, plain = Qt.Key(event.key()), Qt.KeyboardModifier.NoModifier
            lets_go = key == Qt.Key.Key_Escape and (self._pin >= 0 or self._block is not None)
            walks = key in _STEPS or key in _ENTERS
            if self._size and (walks or lets_go) and event.modifiers() & _MODIFIERS == plain:
                event.accept()
                return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows walk over cells, Enter pins, Escape lets go."""
        key = Qt.Key(event.key())
        if key in _STEPS and self._size:
            row, column = self._cell or (0, 0)
            down, right = _STEPS[key] if self._cell else (0, 0)
            last = self._size - 1
            self._go_to((min(max(row + down, 0), last), min(max(column + right, 0), last)))
        elif key in _ENTERS and self._cell is not None:
            self.pinned.emit(self._cell[0])
        elif key == Qt.Key.Key_Escape and (self._pin >= 0 or self._block is not None):
            self._choose(None)
            if self._pin >= 0:
                self.pinned.emit(self._pin)
        else:
            super().keyPressEvent(event)


def _outline(painter: QPainter, box: QRectF) -> None:
    """White within black: seen on every colour."""
    for colour, width in ((QColor(0, 0, 0), 3.0), (QColor(255, 255, 255), 1.0)):
        pen = QPen(colour, width)
        pen.setJoinStyle(Qt.PenJoinStyle.MiterJoin)
        painter.setPen(pen)
        painter.drawRect(box)


def _strips(scheme: Any) -> list[tuple[int, int, tuple[int, int, int]]]:
    """Unbroken runs of a component's points: first, last, colour."""
    found: list[tuple[int, int, tuple[int, int, int]]] = []
    for name, points in scheme.components.items():
        colour = scheme.component_colours[name]
        for point in sorted(points):
            if found and found[-1][1] == point - 1 and found[-1][2] == colour:
                found[-1] = (found[-1][0], point, colour)
            else:
                found.append((point, point, colour))
    return found
