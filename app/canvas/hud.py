"""What the frame is, written over it: number, time, and for each face source, state, confidence."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from app import data_colours, theme
from app.data_colours import Mark, Rgb, qcolor

_LINE = 19
_PAD = 8
_MAX_FACES = 4


@dataclass(frozen=True)
class HudFace:
    """One line of the HUD."""

    name: str
    colour: Rgb
    source: Mark
    review: Mark
    confidence: float
    is_selected: bool


@dataclass(frozen=True)
class HudContent:
    """Everything the HUD says."""

    headline: str
    note: str = ""
    """A word behind the headline: "near key frame", "overlays hidden"."""
    faces: tuple[HudFace, ...] = ()


class Hud(QWidget):
    """A translucent plate in a corner of the canvas; the mouse goes through it."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setAccessibleName("Frame information")
        self._content = HudContent("")
        self.move(10, 10)
        self.hide()

    def show_content(self, content: HudContent) -> None:
        """Say something else from now on."""
        if content == self._content:
            return
        self._content = content
        self.setAccessibleDescription(_as_text(content))
        self.setVisible(bool(content.headline))
        size = self.sizeHint()
        if size != self.size():
            self.resize(size)
        self.update()

    @property
    def content(self) -> HudContent:
        """What it says."""
        return self._content

    def sizeHint(self) -> QSize:
        """Wide enough for its longest line."""
        metrics = self.fontMetrics()
        bold = theme.figures_font(self.font(), bold=True)
        headline = QFontMetrics(bold).horizontalAdvance(
            f"{self._content.headline}  {self._content.note}"
        )
        faces = [_face_text(face) for face in self._content.faces[:_MAX_FACES]]
        lines = [metrics.horizontalAdvance(text) + 50 for text in faces]
        # Steps of 24 px, so that changing digits do not make the plate tremble.
        width = -(-(max([headline, *lines]) + 2 * _PAD) // 24) * 24
        return QSize(width, _LINE * self._line_count() + 2 * (_PAD - 2))

    def _line_count(self) -> int:
        extra = len(self._content.faces) > _MAX_FACES
        return 1 + min(len(self._content.faces), _MAX_FACES) + int(extra)

    def _paint_face(self, painter: QPainter, face: HudFace, top: float) -> None:
        painter.setFont(theme.figures_font(self.font(), bold=face.is_selected))
        data_colours.paint_mark(
            painter, face.source, QRectF(_PAD, top + 3, 13, 13), face.source.colour
        )
        data_colours.paint_mark(
            painter, face.review, QRectF(_PAD + 17, top + 3, 13, 13), face.review.colour
        )
        painter.setPen(qcolor(face.colour))
        box = QRectF(_PAD + 36, top, self.width(), _LINE)
        align = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
        painter.drawText(box, align, face.name)
        painter.setPen(QColor(225, 228, 231))
        shift = painter.fontMetrics().horizontalAdvance(face.name)
        painter.drawText(box.translated(shift, 0), align, _face_text(face)[len(face.name) :])

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint plate and lines."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(16, 18, 20, 190))
        painter.drawRoundedRect(self.rect(), 5, 5)
        align = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
        painter.setFont(theme.figures_font(self.font(), bold=True))
        painter.setPen(QColor(240, 242, 244))
        top = float(_PAD - 2)
        painter.drawText(QRectF(_PAD, top, self.width(), _LINE), align, self._content.headline)
        if self._content.note:
            shift = painter.fontMetrics().horizontalAdvance(self._content.headline + "  ")
            painter.setPen(QColor(240, 200, 90))
            painter.drawText(
                QRectF(_PAD + shift, top, self.width(), _LINE), align, self._content.note
            )
        for face in self._content.faces[:_MAX_FACES]:
            top += _LINE
            self._paint_face(painter, face, top)
        if len(self._content.faces) > _MAX_FACES:
            rest = len(self._content.faces) - _MAX_FACES
            painter.setPen(QColor(190, 194, 198))
            painter.drawText(
                QRectF(_PAD, top + _LINE, self.width(), _LINE), align, f"and {rest} more"
            )
        painter.end()


def _face_text(face: HudFace) -> str:
    return f"{face.name}   {face.source.title} · {face.review.title} · {face.confidence:.2f}"


def _as_text(content: HudContent) -> str:
    return "; ".join([content.headline, *(_face_text(face) for face in content.faces)])
