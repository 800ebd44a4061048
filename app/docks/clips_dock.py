"""Clips of what is open, and below them the people of the clip that is shown."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, QSize, Qt, Slot
from PySide6.QtWidgets import (
    QHeaderView,
    QLabel,
    QSplitter,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from app import theme
from app.actions import Actions
from app.document import ClipEntry
from app.people.people import People
from app.people.people_list import PeopleList
from app.session import Session

_CLIP_ID = Qt.ItemDataRole.UserRole


class ClipsDock(QWidget):
    """The list of clips over the list of people."""

    def __init__(
        self, session: Session, people: People, actions: Actions, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._session = session
        self.tree = self._build_tree()
        self.people = PeopleList(session, people, actions, self)
        self._nobody = QLabel("", self)
        self._nobody.setWordWrap(True)
        self._nobody.setContentsMargins(8, 6, 8, 6)
        self._nobody.setAlignment(Qt.AlignmentFlag.AlignTop)
        lower = QWidget(self)
        column = QVBoxLayout(lower)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.people, 1)
        column.addWidget(self._nobody)
        splitter = QSplitter(Qt.Orientation.Vertical, self)
        splitter.setChildrenCollapsible(False)
        splitter.addWidget(self.tree)
        splitter.addWidget(lower)
        splitter.setStretchFactor(0, 2)
        splitter.setStretchFactor(1, 3)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(splitter)
        self.tree.currentItemChanged.connect(self._on_current_changed)
        session.entries_changed.connect(self.rebuild)
        session.clip_changed.connect(self.rebuild)
        session.columns_changed.connect(self._show_nobody)
        self._show_nobody()

    @Slot()
    def rebuild(self) -> None:
        """Make the lists anew: they are short."""
        session = self._session
        self.people.refresh()
        self._show_nobody()
        with QSignalBlocker(self.tree):
            self.tree.clear()
            if session.document is None:
                return
            current_id = session.entry.clip_id if session.entry else ""
            for entry in session.document.entries():
                item = self._clip_item(entry)
                self.tree.addTopLevelItem(item)
                if entry.clip_id == current_id:
                    self.tree.setCurrentItem(item)

    def _build_tree(self) -> QTreeWidget:
        tree = QTreeWidget(self)
        tree.setAccessibleName("Clips")
        tree.setColumnCount(2)
        tree.setHeaderLabels(["Clip", "Frames"])
        tree.headerItem().setTextAlignment(1, Qt.AlignmentFlag.AlignRight)
        tree.setRootIsDecorated(False)
        tree.setUniformRowHeights(True)
        tree.setIconSize(QSize(16, 16))
        tree.setFrameShape(QTreeWidget.Shape.NoFrame)
        tree.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        tree.setMinimumHeight(60)
        header = tree.header()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        return tree

    def _clip_item(self, entry: ClipEntry) -> QTreeWidgetItem:
        length = f"{entry.frames:,}" if entry.frames else ""
        item = QTreeWidgetItem([entry.title, length])
        item.setTextAlignment(1, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        item.setFont(1, theme.figures_font(self.font()))
        item.setData(0, _CLIP_ID, entry.clip_id)
        name = "warning" if entry.problem else "film"
        item.setIcon(0, theme.icon(name, self.palette()))
        about = f"{entry.frames:,} frames, {entry.width}×{entry.height}, {entry.fps:.4g} fps"
        tip = entry.problem or (about if entry.frames else "not read yet")
        item.setToolTip(0, f"{entry.path}\n{tip}")
        item.setToolTip(1, "frames")
        return item

    @Slot()
    def _show_nobody(self) -> None:
        """Say what to do where there is nobody yet."""
        session = self._session
        is_empty = session.clip is not None and not session.columns.track_ids
        in_project = session.document is not None and session.document.path is not None
        self._nobody.setText(
            "No faces yet. Predict finds them (Ctrl+P)"
            + ("; Shift+A adds one by hand." if in_project else ".")
        )
        self._nobody.setVisible(is_empty)

    @Slot()
    def _on_current_changed(self, current: QTreeWidgetItem | None) -> None:
        if current is not None:
            self._session.open_clip(str(current.data(0, _CLIP_ID)))

    def sizeHint(self) -> QSize:
        """Wide enough for a usual file name and a person's frames."""
        return QSize(250, 320)
