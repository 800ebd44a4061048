"""Pictures of affinities and of ĉ(m), drawn without a plotting library."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core import paths
from core.correlation.colour_maps import DIVERGING, SEQUENTIAL, automatic_range, colourise
from core.errors import InputError, ResourceError
from core.schemes import LandmarkScheme

Picture = NDArray[np.uint8]  # (H, W, 3)

_INK, _PALE, _PAPER = (30, 30, 34), (150, 150, 156), (255, 255, 255)
_MAP_PX, _LEFT, _TOP, _RIGHT, _BOTTOM = 700, 120, 76, 120, 96
_STRIP = 12
_MARKS = ((213, 94, 0), (0, 114, 178), (204, 121, 167), (0, 158, 115), (86, 180, 233))


def heat_map(
    matrix: NDArray[np.floating],
    scheme: LandmarkScheme,
    title: str,
    subtitle: str = "",
    diverging: bool = False,
    value_range: tuple[float, float] | None = None,
) -> Picture:
    """A matrix as a picture, components of the face marked on both axes.

    Args:
        matrix: (M, M) affinities, or differences of them.
        scheme: Whose points.
        title: Large, above.
        subtitle: Small, above: what the numbers were made of.
        diverging: Zero-centred colours, for differences.
        value_range: Numbers of the first and last colour; default: what the matrix holds.
    """
    low, high = value_range or automatic_range(matrix, diverging)
    table = DIVERGING if diverging else SEQUENTIAL
    cell = max(1, _MAP_PX // len(matrix))
    side = cell * len(matrix)
    canvas = _Canvas(_LEFT + side + _RIGHT, _TOP + side + _BOTTOM)
    canvas.text((_LEFT, 14), title, 22)
    canvas.text((_LEFT, 44), subtitle, 14, _PALE)
    cells = colourise(matrix, table, low, high).repeat(cell, axis=0).repeat(cell, axis=1)
    canvas.paste(cells, (_LEFT, _TOP))
    _draw_components(canvas, scheme, cell, side)
    bar = colourise(np.linspace(high, low, side), table, low, high)
    canvas.paste(bar[:, None].repeat(18, axis=1), (_LEFT + side + 20, _TOP))
    for share in np.linspace(0.0, 1.0, 5 if diverging else 6):
        y = _TOP + round((1 - share) * (side - 1))
        signed = f"{low + share * (high - low):{'+' if diverging else ''}.2f}"
        canvas.text((_LEFT + side + 44, y - 8), signed, 13)
    return canvas.picture()


def _draw_components(canvas: _Canvas, scheme: LandmarkScheme, cell: int, side: int) -> None:
    """Coloured strips along both axes and the components' names beside their middles."""
    free_from = {"x": -np.inf, "y": -np.inf}
    for name, points in scheme.components.items():
        colour = scheme.component_colours[name]
        for first, last in _stretches(points):
            start, stop = first * cell, (last + 1) * cell
            canvas.fill(
                (_LEFT + start, _TOP + side + 4, _LEFT + stop - 1, _TOP + side + _STRIP), colour
            )
            canvas.fill((_LEFT - _STRIP, _TOP + start, _LEFT - 5, _TOP + stop - 1), colour)
        middle = cell * (min(points) + max(points) + 1) / 2
        words = name.replace("_", " ")
        y = max(middle - 8, free_from["y"])
        canvas.text((_LEFT - 18, _TOP + y), words, 13, anchor="ra")
        free_from["y"] = y + 15
        canvas.turned((_LEFT + middle, _TOP + side + 16), words, 13, free_from)


def _stretches(points: Sequence[int]) -> list[tuple[int, int]]:
    """Unbroken runs of indices: first and last of each."""
    found: list[tuple[int, int]] = []
    for point in sorted(points):
        if found and point == found[-1][1] + 1:
            found[-1] = (found[-1][0], point)
        else:
            found.append((point, point))
    return found


@dataclass(frozen=True)
class Line:
    """A curve: K budgets, K values, and how far they spread."""

    name: str
    m: Sequence[int]
    c: Sequence[float]
    spread: Sequence[float] | None = None
    """Standard deviation, drawn as a band."""


