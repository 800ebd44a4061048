"""The window's panels: the first page or the canvas in the middle, docks around it, the status bar.

A new dock is one more `Panel` in the main window's list.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QByteArray, QObject, QSize, Qt, QTimer, Slot
from PySide6.QtWidgets import (
    QDockWidget,
    QMainWindow,
    QScrollArea,
    QSizePolicy,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from app.settings import Settings

LEFT = Qt.DockWidgetArea.LeftDockWidgetArea
RIGHT = Qt.DockWidgetArea.RightDockWidgetArea
BOTTOM = Qt.DockWidgetArea.BottomDockWidgetArea
_FIRST_SIZE = (1280, 800)
_AGAIN_MS, _TRIES = 20, 6
_TITLE_HEIGHT = 44
"""Of a dock with its edges, pixels, and a little to spare."""


@dataclass(frozen=True)
class Panel:
    """One dock to be."""

    title: str
    """Also its object name, in lower case with underscores: the saved layout knows it by that."""
    content: QWidget
    area: Qt.DockWidgetArea
    titled: bool = True
    tab_with: str = ""
    """Object name of a dock whose place it shares, behind it."""


class Panels(QObject):
    """Where the window's parts are, and whether they are folded away."""

    def __init__(self, window: QMainWindow, settings: Settings) -> None:
        super().__init__(window)
        self._window = window
        self._settings = settings
        self._pages = QStackedWidget(window)
        self._folded = False
        self._is_open = False
        self._is_fresh = True
        """Whether the docks have the sizes Qt gives them, not those of a person."""
        self.docks: list[QDockWidget] = []
        self._tries_left = _TRIES
        self._are_away = True
        """Whether all docks are hidden, until something is open and unfolded."""
        self._shape: QByteArray | None = None
        """Of the docks while they are away: their places, and which ones a person has closed."""
        self.tool_bar: QWidget | None = None
        """Folded away with the docks."""

    def fill(self, first_page: QWidget, canvas_page: Sequence[QWidget]) -> None:
        """Put the parts of the middle in: the first page, and the canvas under its banner.

        Args:
            first_page: Shown while nothing is open.
            canvas_page: From top to bottom; the last takes the room that is left.
        """
        first = QScrollArea(self._window)
        first.setFrameShape(QScrollArea.Shape.NoFrame)
        first.setWidgetResizable(True)
        first.setWidget(first_page)
        self._pages.addWidget(first)
        self._pages.addWidget(stacked(self._window, canvas_page))
        self._window.setCentralWidget(self._pages)
        self._window.setDockOptions(
            QMainWindow.DockOption.AnimatedDocks | QMainWindow.DockOption.AllowTabbedDocks
        )
        for corner in (Qt.Corner.BottomLeftCorner, Qt.Corner.BottomRightCorner):
            self._window.setCorner(corner, BOTTOM)

    def add(self, panel: Panel) -> None:
        """Put a dock beside the canvas, under those already there."""
        dock = QDockWidget(panel.title, self._window)
        dock.setObjectName(panel.title.lower().replace(" ", "_"))
        dock.setWidget(panel.content)
        if not panel.titled:
            dock.setTitleBarWidget(QWidget(dock))
        self._window.addDockWidget(panel.area, dock)
        self.docks.append(dock)
        front = self._window.findChild(QDockWidget, panel.tab_with) if panel.tab_with else None
        if front is not None:
            self._window.tabifyDockWidget(front, dock)
            front.raise_()

    def show_open(self, is_open: bool) -> None:
        """Show the canvas with its docks, or the first page alone."""
        self._is_open = is_open
        self._pages.setCurrentIndex(1 if is_open else 0)
        if is_open and not self._folded:
            self._take_back()
        else:
            self._put_away()
        if is_open and self._is_fresh:
            # A clip that is lost has no rows to wait for.
            QTimer.singleShot(0, self, self._share_room)

    def _put_away(self) -> None:
        if not self._are_away:
            self._shape = self._window.saveState()
        self._are_away = True
        for dock in self.docks:
            dock.hide()

    def _take_back(self) -> None:
        if not self._are_away:
            return
        self._are_away = False
        for dock in self.docks:
            dock.show()
        if self._shape is not None and not self._window.restoreState(self._shape):
            self._is_fresh = True

    def set_folded(self, folded: bool) -> None:
        """Show the canvas alone, or everything again."""
        self._folded = folded
        self.show_open(self._is_open)
        if self.tool_bar is not None:
            self.tool_bar.setVisible(not folded)

    def bring_up(self, name: str) -> None:
        """Show the dock of an object name, unless the panels are folded away."""
        dock = self._window.findChild(QDockWidget, name)
        if dock is not None and not self._folded:
            dock.show()
            dock.raise_()

    def is_behind(self, widget: QWidget | None) -> bool:
        """Whether a widget is in a dock that another one of its place is in front of."""
        docks = [dock for dock in self.docks if widget is not None and dock.isAncestorOf(widget)]
        return bool(docks) and docks[0].visibleRegion().isEmpty()

    def save(self) -> None:
        """Remember the window's shape, that of the docks as they were seen last."""
        shape = self._shape if self._are_away else self._window.saveState()
        self._settings.set_geometry("main_window", self._window.saveGeometry())
        if shape is not None:
            self._settings.set_geometry("main_window_docks", shape)
        self._settings.sync()

    def restore(self) -> None:
        """Give the window the shape it had last."""
        self._window.resize(*_FIRST_SIZE)
        geometry = self._settings.geometry("main_window")
        self._shape = self._settings.geometry("main_window_docks")
        if geometry is not None:
            self._window.restoreGeometry(geometry)
        self._is_fresh = self._shape is None

    @Slot()
    def share_room(self) -> None:
        """Once what a clip needs is known, docks share the room, unless a person has done it."""
        if self._is_fresh and self._is_open:
            self._is_fresh, self._tries_left = False, _TRIES
            QTimer.singleShot(0, self, self._share_room)  # when the timeline has its height

    @Slot()
    def _share_room(self) -> None:
        """Scrolled content gets the height it wants; the docks beside it share the rest.

        The timeline and the docks themselves come to their heights one after the other: it is done
        again for a moment where there is still less than wanted.
        """
        for dock in self.docks:
            content = dock.widget()
            is_alone = not self._window.tabifiedDockWidgets(dock)
            if not (isinstance(content, Scrolled) and is_alone):
                continue
            wanted = content.sizeHint().height() + _TITLE_HEIGHT
            beside = self._beside(dock)
            rest = max(sum(one.height() for one in beside) - wanted, 1) // max(len(beside) - 1, 1)
            sizes = [wanted if one is dock else rest for one in beside]
            self._window.resizeDocks(beside, sizes, Qt.Orientation.Vertical)
            if self._tries_left > 0 and len(beside) > 1:
                self._tries_left -= 1
                QTimer.singleShot(_AGAIN_MS, self, self._share_room)

    def _beside(self, dock: QDockWidget) -> list[QDockWidget]:
        """The docks of a dock's side, itself among them; of those that share a place, the first."""
        window, found = self._window, list[QDockWidget]()
        for other in self.docks:
            shares = any(one in found for one in window.tabifiedDockWidgets(other))
            if window.dockWidgetArea(other) == window.dockWidgetArea(dock) and not shares:
                found.append(other)
        return found


