"""At the foot of the window: how far the job at work is, seen also while the docks are folded."""

from __future__ import annotations

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QWidget

from app import theme
from app.job_desk import JobDesk
from app.job_words import state_words


class JobStrip(QWidget):
    """The newest running job in a line; a click shows the dock. Hidden while nothing runs."""

    def __init__(self, desk: JobDesk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self.text = QLabel(self)
        self.text.setFont(theme.figures_font(self.text.font()))
        self._bar = QProgressBar(self)
        self._bar.setTextVisible(False)
        self._bar.setFixedSize(96, 8)
        self._bar.setAccessibleName("Progress of the job")
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 0, 10, 0)
        row.setSpacing(8)
        row.addWidget(self.text)
        row.addWidget(self._bar)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setToolTip("Show the jobs")
        for signal in (desk.jobs.listed, desk.jobs.changed, desk.jobs.ended):
            signal.connect(self.refresh)
        self.refresh()

    @Slot()
    def refresh(self) -> None:
        """Show what runs."""
        running = self._desk.jobs.running
        self.setVisible(bool(running))
        if not running:
            return
        newest = running[0]
        others = f" · {len(running) - 1} more" if len(running) > 1 else ""
        self.text.setText(f"{newest.plan.title} · {state_words(newest)}{others}")
        share = newest.status.share
        self._bar.setRange(0, 0 if share is None else 1000)
        self._bar.setValue(round(1000 * (share or 0.0)))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Show the dock."""
        event.accept()
        self._desk.dock_asked.emit()
