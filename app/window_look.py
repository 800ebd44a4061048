"""Colours and keys of the window, as the settings and the system say."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer, Signal, Slot
from PySide6.QtWidgets import QApplication, QWidget

from app import theme
from app.actions import Actions, resolve_keys
from app.settings import Settings


class WindowLook(QObject):
    """Follows the settings; the slots behind the colour actions.

    Signals:
        tinted: The palette is another one: what carries its colour in a picture is to be made anew.
            First page and docks listen.
    """

    tinted = Signal()

    def __init__(self, settings: Settings, window: QWidget) -> None:
        super().__init__(window)
        self._settings = settings
        self._window = window
        self._actions: Actions | None = None
        self._retint_later = QTimer(self)
        self._retint_later.setSingleShot(True)
        self._retint_later.setInterval(0)
        self._retint_later.timeout.connect(self._retint)

    def start(self, actions: Actions) -> None:
        """Give the actions their keys, and follow every change from now on."""
        self._actions = actions
        self._apply_keys()
        self._settings.changed.connect(self._on_setting_changed)
        QApplication.styleHints().colorSchemeChanged.connect(self._on_system_colours)

    def note_palette(self) -> None:
        """The window has another palette; its children hear of it after it, so they wait a turn."""
        if self._actions is not None:
            self._retint_later.start()

    # Slots of the action table

    def theme_system(self) -> None:
        """Follow the system's colours."""
        self._settings.set_value("theme", "system")

    def theme_light(self) -> None:
        """A light window."""
        self._settings.set_value("theme", "light")

    def theme_dark(self) -> None:
        """A dark window."""
        self._settings.set_value("theme", "dark")

    # What happens

    @Slot(str)
    def _on_setting_changed(self, key: str) -> None:
        app = QApplication.instance()
        if key == "theme" and isinstance(app, QApplication):
            theme.apply(app, self._settings.value("theme"))
        elif key in ("keys", "key_preset"):
            self._apply_keys()

    @Slot()
    def _on_system_colours(self) -> None:
        """The system turned light or dark: follow it, unless the person chose for themselves."""
        app = QApplication.instance()
        if self._settings.value("theme") == "system" and isinstance(app, QApplication):
            app.setPalette(theme.palette(theme.resolved(app, "system")))

    def _apply_keys(self) -> None:
        if self._actions is not None:
            preset, own = self._settings.value("key_preset"), self._settings.value("keys")
            self._actions.set_keys(resolve_keys(preset, own))

    def _retint(self) -> None:
        if self._actions is not None:
            self._actions.retint(self._window.palette())
        self.tinted.emit()
