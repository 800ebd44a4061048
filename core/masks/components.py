"""Connected regions of a label map: 8-connected pixels of equal class, background left out."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from core.masks.label_map import Labels


class Components(NamedTuple):
    """The regions of one label map."""

    ids: NDArray[np.int32]
    """(h, w): 1 … n, 0 for the background; by class, then in reading order."""
    classes: Labels
    """Class of each region, (n,); region i is `classes[i − 1]`."""
    areas: NDArray[np.int64]
    """Pixels of each region, (n,)."""
    boxes: NDArray[np.int64]
    """(n, 4) xyxy, half-open."""


def components(labels: Labels) -> Components:
    """Find the regions.

    Args:
        labels: (h, w) uint8.
    """
    ids = np.zeros(labels.shape, np.int32)
    classes: list[int] = []
    stats: list[NDArray[np.int32]] = []
    present = np.flatnonzero(np.bincount(labels.reshape(-1), minlength=1))
    for value in present[present != 0]:
        mask = (labels == value).astype(np.uint8)
        count, found, table, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
        np.copyto(ids, found + len(classes), where=found != 0)
        classes += [int(value)] * (count - 1)
        stats.append(table[1:])
    table = np.concatenate(stats) if stats else np.zeros((0, 5), np.int32)
    x, y, width, height, area = table.astype(np.int64).T
    boxes = np.stack([x, y, x + width, y + height], axis=1)
    return Components(ids, np.array(classes, np.uint8), area, boxes)


def without_islands(labels: Labels, smallest: int) -> Labels:
    """The map with each class's regions below `smallest` pixels turned into background.

    The largest region of a class always stays.

    Args:
        labels: (h, w) uint8.
        smallest: Area in pixels a region needs to stay.
    """
    found = components(labels)
    largest = np.zeros(256, np.int64)
    np.maximum.at(largest, found.classes, found.areas)
    stays = (found.areas >= smallest) | (found.areas == largest[found.classes])
    return np.where(np.concatenate([[False], stays])[found.ids], labels, np.uint8(0))
