"""The landmarks of one face as a tree by component, each with place, score and source."""

from __future__ import annotations

from typing import Any

import numpy as np
from PySide6.QtCore import QSignalBlocker, QSize, Qt, QTimer, Slot
from PySide6.QtGui import QColor, QIcon
from PySide6.QtWidgets import (
    QHeaderView,
    QLabel,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from app import data_colours, schemes, theme
from app.correction.selection import PointSelection
from app.session import Session

_PLAYING_INTERVAL_MS = 200
_FAINT = QColor(140, 140, 140)
"""Points that are hidden in the picture."""
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


class LandmarksDock(QWidget):
    """Follows the selected face, else the first face of the frame."""

    def __init__(
        self, session: Session, selection: PointSelection, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._selection = selection
        self._scheme_name: str | None = None
        self._count = -1
        self._points: list[QTreeWidgetItem] = []
        self._title = QLabel(self)
        self._title.setContentsMargins(8, 5, 8, 3)
        self.tree = self._build_tree()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._title)
        layout.addWidget(self.tree)
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(_PLAYING_INTERVAL_MS)
        self._later.timeout.connect(self.refresh)
        session.frame_shown.connect(self._on_frame_shown)
        session.face_selected.connect(self.refresh)
        session.data_changed.connect(self.refresh)
        session.clip_changed.connect(self.refresh)
        selection.changed.connect(self._show_selection)
        self.tree.itemSelectionChanged.connect(self._take_selection)
        self.refresh()

    @Slot()
    def refresh(self) -> None:
        """Show the face of the shown frame."""
        if not self.isVisible() and self._count >= 0:
            return
        face = self._face()
        if face is None:
            self._rebuild(None, 0)
            self._title.setText("No face on this frame")
            return
        count = 0 if face.landmarks is None else len(face.landmarks)
        self._rebuild(self._session.scheme_name(face), count)
        name = self._session.name_of(face.track_id)
        self._title.setText(f"{name}  ·  {count} landmarks  ·  confidence {face.score:.2f}")
        for index, item in enumerate(self._points):
            self._fill(item, face, index)

    def _build_tree(self) -> QTreeWidget:
        tree = QTreeWidget(self)
        tree.setAccessibleName("Landmarks")
        tree.setHeaderLabels(["Landmark", "x", "y", "Score"])
        tree.setFrameShape(QTreeWidget.Shape.NoFrame)
        tree.setUniformRowHeights(True)
        tree.setMinimumHeight(60)
        tree.setIconSize(QSize(12, 12))
        tree.setIndentation(12)
        tree.setSelectionMode(QTreeWidget.SelectionMode.ExtendedSelection)
        tree.setFont(theme.figures_font(self.font()))
        header = tree.header()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        for column, text in ((1, "0000.0"), (2, "0000.0"), (3, "Score")):
            tree.headerItem().setTextAlignment(column, _RIGHT)
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.Fixed)
            header.resizeSection(column, tree.fontMetrics().horizontalAdvance(text) + 12)
        return tree

    def _face(self) -> Any:
        frame_idx = self._session.shown_frame_idx
        faces = self._session.faces(frame_idx) if frame_idx >= 0 else ()
        chosen = [f for f in faces if f.track_id == self._session.selected_track]
        return next(iter(chosen or faces), None)

    def _rebuild(self, scheme_name: str | None, count: int) -> None:
        """Make the tree anew where the scheme is another one."""
        if (scheme_name, count) == (self._scheme_name, self._count):
            return
        self._scheme_name, self._count = scheme_name, count
        with QSignalBlocker(self.tree):
            self.tree.clear()
        scheme = schemes.landmark_scheme(scheme_name)
        known = scheme is not None and scheme.num_points == count
        names = [n.replace("_", " ") for n in scheme.point_names] if known else [""] * count
        self._points = [QTreeWidgetItem([f"{i}  {name}".strip()]) for i, name in enumerate(names)]
        for item in self._points:
            for column in (1, 2, 3):
                item.setTextAlignment(column, _RIGHT)
        placed: set[int] = set()
        for component, members in (scheme.components if known else {}).items():
            fresh = [i for i in members if i not in placed]
            if fresh:
                branch = QTreeWidgetItem([component.replace("_", " ")])
                branch.addChildren([self._points[i] for i in fresh])
                self.tree.addTopLevelItem(branch)
                placed.update(fresh)
        self.tree.addTopLevelItems([p for i, p in enumerate(self._points) if i not in placed])
        self._show_selection()

    @Slot()
    def _take_selection(self) -> None:
        """What is selected in the tree is selected on the canvas; a part means its points."""
        face = self._face()
        points = [index for index, item in enumerate(self._points) if _is_chosen(item)]
        if face is not None:
            self._selection.choose(face.track_id, points)

    @Slot()
    def _show_selection(self) -> None:
        """Select in the tree what is selected on the canvas."""
        if self.tree.hasFocus():
            return  # it was selected here
        chosen = self._selection.points
        with QSignalBlocker(self.tree):
            self.tree.clearSelection()
            for index, item in enumerate(self._points):
                item.setSelected(index in chosen)
        if chosen and max(chosen) < len(self._points):
            self.tree.scrollToItem(self._points[min(chosen)])

    def _fill(self, item: QTreeWidgetItem, face: Any, index: int) -> None:
        x, y = (float(v) for v in face.landmarks[index])
        is_there = np.isfinite(x + y)
        item.setText(1, f"{x:.1f}" if is_there else "–")
        item.setText(2, f"{y:.1f}" if is_there else "–")
        score = float("nan") if face.landmark_scores is None else float(face.landmark_scores[index])
        item.setText(3, f"{score:.2f}" if np.isfinite(score) else "")
        sources = getattr(face, "point_sources", None)
        source = int(face.source if sources is None else sources[index])
        item.setIcon(0, _glyph(source, self.devicePixelRatioF()))
        hidden = face.visible is not None and not face.visible[index]
        item.setData(0, Qt.ItemDataRole.ForegroundRole, _FAINT if hidden else None)

    @Slot(int)
    def _on_frame_shown(self, frame_idx: int) -> None:
        # While it plays nobody reads 68 numbers sixty times a second.
        if not self._session.playing:
            self.refresh()
        elif not self._later.isActive():
            self._later.start()

    def showEvent(self, event: Any) -> None:
        """Catch up with what happened while folded away."""
        super().showEvent(event)
        self.refresh()


def _is_chosen(item: QTreeWidgetItem) -> bool:
    """Whether a point is selected, itself or with its part."""
    part: QTreeWidgetItem | None = item.parent()
    return item.isSelected() or (part is not None and part.isSelected())


_GLYPHS: dict[tuple[int, float], QIcon] = {}


def _glyph(source: int, ratio: float) -> QIcon:
    if (source, ratio) not in _GLYPHS:
        mark = data_colours.SOURCES.get(source, data_colours.UNKNOWN)
        _GLYPHS[source, ratio] = QIcon(data_colours.mark_pixmap(mark, 12, ratio, rimmed=True))
    return _GLYPHS[source, ratio]
