"""The page shown while nothing is open: what to do first, and what was open lately."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QSize, Qt, Signal, Slot
from PySide6.QtGui import QFont
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app import theme
from app.actions import Actions
from app.settings import Settings

_WIDTH = 560


class WelcomePage(QWidget):
    """First steps and recent files.

    Signals:
        path_chosen: Path of a recent clip or project. The main window opens it.
    """

    path_chosen = Signal(str)

    def __init__(self, actions: Actions, settings: Settings, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._settings = settings
        self._mark = QLabel(self)
        self._recent_title = QLabel("Opened lately", self)
        self._recent = self._build_recent()
        column = QVBoxLayout()
        column.setSpacing(10)
        column.addWidget(self._mark, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addWidget(self._heading("Lineament", 24), 0, Qt.AlignmentFlag.AlignHCenter)
        about = QLabel("Masks and landmarks on face video: look, correct, export.", self)
        column.addWidget(about, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addSpacing(14)
        column.addLayout(self._buttons(actions))
        column.addSpacing(6)
        hint = QLabel("or drop clips, a folder or a project here", self)
        hint.setEnabled(False)
        column.addWidget(hint, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addSpacing(16)
        column.addWidget(self._recent_title)
        column.addWidget(self._recent)
        frame = QWidget(self)
        frame.setLayout(column)
        frame.setFixedWidth(_WIDTH)
        outer = QVBoxLayout(self)
        outer.addStretch(2)
        outer.addWidget(frame, 0, Qt.AlignmentFlag.AlignHCenter)
        outer.addStretch(3)
        settings.changed.connect(self._on_setting_changed)
        self.refresh()

    @Slot()
    def refresh(self) -> None:
        """Show the recent list as it is now, and the mark in the theme's colour."""
        accent = self.palette().highlight().color().name()
        self._mark.setPixmap(theme.pixmap("lineament", accent, 72, self.devicePixelRatioF()))
        self._recent.clear()
        for entry in self._settings.value("recent"):
            path = Path(entry)
            item = QListWidgetItem(f"{path.name}    {_short(path.parent)}")
            item.setData(Qt.ItemDataRole.UserRole, entry)
            item.setToolTip(entry)
            is_project = path.suffix == ".lin"
            item.setIcon(theme.icon("folder" if is_project else "film", self.palette()))
            self._recent.addItem(item)
        rows = min(self._recent.count(), 6)
        self._recent.setFixedHeight(rows * 30 + 6)
        self._recent.setVisible(rows > 0)
        self._recent_title.setVisible(rows > 0)

    def _build_recent(self) -> QListWidget:
        recent = QListWidget(self)
        recent.setAccessibleName("Opened lately")
        recent.setIconSize(QSize(18, 18))
        recent.setUniformItemSizes(True)
        recent.setGridSize(QSize(_WIDTH - 30, 30))
        recent.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        recent.itemActivated.connect(self._on_activated)
        recent.itemClicked.connect(self._on_activated)
        return recent

    def _buttons(self, actions: Actions) -> QHBoxLayout:
        line = QHBoxLayout()
        line.setSpacing(12)
        for name, text in (
            ("open", "Open a clip"),
            ("open_folder", "Open a folder\nor project"),
            ("open_demo", "Open the demo"),
        ):
            button = QToolButton(self)
            button.setDefaultAction(actions[name])
            button.setText(text)
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
            button.setIconSize(QSize(32, 32))
            button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
            button.setFixedHeight(84)
            line.addWidget(button)
        return line

    def _heading(self, text: str, points: float) -> QLabel:
        label = QLabel(text, self)
        font = QFont(self.font())
        font.setPointSizeF(points)
        font.setWeight(QFont.Weight.DemiBold)
        label.setFont(font)
        return label

    def _on_activated(self, item: QListWidgetItem) -> None:
        self.path_chosen.emit(str(item.data(Qt.ItemDataRole.UserRole)))

    def _on_setting_changed(self, key: str) -> None:
        if key == "recent":
            self.refresh()


def _short(folder: Path) -> str:
    home = str(Path.home())
    text = str(folder)
    return "~" + text[len(home) :] if text.startswith(home) and home != "/" else text
