"""Outlines of regions along pixel edges, and back.

**Corner convention**: outlines are whole numbers in which pixel i spans i … i + 1, as Qt, COCO
polygons and CVAT count. Subtract ½ for this program's own convention (integer = pixel centre); that
shift happens here and nowhere else. Painted again, an outline with its holes gives exactly the
pixels it was traced from. cv2.findContours runs through the centres of border pixels instead: half
a pixel short all round, nothing at all for a line one pixel wide.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

from core.masks.fill import fill_rings
from core.masks.label_map import Labels

Corners = NDArray[np.int32]


class Ring(NamedTuple):
    """One closed outline."""

    corners: Corners
    """(N, 2) xy where it turns, corner convention; clockwise on screen, a hole the other way."""
    hole: bool
    """Whether it bounds a hole."""


def trace_rings(mask: NDArray[np.bool_]) -> list[Ring]:
    """Outlines of the region, 8-connected: pixels that touch at a corner share a ring.

    Args:
        mask: (h, w) bool or uint8, true inside.

    Returns:
        Rings from top to bottom by their first corner; none for an empty mask.
    """
    padded = np.zeros((mask.shape[0] + 2, mask.shape[1] + 2), np.uint8)
    padded[1:-1, 1:-1] = mask != 0
    corners, ends = _trace(padded)
    rings = np.split(corners, ends[:-1]) if len(ends) else []
    return [Ring(ring, _doubled_area(ring) < 0) for ring in rings]


def paint_rings(labels: Labels, rings: Sequence[Corners | NDArray[np.float64]], value: int) -> None:
    """Paint a region given by its rings, holes among them, into a label map in place.

    Args:
        labels: (h, w) uint8, C-contiguous.
        rings: Each (N, 2) xy in the corner convention, whole or fractional.
        value: Class painted.
    """
    if len(rings) > 0:
        fill_rings(labels, [np.asarray(ring, dtype=np.float64) - 0.5 for ring in rings], value)


def rings_of_classes(labels: Labels) -> dict[int, list[Ring]]:
    """The rings of every class but background, by class index."""
    present = np.flatnonzero(np.bincount(labels.reshape(-1), minlength=1))
    return {int(value): trace_rings(labels == value) for value in present if value != 0}


def _doubled_area(ring: Corners) -> int:
    """Twice the signed area, positive for clockwise on screen (y points down)."""
    x, y = ring[:, 0].astype(np.int64), ring[:, 1].astype(np.int64)
    return int((x * np.roll(y, -1) - np.roll(x, -1) * y).sum())


@numba.njit(cache=True)
def _edges(padded):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """The edges that leave each corner with the region on their right, as bits; and their number.

    Bit 0 leads east, 1 south, 2 west, 3 north.
    """
    height, width = padded.shape[0] - 1, padded.shape[1] - 1
    leaving, count = np.zeros((height, width), np.uint8), 0
    for y in range(height):
        for x in range(width):
            nw, ne = padded[y, x], padded[y, x + 1]
            sw, se = padded[y + 1, x], padded[y + 1, x + 1]
            east, south, west, north = se > ne, sw > se, nw > sw, ne > nw
            leaving[y, x] = east + 2 * south + 4 * west + 8 * north
            count += int(east) + int(south) + int(west) + int(north)
    return leaving, count


@numba.njit(cache=True)
def _trace(padded):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Follow the edges ring by ring and keep the corners where they turn.

    Every ring has an edge east, and its first one in reading order starts at a turn. Where two
    edges leave a corner, the left turn joins the pixels that touch there.
    """
    leaving, count = _edges(padded)
    todo = leaving.copy()
    corners, ends = np.empty((count, 2), np.int32), np.empty(count, np.int64)
    step_x, step_y = (1, 0, -1, 0), (0, 1, 0, -1)
    filled, rings = 0, 0
    for start_y in range(leaving.shape[0]):
        for start_x in range(leaving.shape[1]):
            if not todo[start_y, start_x] & 1:
                continue
            x, y, heading, turn = start_x, start_y, -1, 0
            while heading < 0 or turn != 0 or x != start_x or y != start_y:
                todo[y, x] &= 15 - (1 << turn)
                if turn != heading:
                    corners[filled, 0], corners[filled, 1] = x, y
                    filled += 1
                heading = turn
                x, y = x + step_x[turn], y + step_y[turn]
                turn = (heading + 3) % 4
                while not leaving[y, x] >> turn & 1:
                    turn = (turn + 1) % 4
            ends[rings] = filled
            rings += 1
    return corners[:filled].copy(), ends[:rings].copy()
