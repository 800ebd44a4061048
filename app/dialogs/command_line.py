"""The command line that does the same as a dialog: to learn from, and to copy into a script."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from PySide6.QtGui import QFontDatabase
from PySide6.QtWidgets import (
    QApplication,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

_LINES = 4


class CommandLine(QWidget):
    """Shows a command as a person would type it."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._text = QPlainTextEdit(self)
        self._text.setReadOnly(True)
        self._text.setAccessibleName("The same as a command")
        self._text.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        height = self._text.fontMetrics().lineSpacing() * _LINES
        self._text.setFixedHeight(height + 2 * self._text.frameWidth() + 10)
        copy = QPushButton("Copy", self)
        copy.setAutoDefault(False)
        copy.clicked.connect(lambda: QApplication.clipboard().setText(self.text))
        head = QHBoxLayout()
        head.addWidget(QLabel("The same as a command", self))
        head.addStretch(1)
        head.addWidget(copy)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 8, 0, 0)
        layout.addLayout(head)
        layout.addWidget(self._text)

    @property
    def text(self) -> str:
        """The command."""
        return self._text.toPlainText()

    def show_command(self, arguments: Sequence[str]) -> None:
        """Show `python main.py ARGUMENTS`."""
        self._text.setPlainText("python main.py " + shlex.join(arguments))
