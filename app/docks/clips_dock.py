"""Clips of what is open, and the people of the clip that is shown."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QSignalBlocker, QSize, Qt, Slot
from PySide6.QtGui import QColor, QIcon, QPixmap
from PySide6.QtWidgets import QHeaderView, QTreeWidget, QTreeWidgetItem, QVBoxLayout, QWidget

from app import data_colours, theme
from app.document import NO_SOURCE, ClipEntry
from app.session import Session
from app.viewing import NO_FACE

_CLIP_ID = Qt.ItemDataRole.UserRole
_TRACK_ID = Qt.ItemDataRole.UserRole + 1


class ClipsDock(QWidget):
    """A tree: clips, and under the open clip its people."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._people_items: list[QTreeWidgetItem] = []
        self.tree = QTreeWidget(self)
        self.tree.setAccessibleName("Clips and people")
        self.tree.setColumnCount(2)
        self.tree.setHeaderHidden(True)
        self.tree.setUniformRowHeights(True)
        self.tree.setIconSize(QSize(16, 16))
        self.tree.setFrameShape(QTreeWidget.Shape.NoFrame)
        self.tree.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        header = self.tree.header()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.tree)
        self.tree.currentItemChanged.connect(self._on_current_changed)
        session.entries_changed.connect(self.rebuild)
        session.clip_changed.connect(self.rebuild)
        session.columns_changed.connect(self.rebuild)
        session.face_selected.connect(self._on_face_selected)

    @Slot()
    def rebuild(self) -> None:
        """Make the tree anew: it is short."""
        session = self._session
        with QSignalBlocker(self.tree):
            self.tree.clear()
            self._people_items.clear()
            if session.document is None:
                return
            current_id = session.entry.clip_id if session.entry else ""
            for entry in session.document.entries():
                item = self._clip_item(entry)
                self.tree.addTopLevelItem(item)
                if entry.clip_id == current_id:
                    self._add_people(item)
                    item.setExpanded(True)
                    self.tree.setCurrentItem(item)

    def _clip_item(self, entry: ClipEntry) -> QTreeWidgetItem:
        length = f"{entry.frames:,}" if entry.frames else ""
        item = QTreeWidgetItem([entry.title, length])
        item.setTextAlignment(1, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        item.setData(0, _CLIP_ID, entry.clip_id)
        name = "warning" if entry.problem else "film"
        item.setIcon(0, theme.icon(name, self.palette()))
        about = f"{entry.frames:,} frames, {entry.width}×{entry.height}, {entry.fps:.4g} fps"
        tip = entry.problem or (about if entry.frames else "not read yet")
        item.setToolTip(0, f"{entry.path}\n{tip}")
        item.setToolTip(1, "frames")
        return item

    def _add_people(self, item: QTreeWidgetItem) -> None:
        columns = self._session.columns
        for index, track_id in enumerate(columns.track_ids):
            present = columns.source[index] != NO_SOURCE
            share = float(present.mean()) if len(present) else 0.0
            child = QTreeWidgetItem([self._session.name_of(track_id), f"{share:.0%}"])
            child.setTextAlignment(1, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            child.setData(0, _TRACK_ID, track_id)
            child.setIcon(0, _swatch(data_colours.face_colour(track_id)))
            quality = columns.confidence[index][present]
            mean = f", mean confidence {np.nanmean(quality):.2f}" if len(quality) else ""
            child.setToolTip(0, f"On {int(present.sum()):,} frames{mean}")
            child.setToolTip(1, "share of the frames with this person")
            item.addChild(child)
            self._people_items.append(child)

    def _on_current_changed(self, current: QTreeWidgetItem | None) -> None:
        if current is None:
            return
        track_id = current.data(0, _TRACK_ID)
        if track_id is not None:
            self._session.select_face(int(track_id))
        else:
            self._session.open_clip(str(current.data(0, _CLIP_ID)))

    @Slot(int)
    def _on_face_selected(self, track_id: int) -> None:
        if track_id == NO_FACE:
            return
        with QSignalBlocker(self.tree):
            for child in self._people_items:
                if child.data(0, _TRACK_ID) == track_id:
                    self.tree.setCurrentItem(child)

    def sizeHint(self) -> QSize:
        """Wide enough for a usual file name."""
        return QSize(210, 300)


def _swatch(rgb: data_colours.Rgb) -> QIcon:
    pixmap = QPixmap(12, 12)
    pixmap.fill(QColor(*rgb))
    return QIcon(pixmap)
