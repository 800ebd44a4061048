"""Jobs: how far each is, how it ended, and what can be done about it."""

from __future__ import annotations

import time

from PySide6.QtCore import QEvent, QSize, Qt, QTimer, Slot
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QScrollArea,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app import theme
from app.details import details_dialog
from app.docks.elided_label import ElidedLabel
from app.job_desk import JobDesk
from app.job_words import figure_words, state_words
from app.messages import Message
from core.annotations.job_watch import FAILED, RUNNING, JobWatch

_PATIENCE_S = 8.0
"""After so long a job that was asked to stop may be ended by force."""
_ALL_OR_NOTHING = ("export", "import")
"""Kinds of which a part is worth nothing: they can be cancelled and not stopped."""
_OFFERS = {
    "show": "Show this run in place of the one shown now; your corrections stay",
    "open": "Open the project it made",
    "use": "Put this model into the list of the Predict dialog",
}
_ICONS = {"done": "check", "failed": "error", "stopped": "info"}


class JobsDock(QWidget):
    """A row a job, newest first."""

    def __init__(self, desk: JobDesk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self.rows: list[JobRow] = []
        text = "No jobs. Predict, Import, Export and Train run here, beside your work."
        self._empty = QLabel(text, self)
        self._empty.setWordWrap(True)
        self._empty.setContentsMargins(10, 8, 10, 8)
        self._empty.setForegroundRole(self.palette().ColorRole.PlaceholderText)
        self._list = QWidget(self)
        self._column = QVBoxLayout(self._list)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)
        self._column.addWidget(self._empty)
        self._column.addStretch(1)
        area = QScrollArea(self)
        area.setAccessibleName("Jobs")
        area.setFrameShape(QScrollArea.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidgetResizable(True)
        area.setWidget(self._list)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(area)
        desk.jobs.listed.connect(self.rebuild)
        desk.jobs.changed.connect(self._on_changed)
        desk.jobs.ended.connect(self._on_changed)
        desk.offers_changed.connect(self.refresh)
        self.rebuild()

    def sizeHint(self) -> QSize:
        """Room for two jobs beside the list of clips."""
        return QSize(276, 260)

    @Slot()
    def rebuild(self) -> None:
        """Make the rows anew; rows of jobs still listed stay, so that a press is not lost."""
        wanted = self._desk.jobs.watches
        kept = {id(row.watch): row for row in self.rows if row.watch in wanted}
        for row in self.rows:
            if id(row.watch) not in kept:
                self._column.removeWidget(row)
                row.hide()
                row.deleteLater()
        self.rows = [kept.get(id(w)) or JobRow(w, self._desk, self._list) for w in wanted]
        for index, row in enumerate(self.rows):
            self._column.insertWidget(index, row)
            row.refresh()
        self._empty.setVisible(not self.rows)

    @Slot()
    def refresh(self) -> None:
        """Show all rows anew."""
        for row in self.rows:
            row.refresh()

    @Slot(object)
    def _on_changed(self, watch: JobWatch) -> None:
        for row in self.rows:
            if row.watch is watch:
                row.refresh()

    def changeEvent(self, event: QEvent) -> None:
        """Follow the theme."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "_desk"):
            # The rows hear of the new palette after their dock.
            QTimer.singleShot(0, self, self.refresh)


class JobRow(QFrame):
    """One job: title, bar, a line of words, buttons."""

    def __init__(self, watch: JobWatch, desk: JobDesk, parent: QWidget) -> None:
        super().__init__(parent)
        self.watch = watch
        self._desk = desk
        self._asked_s: float | None = None
        self._icon = QLabel(self)
        self._title = ElidedLabel(watch.plan.title, Qt.TextElideMode.ElideMiddle, self)
        self._title.setToolTip(f"{watch.plan.title}\n{watch.plan.target}")
        self.bar = QProgressBar(self)
        self.bar.setTextVisible(False)
        self.bar.setFixedHeight(8)
        self.bar.setAccessibleName(f"Progress of {watch.plan.title}")
        self.words = QLabel(self)
        self.words.setFont(theme.figures_font(self.words.font()))
        self.words.setWordWrap(True)
        self.words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.words.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.said = ElidedLabel("", Qt.TextElideMode.ElideMiddle, self)
        self.said.setForegroundRole(self.palette().ColorRole.PlaceholderText)
        self.stop = self._button("Stop", "End it and keep what it has done", self._on_stop)
        self.cancel = self._button("Cancel", "End it and throw away what it did", self._on_cancel)
        self.end = self._button("End now", "End a process that does not answer", self._on_end)
        self.offer = self._button("", "", lambda: desk.take_offer(watch))
        self.log = self._button("Log…", "What the job said", self._on_log)
        self.remove = self._button("", "Remove from the list", lambda: desk.jobs.remove(watch))
        self._lay_out()

    def refresh(self) -> None:
        """Show what is known now."""
        watch, status = self.watch, self.watch.status
        running = status.state == RUNNING
        self.words.setText(state_words(watch))
        line = status.message.strip().splitlines()
        said = [figure_words(watch), *line[-1:]]
        self.said.setText(next((text for text in said if text), "") if running else "")
        self.said.setToolTip("\n".join(text for text in said if text))
        self.said.setVisible(bool(self.said.text()))
        self.bar.setVisible(running)
        self.bar.setRange(0, 0 if running and status.share is None else 1000)
        self.bar.setValue(round(1000 * (status.share or 0.0)))
        asked = running and watch.files.stop_wanted() is not None
        self._asked_s = (self._asked_s or time.monotonic()) if asked else None
        is_stuck = self._asked_s is not None and time.monotonic() - self._asked_s > _PATIENCE_S
        self.stop.setVisible(running and not asked and watch.plan.kind not in _ALL_OR_NOTHING)
        self.cancel.setVisible(running and not asked)
        self.end.setVisible(is_stuck)
        offer = self._desk.offer(watch)
        self.offer.setText(offer.capitalize())
        self.offer.setToolTip(_OFFERS.get(offer, ""))
        self.offer.setVisible(bool(offer))
        self.log.setText("Details…" if status.state == FAILED else "Log…")
        self.remove.setVisible(not running)
        self._tint()

    def _tint(self) -> None:
        state = self.watch.status.state
        self._icon.setVisible(state != RUNNING)
        if state != RUNNING:
            colour = "#d5503c" if state == FAILED else self.palette().windowText().color().name()
            picture = theme.pixmap(_ICONS[state], colour, 16, self.devicePixelRatioF())
            self._icon.setPixmap(picture)
        self.remove.setIcon(theme.icon("close", self.palette()))

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.setSpacing(6)
        head.addWidget(self._icon)
        head.addWidget(self._title, 1)
        head.addWidget(self.remove)
        foot = QHBoxLayout()
        foot.setSpacing(2)
        for button in (self.offer, self.stop, self.cancel, self.end, self.log):
            foot.addWidget(button)
        foot.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 8, 6, 6)
        column.setSpacing(4)
        column.addLayout(head)
        column.addWidget(self.bar)
        column.addWidget(self.words)
        column.addWidget(self.said)
        column.addLayout(foot)
        foot.setContentsMargins(0, 0, 0, 0)
        self.remove.setAutoRaise(True)
        self.remove.setAccessibleName("Remove from the list")

    def _button(self, text: str, tip: str, slot: object) -> QToolButton:
        button = QToolButton(self)
        button.setText(text)
        button.setToolTip(tip)
        button.clicked.connect(lambda _checked=False: slot())  # type: ignore[operator]
        return button

    def _on_stop(self) -> None:
        self._desk.jobs.stop(self.watch, "early")

    def _on_cancel(self) -> None:
        self._desk.jobs.stop(self.watch, "cancel")

    def _on_end(self) -> None:
        self._desk.jobs.kill(self.watch)

    def _on_log(self) -> None:
        status = self.watch.status
        parts = (status.details, self.watch.files.log_tail().rstrip() or "The log is empty.")
        message = Message("info", f"{self.watch.plan.title}: {state_words(self.watch)}",
                          "\n".join(part for part in parts if part))  # fmt: skip
        details_dialog(message, self.window()).open()
