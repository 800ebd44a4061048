"""Label maps as colours: on their own, or laid over a picture."""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

from core.masks.label_map import LabelMap, Labels

Picture = NDArray[np.uint8]


def colourise(labels: Labels, palette: Picture) -> Picture:
    """Each pixel's class colour.

    Args:
        labels: (h, w) uint8, each below K.
        palette: (K, 3) RGB.

    Returns:
        (h, w, 3) uint8.
    """
    return np.asarray(palette, dtype=np.uint8)[labels]


def blend(rgb: Picture, label_map: LabelMap, palette: Picture, opacity: float) -> None:
    """Lay the classes' colours over a picture, in place; background leaves it as it is.

    Args:
        rgb: (H, W, 3) uint8.
        label_map: Crop in the picture's pixels, each label below K.
        palette: (K, 3) RGB.
        opacity: 0 (nothing) … 1 (colour alone).

    Raises:
        ValueError: If a label has no colour.
    """
    inside, in_crop = label_map.overlap((rgb.shape[0], rgb.shape[1]))
    labels = label_map.labels[in_crop]
    if labels.size and int(labels.max()) >= len(palette):
        raise ValueError(f"label {int(labels.max())} has no colour among {len(palette)}")
    _blend(rgb[inside], labels, np.asarray(palette, dtype=np.uint8), round(256 * opacity))


def stain(rgb: Picture, coverage: Labels, colour: tuple[int, int, int], opacity: float) -> None:
    """Mix a colour into a picture, in place.

    Args:
        rgb: (h, w, 3) uint8.
        coverage: (h, w) uint8, how much of each pixel is covered, 255 = all.
        colour: Red, green, blue.
        opacity: Of a pixel covered wholly, 0 … 1.
    """
    _stain(rgb, coverage, np.array(colour, dtype=np.uint8), opacity)


@numba.njit(cache=True)
def _blend(rgb, labels, palette, weight):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    for y in range(labels.shape[0]):
        for x in range(labels.shape[1]):
            value = labels[y, x]
            if value:
                for c in range(3):
                    mixed = rgb[y, x, c] * (256 - weight) + palette[value, c] * weight
                    rgb[y, x, c] = (mixed + 128) >> 8


@numba.njit(cache=True)
def _stain(rgb, coverage, colour, opacity):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    for y in range(coverage.shape[0]):
        for x in range(coverage.shape[1]):
            if coverage[y, x]:
                weight = coverage[y, x] * opacity / 255
                for c in range(3):
                    rgb[y, x, c] = np.uint8(rgb[y, x, c] * (1 - weight) + colour[c] * weight + 0.5)
