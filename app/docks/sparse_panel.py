"""Choosing a sparse format: how many landmarks, which must be in or out, what it is worth."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtCore import QSignalBlocker, Qt, QTimer, Slot
from PySide6.QtWidgets import (
    QCheckBox,
    QFileDialog,
    QHBoxLayout,
    QPushButton,
    QSlider,
    QVBoxLayout,
    QWidget,
)

from app.correlation.format_search import FormatSearch
from app.correlation.format_views import FormatCurve, MeanFace
from app.correlation.state import Correlation
from app.docks.elided_label import ElidedLabel
from core.errors import CoreError

_FIRST_BUDGET = 10
_SETTLE_MS = 700
"""After the last change of the matrix the search begins."""


class SparsePanel(QWidget):
    """Searches while it is seen and the matrix rests; shows the format of the chosen m."""

    def __init__(self, correlation: Correlation, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._correlation = correlation
        self._search = FormatSearch(self)
        self._record: Any = None
        self._asked_of: Any = None
        self._is_seen = False
        self.include: set[int] = set()
        self.exclude: set[int] = set()
        self.face, self.curve = MeanFace(self), FormatCurve(self)
        self.slider = QSlider(Qt.Orientation.Horizontal, self)
        self.slider.setAccessibleName("Number of landmarks m")
        self.slider.setRange(1, 1)
        self.words = ElidedLabel("", Qt.TextElideMode.ElideRight, self)
        self.words.setAccessibleName("What the format is worth")
        self.links = QCheckBox("Links", self)
        self.links.setToolTip("Draw from every landmark to the chosen one it is nearest to")
        self.links.setChecked(True)
        self.clear_button = QPushButton("Clear wishes", self)
        self.clear_button.setToolTip("Forget which landmarks must be in or out")
        self.save_button = QPushButton("Save as scheme…", self)
        self.save_button.setToolTip("Write the chosen landmarks as a landmark scheme")
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(_SETTLE_MS)
        self._lay_out()
        self._connect()
        self._show()

    @property
    def is_searching(self) -> bool:
        """Whether an answer is on its way."""
        return self._search.is_running or self._later.isActive()

    @property
    def points(self) -> tuple[int, ...]:
        """The chosen landmarks; none while there is no answer."""
        row = self._row()
        return () if row is None else tuple(row["points"])

    def set_seen(self, seen: bool) -> None:
        """Whether the panel is to be seen: only then is searched."""
        self._is_seen = seen
        if seen:
            self._on_matrix()
        else:
            self._later.stop()
            self._search.close()
        self._show()

    def close_search(self) -> None:
        """End the child, if there is one."""
        self._is_seen = False
        self._later.stop()
        self._search.close()

    def save_to(self, path: Path) -> None:
        """Write the format as a scheme file."""
        from core.correlation.format_scheme import format_document, save_format

        hub, row = self._correlation.session.hub, self._row()
        shown = self._correlation.live.shown
        if row is None or shown is None:
            return
        note = (
            f"Chosen from {shown.scheme.name} by affinity of {shown.faces} faces: c {row['c']:.4f}."
        )
        try:
            save_format(path, format_document(shown.scheme, row["points"], path.stem, note))
        except CoreError as error:
            hub.error(error)
            return
        hub.info(f"Saved {row['m']} landmarks as the scheme {path.name}.")

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(6, 4, 6, 2)
        column.setSpacing(3)
        column.addWidget(self.face, 2)
        column.addWidget(self.slider)
        column.addWidget(self.words)
        column.addWidget(self.curve, 1)
        row = QHBoxLayout()
        for widget in (self.links, self.clear_button, self.save_button):
            row.addWidget(widget)
        column.addLayout(row)

    def _connect(self) -> None:
        self._correlation.live.changed.connect(self._on_matrix)
        self._later.timeout.connect(self._ask)
        self._search.found.connect(self._on_found)
        self._search.failed.connect(self._on_failed)
        self.slider.valueChanged.connect(self._show)
        self.links.toggled.connect(self._show)
        self.curve.chosen.connect(self.slider.setValue)
        self.face.clicked.connect(self.toggle_wish)
        self.clear_button.clicked.connect(self._clear_wishes)
        self.save_button.clicked.connect(self._on_save)

    @Slot()
    def _on_matrix(self) -> None:
        """Another matrix: search again once it rests."""
        shown = self._correlation.live.shown
        if not self._is_seen:
            return
        if shown is None or shown.matrix is None or not shown.source.is_affinity:
            self._record, self._asked_of = None, None
            self._show()
        elif shown is not self._asked_of and not shown.is_reading:
            self._later.start()

    @Slot()
    def _ask(self) -> None:
        shown = self._correlation.live.shown
        if shown is None or shown.matrix is None or not self._is_seen:
            return
        if self._asked_of is not None and len(self._asked_of.matrix) != len(shown.matrix):
            self.include.clear()
            self.exclude.clear()
        self._asked_of = shown
        try:
            self._search.ask(shown, self.include, self.exclude)
        except (CoreError, OSError) as error:
            self._on_failed(str(error))
            return
        self._show()

    @Slot(object)
    def _on_found(self, record: Any) -> None:
        self._record = record
        rows = [row["m"] for row in record["curve"]]
        with QSignalBlocker(self.slider):
            before = self.slider.value() if self.slider.maximum() > 1 else _FIRST_BUDGET
            self.slider.setRange(min(rows, default=1), max(rows, default=1))
            self.slider.setValue(before)
        formats = {name: (one["m"], one["c"]) for name, one in record["formats"].items()}
        self.curve.show_curve({row["m"]: row["c"] for row in record["curve"]}, formats)
        self._show()

    @Slot(str)
    def _on_failed(self, sentence: str) -> None:
        self._record = None
        self._show()
        self._say(sentence)

    @Slot(int)
    def toggle_wish(self, point: int) -> None:
        """A landmark goes from free to included to excluded to free."""
        if point in self.include:
            self.include.discard(point)
            self.exclude.add(point)
        elif point in self.exclude:
            self.exclude.discard(point)
        else:
            self.include.add(point)
        self._show()
        self._later.start()

    @Slot()
    def _clear_wishes(self) -> None:
        self.include.clear()
        self.exclude.clear()
        self._show()
        self._later.start()

    def _row(self) -> Any:
        """The answer for the chosen m."""
        rows = [] if self._record is None else self._record["curve"]
        return next((row for row in rows if row["m"] == self.slider.value()), None)

    @Slot()
    def _show(self) -> None:
        """Bring face, curve, words and the canvas up to date."""
        shown, row = self._correlation.live.shown, self._row()
        has = shown is not None and shown.matrix is not None
        self.face.show_face(
            shown.mean_face if has and shown else None,
            shown.scheme.point_names if has and shown else (),
        )
        points: list[int] = []
        assigned: list[int] = []
        if row is not None and shown is not None and shown.matrix is not None:
            from core.correlation.coverage import assignment

            points = list(row["points"])
            if max(points) < len(shown.matrix):
                assigned = assignment(shown.matrix, points).tolist()
        links = assigned if self.links.isChecked() else []
        self.face.show_format(points, links, self.include, self.exclude)
        self.curve.show_budget(self.slider.value())
        self.save_button.setEnabled(row is not None and len(points) > 1)
        self.clear_button.setEnabled(bool(self.include or self.exclude))
        self.slider.setEnabled(row is not None)
        self._say(self._in_words(shown, row))
        self._correlation.show_format(points if self._is_seen and points else None, links)

    def _say(self, words: str) -> None:
        self.words.setText(words)
        self.words.setToolTip(words)

    def _in_words(self, shown: Any, row: Any) -> str:
        if shown is None or shown.matrix is None:
            return "There is no affinity yet to choose a format from."
        if not shown.source.is_affinity:
            return "Formats are chosen from affinities, not from a difference."
        if row is None:
            return "Searching…" if self.is_searching else "No format yet."
        proof = "proven best" if row["proven"] else f"at most {row['bound']:.3f} is possible"
        again = "  ·  searching…" if self.is_searching else ""
        return f"m = {row['m']}: c {row['c']:.3f}, {proof}; on average {row['average']:.3f}{again}"

    @Slot()
    def _on_save(self) -> None:
        name, _ = QFileDialog.getSaveFileName(
            self, "Save as scheme", f"sparse{self.slider.value()}.json", "Scheme (*.json)"
        )
        if name:
            self.save_to(Path(name))
