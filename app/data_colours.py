"""Colours and glyphs of the data: one per source, review state and face, the same everywhere.

Okabe and Ito's palette (2008) tells the hues apart for colour-blind people; a shape or a word goes
with every colour. Unlike the interface's colours these do not change with the theme.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QImage, QPainter, QPen, QPixmap, QPolygonF

Rgb = tuple[int, int, int]

FACES: tuple[Rgb, ...] = (
    (86, 180, 233),
    (230, 159, 0),
    (0, 190, 140),
    (230, 130, 190),
    (240, 228, 66),
    (150, 150, 255),
    (235, 110, 50),
    (200, 200, 200),
)


@dataclass(frozen=True)
class Mark:
    """How one value of a category looks."""

    title: str
    colour: Rgb
    shape: str
    """circle, triangle, diamond, square, hexagon or plus."""
    solid: bool = False
    """Solid = a person said so; hollow = predicted."""


# Keyed by the value of core.annotations.records.Source.
SOURCES: dict[int, Mark] = {
    0: Mark("heavy net", (45, 140, 215), "circle"),
    1: Mark("propagated by flow", (230, 159, 0), "triangle"),
    2: Mark("interpolated", (204, 121, 167), "diamond"),
    3: Mark("derived", (150, 150, 150), "square"),
    4: Mark("person", (0, 158, 115), "circle", solid=True),
    5: Mark("imported", (240, 228, 66), "hexagon"),
}

# Keyed by the value of core.annotations.records.ReviewState.
REVIEW_STATES: dict[int, Mark] = {
    0: Mark("unseen", (120, 120, 120), "circle"),
    1: Mark("predicted", (45, 140, 215), "circle"),
    2: Mark("edited", (230, 159, 0), "diamond", solid=True),
    3: Mark("approved", (0, 158, 115), "square", solid=True),
}

UNKNOWN = Mark("unknown", (150, 150, 150), "plus")


def face_colour(track_id: int, chosen: str = "") -> Rgb:
    """The colour of a person: the one chosen for them (`#rrggbb`), else one by track.

    After the palette's eight come lighter and then darker ones of the same hues.
    """
    if (own := _parsed(chosen)) is not None:
        return own
    again, at = divmod(track_id, len(FACES))
    shade, share = (((0, 0, 0), 0.0), ((255, 255, 255), 0.5), ((0, 0, 0), 0.35))[again % 3]
    red, green, blue = (
        round((1 - share) * c + share * t) for c, t in zip(FACES[at], shade, strict=True)
    )
    return red, green, blue


def _parsed(text: str) -> Rgb | None:
    """`#rrggbb` as numbers; None for anything else."""
    if len(text) != 7 or text[0] != "#":
        return None
    try:
        red, green, blue = bytes.fromhex(text[1:])
    except ValueError:
        return None
    return red, green, blue


def confidence_colours(scores: NDArray[np.floating]) -> NDArray[np.uint8]:
    """Colours of confidences: vermilion at 0 over yellow at one half to blue at 1.

    Args:
        scores: (...,) in [0, 1]; NaN counts as 0.

    Returns:
        (..., 3) uint8.
    """
    stops = np.array([[213, 94, 0], [240, 228, 66], [86, 180, 233]], dtype=np.float64)
    at = np.nan_to_num(np.asarray(scores, dtype=np.float64)).clip(0.0, 1.0)
    grid = np.array([0.0, 0.5, 1.0])
    channels = [np.interp(at, grid, stops[:, c]) for c in range(3)]
    return np.stack(channels, axis=-1).round().astype(np.uint8)


def qcolor(rgb: Rgb, opacity: float = 1.0) -> QColor:
    """A colour of the data for Qt."""
    return QColor(*rgb, round(255 * opacity))


def draw_shape(painter: QPainter, shape: str, box: QRectF) -> None:
    """Draw a glyph's outline into a box with the painter's pen and brush."""
    if shape == "circle":
        painter.drawEllipse(box)
    elif shape == "square":
        inset = box.width() * 0.06
        painter.drawRect(box.adjusted(inset, inset, -inset, -inset))
    else:
        painter.drawPolygon(_corners(shape, box))


def _corners(shape: str, box: QRectF) -> QPolygonF:
    unit = {
        "triangle": [(0.05, 0.0), (1.0, 0.5), (0.05, 1.0)],
        "diamond": [(0.5, -0.08), (1.08, 0.5), (0.5, 1.08), (-0.08, 0.5)],
        "hexagon": [(0.25, 0.0), (0.75, 0.0), (1.0, 0.5), (0.75, 1.0), (0.25, 1.0), (0.0, 0.5)],
        "plus": [(0.5, 0.0), (0.5, 1.0), (0.5, 0.5), (0.0, 0.5), (1.0, 0.5), (0.5, 0.5)],
    }[shape]
    return QPolygonF(
        [QPointF(box.x() + u * box.width(), box.y() + v * box.height()) for u, v in unit]
    )


def mark_pixmap(
    mark: Mark,
    size: int,
    ratio: float = 1.0,
    colour: Rgb | None = None,
    rimmed: bool = False,
) -> QPixmap:
    """A glyph as a pixmap of `size` logical pixels; rimmed on the canvas, plain in tables."""
    image = QImage(
        round(size * ratio), round(size * ratio), QImage.Format.Format_ARGB32_Premultiplied
    )
    image.fill(Qt.GlobalColor.transparent)
    image.setDevicePixelRatio(ratio)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    paint_mark(painter, mark, QRectF(0, 0, size, size), colour or mark.colour, rimmed)
    painter.end()
    return QPixmap.fromImage(image)


def paint_mark(
    painter: QPainter, mark: Mark, box: QRectF, colour: Rgb, rimmed: bool = False
) -> None:
    """Paint a glyph, hollow unless a person said it; a dark rim makes it show on any frame."""
    inner = box.adjusted(2.2, 2.2, -2.2, -2.2)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    if rimmed:
        painter.setPen(QPen(QColor(0, 0, 0, 150), 3.2))
        draw_shape(painter, mark.shape, inner)
    painter.setPen(QPen(qcolor(colour), 1.7))
    painter.setBrush(QBrush(qcolor(colour)) if mark.solid else QBrush(Qt.BrushStyle.NoBrush))
    draw_shape(painter, mark.shape, inner)
