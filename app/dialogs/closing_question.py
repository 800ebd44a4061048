"""What is to become of running jobs when the window closes."""

from __future__ import annotations

from typing import Literal

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMessageBox, QPushButton, QWidget

Answer = Literal["leave", "early", "cancel", "stay"]


class ClosingQuestion(QMessageBox):
    """What is to become of running jobs when the window closes."""

    def __init__(self, count: int, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setObjectName("closing_question")
        self.setWindowTitle("Close Lineament")
        self.setIcon(QMessageBox.Icon.Question)
        self.setText("A job is still running." if count == 1 else f"{count} jobs are running.")
        self.setInformativeText(
            "Left running, it goes on by itself and is found again at the next start. Stopped, it"
            " keeps what it has done; cancelled, it throws that away."
        )
        role = QMessageBox.ButtonRole
        self.choices: dict[Answer, QPushButton] = {
            "leave": self.addButton("&Leave running", role.AcceptRole),
            "early": self.addButton("&Stop", role.DestructiveRole),
            "cancel": self.addButton("&Cancel job" + "s" * (count > 1), role.DestructiveRole),
            "stay": self.addButton("&Keep window open", role.RejectRole),
        }
        self.setDefaultButton(self.choices["leave"])
        self.setEscapeButton(self.choices["stay"])

    @property
    def answer(self) -> Answer:
        """What the person chose."""
        chosen = self.clickedButton()
        return next((how for how, button in self.choices.items() if button is chosen), "stay")
