"""The line at the foot of the window: the last message, its details on a click."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer, Slot
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QToolButton, QWidget

from app import theme
from app.details import details_dialog
from app.messages import Message, MessageHub

_SHOWN_MS = 8000
_COLOURS = {"info": "", "warning": "#d08a00", "error": "#d5503c"}


class MessageBar(QWidget):
    """Shows what was posted; news go by themselves, errors stay until closed."""

    def __init__(self, hub: MessageHub, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Messages")
        self._message: Message | None = None
        self._icon = QLabel(self)
        self._text = QLabel(self)
        self._text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._text.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        # A long sentence is cut, never widens the window; the tooltip has all of it.
        self._text.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._details = self._button("Details…")
        self._details.clicked.connect(self.show_details)
        self._close = self._button("")
        self._close.setAccessibleName("Close message")
        self._close.setToolTip("Close message")
        self._close.clicked.connect(self.clear)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(10, 0, 4, 0)
        layout.setSpacing(6)
        layout.addWidget(self._icon)
        layout.addWidget(self._text, 1)
        layout.addWidget(self._details)
        layout.addWidget(self._close)
        self.setFixedHeight(26)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_SHOWN_MS)
        self._timer.timeout.connect(self.clear)
        hub.posted.connect(self.show_message)
        self.clear()
        for message in hub.history:
            self.show_message(message)

    @property
    def text(self) -> str:
        """The sentence shown, empty if none is."""
        return self._message.text if self._message else ""

    @Slot(object)
    def show_message(self, message: Message) -> None:
        """Show a message in place of the one before."""
        self._message = message
        colour = _COLOURS[message.level] or self.palette().windowText().color().name()
        ratio = self.devicePixelRatioF()
        self._icon.setPixmap(theme.pixmap(message.level, colour, 16, ratio))
        self._text.setText(message.text)
        self._text.setToolTip(message.text)
        self._details.setVisible(bool(message.details))
        self._close.setIcon(theme.icon("close", self.palette()))
        self._close.setVisible(True)
        self._timer.stop()
        if message.level == "info":
            self._timer.start()

    @Slot()
    def clear(self) -> None:
        """Show nothing."""
        self._message = None
        self._icon.clear()
        self._text.clear()
        self._details.hide()
        self._close.hide()

    @Slot()
    def show_details(self) -> None:
        """Open what stands behind the sentence."""
        if self._message is not None:
            details_dialog(self._message, self.window()).open()

    def _button(self, text: str) -> QToolButton:
        button = QToolButton(self)
        button.setText(text)
        button.setAutoRaise(True)
        return button
