"""What stands behind a message's sentence."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QTextCursor
from PySide6.QtWidgets import (
    QApplication,
    QDialog,
    QDialogButtonBox,
    QLabel,
    QPlainTextEdit,
    QVBoxLayout,
    QWidget,
)

from app.messages import Message


def details_dialog(message: Message, parent: QWidget) -> QDialog:
    """A dialog with a message's sentence and its details, which can be copied."""
    dialog = QDialog(parent)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.setWindowTitle("Details")
    dialog.resize(720, 420)
    sentence = QLabel(message.text, dialog)
    sentence.setWordWrap(True)
    text = QPlainTextEdit(message.details, dialog)
    text.setReadOnly(True)
    text.setAccessibleName("Details")
    text.moveCursor(QTextCursor.MoveOperation.End)  # what went wrong stands last
    buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close, dialog)
    copy = buttons.addButton("Copy", QDialogButtonBox.ButtonRole.ActionRole)
    whole = f"{message.text}\n\n{message.details}"
    copy.clicked.connect(lambda: QApplication.clipboard().setText(whole))
    buttons.rejected.connect(dialog.reject)
    layout = QVBoxLayout(dialog)
    layout.addWidget(sentence)
    layout.addWidget(text)
    layout.addWidget(buttons)
    return dialog
