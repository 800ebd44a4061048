"""The slots behind the Help menu."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QApplication, QMessageBox, QWidget

from app.actions import Keys
from app.diagnostics import diagnostics
from app.session import Session
from core.commands.console import version

_ABOUT = (
    "Masks and landmarks on face video: look, correct, export.\n\n"
    "MIT licence. The typeface is Source Sans Pro by Adobe, SIL Open Font License 1.1.\n"
    "Made with Qt (LGPL 3), PyAV and FFmpeg, OpenCV, NumPy and others."
)


class Help(QObject):
    """Keys sheet, diagnostics, about."""

    def __init__(self, session: Session, window: QWidget) -> None:
        super().__init__(window)
        self._session = session
        self._window = window
        self.keys_of: Callable[[], Keys] = dict
        """Tells the keys in force; the main window sets it."""

    def show_keys(self) -> None:
        """Every action with its key."""
        from app.dialogs.key_sheet import KeySheet

        KeySheet(self.keys_of(), self._window).open()

    def copy_diagnostics(self) -> None:
        """Put a report on the clipboard."""
        QApplication.clipboard().setText(diagnostics(self._session))
        self._session.hub.info("Versions, machine and recent messages are on the clipboard.")

    def show_about(self) -> None:
        """Version and licences."""
        box = QMessageBox(self._window)
        box.setWindowTitle("About Lineament")
        box.setText(f"<b>Lineament {version()}</b>")
        box.setInformativeText(_ABOUT)
        box.open()
