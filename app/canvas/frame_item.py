"""The frame itself, at scene (0, 0) … (width, height)."""

from __future__ import annotations

from PySide6.QtCore import QRectF
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget


class FrameItem(QGraphicsItem):
    """Paints the frame: smoothly when shrunk, as hard pixels when magnified."""

    def __init__(self) -> None:
        super().__init__()
        self.image = QImage()
        self.is_hurried = False
        """While playing or dragging a shrunk frame is drawn without smoothing."""

    def set_image(self, image: QImage) -> None:
        """Show another frame."""
        if image.size() != self.image.size():
            self.prepareGeometryChange()
        self.image = image
        self.update()

    def boundingRect(self) -> QRectF:
        """The frame's pixels."""
        return QRectF(0, 0, self.image.width(), self.image.height())

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        """Paint what is exposed."""
        zoom = painter.worldTransform().m11()
        smooth = zoom < 2.0 and zoom != 1.0 and not self.is_hurried
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, smooth)
        painter.drawImage(0, 0, self.image)
