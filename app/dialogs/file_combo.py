"""A list of choices, of which the last asks for a file."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import QComboBox, QFileDialog, QWidget

_FROM_FILE = "\0file"


class FileCombo(QComboBox):
    """Choices, of which the last asks for a file."""

    def __init__(self, name: str, files: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self._name, self._files = name, files
        self._last = 0
        self.activated.connect(self._on_activated)
        self.currentIndexChanged.connect(self._on_index)

    def add_file_item(self, text: str) -> None:
        """Add the choice that asks."""
        self.addItem(text, _FROM_FILE)

    def choose_file(self, path: Path) -> None:
        """Choose a file, which joins the list."""
        at = max(self.findData(_FROM_FILE), 0)
        self.insertItem(at, path.name, str(path.absolute()))
        self.setCurrentIndex(at)

    def currentData(self, role: int | None = None) -> str:
        """The choice's value; empty while the file is still asked for."""
        value = super().currentData() if role is None else super().currentData(role)
        return "" if value is None or value == _FROM_FILE else str(value)

    def _on_index(self, index: int) -> None:
        if index >= 0 and self.itemData(index) != _FROM_FILE:
            self._last = index

    def _on_activated(self, index: int) -> None:
        if self.itemData(index) != _FROM_FILE:
            return
        chosen, _ = QFileDialog.getOpenFileName(self, self._name, "", self._files)
        if chosen:
            self.choose_file(Path(chosen))
        else:
            self.setCurrentIndex(self._last)
