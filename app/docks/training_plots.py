"""A training's curves: loss, held-out score and learning rate, over each other on one axis."""

from __future__ import annotations

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from app.training.curves import Picture, shown_range

_LOSS, _SCORE, _SCORE_SPARSE, _RATE = "#0072b2", "#009e73", "#56b4e9", "#cc79a7"
_BEST = "#e69f00"
_AXIS_WIDTH = 52
_LEAST_HEIGHT = 300
_TICKS = 5
SCORE_TITLES = {
    "val_nme": "Held-out error (NME), %",
    "val_nme_sparse": "Held-out error of the sparse points, %",
    "val_f1_mean": "Held-out F1, %",
}


class TrainingPlots(QFrame):
    """Three plots; a logarithmic axis for loss and rate, outliers left out, the best marked."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Curves of the training")
        self.view = pg.GraphicsLayoutWidget(parent=self)
        self.view.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.view.ci.layout.setSpacing(2)
        self.view.ci.layout.setContentsMargins(0, 0, 4, 0)
        self.loss, self.score, self.rate = (self._plot(row) for row in range(3))
        for plot in (self.loss, self.rate):
            plot.setLogMode(x=False, y=True)
        self.score.setXLink(self.loss)
        self.rate.setXLink(self.loss)
        self._loss_line = self.loss.plot(pen=pg.mkPen(_LOSS, width=2))
        self._sparse_line = self.score.plot(pen=pg.mkPen(_SCORE_SPARSE, width=2))
        self._score_line = self.score.plot(pen=pg.mkPen(_SCORE, width=2))
        self.best = pg.ScatterPlotItem(symbol="star", size=14, brush=_BEST, pen=pg.mkPen(None))
        self.best.setZValue(5)
        self.score.addItem(self.best)
        self._rate_line = self.rate.plot(pen=pg.mkPen(_RATE, width=2))
        self.starts: list[pg.InfiniteLine] = []
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.view)
        self.setMinimumHeight(_LEAST_HEIGHT)
        self._picture: Picture | None = None
        self._tint()

    def sizeHint(self) -> QSize:
        """Room for three plots."""
        return QSize(280, _LEAST_HEIGHT + 60)

    def show_picture(self, picture: Picture | None) -> None:
        """Draw other curves; None for none."""
        self._picture = picture
        lines = {} if picture is None else picture.lines
        for line, plot, name in (
            (self._loss_line, self.loss, "loss"), (self._rate_line, self.rate, "lr"),
        ):  # fmt: skip
            shown = lines.get(name)
            line.setData(*([], []) if shown is None else (shown.x, _positive(shown.y)))
            span = None if shown is None else shown_range(shown.y)
            if span is not None:
                plot.setYRange(*span, padding=0)
                plot.getAxis("left").setTicks([decade_ticks(*span)])
        score = picture.score if picture is not None else ""
        self._show_score(self._score_line, score if score != "val_nme_sparse" else "")
        self._show_score(self._sparse_line, "val_nme_sparse")
        best = None if picture is None else picture.best
        self.best.setData(*([], []) if best is None else ([best[0]], [100 * best[1]]))
        self._mark_stages()
        self._name()

    def _show_score(self, line: pg.PlotDataItem, name: str) -> None:
        shown = self._picture.lines.get(name) if self._picture is not None and name else None
        line.setData(*([], []) if shown is None else (shown.x, 100 * shown.y))

    def _mark_stages(self) -> None:
        """A line where each stage but the first begins."""
        for mark in self.starts:
            mark.getViewBox().removeItem(mark)
        starts = self._picture.starts[1:] if self._picture is not None else ()
        places = [(plot, x) for plot in (self.loss, self.score, self.rate) for x in starts]
        self.starts = []
        reached = self._picture.lines.get("loss") if self._picture is not None else None
        for plot, x in places:
            if reached is None or not len(reached.x) or reached.x[-1] < x:
                continue  # the axis shows what there is, not what is to come
            mark = pg.InfiniteLine(x, pen=pg.mkPen(self._grey(), style=Qt.PenStyle.DashLine))
            plot.addItem(mark, ignoreBounds=True)
            self.starts.append(mark)

    def _name(self) -> None:
        picture = self._picture
        colour = self.palette().color(QPalette.ColorRole.WindowText).name()
        score = SCORE_TITLES.get(picture.score, "") if picture is not None else ""
        titles = ("Loss", score or "No validation yet", "Learning rate")
        for plot, title in zip((self.loss, self.score, self.rate), titles, strict=True):
            plot.setTitle(title, size="9pt", color=colour)
        axis = self.rate.getAxis("bottom")
        axis.setLabel(picture.axis if picture is not None else "step")
        axis.enableAutoSIPrefix(False)

    def _plot(self, row: int) -> pg.PlotItem:
        plot = self.view.addPlot(row=row, col=0)
        plot.setMenuEnabled(False)
        plot.hideButtons()
        plot.setMouseEnabled(x=False, y=False)  # the wheel scrolls the dock
        plot.showGrid(x=False, y=True, alpha=0.15)
        plot.getAxis("left").setWidth(_AXIS_WIDTH)
        plot.getAxis("left").enableAutoSIPrefix(False)
        if row < 2:
            plot.getAxis("bottom").setStyle(showValues=False)
        return plot

    def _grey(self) -> QColor:
        grey = self.palette().color(QPalette.ColorRole.WindowText)
        grey.setAlpha(150)
        return grey

    def _tint(self) -> None:
        colours = self.palette()
        self.view.setBackground(colours.color(QPalette.ColorRole.Base))
        for plot in (self.loss, self.score, self.rate):
            for side in ("left", "bottom"):
                plot.getAxis(side).setPen(self._grey())
                plot.getAxis(side).setTextPen(colours.color(QPalette.ColorRole.WindowText))
        self._mark_stages()
        self._name()

    def changeEvent(self, event: QEvent) -> None:
        """Follow the theme."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "_picture"):
            self._tint()


def decade_ticks(low: float, high: float) -> list[tuple[float, str]]:
    """A few round numbers between two powers of ten, as (power, text)."""
    for steps in ((1, 2, 3, 4, 5, 6, 7, 8, 9), (1, 2, 5), (1, 3), (1,)):
        numbers = [n * 10.0**e for e in range(int(low) - 2, int(high) + 2) for n in steps]
        found = [n for n in numbers if low <= np.log10(n) <= high]
        if len(found) <= _TICKS:
            break
    found = found[:: -(-len(found) // _TICKS)] if found else [10 ** ((low + high) / 2)]
    return [(float(np.log10(n)), f"{n:.2g}") for n in found]


def _positive(values: np.ndarray) -> np.ndarray:
    """Values a logarithmic axis has a place for; the others leave a gap."""
    return np.where(values > 0, values, np.nan)
