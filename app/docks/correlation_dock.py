"""How landmarks hang together: the live matrix, and the sparse formats that follow from it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QSignalBlocker, Qt, QTimer, Slot
from PySide6.QtWidgets import (
    QComboBox,
    QDockWidget,
    QFileDialog,
    QHBoxLayout,
    QMainWindow,
    QPushButton,
    QSlider,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from app.correlation.export import FILTER, save_matrix
from app.correlation.faces import (
    ANNOTATED,
    DEVIATION,
    DIFFERENCE,
    EPOCH,
    EPOCH_DIFFERENCE,
    RUN,
    SHOWN,
    TRAINING,
    Source,
)
from app.correlation.heat_map import HeatMap
from app.correlation.state import AUTO, FIXED, Correlation
from app.docks.elided_label import ElidedLabel
from app.docks.sparse_panel import SparsePanel
from core.errors import CoreError

_RUNS_LATER_MS = 500
_TITLE_HEIGHT = 24
"""Of a dock, pixels."""


class CorrelationDock(QWidget):
    """Source and range above, matrix and sparse format as two pages, the cell in words below."""

    def __init__(self, correlation: Correlation, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._correlation = correlation
        self._is_front, self._is_followed = False, False
        self.sources, self.ranges = QComboBox(self), QComboBox(self)
        self.epochs, self.views = QSlider(Qt.Orientation.Horizontal, self), QComboBox(self)
        self.map, self.sparse = HeatMap(self), SparsePanel(correlation, self)
        # No wrapped text: in a scroll area it would ask for its height of every page.
        self.words = ElidedLabel("", Qt.TextElideMode.ElideRight, self)
        self.words.setAccessibleName("Pair of landmarks")
        self.export_button = QPushButton("Export…", self)
        self._has_room = False
        self.export_button.setToolTip("Save the matrix as a picture, a table or arrays")
        self.pages = QTabWidget(self)
        self._runs_later = QTimer(self)
        self._runs_later.setSingleShot(True)
        self._runs_later.setInterval(_RUNS_LATER_MS)
        self._lay_out()
        self._connect()
        self.list_sources()
        self._show()

    @Slot()
    def list_sources(self) -> None:
        """Offer what can be correlated in the open clip; the chosen source stays chosen."""
        session = self._correlation.session
        found = [
            ("What is shown", "Corrections over the shown run", Source(SHOWN)),
            ("Ground truth", "Faces that people edited or approved", Source(ANNOTATED)),
        ]
        document, entry = session.document, session.entry
        runs = document.runs(entry.clip_id) if document is not None and entry is not None else []
        good = [run for run in runs if not run.problem]
        found += [
            (f"Run: {run.title}", f"{run.model}, in the frames of its own faces",
             Source(RUN, run.run_id))
            for run in good
        ]  # fmt: skip
        found += [
            (f"{run.title} − ground truth",
             "On the faces that people decided on, in the frames of the ground truth",
             Source(DIFFERENCE, run.run_id))
            for run in good
        ]  # fmt: skip
        found += [
            (f"Training: {folder.name}", "Affinity of its validation faces, epoch by epoch",
             Source(TRAINING, str(folder)))
            for folder in _trainings(document)
        ]  # fmt: skip
        with QSignalBlocker(self.sources):
            self.sources.clear()
            for text, tip, source in found:
                self.sources.addItem(text, source)
                self.sources.setItemData(self.sources.count() - 1, tip, Qt.ItemDataRole.ToolTipRole)
            place = next(
                (k for k, one in enumerate(found) if _same_faces(one[2], self._source)), -1
            )
            self.sources.setCurrentIndex(max(place, 0))
        if place < 0:
            self._correlation.live.set_source(Source())

    def choose_source(self, source: Source) -> None:
        """Correlate other faces, as if chosen in the list."""
        for place in range(self.sources.count()):
            if _same_faces(self.sources.itemData(place), source):
                self.sources.setCurrentIndex(place)

    def export_to(self, path: Path) -> None:
        """Save the matrix; the ending says how."""
        live, hub = self._correlation.live, self._correlation.session.hub
        if live.shown is None:
            return
        try:
            save_matrix(path, live.shown, self._correlation.scale, self.sources.currentText())
        except CoreError as error:
            hub.error(error)
            return
        hub.info(f"Saved the matrix as {path.name}.")

    def _lay_out(self) -> None:
        self.sources.setAccessibleName("Faces that are correlated")
        self.sources.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.sources.setMinimumContentsLength(12)
        self.ranges.setAccessibleName("Range of the colours")
        self.ranges.setToolTip("What the colours span: what there is, or always the same numbers")
        self.ranges.addItem("Auto", AUTO)
        self.ranges.addItem("Fixed", FIXED)
        top = QHBoxLayout()
        top.addWidget(self.sources, 1)
        top.addWidget(self.ranges)
        top.addWidget(self.export_button)
        self.epochs.setAccessibleName("Epoch of the training")
        self.views.setAccessibleName("What is shown of the training")
        self.views.addItem("Epoch", EPOCH)
        self.views.addItem("Epoch − truth", EPOCH_DIFFERENCE)
        self.views.addItem("Spread since", DEVIATION)
        row = QHBoxLayout()
        row.addWidget(self.epochs, 1)
        row.addWidget(self.views)
        matrix = QWidget(self)
        inner = QVBoxLayout(matrix)
        inner.setContentsMargins(4, 4, 4, 2)
        inner.setSpacing(3)
        inner.addWidget(self.map, 1)
        inner.addWidget(self.words)
        self.pages.addTab(matrix, "Matrix")
        self.pages.addTab(self.sparse, "Sparse format")
        self.pages.setDocumentMode(True)
        column = QVBoxLayout(self)
        column.setContentsMargins(6, 4, 6, 0)
        column.setSpacing(3)
        column.addLayout(top)
        column.addLayout(row)
        column.addWidget(self.pages, 1)

    def _connect(self) -> None:
        correlation, session = self._correlation, self._correlation.session
        self.sources.currentIndexChanged.connect(self._on_source)
        self.epochs.valueChanged.connect(self._on_epoch)
        self.views.currentIndexChanged.connect(self._on_epoch)
        self.ranges.currentIndexChanged.connect(
            lambda: correlation.set_range_kind(self.ranges.currentData())
        )
        self.map.hovered.connect(correlation.hover)
        self.map.hovered.connect(self._show_words)
        self.map.pinned.connect(correlation.toggle_pin)
        self.map.block_chosen.connect(correlation.choose_block)
        self.map.block_chosen.connect(self._show_words)
        correlation.pin_changed.connect(self.map.show_pin)
        correlation.pin_changed.connect(self._show_words)
        correlation.live.changed.connect(self._show)
        correlation.range_changed.connect(self._show)
        self.export_button.clicked.connect(self._on_export)
        correlation.asked.connect(lambda: QTimer.singleShot(0, self, self._take_room))
        self.pages.currentChanged.connect(self._on_page)
        self._runs_later.timeout.connect(self.list_sources)
        session.clip_ready.connect(self.list_sources)
        session.document_changed.connect(self.list_sources)
        session.columns_changed.connect(self._runs_later.start)

    @property
    def _source(self) -> Source:
        return self._correlation.live.source

    @Slot()
    def _on_source(self) -> None:
        self._correlation.live.set_source(self.sources.currentData())
        self._show_epochs()

    @Slot()
    def _on_epoch(self) -> None:
        """The last place of the slider follows the training."""
        shown = self._correlation.live.shown
        if self._source.kind != TRAINING or shown is None or not shown.epochs:
            return
        place = self.epochs.value()
        epoch = 0 if place >= len(shown.epochs) - 1 else shown.epochs[place]
        view = self.views.currentData()
        self._correlation.live.set_source(replace(self._source, epoch=epoch, view=view))

    def _show_epochs(self) -> None:
        """The epochs' row, for a training alone."""
        shown, source = self._correlation.live.shown, self._source
        for widget in (self.epochs, self.views):
            widget.setVisible(source.kind == TRAINING)
        if source.kind == TRAINING and shown is not None and shown.epochs:
            last = len(shown.epochs) - 1
            with QSignalBlocker(self.epochs):
                self.epochs.setRange(0, last)
                at = shown.epochs.index(source.epoch) if source.epoch in shown.epochs else last
                self.epochs.setValue(at)

    @Slot(bool)
    def _on_front(self, is_front: bool) -> None:
        """Faces are read while somebody looks, and only then."""
        self._is_front = is_front
        self._correlation.set_visible(is_front)
        self._on_page()

    @Slot()
    def _take_room(self) -> None:
        """The first time it is asked for it gets the height it wants, if others can spare it."""
        if self._has_room:
            return
        self._has_room = True
        dock = self.parentWidget()
        while dock is not None and not isinstance(dock, QDockWidget):
            dock = dock.parentWidget()
        window = self.window()
        if dock is not None and isinstance(window, QMainWindow):
            wanted = self.sizeHint().height() + _TITLE_HEIGHT
            if dock.height() < wanted:
                window.resizeDocks([dock], [wanted], Qt.Orientation.Vertical)

    @Slot()
    def _on_page(self) -> None:
        self.sparse.set_seen(self._is_front and self.pages.currentWidget() is self.sparse)

    @Slot()
    def _show(self) -> None:
        shown = self._correlation.live.shown
        matrix = None if shown is None else shown.matrix
        scheme = None if shown is None else shown.scheme
        self.map.show_matrix(matrix, scheme, self._correlation.scale)
        self._show_epochs()
        self.export_button.setEnabled(matrix is not None)
        self._show_words()

    @Slot()
    def _show_words(self) -> None:
        words = self._in_words()
        self.words.setText(words)
        self.words.setToolTip(words)

    def _in_words(self) -> str:
        shown, cell, block = self._correlation.live.shown, self.map.cell, self.map.block
        if shown is None:
            return "Open a project to see how its landmarks hang together."
        if shown.matrix is None:
            if shown.is_reading:
                return "Reading faces…"
            return f"{shown.faces} faces here; an affinity needs three."
        names = [name.replace("_", " ") for name in shown.scheme.point_names]
        if block is not None:
            return _block_words(shown.matrix, block, names)
        if cell is not None and shown.count is not None:
            i, j = cell
            value = _signed(shown.matrix[i, j], shown.source.is_difference)
            return f"{i} {names[i]} – {j} {names[j]}: {value}, {shown.count[i, j]} faces"
        own = self._correlation.pin
        if shown.epochs:
            at = shown.source.epoch or shown.epochs[-1]
            return f"epoch {at} of {shown.epochs[-1]}, {shown.faces} validation faces"
        pinned = f"pinned: {own} {names[own]}; " if own >= 0 else ""
        off = shown.matrix[~np.eye(len(names), dtype=bool)]
        known = off[np.isfinite(off)]
        mean = _signed(float(known.mean()) if len(known) else np.nan, shown.source.is_difference)
        more = " so far" if shown.is_reading else ""
        return f"{pinned}{shown.faces} faces{more}, hullbox, mean {mean}"

    @Slot()
    def _on_export(self) -> None:
        name, _ = QFileDialog.getSaveFileName(self, "Export the matrix", "affinity.png", FILTER)
        if name:
            self.export_to(Path(name))

    # Qt overrides

    def showEvent(self, event: Any) -> None:
        """Learn from the dock around it when it is in front: behind another tab it is shown too."""
        super().showEvent(event)
        dock = self.parentWidget()
        while dock is not None and not isinstance(dock, QDockWidget):
            dock = dock.parentWidget()  # it may be scrolled in there
        if isinstance(dock, QDockWidget) and not self._is_followed:
            self._is_followed = True
            dock.visibilityChanged.connect(self._on_front)
            self._on_front(not self.visibleRegion().isEmpty())


