"""Moving landmarks to the image's edge along their contour's normal.

The way of active shape models (Cootes et al. 1995, "Active shape models – their training and
application", section 4): look along the normal for the strongest change of brightness. A change
near the point counts more than one far off, and a flat neighbourhood moves nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from core.faces.correction.moves import Points
from core.geometry import Array
from core.schemes import Contour

_STEP_PX = 0.5
_LEAST_CHANGE = 4.0
"""Grey levels a pixel below which there is no edge."""


def snapped(
    xy: Array,
    contours: Sequence[Contour],
    members: Iterable[int],
    rgb: NDArray[np.uint8],
    reach_px: float,
) -> Points:
    """The points with some of them moved to the edge nearest and strongest along the normal.

    Args:
        xy: (M, 2).
        contours: The scheme's; a point on none of them, or at a corner of two, stays.
        members: The points that may move.
        rgb: (H, W, 3) the frame.
        reach_px: How far a point may move.

    Returns:
        (M, 2); no point further from its place than `reach_px`.
    """
    points = np.array(xy, dtype=np.float64)
    normals = contour_normals(points, contours)
    grey = np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), np.uint8)
    for index in sorted(set(members)):
        if np.isfinite(points[index]).all() and np.isfinite(normals[index]).all():
            way = _way_to_edge(grey, points[index], normals[index], reach_px)
            points[index] += way * normals[index]
    return points


def contour_normals(xy: Array, contours: Sequence[Contour]) -> Points:
    """Unit normals of the contours at their points.

    Returns:
        (M, 2); NaN for points on no contour, and where contours meet in a corner.
    """
    points = np.asarray(xy, dtype=np.float64)
    normals = np.full_like(points, np.nan)
    times = np.zeros(len(points), int)
    for contour in contours:
        times[list(contour.points)] += 1
        for at, index in enumerate(contour.points):
            before, after = _neighbours(contour, at)
            along = points[after] - points[before]
            length = np.linalg.norm(along)
            if np.isfinite(length) and length > 0:
                normals[index] = (-along[1] / length, along[0] / length)
    normals[times > 1] = np.nan
    return normals


def _neighbours(contour: Contour, at: int) -> tuple[int, int]:
    """The points before and after a place; at an open end the end itself is one of them."""
    last = len(contour.points) - 1
    if contour.closed:
        return contour.points[at - 1], contour.points[(at + 1) % (last + 1)]
    return contour.points[max(at - 1, 0)], contour.points[min(at + 1, last)]


def _way_to_edge(grey: NDArray[np.uint8], point: Points, normal: Points, reach_px: float) -> float:
    """How far along the normal the edge is, in pixels; 0 without one."""
    count = int(reach_px / _STEP_PX) + 1
    offsets = _STEP_PX * np.arange(-count - 1, count + 2)
    places = (point + offsets[:, None] * normal).astype(np.float32)
    profile = cv2.remap(
        grey, places[None, :, 0], places[None, :, 1], cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )[0].astype(np.float64)  # fmt: skip
    change = np.abs(profile[2:] - profile[:-2]) / (2 * _STEP_PX)
    nearness = np.exp(-0.5 * (offsets[1:-1] / max(reach_px, _STEP_PX)) ** 2)
    strength = change * nearness
    best = int(np.argmax(strength))
    if change[best] < _LEAST_CHANGE:
        return 0.0
    way = offsets[1 + best] + _STEP_PX * _peak(strength, best)
    return float(np.clip(way, -reach_px, reach_px))


def _peak(values: Points, best: int) -> float:
    """Where a parabola through the highest value and its neighbours has its top, in steps."""
    if not 0 < best < len(values) - 1:
        return 0.0
    left, top, right = values[best - 1 : best + 2]
    bend = left - 2 * top + right
    return float(0.5 * (left - right) / bend) if bend < 0 else 0.0
