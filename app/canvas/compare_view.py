"""The other run on the canvas: right of a divider that can be dragged, or in white over the first.

What is shown (annotations over the shown run) keeps the left side and stays the one that is edited.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from PySide6.QtCore import QEvent, QObject, QPointF, QRectF, Qt, Signal, Slot
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QLabel, QWidget

from app.canvas import face_picture
from app.canvas.face_item import FaceItem
from app.canvas.video_view import VideoView
from app.layers import Layers
from app.session import Session

_INK = (255, 255, 255)
"""The other run's colour where both are drawn over each other."""
_GRIP = 11
_MARGIN = 8
_HEADROOM = 10


class CompareView(QObject):
    """Draws the run that the session's comparison names."""

    def __init__(self, session: Session, view: VideoView) -> None:
        super().__init__(view)
        self._session = session
        self._view = view
        self._items: list[FaceItem] = []
        self.divider = Divider(view.viewport())
        self.left_tag = SideTag(view.viewport(), "Left of the divider")
        self.right_tag = SideTag(view.viewport(), "Right of the divider")
        comparison = session.comparison
        self.divider.moved.connect(comparison.set_divider)
        comparison.changed.connect(self.refresh)
        comparison.divider_moved.connect(self._place)
        session.frame_shown.connect(self.refresh)
        session.layers_changed.connect(self.refresh)
        session.overlays_hidden_changed.connect(self.refresh)
        session.playing_changed.connect(self.refresh)
        view.viewport().installEventFilter(self)
        self.refresh()

    @property
    def pictures(self) -> list[face_picture.FacePicture]:
        """What is drawn of the other run now."""
        return [item.picture for item in self._items if item.isVisible() and item.picture]

    @Slot()
    def refresh(self) -> None:
        """Draw the shown frame of the other run anew."""
        session, comparison = self._session, self._session.comparison
        frame_idx = session.shown_frame_idx
        is_drawn = comparison.is_on and frame_idx >= 0 and not session.overlays_hidden
        faces: Sequence[Any] = comparison.faces(frame_idx) if is_drawn else ()
        while len(self._items) < len(faces):
            self._items.append(FaceItem(self._view.scene()))
            self._items[-1].setZValue(2)
        layers = _as_lines(session.layers) if comparison.is_over else session.layers
        for item, face in zip(self._items, faces, strict=False):
            name = session.name_of(face.track_id)
            scheme, hurry = comparison.landmark_scheme, self._view.hurry
            picture = face_picture.build(face, name, scheme, layers, hurry)
            if comparison.is_over:
                picture = face_picture.inked(picture, _INK)
            item.is_hurried = session.playing or session.scrubbing
            item.show_picture(picture, layers, is_selected=False)
        for item in self._items[len(faces) :]:
            item.setVisible(False)
        self._place()

    @Slot()
    def _place(self) -> None:
        """Put divider, tags and the edges of both sides where they belong."""
        comparison, size = self._session.comparison, self._view.viewport().size()
        is_split = comparison.is_on and not comparison.is_over
        x = comparison.divider * size.width()
        self._view.set_face_span((0.0, x) if is_split else None)
        for item in self._items:
            item.span = (x, float(size.width())) if is_split else None
        self.divider.setVisible(is_split)
        self.left_tag.setVisible(is_split)
        self.right_tag.setVisible(comparison.is_on)
        if comparison.entry is not None:
            self.left_tag.setText("Shown")
            other = "The run alone" if comparison.entry.is_shown else comparison.entry.title
            self.right_tag.setText(f"White: {other}" if comparison.is_over else other)
            self._place_tags(round(x), size.width(), is_split)
        self.divider.setGeometry(round(x) - _GRIP // 2, 0, _GRIP, size.height())
        self._view.viewport().update()

    def _place_tags(self, x: int, width: int, is_split: bool) -> None:
        for tag in (self.left_tag, self.right_tag):
            tag.adjustSize()
        left = x - _MARGIN - self.left_tag.width()
        # Below the plate with the frame's number where they would meet.
        hud = self._view.hud
        is_in_the_way = hud.isVisible() and left < hud.geometry().right() + _MARGIN
        y = hud.geometry().bottom() + _MARGIN if is_in_the_way else _HEADROOM
        self.left_tag.move(left, y)
        right = x + _MARGIN if is_split else width - _MARGIN - self.right_tag.width()
        self.right_tag.move(right, y)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Follow the canvas's size."""
        if event.type() == QEvent.Type.Resize:
            self._place()
        return False


class Divider(QWidget):
    """The line between both sides, to be dragged; the Compare menu moves it by keys.

    Signals:
        moved: Where it is wanted, as a share of the canvas's width.
    """

    moved = Signal(float)

    def __init__(self, canvas: QWidget) -> None:
        super().__init__(canvas)
        self.setAccessibleName("Divider between both runs")
        self.setToolTip("Drag to see more of either run")
        self.setCursor(Qt.CursorShape.SplitHCursor)
        self.hide()

    def _share_at(self, x: float) -> float:
        canvas = self.parentWidget()
        return x / max(canvas.width(), 1) if canvas is not None else 0.0

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Take hold."""
        event.accept()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Go along with the mouse."""
        if event.buttons() & Qt.MouseButton.LeftButton:
            self.moved.emit(self._share_at(self.mapToParent(event.position()).x()))

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Back to the middle."""
        self.moved.emit(0.5)

    def paintEvent(self, event: QPaintEvent) -> None:
        """A line on any ground, with a grip in its middle."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        middle = QPointF(self.width() / 2, self.height() / 2)
        for colour, width in ((QColor(0, 0, 0, 150), 4.0), (QColor(255, 255, 255), 1.6)):
            painter.setPen(QPen(colour, width))
            painter.drawLine(QPointF(middle.x(), 0), QPointF(middle.x(), self.height()))
        painter.setPen(QPen(QColor(0, 0, 0, 170), 1))
        painter.setBrush(QColor(255, 255, 255))
        painter.drawRoundedRect(QRectF(middle.x() - 4, middle.y() - 16, 8, 32), 4, 4)
        painter.end()


class SideTag(QLabel):
    """What is seen on a side, on a dark plate like the frame's number; the mouse goes through."""

    def __init__(self, canvas: QWidget, name: str) -> None:
        super().__init__(canvas)
        self.setAccessibleName(name)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setContentsMargins(8, 3, 8, 3)
        self.hide()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Light words on a dark plate, in either theme."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(16, 18, 20, 190))
        painter.drawRoundedRect(self.rect(), 4, 4)
        painter.setPen(QColor(240, 242, 244))
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, self.text())
        painter.end()


def _as_lines(layers: Layers) -> Layers:
    """Over each other, two filled masks would hide each other: lines only, and no names."""
    outlined = replace(layers["label_maps"], outline_only=True)
    hidden = {name: replace(layers[name], visible=False) for name in ("boxes", "indices")}
    return {**layers, **hidden, "label_maps": outlined}
