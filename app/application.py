"""Starts the window: the Qt application, settings, theme, messages, and what to open."""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Sequence

from PySide6.QtWidgets import QApplication

from app import theme
from app.main_window import MainWindow
from app.messages import MessageHub, install_hooks
from app.session import Session
from app.settings import Settings

_open_windows: list[MainWindow] = []
"""Windows that live as long as a person has them open; Python would collect them otherwise."""


def open_window(arguments: Sequence[str], app: QApplication | None = None) -> int:
    """Open the window and, unless an application was given, run until it is closed.

    Args:
        arguments: Clips, folders, patterns or one project.
        app: A running application (tests): the window is shown and the call returns at once.

    Returns:
        Exit code: 0, or 2 where there is no screen to show a window on.
    """
    problem = "" if app or QApplication.instance() else display_problem()
    if problem:
        print(f"lineament: {problem}", file=sys.stderr)
        return 2
    forget_foreign_plugins()
    running = app or QApplication.instance() or QApplication(["lineament"])
    assert isinstance(running, QApplication)
    window = build_window(running, Settings(), MessageHub())
    if app is None:
        install_hooks(window.session.hub)
    window.show()
    if arguments:
        window.files.open_texts(arguments)
    return 0 if app is not None else running.exec()


def build_window(app: QApplication, settings: Settings, hub: MessageHub) -> MainWindow:
    """A window in its theme, not shown yet; it is kept alive until it is closed.

    Args:
        app: The application.
        settings: Preferences of the person.
        hub: Where messages are posted.
    """
    app.setApplicationName("Lineament")
    app.setApplicationDisplayName("")
    theme.install_fonts(app)
    theme.apply(app, settings.value("theme"))
    app.setWindowIcon(theme.icon("lineament", app.palette()))
    window = MainWindow(Session(settings, hub))
    window.closed.connect(lambda: _open_windows.remove(window))
    _open_windows.append(window)
    return window


def open_windows() -> list[MainWindow]:
    """The windows open in this process."""
    return list(_open_windows)


def forget_foreign_plugins() -> None:
    """Undo what opencv-python does at import: point Qt at its own, older plug-ins."""
    for name in ("QT_QPA_PLATFORM_PLUGIN_PATH", "QT_PLUGIN_PATH"):
        if "cv2" in os.environ.get(name, ""):
            os.environ.pop(name, None)


def display_problem() -> str:
    """Why no window can be shown here, as a sentence; empty if one can."""
    if not sys.platform.startswith("linux") or os.environ.get("QT_QPA_PLATFORM"):
        return ""
    if os.environ.get("WAYLAND_DISPLAY"):
        return ""
    if not os.environ.get("DISPLAY"):
        return (
            "There is no display to open a window on; run it on a desktop, or use a command"
            " (`--help` lists them)."
        )
    try:
        ctypes.CDLL("libxcb-cursor.so.0")
    except OSError:
        return (
            "Qt needs libxcb-cursor to open a window; install it"
            " (Debian and Ubuntu: apt install libxcb-cursor0)."
        )
    return ""