class Scrolled(QScrollArea):
    """Content as high as it wants to be where there is room, scrolled where there is not."""

    _LEAST_HEIGHT = 150

    def __init__(self, content: QWidget, grows: bool = False) -> None:
        """Take the content.

        Args:
            content: What is in it.
            grows: Whether it has a use for more room than it wants.
        """
        super().__init__(content.parentWidget())
        self._content = content
        self.setFrameShape(QScrollArea.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setWidgetResizable(True)
        self.setWidget(content)
        most = QSizePolicy.Policy.Expanding if grows else QSizePolicy.Policy.Maximum
        self.setSizePolicy(QSizePolicy.Policy.Preferred, most)

    def sizeHint(self) -> QSize:
        """The content's."""
        return self._content.sizeHint()

    def minimumSizeHint(self) -> QSize:
        """As wide as the content and its scroll bar, a few lines high."""
        bar = self.verticalScrollBar().sizeHint().width()
        return QSize(self._content.minimumSizeHint().width() + bar, self._LEAST_HEIGHT)


def stacked(parent: QWidget, parts: Sequence[QWidget]) -> QWidget:
    """Widgets one over the other without gaps; the last takes the room that is left."""
    page = QWidget(parent)
    column = QVBoxLayout(page)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(0)
    for part in parts:
        column.addWidget(part, int(part is parts[-1]))
    return page
