"""Keys that act while held or when tapped: hide overlays; play, or move the picture.

They come to the main window when no text field wants them. A shortcut would act on the press and
never hear of the release, so the window claims them before Qt looks for shortcuts.
"""

from __future__ import annotations

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QLineEdit,
)

from app.action_table import TABLE
from app.actions import Actions, key_of_event, normalise
from app.canvas.video_view import VideoView
from app.playback import Player
from app.session import Session

_FIELDS = (QLineEdit, QAbstractItemView, QAbstractSpinBox, QComboBox)
_TAKE_KEYS = {
    Qt.Key.Key_Return: _FIELDS,
    Qt.Key.Key_Enter: _FIELDS,
    Qt.Key.Key_Up: (QAbstractItemView,),
    Qt.Key.Key_Down: (QAbstractItemView,),
}
_HELD = tuple(spec.id for spec in TABLE if spec.held)


class HeldKeys(QObject):
    """Knows which held action a key means, and acts."""

    def __init__(
        self, session: Session, canvas: VideoView, player: Player, actions: Actions
    ) -> None:
        super().__init__(session)
        self._session = session
        self._canvas = canvas
        self._player = player
        self._actions = actions
        self._down = ""

    def claims(self, event: QKeyEvent) -> bool:
        """Whether a key is no shortcut here: a held one, or one that a field or list wants.

        A claimed key goes to the widget with the focus first, so Space still presses a button.
        """
        return bool(self._action_of(event)) or _is_for_input(event)

    def press(self, event: QKeyEvent) -> bool:
        """A key goes down.

        Returns:
            Whether it is a held one.
        """
        name = self._action_of(event)
        if name and not event.isAutoRepeat():
            self._down = name
            if name == "hide_held":
                self._session.set_overlays_hidden(True)
            else:
                self._canvas.pan_key_down = True
                self._canvas.panned = False
        return bool(name)

    def lift(self, event: QKeyEvent) -> bool:
        """A key comes up: a tap that moved nothing plays or pauses.

        Returns:
            Whether it is a held one.
        """
        name = self._action_of(event)
        if name and not event.isAutoRepeat() and name == self._down:
            self.release()
            if name == "play" and not self._canvas.panned:
                self._player.toggle_play()
        return bool(name)

    def release(self) -> None:
        """Let go of whatever is held: the key came up, or the window lost the keyboard."""
        if self._down == "hide_held":
            self._session.set_overlays_hidden(False)
        self._canvas.pan_key_down = False
        self._down = ""

    def _action_of(self, event: QKeyEvent) -> str:
        if self._session.document is None:
            return ""
        key = normalise(key_of_event(event))
        for name in _HELD:
            if key and key in [normalise(k) for k in self._actions.keys[name]]:
                return name
        return ""


def _is_for_input(event: QKeyEvent) -> bool:
    """Whether the widget with the focus wants a key: Enter in fields, up and down in lists."""
    kinds = _TAKE_KEYS.get(Qt.Key(event.key()), ())
    return not event.modifiers() and isinstance(QApplication.focusWidget(), kinds)
