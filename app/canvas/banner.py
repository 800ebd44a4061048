"""A strip over the canvas that says why a clip cannot be shown, and what can be done."""

from __future__ import annotations

from PySide6.QtCore import Signal, Slot
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QWidget

from app import theme


class Banner(QWidget):
    """One sentence and one way out.

    Signals:
        relink_asked: The person wants to say where the clip is now. The main window listens.
    """

    relink_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Problem with this clip")
        self._icon = QLabel(self)
        self._text = QLabel(self)
        self._text.setWordWrap(True)
        self._relink = QPushButton("Relink…", self)
        self._relink.setToolTip("Choose where the clip is now")
        self._relink.clicked.connect(self.relink_asked)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(12, 8, 12, 8)
        layout.addWidget(self._icon)
        layout.addWidget(self._text, 1)
        layout.addWidget(self._relink)
        self.hide()

    @property
    def text(self) -> str:
        """The sentence shown."""
        return self._text.text()

    @Slot(str)
    def show_problem(self, sentence: str, can_relink: bool = False) -> None:
        """Say what is wrong."""
        self._icon.setPixmap(theme.pixmap("warning", "#c98500", 20, self.devicePixelRatioF()))
        self._text.setText(sentence)
        self._relink.setVisible(can_relink)
        self.show()

    def paintEvent(self, event: QPaintEvent) -> None:
        """An amber ground, light or dark with the theme."""
        painter = QPainter(self)
        dark = theme.is_dark(self.palette())
        painter.fillRect(self.rect(), QColor("#3d3420" if dark else "#fbefd2"))
        painter.end()
