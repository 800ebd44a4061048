"""Menus and tool bar, made from the action table."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QDockWidget, QMainWindow, QMenu, QSizePolicy, QToolBar, QWidget

from app.action_table import GROUP_STARTS, MENUS, SUBMENUS, TABLE
from app.actions import Actions
from app.settings import Settings

_TOOL_BAR = (
    ("open", "open_folder"),
    ("predict", "export"),
    ("undo", "redo", "approve"),
    ("fit", "actual_size", "zoom_face", "magnifier"),
    ("overlays", "cycle_layers", "compare"),
)
_TOOL_BAR_END = ("keys_sheet", "theme_light", "theme_dark")


def build_menus(
    window: QMainWindow, actions: Actions, settings: Settings, docks: Sequence[QDockWidget]
) -> dict[str, QMenu]:
    """Fill the window's menu bar.

    Returns:
        The menus by title, with "Open recent" and "Panels" among them.
    """
    menus: dict[str, QMenu] = {}
    for title in MENUS:
        menus[title] = window.menuBar().addMenu(f"&{title}")
    for title in SUBMENUS:
        menus[title] = QMenu(title, window)
    for spec in TABLE:
        menu = menus[spec.menu]
        if spec.id in GROUP_STARTS:
            menu.addSeparator()
        menu.addAction(actions[spec.id])
        if spec.id == "open_demo":
            menus["Open recent"] = _recent_menu(menu, window, settings)
        elif spec.id == "full_screen":
            menus["Panels"] = menu.addMenu("Pa&nels")
            for dock in docks:
                menus["Panels"].addAction(dock.toggleViewAction())
    for title, parent in SUBMENUS.items():
        menus[parent].addMenu(menus[title])
    return menus


def build_tool_bar(window: QMainWindow, actions: Actions) -> QToolBar:
    """A slim bar of the actions used most; all of them are in the menus too."""
    bar = QToolBar("Tools", window)
    bar.setObjectName("tools")
    bar.setMovable(False)
    bar.setIconSize(QSize(20, 20))
    for group in _TOOL_BAR:
        for name in group:
            bar.addAction(actions[name])
        bar.addSeparator()
    filler = QWidget(bar)
    filler.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
    bar.addWidget(filler)
    for name in _TOOL_BAR_END:
        bar.addAction(actions[name])
    window.addToolBar(Qt.ToolBarArea.TopToolBarArea, bar)
    return bar


def _recent_menu(parent: QMenu, window: Any, settings: Settings) -> QMenu:
    menu = parent.addMenu("Open &recent")

    def fill() -> None:
        menu.clear()
        for entry in settings.value("recent"):
            action = menu.addAction(Path(entry).name)
            action.setToolTip(entry)
            action.triggered.connect(lambda _=False, path=entry: window.files.open_texts([path]))
        if menu.isEmpty():
            menu.addAction("Nothing yet").setEnabled(False)

    menu.setToolTipsVisible(True)
    menu.aboutToShow.connect(fill)
    fill()
    return menu