def _same_faces(one: Source, other: Source) -> bool:
    """Whether two sources are one entry of the list."""
    return (one.kind, one.run_id) == (other.kind, other.run_id)


def _trainings(document: Any) -> list[Path]:
    """Job folders of the open project that keep predictions by epoch."""
    from core.annotations.job_files import JOBS

    if document is None or document.path is None:
        return []
    return sorted(folder.parent for folder in (document.path / JOBS).glob("*/predictions"))


def _signed(value: float, is_difference: bool) -> str:
    if value != value:
        return "unknown"
    return f"{value:+.3f}" if is_difference else f"{value:.3f}"


def _block_words(
    matrix: NDArray[np.float64], block: tuple[int, int, int, int], names: list[str]
) -> str:
    """What a block holds: its landmarks and the mean, a landmark with itself left out."""
    top, bottom, left, right = block
    cells = matrix[top : bottom + 1, left : right + 1]
    apart = np.arange(top, bottom + 1)[:, None] != np.arange(left, right + 1)[None]
    known = cells[apart & np.isfinite(cells)]
    rows = f"{top} {names[top]} … {bottom} {names[bottom]}"
    columns = f"{left} {names[left]} … {right} {names[right]}"
    if not len(known):
        return f"{rows} – {columns}"
    spread = f"{known.min():.3f} … {known.max():.3f}"
    return f"{rows} – {columns}: mean {known.mean():.3f}, {spread}"
