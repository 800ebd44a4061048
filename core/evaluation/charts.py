"""Small charts as pictures: curves and bars on axes, drawn by OpenCV (no plotting library)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from core.errors import ResourceError

Image = NDArray[np.uint8]
Floats = NDArray[np.floating]

WIDTH, HEIGHT = 960, 600
LEFT, RIGHT, TOP, BOTTOM = 80, 24, 44, 64
#: Okabe and Ito's colours, told apart by colour-blind people.
COLOURS = (
    (0, 114, 178), (213, 94, 0), (0, 158, 115), (204, 121, 167), (86, 180, 233), (230, 159, 0),
    (90, 90, 90),
)  # fmt: skip
_INK, _GRID = (40, 40, 40), (225, 225, 225)
_FONT = cv2.FONT_HERSHEY_SIMPLEX


@dataclass(frozen=True)
class Axes:
    """What the two axes show."""

    title: str
    x_title: str
    y_title: str
    x_range: tuple[float, float]
    y_range: tuple[float, float]
    x_ticks: int = 7
    y_ticks: int = 6

    def pixel(self, x: Floats, y: Floats) -> NDArray[np.float64]:
        """Values to pixels, (N, 2)."""
        (x0, x1), (y0, y1) = self.x_range, self.y_range
        across = LEFT + (np.asarray(x) - x0) / (x1 - x0) * (WIDTH - LEFT - RIGHT)
        down = HEIGHT - BOTTOM - (np.asarray(y) - y0) / (y1 - y0) * (HEIGHT - TOP - BOTTOM)
        return np.stack([across, down], axis=-1)


def curves(axes: Axes, lines: Mapping[str, tuple[Floats, Floats]]) -> Image:
    """One curve a name, (x, y) each; a legend names them in order."""
    canvas = _empty(axes)
    for number, (x, y) in enumerate(lines.values()):
        inside = np.clip(y, *axes.y_range)
        path = np.rint(axes.pixel(x, inside) * 16).astype(np.int32)
        cv2.polylines(canvas, [path], False, COLOURS[number % 7], 2, cv2.LINE_AA, 4)
    _legend(canvas, list(lines), LEFT + 20)  # cumulative curves leave the upper left free
    return canvas


def bars(axes: Axes, edges: Floats, groups: Mapping[str, Floats]) -> Image:
    """Histograms side by side: (B,) heights of each name over B + 1 edges."""
    canvas = _empty(axes)
    share = 0.84 / len(groups)
    for number, heights in enumerate(groups.values()):
        for low, high, height in zip(edges[:-1], edges[1:], heights, strict=True):
            start = low + (high - low) * (0.08 + share * number)
            ends = np.array([start, start + (high - low) * share])
            box = axes.pixel(ends, np.array([axes.y_range[0], min(height, axes.y_range[1])]))
            (xa, ya), (xb, yb) = np.rint(box).astype(int).tolist()
            cv2.rectangle(canvas, (xa, yb), (xb, ya), COLOURS[number % 7], -1)
    _legend(canvas, list(groups), (LEFT + WIDTH - RIGHT) // 2)
    return canvas


def write(file: Path, picture: Image) -> Path:
    """Write a PNG.

    Raises:
        ResourceError: If it cannot be written.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    if not cv2.imwrite(str(file), cv2.cvtColor(picture, cv2.COLOR_RGB2BGR)):
        raise ResourceError(f"{file}: the picture cannot be written; look at the folder.")
    return file


def text(canvas: Image, words: str, at: tuple[int, int], size: float = 0.5) -> None:
    """Words with their lower left corner at a pixel."""
    cv2.putText(canvas, words, at, _FONT, size, _INK, 1, cv2.LINE_AA)


def _empty(axes: Axes) -> Image:
    canvas = np.full((HEIGHT, WIDTH, 3), 255, np.uint8)
    for x in np.linspace(*axes.x_range, axes.x_ticks):
        px = int(axes.pixel(np.array(x), np.array(axes.y_range[0]))[0])
        cv2.line(canvas, (px, TOP), (px, HEIGHT - BOTTOM), _GRID, 1)
        text(canvas, f"{x:.3g}", (px - 10, HEIGHT - BOTTOM + 20), 0.45)
    for y in np.linspace(*axes.y_range, axes.y_ticks):
        py = int(axes.pixel(np.array(axes.x_range[0]), np.array(y))[1])
        cv2.line(canvas, (LEFT, py), (WIDTH - RIGHT, py), _GRID, 1)
        text(canvas, f"{y:.3g}", (LEFT - 44, py + 5), 0.45)
    cv2.rectangle(canvas, (LEFT, TOP), (WIDTH - RIGHT, HEIGHT - BOTTOM), _INK, 1)
    text(canvas, axes.title, (LEFT, TOP - 16), 0.6)
    text(canvas, axes.x_title, (LEFT, HEIGHT - 18))
    text(canvas, axes.y_title, (LEFT + 8, TOP + 20))
    return canvas


def _legend(canvas: Image, names: Sequence[str], x: int) -> None:
    for row, name in enumerate(names):
        y = TOP + 48 + 22 * row
        cv2.line(canvas, (x, y - 5), (x + 26, y - 5), COLOURS[row % 7], 4)
        text(canvas, ascii_only(name), (x + 34, y))


def ascii_only(words: str) -> str:
    """What OpenCV's font can draw."""
    for sign, plain in (("∇", "grad "), ("Δ", "d"), ("–", "-"), ("τ", "t")):
        words = words.replace(sign, plain)
    return words.encode("ascii", "replace").decode()
