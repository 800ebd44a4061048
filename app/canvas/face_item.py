"""The overlay of one face as an item of the canvas's scene."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QGraphicsItem, QGraphicsScene, QStyleOptionGraphicsItem, QWidget

from app.canvas.face_painting import paint_face
from app.canvas.face_picture import FacePicture
from app.layers import Layers

Span = tuple[float, float]
"""From where to where of the canvas's width something is drawn, logical pixels."""


class FaceItem(QGraphicsItem):
    """One face on the canvas."""

    def __init__(self, scene: QGraphicsScene) -> None:
        super().__init__()
        self.picture: FacePicture | None = None
        self.layers: Layers = {}
        self.is_selected = False
        self.is_hurried = False
        """While playing or dragging lines are drawn thin."""
        self.span: Span | None = None
        """The part of the canvas it is drawn in, where two runs are compared."""
        self.setZValue(1)
        scene.addItem(self)

    def show_picture(self, picture: FacePicture, layers: Layers, is_selected: bool) -> None:
        """Draw another frame's face from now on."""
        if self.picture is None or picture.bounds != self.picture.bounds:
            self.prepareGeometryChange()
        self.picture = picture
        self.layers = layers
        self.is_selected = is_selected
        self.setVisible(True)
        self.update()

    def contains_box(self, scene_point: QPointF) -> bool:
        """Whether a point of the scene lies on the face."""
        return self.picture is not None and self.picture.bounds.contains(scene_point)

    def boundingRect(self) -> QRectF:
        """Everything that is drawn; glyphs and the name reach a little beyond the face."""
        if self.picture is None:
            return QRectF()
        reach = max(self.picture.bounds.width(), self.picture.bounds.height()) * 0.2 + 16
        return self.picture.bounds.adjusted(-reach, -reach, reach, reach)

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        """Paint the face, cut to its span."""
        if self.picture is None:
            return
        if self.span is not None and widget is not None:
            to_scene = painter.worldTransform().inverted()[0]
            left, right = self.span
            painter.setClipRect(to_scene.mapRect(QRectF(left, 0, right - left, widget.height())))
        paint_face(painter, self.picture, self.layers, self.is_selected, self.is_hurried)
