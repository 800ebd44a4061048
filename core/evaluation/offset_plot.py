"""The convention offset as a picture: where a photo-trained net puts points, from our truth."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from core.errors import InputError
from core.evaluation.realism import EYES
from core.synthesis.recipe import PRESETS
from core.synthesis.world import sample_landmarks

Image = NDArray[np.uint8]

ENDINGS = (".png", ".jpg", ".webp")
SIZE = 720
ENLARGED = 5.0
"""How many times longer arrows are than offsets."""
_FACES = 200
_INK, _TRUTH, _ARROW = (40, 40, 40), (20, 120, 60), (200, 60, 30)


def draw_offsets(offsets: Sequence[tuple[float, float]]) -> Image:
    """Our mean frontal face with an arrow a point, five times as long as the offset.

    Args:
        offsets: `ReverseTest.offsets` of 68 points, in eye distances.

    Returns:
        (SIZE, SIZE, 3) RGB on white.

    Raises:
        ValueError: If they are not 68.
    """
    if len(offsets) != 68:
        raise ValueError(f"offsets of {len(offsets)} points where 68 are drawn")
    mean = sample_landmarks(range(_FACES), SIZE, PRESETS["frontal"]).mean(axis=0)
    low, high = mean.min(axis=0), mean.max(axis=0)
    zoom = 0.8 * SIZE / float((high - low).max())
    points = (mean - (low + high) / 2) * zoom + SIZE / 2
    eyes = float(np.linalg.norm(points[EYES[0]] - points[EYES[1]]))
    canvas = np.full((SIZE, SIZE, 3), 255, np.uint8)
    for number, (point, offset) in enumerate(zip(points, offsets, strict=True)):
        start, end = point, point + ENLARGED * eyes * np.asarray(offset)
        a, b = (tuple(round(16 * float(v)) for v in xy) for xy in (start, end))
        cv2.circle(canvas, a, 16 * 3, _TRUTH, -1, cv2.LINE_AA, 4)
        cv2.line(canvas, a, b, _ARROW, 2, cv2.LINE_AA, 4)
        place = (round(float(point[0])) + 4, round(float(point[1])) - 4)
        cv2.putText(
            canvas, str(number), place, cv2.FONT_HERSHEY_SIMPLEX, 0.32, _INK, 1, cv2.LINE_AA
        )
    mean_size = 100 * float(np.linalg.norm(np.asarray(offsets), axis=1).mean())
    text = f"mean {mean_size:.1f} % of the eye distance; lines {ENLARGED:.0f} x as long"
    _write(canvas, text, (12, 24), 0.55)
    return canvas


def _write(canvas: Image, text: str, at: tuple[int, int], size: float) -> None:
    cv2.putText(canvas, text, at, cv2.FONT_HERSHEY_SIMPLEX, size, _INK, 1, cv2.LINE_AA)


def write_offsets(file: Path, offsets: Sequence[tuple[float, float]]) -> None:
    """Write `draw_offsets` as a picture; the ending names the format.

    Raises:
        InputError: If the ending is none of `ENDINGS`.
    """
    if file.suffix.lower() not in ENDINGS:
        raise InputError(f"{file}: end the picture's name in {', '.join(ENDINGS)}.")
    file.parent.mkdir(parents=True, exist_ok=True)
    _, data = cv2.imencode(file.suffix, draw_offsets(offsets)[..., ::-1])
    file.write_bytes(data.tobytes())
