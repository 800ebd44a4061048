"""Strips over the canvas that say what stands in the way, and what can be done."""

from __future__ import annotations

from PySide6.QtCore import Signal, Slot
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QWidget

from app import theme
from app.session import Session


class Strip(QWidget):
    """One sentence, and buttons for the ways out."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self._icon = QLabel(self)
        self._text = QLabel(self)
        self._text.setWordWrap(True)
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(12, 8, 12, 8)
        self._row.addWidget(self._icon)
        self._row.addWidget(self._text, 1)
        self.hide()

    @property
    def text(self) -> str:
        """The sentence shown."""
        return self._text.text()

    def add_button(self, text: str, tip: str) -> QPushButton:
        """Add a way out."""
        button = QPushButton(text, self)
        button.setToolTip(tip)
        self._row.addWidget(button)
        return button

    def say(self, sentence: str) -> None:
        """Show a sentence."""
        self._icon.setPixmap(theme.pixmap("warning", "#c98500", 20, self.devicePixelRatioF()))
        self._text.setText(sentence)
        self.show()

    def paintEvent(self, event: QPaintEvent) -> None:
        """An amber ground, light or dark with the theme."""
        painter = QPainter(self)
        dark = theme.is_dark(self.palette())
        painter.fillRect(self.rect(), QColor("#3d3420" if dark else "#fbefd2"))
        painter.end()


class Banner(Strip):
    """What is wrong with the clip.

    Signals:
        relink_asked: The person wants to say where the clip is now. The main window listens.
        keep_asked: The person takes the file that is there for the clip. The clip check listens.
    """

    relink_asked = Signal()
    keep_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Problem with this clip", parent)
        self._keep = self.add_button("Keep this file", "Use it for this clip from now on")
        self._keep.clicked.connect(self.keep_asked)
        self._relink = self.add_button("Relink…", "Choose where the clip is now")
        self._relink.clicked.connect(self.relink_asked)

    @Slot(str)
    def show_problem(self, sentence: str, can_relink: bool = False, can_keep: bool = False) -> None:
        """Say what is wrong."""
        self._relink.setVisible(can_relink)
        self._keep.setVisible(can_keep)
        self.say(sentence)


class ReadOnlyStrip(Strip):
    """Says that a project is open for looking only, and why.

    Signals:
        try_asked: The person wants it opened again, for writing. The main window listens.
    """

    try_asked = Signal()

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__("The project is read-only", parent)
        self._session = session
        again = self.add_button("Try again", "Open the project once more, for writing")
        again.clicked.connect(self.try_asked)
        session.document_changed.connect(self._on_document)

    @Slot()
    def _on_document(self) -> None:
        document = self._session.document
        if document is None or not document.read_only:
            self.hide()
        else:
            self.say(" ".join(document.notes) or "The project is open for looking only.")
