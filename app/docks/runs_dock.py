"""All runs of the clip: which is shown, which it is compared with, and how far both are apart."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import numpy as np
from PySide6.QtCore import QSignalBlocker, QSize, Qt, QTimer, Slot
from PySide6.QtGui import QIcon, QPixmap
from PySide6.QtWidgets import (
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPushButton,
    QSizePolicy,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from app import theme
from app.document import RunEntry
from app.runs import Runs
from app.session import Session

_RUN_ID = Qt.ItemDataRole.UserRole
_LATER_MS = 200
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


class RunsDock(QWidget):
    """A table of runs, two buttons for the chosen one, and what the comparison says here."""

    def __init__(self, session: Session, runs: Runs, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._runs = runs
        self._entries: list[RunEntry] = []
        self.table = self._build_table()
        self.show_button = _button("Show…", "Show this run from now on; you are asked first", self)
        self.compare_button = _button(
            "Compare", "Compare what is shown with this run, or stop comparing", self
        )
        self.compare_button.setCheckable(True)
        self.words = QLabel(self)
        self.words.setWordWrap(True)
        self.words.setAccessibleName("Difference on this frame")
        self.words.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        self.words.setMinimumHeight(2 * self.words.fontMetrics().lineSpacing())
        self.words.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._lay_out()
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(_LATER_MS)
        self._later.timeout.connect(self.refresh)
        self.show_button.clicked.connect(self._on_show)
        self.compare_button.clicked.connect(self._on_compare)
        self.table.itemSelectionChanged.connect(self._show_buttons)
        self.table.itemDoubleClicked.connect(lambda: self._on_compare(True))
        session.clip_changed.connect(self.refresh)
        session.clip_ready.connect(self.refresh)
        session.columns_changed.connect(self._later.start)
        session.data_changed.connect(self._later.start)
        session.comparison.changed.connect(self._show_comparison)
        session.comparison.measured.connect(self._show_words)
        session.frame_shown.connect(self._show_words)
        runs.shown_changed.connect(self.refresh)
        self.refresh()

    @Slot()
    def refresh(self) -> None:
        """List the runs as they are now; the chosen one stays chosen."""
        chosen = self.chosen
        self._entries = self._runs.entries()
        with QSignalBlocker(self.table):
            self.table.clear()
            for entry in self._entries:
                item = self._item(entry)
                self.table.addTopLevelItem(item)
                if chosen is not None and entry.run_id == chosen.run_id:
                    item.setSelected(True)
        self._show_comparison()

    @property
    def chosen(self) -> RunEntry | None:
        """The run that is selected in the table."""
        ids = [item.data(0, _RUN_ID) for item in self.table.selectedItems()]
        return next((entry for entry in self._entries if entry.run_id in ids), None)

    def _build_table(self) -> QTreeWidget:
        table = QTreeWidget(self)
        table.setAccessibleName("Runs of this clip")
        table.setHeaderLabels(["Run", "Frames", "Made"])
        table.setRootIsDecorated(False)
        table.setUniformRowHeights(True)
        table.setFrameShape(QTreeWidget.Shape.NoFrame)
        table.setTextElideMode(Qt.TextElideMode.ElideRight)
        table.setMinimumHeight(50)
        header = table.header()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        for column in (1, 2):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.ResizeToContents)
            table.headerItem().setTextAlignment(column, _RIGHT)
        return table

    def _lay_out(self) -> None:
        line = QHBoxLayout()
        line.setContentsMargins(8, 4, 8, 0)
        for button in (self.compare_button, self.show_button):
            line.addWidget(button)
        line.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 6)
        column.setSpacing(3)
        column.addWidget(self.table, 1)
        column.addLayout(line)
        self.words.setContentsMargins(8, 0, 8, 0)
        column.addWidget(self.words)

    def _item(self, entry: RunEntry) -> QTreeWidgetItem:
        frames = f"{entry.frames:,}" if entry.frames else ""
        item = QTreeWidgetItem([entry.title, frames, _made(entry.created)])
        item.setData(0, _RUN_ID, entry.run_id)
        for column in (1, 2):
            item.setTextAlignment(column, _RIGHT)
        if entry.problem:
            item.setIcon(0, theme.icon("warning", self.palette()))
        elif entry.is_shown:
            bold = item.font(0)
            bold.setBold(True)
            item.setFont(0, bold)
        state = "" if entry.is_sealed else "\nStill being written, or stopped"
        shown = "\nShown now" if entry.is_shown else ""
        about = entry.problem or f"{entry.title}\n{entry.model}{state}{shown}"
        for column in range(3):
            item.setToolTip(column, about)
        return item

    @Slot()
    def _show_comparison(self) -> None:
        compared = self._session.comparison.entry
        for row, entry in enumerate(self._entries):
            item = self.table.topLevelItem(row)
            is_it = compared is not None and entry.run_id == compared.run_id
            if item is not None and not entry.problem:
                name = "compare" if is_it else "eye" if entry.is_shown else ""
                item.setIcon(0, theme.icon(name, self.palette()) if name else _blank())
        self._show_buttons()
        self._show_words()

    @Slot()
    def _show_buttons(self) -> None:
        chosen, compared = self.chosen, self._session.comparison.entry
        document = self._session.document
        is_good = chosen is not None and not chosen.problem
        may_show = document is not None and not document.read_only
        self.show_button.setEnabled(bool(is_good and chosen and not chosen.is_shown and may_show))
        self.compare_button.setEnabled(is_good)
        self.compare_button.setChecked(
            bool(chosen and compared and compared.run_id == chosen.run_id)
        )

    @Slot()
    def _show_words(self) -> None:
        if self.isVisible():
            self.words.setText(self._difference_here())

    def _difference_here(self) -> str:
        comparison, frame_idx = self._session.comparison, self._session.shown_frame_idx
        if not self._entries:
            return "This clip has no run yet: predict makes one."
        if comparison.entry is None:
            return "Choose a run and press Compare."
        if not 0 <= frame_idx < len(comparison.distance):
            return ""
        value = float(comparison.distance[frame_idx])
        here = f"{value:.2f} % of the eye distance here" if np.isfinite(value) else ""
        alone = "a face is on one side only" if comparison.lonely[frame_idx] else ""
        there = comparison.distance[np.isfinite(comparison.distance)]
        mean = f"mean {there.mean():.2f} %, largest {there.max():.2f} %" if len(there) else ""
        going_on = "measuring…" if comparison.is_measuring else ""
        words = [text for text in (here, self._masks_here(), alone, mean, going_on) if text]
        return " · ".join(words) or "Nothing to compare on this frame."

    def _masks_here(self) -> str:
        """How much the masks of a scheme that both have disagree; only while it stands still."""
        session = self._session
        if session.playing or session.scrubbing:
            return ""
        from core.annotations.differences import mask_disagreement, paired

        frame_idx, worst = session.shown_frame_idx, float("nan")
        both = paired(session.faces(frame_idx), session.comparison.faces(frame_idx))
        for ours, theirs in both.values():
            if ours is None or theirs is None:
                continue
            for name in ours.label_maps.keys() & theirs.label_maps.keys():
                share = mask_disagreement(ours.label_maps[name], theirs.label_maps[name])
                worst = float(np.fmax(worst, share))
        return f"masks differ on {100 * worst:.1f} %" if np.isfinite(worst) else ""

    @Slot()
    def _on_show(self) -> None:
        if self.chosen is not None:
            self._runs.ask_to_show(self.chosen)

    @Slot(bool)
    def _on_compare(self, on: bool) -> None:
        if on and self.chosen is not None:
            self._runs.compare(self.chosen)
        else:
            self._session.comparison.stop()

    def showEvent(self, event: Any) -> None:
        """Catch up with what happened while it was behind another tab."""
        super().showEvent(event)
        self._show_words()

    def sizeHint(self) -> QSize:
        """As wide as the other docks of the side."""
        return QSize(320, 200)


def _button(text: str, tip: str, parent: QWidget) -> QPushButton:
    button = QPushButton(text, parent)
    button.setToolTip(tip)
    return button


def _blank() -> QIcon:
    """Room of an icon's size, so that titles stand under each other."""
    pixmap = QPixmap(16, 16)
    pixmap.fill(Qt.GlobalColor.transparent)
    return QIcon(pixmap)


def _made(created: str) -> str:
    """When a run was made, in this machine's time; the text itself where it is none."""
    try:
        return datetime.fromisoformat(created).astimezone().strftime("%d %b, %H:%M")
    except ValueError:
        return created
