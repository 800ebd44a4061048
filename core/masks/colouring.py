"""Label maps as colours: on their own, or laid over a picture."""

from __future__ import annotations

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
        label_map: Crop in the picture's pixels.
        palette: (K, 3) RGB.
        opacity: 0 (nothing) … 1 (colour alone).
    """
    inside, in_crop = label_map.overlap((rgb.shape[0], rgb.shape[1]))
    part, labels = rgb[inside], label_map.labels[in_crop]
    weight = round(256 * opacity)
    tables = _blend_tables(np.asarray(palette), weight)
    for channel in range(3):
        part[..., channel] = tables[channel][labels, part[..., channel]]


def _blend_tables(palette: Picture, weight: int) -> list[NDArray[np.uint8]]:
    """For each channel (K, 256): the mixed value for a class and a pixel's value."""
    values = np.arange(256, dtype=np.int32)
    tables = []
    for channel in range(3):
        colour = palette[:, channel].astype(np.int32)[:, None]
        mixed = (values * (256 - weight) + colour * weight + 128) >> 8
        mixed[0] = values
        tables.append(mixed.astype(np.uint8))
    return tables
