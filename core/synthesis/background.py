"""What stands behind the head: clutter by formula, with flesh tones, or a person's own pictures."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from core.synthesis.look import skin_tone
from core.synthesis.textures import to_srgb

Image = NDArray[Any]  # (H, W, 3) uint8; OpenCV's stubs know no more
_ENDINGS = (".png", ".jpg", ".jpeg", ".bmp", ".webp")


def sample_background(
    rng: np.random.Generator, image_hw: tuple[int, int], folder: Path | None = None
) -> Image:
    """Draw a background.

    Args:
        rng: Source of chance.
        image_hw: Size (height, width).
        folder: Pictures to cut from; None = clutter by formula.

    Returns:
        (H, W, 3) uint8 sRGB.

    Raises:
        InputError: If the folder holds no picture.
    """
    if folder is not None:
        return _from_folder(rng, image_hw, folder)
    if rng.random() < 0.12:
        return _plain(rng, image_hw)
    canvas = _base(rng, image_hw)
    for _ in range(int(rng.integers(0, 26))):
        _draw_thing(rng, canvas)
    if rng.random() < 0.35:
        _draw_grid(rng, canvas)
    canvas = _grain(rng, canvas)
    if rng.random() < 0.8:
        sigma = float(rng.uniform(0.003, 0.04)) * max(image_hw)
        canvas = cv2.GaussianBlur(canvas, (0, 0), max(sigma, 0.3))
    return canvas


@lru_cache(maxsize=4)
def _pictures(folder: Path) -> tuple[Path, ...]:
    from core.errors import InputError

    found = tuple(sorted(p for p in folder.rglob("*") if p.suffix.lower() in _ENDINGS))
    if not found:
        raise InputError(f"{folder} holds no picture ({', '.join(_ENDINGS)}) for backgrounds.")
    return found


def _from_folder(rng: np.random.Generator, image_hw: tuple[int, int], folder: Path) -> Image:
    paths = _pictures(folder)
    path = paths[int(rng.integers(len(paths)))]
    picture = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if picture is None:
        from core.errors import InputError

        raise InputError(f"{path} cannot be read as a picture; take it out of the folder.")
    height, width = image_hw
    scale = max(height / picture.shape[0], width / picture.shape[1]) * float(rng.uniform(1.0, 1.6))
    size = (
        max(width, round(picture.shape[1] * scale)),
        max(height, round(picture.shape[0] * scale)),
    )
    picture = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    y = int(rng.integers(picture.shape[0] - height + 1))
    x = int(rng.integers(picture.shape[1] - width + 1))
    return np.ascontiguousarray(picture[y : y + height, x : x + width, ::-1])


def _colour(rng: np.random.Generator) -> tuple[int, int, int]:
    """Any colour; one in four is a colour of skin, so that tone alone never tells a face."""
    if rng.random() < 0.25:
        tone = skin_tone(float(rng.random()), float(rng.normal(0, 0.5)))
        rgb = to_srgb(tone * np.float32(rng.uniform(0.4, 1.1))) * 255
    else:
        grey = rng.uniform(10, 245)
        rgb = grey + rng.normal(0, 45, 3) * rng.random()
    r, g, b = np.clip(rgb, 0, 255).astype(int).tolist()
    return r, g, b


def _plain(rng: np.random.Generator, image_hw: tuple[int, int]) -> Image:
    """A studio's wall or the night: black, white or one grey, hardly shaded."""
    kind = rng.random()
    grey = 0.0 if kind < 0.35 else 255.0 if kind < 0.55 else float(rng.uniform(10, 245))
    corners = grey + rng.normal(0, float(rng.choice([0.0, 12.0])), (2, 2, 1)) * np.ones(3)
    height, width = image_hw
    grown = cv2.resize(corners.astype(np.float32), (width, height), interpolation=cv2.INTER_LINEAR)
    return np.clip(grown, 0, 255).astype(np.uint8)


def _base(rng: np.random.Generator, image_hw: tuple[int, int]) -> Image:
    """A smooth change between four corner colours."""
    first = np.array(_colour(rng), np.float32)
    spread = rng.uniform(0, 0.9)
    corners = np.array([[_colour(rng), _colour(rng)], [_colour(rng), _colour(rng)]], np.float32)
    corners = first + spread * (corners - first)
    height, width = image_hw
    return cv2.resize(corners, (width, height), interpolation=cv2.INTER_LINEAR).astype(np.uint8)


def _draw_thing(rng: np.random.Generator, canvas: Image) -> None:
    height, width = canvas.shape[:2]
    centre = (int(rng.integers(width)), int(rng.integers(height)))
    reach = float(rng.uniform(0.02, 0.35)) * max(height, width)
    colour, kind = _colour(rng), rng.random()
    if kind < 0.3:
        corners = rng.normal(0, 0.6 * reach, (int(rng.integers(3, 7)), 2)) + centre
        cv2.fillPoly(canvas, [corners.astype(np.int32)], colour)
    elif kind < 0.55:
        other = (int(centre[0] + rng.normal(0, reach)), int(centre[1] + rng.normal(0, reach)))
        cv2.rectangle(canvas, centre, other, colour, -1)
    elif kind < 0.8:
        axes = (max(1, int(reach * rng.uniform(0.3, 1))), max(1, int(reach * rng.uniform(0.3, 1))))
        cv2.ellipse(canvas, centre, axes, float(rng.uniform(0, 180)), 0, 360, colour, -1)
    else:
        other = (int(rng.integers(width)), int(rng.integers(height)))
        cv2.line(canvas, centre, other, colour, max(1, int(reach * 0.15)))


def _draw_grid(rng: np.random.Generator, canvas: Image) -> None:
    """Regular things: shelves, blinds, tiles, bricks."""
    height, width = canvas.shape[:2]
    step = max(3, int(rng.uniform(0.03, 0.25) * max(height, width)))
    thick, colour = max(1, int(step * rng.uniform(0.05, 0.6))), _colour(rng)
    if rng.random() < 0.7:
        for y in range(int(rng.integers(step)), height, step):
            cv2.line(canvas, (0, y), (width, y), colour, thick)
    if rng.random() < 0.6:
        for x in range(int(rng.integers(step)), width, step):
            cv2.line(canvas, (x, 0), (x, height), colour, thick)


def _grain(rng: np.random.Generator, canvas: Image) -> Image:
    """Texture at several scales: foliage, plaster, cloth."""
    height, width = canvas.shape[:2]
    total = np.zeros((height, width), np.float32)
    for octave in range(1, 6):
        cells = 2 ** (octave + 1)
        coarse = rng.normal(size=(cells, cells)).astype(np.float32)
        weight = float(rng.uniform(0, 16)) * float(rng.random())
        total += weight * cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    return np.clip(canvas + total[..., None], 0, 255).astype(np.uint8)