def curve_picture(
    lines: Sequence[Line],
    formats: Mapping[str, tuple[int, float]],
    title: str,
    subtitle: str = "",
) -> Picture:
    """ĉ against m ([Yan20] Fig. 5.16), existing formats as marked points.

    Args:
        lines: One a set of faces or of landmarks.
        formats: Name → (m, c).
        title: Large, above.
        subtitle: Small, above.
    """
    wide, high = 820, 460
    canvas = _Canvas(_LEFT + wide + 40, _TOP + high + 70)
    canvas.text((_LEFT, 14), title, 22)
    canvas.text((_LEFT, 44), subtitle, 14, _PALE)
    most = max([m for line in lines for m in line.m] + [m for m, _ in formats.values()] + [2])

    def place(m: float, c: float) -> tuple[float, float]:
        return _LEFT + wide * m / most, _TOP + high * (1 - max(0.0, min(1.0, c)))

    for share in np.linspace(0.0, 1.0, 6):
        _, y = place(0, share)
        canvas.line([(_LEFT, y), (_LEFT + wide, y)], (228, 228, 232), 1)
        canvas.text((_LEFT - 12, y - 9), f"{share:.1f}", 14, anchor="ra")
    for m in range(0, most + 1, max(1, round(most / 10 / 5) * 5 if most > 20 else 2)):
        canvas.text((place(m, 0)[0], _TOP + high + 8), str(m), 14, anchor="ma")
    canvas.text((_LEFT + wide / 2, _TOP + high + 34), "m, landmarks annotated", 15, anchor="ma")
    canvas.text((_LEFT - 60, _TOP - 26), "c", 15)
    for number, line in enumerate(lines):
        _draw_line(canvas, line, place, _MARKS[number % len(_MARKS)])
        canvas.text((_LEFT + wide - 8, _TOP + high - 26 * (len(lines) - number)), line.name, 15,
                    _MARKS[number % len(_MARKS)], anchor="ra")  # fmt: skip
    taken: list[tuple[float, float]] = []
    for name, (m, c) in formats.items():
        x, y = place(m, c)
        canvas.fill((x - 5, y - 5, x + 5, y + 5), _INK)
        # To the right, to the left if another mark is near, one line lower if that is taken too.
        others = [place(*other) for label, other in formats.items() if label != name]
        right = not any(0 < at - x < 120 and abs(high_at - y) < 14 for at, high_at in others)
        while any(abs(at - x) < 60 and abs(line - y) < 14 for at, line in taken):
            y += 14
        taken.append((x, y))
        canvas.text((x + 10 if right else x - 10, y - 9), name, 14, anchor="la" if right else "ra")
    return canvas.picture()


def _draw_line(canvas: _Canvas, line: Line, place: Any, colour: tuple[int, int, int]) -> None:
    if line.spread is not None:
        pale = tuple(255 - (255 - value) // 4 for value in colour)
        upper = [place(m, c + s) for m, c, s in zip(line.m, line.c, line.spread, strict=True)]
        lower = [place(m, c - s) for m, c, s in zip(line.m, line.c, line.spread, strict=True)]
        canvas.area([*upper, *reversed(lower)], pale)
    points = [place(m, c) for m, c in zip(line.m, line.c, strict=True)]
    canvas.line(points, colour, 3)
    for x, y in points:
        canvas.fill((x - 2, y - 2, x + 2, y + 2), colour)


def save_picture(path: Path, picture: Picture) -> None:
    """Write a picture, .png or .jpg; it is there whole or not at all.

    Raises:
        InputError: If the name has another ending.
        ResourceError: If it cannot be written.
    """
    from PIL import Image

    kinds = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG"}
    if path.suffix.lower() not in kinds:
        raise InputError(f"{path}: pictures end in {', '.join(kinds)}.")
    part = path.with_name(path.name + ".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture).save(part, kinds[path.suffix.lower()])
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise ResourceError(f"{path}: cannot be written ({error.strerror or error}).") from error


class _Canvas:
    """White paper to draw on."""

    def __init__(self, width: int, height: int) -> None:
        from PIL import Image, ImageDraw

        self._image = Image.new("RGB", (width, height), _PAPER)
        self._draw = ImageDraw.Draw(self._image)

    def picture(self) -> Picture:
        """What is drawn so far."""
        return np.array(self._image)

    def text(
        self,
        at: tuple[float, float],
        words: str,
        size: int,
        colour: tuple[int, int, int] = _INK,
        anchor: str = "la",
    ) -> None:
        """Words; the anchor is Pillow's."""
        self._draw.text(at, words, fill=colour, font=_font(size), anchor=anchor)

    def turned(
        self, at: tuple[float, float], words: str, size: int, free_from: dict[str, float]
    ) -> None:
        """Words that run downwards, below a point, never over the last ones."""
        from PIL import Image, ImageDraw

        left, _, right, bottom = _font(size).getbbox(words)
        note = Image.new("RGB", (int(right - left) + 2, int(bottom) + 4), _PAPER)
        ImageDraw.Draw(note).text((0, 0), words, fill=_INK, font=_font(size))
        x = max(at[0] - note.height / 2, free_from["x"])
        free_from["x"] = x + 15
        self._image.paste(note.rotate(-90, expand=True), (round(x), round(at[1])))

    def fill(self, box: tuple[float, float, float, float], colour: tuple[int, int, int]) -> None:
        """A filled box."""
        self._draw.rectangle(box, fill=colour)

    def line(self, points: list[tuple[float, float]], colour: Any, width: int) -> None:
        """A polyline."""
        self._draw.line(points, fill=colour, width=width, joint="curve")

    def area(self, points: list[tuple[float, float]], colour: Any) -> None:
        """A filled polygon."""
        self._draw.polygon(points, fill=colour)

    def paste(self, picture: Picture, at: tuple[int, int]) -> None:
        """Pixels."""
        from PIL import Image

        self._image.paste(Image.fromarray(picture), at)


def _font(size: int) -> Any:
    from PIL import ImageFont

    return ImageFont.truetype(str(paths.resources() / "fonts" / "SourceSansPro-Semibold.ttf"), size)
