"""The runs of the open clip: comparing with one, and showing another, which is asked first."""

from __future__ import annotations

from typing import Any

import numpy as np
from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtWidgets import QMessageBox, QWidget

from app.document import RunEntry
from app.navigator import Navigator
from app.session import Session
from core.errors import CoreError


class Runs(QObject):
    """The slots behind the Compare menu.

    Signals:
        shown_changed: Another run is shown. Runs dock, jobs dock.
    """

    shown_changed = Signal()

    def __init__(self, session: Session, navigator: Navigator, window: QWidget) -> None:
        super().__init__(session)
        self._session = session
        self._navigator = navigator
        self._window = window
        self._last_run = ""

    def entries(self) -> list[RunEntry]:
        """The open clip's runs, oldest first; none where the project cannot say."""
        document, entry = self._session.document, self._session.entry
        if document is None or entry is None:
            return []
        try:
            return document.runs(entry.clip_id)
        except CoreError as error:
            self._session.hub.error(error)
            return []

    # Slots of the action table

    def set_comparing(self, on: bool) -> None:
        """Compare with the run of the last time, else another one, else without corrections."""
        if not on:
            self._session.comparison.stop()
            return
        usable = self._usable() if self._session.clip is not None else []
        chosen = [entry for entry in usable if entry.run_id == self._last_run]
        others = [entry for entry in reversed(usable) if not entry.is_shown]
        found = next(iter([*chosen, *others, *usable]), None)
        if found is None:
            self._session.hub.info("There is no run of this clip to compare with; predict first.")
            self._session.comparison.changed.emit()  # the switch goes back
        else:
            self.compare(found)

    def compare_next(self) -> None:
        """Compare with the next run of the list, after the last with the first."""
        usable = self._usable()
        current = self._session.comparison.entry
        ids = [entry.run_id for entry in usable]
        if current is None or current.run_id not in ids:
            self.set_comparing(True)
        else:
            self.compare(usable[(ids.index(current.run_id) + 1) % len(usable)])

    def set_over(self, over: bool) -> None:
        """Draw both over each other, or left and right of the divider."""
        self._session.comparison.set_over(over)

    def divider_left(self) -> None:
        """Move the divider a step to the left."""
        self._session.comparison.set_divider(self._session.comparison.divider - 0.05)

    def divider_right(self) -> None:
        """Move the divider a step to the right."""
        self._session.comparison.set_divider(self._session.comparison.divider + 0.05)

    def go_to_largest(self) -> None:
        """Go to where both are furthest apart, in the range if one is chosen."""
        distance = self._session.comparison.distance
        start, stop = self._session.range or (0, len(distance))
        part = distance[start:stop]
        if np.isfinite(part).any():
            self._navigator.jump(start + int(np.nanargmax(part)))
        elif self._session.comparison.is_on:
            self._session.hub.info("There are no landmarks on both sides to compare here.")
        else:
            self._session.hub.info("Choose a run to compare with first.")

    def show_compared(self) -> None:
        """Ask whether the run compared with shall be shown from now on."""
        entry = self._session.comparison.entry
        if entry is None:
            self._session.hub.info("Choose a run to compare with first.")
        else:
            self.ask_to_show(entry)

    # What the dock asks for

    def compare(self, entry: RunEntry) -> None:
        """Compare with a run."""
        self._last_run = entry.run_id
        self._session.comparison.start(entry)

    def ask_to_show(self, entry: RunEntry) -> None:
        """Ask before another run is shown; nothing is asked where it is shown already."""
        if entry.problem:
            self._session.hub.warning(entry.problem)
        elif entry.run_id == self._shown_id():
            self._session.hub.info(f"“{entry.title}” is shown already.")
        else:
            question = ShowQuestion(entry, self._window)
            question.accepted_run.connect(self.show_run)
            question.open()

    @Slot(str)
    def show_run(self, run_id: str) -> None:
        """Show a run from now on; annotations stay over it."""
        document, entry = self._session.document, self._session.entry
        if document is None or entry is None:
            return
        try:
            document.show_run(entry.clip_id, run_id)
        except CoreError as error:
            self._session.hub.error(error)
            return
        self._session.note_data_changed(0, self._session.num_frames)
        compared = self._session.comparison.entry
        if compared is not None:
            self.compare(next(e for e in self.entries() if e.run_id == compared.run_id))
        self.shown_changed.emit()

    def _usable(self) -> list[RunEntry]:
        return [entry for entry in self.entries() if not entry.problem]

    def _shown_id(self) -> str | None:
        document, entry = self._session.document, self._session.entry
        return document.shown_run(entry.clip_id) if document and entry else None


class ShowQuestion(QMessageBox):
    """Whether another run shall be shown.

    Signals:
        accepted_run: Id of the run, once the person has said yes.
    """

    accepted_run = Signal(str)

    def __init__(self, entry: RunEntry, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("show_run_question")
        self.setWindowTitle("Show another run")
        self.setIcon(QMessageBox.Icon.Question)
        self.setText(f"Show “{entry.title}” instead of the run shown now?")
        self.setInformativeText(
            "Your corrections and approvals stay and lie over it. The other run is kept; you can"
            " go back to it in the same way."
        )
        self._run_id = entry.run_id
        self.yes = self.addButton("&Show it", QMessageBox.ButtonRole.AcceptRole)
        self.addButton(QMessageBox.StandardButton.Cancel)
        self.setDefaultButton(self.yes)
        self.finished.connect(self._on_finished)

    @Slot(int)
    def _on_finished(self, result: Any) -> None:
        if self.clickedButton() is self.yes:
            self.accepted_run.emit(self._run_id)
        self.deleteLater()
