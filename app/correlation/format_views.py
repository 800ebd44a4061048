"""A sparse format on the mean face, and ĉ(m) as a curve: both drawn by hand, both to be clicked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QHelpEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from app.correlation.state import CHOSEN

Floats = NDArray[np.float64]

_REACH_PX = 9.0
_INCLUDED, _EXCLUDED = QColor(0, 158, 115), QColor(130, 130, 130)


class MeanFace(QWidget):
    """The mean face: chosen points filled, wishes marked, lines to whom each point is assigned.

    Signals:
        clicked: Landmark clicked on. Sparse panel.
    """

    clicked = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._xy: Floats = np.zeros((0, 2))
        self._names: Sequence[str] = ()
        self._chosen: frozenset[int] = frozenset()
        self._assigned: Sequence[int] = ()
        self._include: frozenset[int] = frozenset()
        self._exclude: frozenset[int] = frozenset()
        self.setAccessibleName("Sparse format on the mean face")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def show_face(self, xy: Floats | None, names: Sequence[str]) -> None:
        """Draw another mean face, (M, 2)."""
        self._xy = np.zeros((0, 2)) if xy is None else xy
        self._names = names
        self.update()

    def show_format(
        self,
        chosen: Sequence[int],
        assigned: Sequence[int],
        include: set[int],
        exclude: set[int],
    ) -> None:
        """Draw another format; no links without assignments."""
        self._chosen, self._assigned = frozenset(chosen), assigned
        self._include, self._exclude = frozenset(include), frozenset(exclude)
        self.update()

    def position_of(self, point: int) -> QPointF:
        """Where a landmark is drawn."""
        x, y = self._places()[point]
        return QPointF(float(x), float(y))

    def _places(self) -> Floats:
        """All landmarks in this widget, (M, 2)."""
        known = self._xy[np.isfinite(self._xy).all(axis=1)]
        if not len(known):
            return np.full_like(self._xy, np.nan)
        low, high = known.min(axis=0), known.max(axis=0)
        room = np.array([self.width(), self.height()], float) - 2 * _REACH_PX
        scale = float((room / np.maximum(high - low, 1e-6)).min())
        middle = np.array([self.width(), self.height()]) / 2
        return np.asarray((self._xy - (low + high) / 2) * scale + middle)

    def _point_at(self, at: QPointF) -> int | None:
        if not len(self._xy):
            return None
        away = np.linalg.norm(self._places() - (at.x(), at.y()), axis=1)
        if not np.isfinite(away).any() or float(np.nanmin(away)) > _REACH_PX:
            return None
        return int(np.nanargmin(away))

    # Qt overrides

    def sizeHint(self) -> QSize:
        """Large enough to hit 98 points."""
        return QSize(260, 240)

    def minimumSizeHint(self) -> QSize:
        """Small, but still to be seen."""
        return QSize(160, 80)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Links, then points."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        places = self._places()
        text = self.palette().text().color()
        painter.setPen(QPen(QColor(text.red(), text.green(), text.blue(), 90), 1.0))
        for j, i in enumerate(self._assigned):
            if i != j and np.isfinite(places[[i, j]]).all():
                painter.drawLine(QPointF(*places[i]), QPointF(*places[j]))
        for j, place in enumerate(places):
            if np.isfinite(place).all():
                self._paint_point(painter, j, QPointF(*place))

    def _paint_point(self, painter: QPainter, j: int, at: QPointF) -> None:
        text = self.palette().text().color()
        chosen = j in self._chosen
        painter.setPen(QPen(text, 1.0))
        painter.setBrush(QColor(*CHOSEN) if chosen else self.palette().base().color())
        size = 4.5 if chosen else 2.5
        painter.drawEllipse(at, size, size)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if j in self._include:
            painter.setPen(QPen(_INCLUDED, 2.0))
            painter.drawRect(QRectF(at.x() - 7, at.y() - 7, 14, 14))
        if j in self._exclude:
            painter.setPen(QPen(_EXCLUDED, 2.0))
            painter.drawLine(at + QPointF(-6, -6), at + QPointF(6, 6))
            painter.drawLine(at + QPointF(-6, 6), at + QPointF(6, -6))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """A click on a landmark."""
        point = self._point_at(event.position())
        if point is not None:
            self.clicked.emit(point)

    def event(self, event: Any) -> bool:
        """Say which landmark is under the mouse."""
        if isinstance(event, QHelpEvent):
            point = self._point_at(QPointF(event.pos()))
            words = "" if point is None else f"{point} {self._names[point]}".replace("_", " ")
            QToolTip.showText(event.globalPos(), words, self)
            return True
        return super().event(event)


class FormatCurve(QWidget):
    """ĉ against m, existing formats as squares; a click chooses m.

    Signals:
        chosen: A value of m. Sparse panel.
    """

    chosen = Signal(int)
    _LEFT, _BOTTOM, _TOP = 34, 20, 8

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._c: dict[int, float] = {}
        self._formats: Mapping[str, tuple[int, float]] = {}
        self._m = 0
        self.setAccessibleName("Best c by number of landmarks")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)

    def show_curve(self, c: Mapping[int, float], formats: Mapping[str, tuple[int, float]]) -> None:
        """Draw another curve: m → ĉ, and existing formats: name → (m, c)."""
        self._c, self._formats = dict(c), formats
        self.update()

    def show_budget(self, m: int) -> None:
        """Mark a value of m."""
        self._m = m
        self.update()

    def _place(self, m: float, c: float) -> QPointF:
        most = max([*self._c, *(one for one, _ in self._formats.values()), 2])
        wide = self.width() - self._LEFT - 6
        high = self.height() - self._BOTTOM - self._TOP
        return QPointF(self._LEFT + wide * m / most, self._TOP + high * (1 - c))

    # Qt overrides

    def sizeHint(self) -> QSize:
        """Flat."""
        return QSize(260, 130)

    def minimumSizeHint(self) -> QSize:
        """Small, but still to be read."""
        return QSize(160, 44)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Axes, curve, formats, the chosen m."""
        painter = QPainter(self)
        text, faint = self.palette().text().color(), self.palette().mid().color()
        for share in (0.0, 0.5, 1.0):
            at = self._place(0, share)
            painter.setPen(faint)
            painter.drawLine(at, QPointF(self.width() - 6.0, at.y()))
            painter.setPen(text)
            box = QRectF(0, at.y() - 9, self._LEFT - 5, 18)
            painter.drawText(box, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter,
                             f"{share:.1f}")  # fmt: skip
        painter.drawText(
            QRectF(self._LEFT, self.height() - 18.0, self.width() - self._LEFT - 6.0, 18),
            Qt.AlignmentFlag.AlignCenter, "m",
        )  # fmt: skip
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(*CHOSEN), 2.0))
        painter.drawPolyline([self._place(m, c) for m, c in sorted(self._c.items())])
        line, free_y = painter.fontMetrics().height(), 0.0
        painter.setPen(text)
        for name, (m, c) in sorted(self._formats.items(), key=lambda one: one[1]):
            at = self._place(m, c)
            painter.fillRect(QRectF(at.x() - 3, at.y() - 3, 6, 6), text)
            # Names go below one another: marks often share a height.
            y = max(at.y() + line / 3, free_y)
            if y < self.height() - self._BOTTOM:
                painter.drawText(QPointF(at.x() + 6, y), name)
            free_y = y + 0.8 * line
        if self._m in self._c:
            at = self._place(self._m, self._c[self._m])
            painter.setPen(QPen(text, 1.0))
            painter.drawLine(QPointF(at.x(), self._place(0, 0).y()), at)
            painter.setBrush(QColor(*CHOSEN))
            painter.drawEllipse(at, 4.5, 4.5)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Choose the nearest m."""
        if self._c:
            x = event.position().x()
            self.chosen.emit(min(self._c, key=lambda m: abs(self._place(m, 0).x() - x)))
