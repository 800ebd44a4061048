"""Painting polygons: a pixel belongs to a polygon when its centre lies inside (even–odd rule).

cv2.fillPoly also paints every pixel its outline touches, half a pixel too much all round: on a
closed mouth of 2 px that doubles the class. It also overflows on far-away points.

There are two ways to the same pixels: compiled code, which takes a second or more to load, for the
millions of polygons of a job, and arrays, for the few of a window that must not stand still.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.masks.label_map import Labels

compiles = True
"""Whether polygons are filled by compiled code. A window sets it to False before its first one."""


def fill_polygon(labels: Labels, xy: NDArray[np.float64], value: int) -> None:
    """Paint a polygon into a label map in place.

    Args:
        labels: (h, w) uint8, C-contiguous.
        xy: Outline, (N, 2), integer = pixel centre, closed by itself; may leave the map.
        value: Class painted, 0–255.

    Raises:
        ValueError: If a coordinate is not finite.
    """
    fill_rings(labels, [xy], value)


def fill_rings(labels: Labels, rings: Sequence[NDArray[np.float64]], value: int) -> None:
    """Paint several outlines as one region: what lies in an odd number of them (holes stay free).

    Args and Raises as for `fill_polygon`.
    """
    points = np.ascontiguousarray(np.concatenate(rings), dtype=np.float64)
    if not np.isfinite(points).all():
        raise ValueError("a polygon's points must be finite")
    ends = np.cumsum([len(ring) for ring in rings])
    if len(points):
        (_compiled() if compiles else fill_by_arrays)(labels, points, ends, value)


def fill_by_arrays(
    labels: Labels, points: NDArray[np.float64], ends: NDArray[np.int64], value: int
) -> None:
    """The twin of `_fill` without a compiler: all crossings at once.

    Args:
        labels: (h, w) uint8.
        points: (N, 2) the rings under each other.
        ends: (R,) one past each ring's last point.
        value: Class painted.
    """
    height, width = labels.shape
    (left, low), (right, high) = points.min(axis=0), points.max(axis=0)
    first, last = (int(v) for v in np.clip(np.ceil([low, high]), 0, height))
    begin, end = (int(v) for v in np.clip(np.ceil([left, right]), 0, width))
    if last <= first or end <= begin:
        return
    previous = np.arange(len(points)) - 1
    previous[np.concatenate([[0], ends[:-1]])] = ends - 1
    a, b = points[previous], points
    falls = (a[:, 1] > b[:, 1])[:, None]
    a, b = np.where(falls, b, a), np.where(falls, a, b)
    rows = np.clip(np.ceil(np.stack([a[:, 1], b[:, 1]])), first, last).astype(np.int64)
    counts = rows[1] - rows[0]
    edge = np.repeat(np.arange(len(counts)), counts)
    y = np.arange(len(edge)) - np.repeat(np.cumsum(counts) - counts, counts) + rows[0][edge]
    with np.errstate(over="ignore"):  # far away is far away
        slope = (b[edge, 0] - a[edge, 0]) / (b[edge, 1] - a[edge, 1])
        x = np.clip(np.ceil(a[edge, 0] + (y - a[edge, 1]) * slope), begin, end).astype(np.int64)
    columns = end - begin + 1
    places = (y - first) * columns + x - begin
    toggles = np.bincount(places, minlength=(last - first) * columns).reshape(-1, columns) & 1
    inside = np.bitwise_xor.accumulate(toggles, axis=1)[:, :-1] == 1
    labels[first:last, begin:end][inside] = value


@lru_cache(maxsize=1)
def _compiled() -> Callable[..., None]:
    import numba

    compiled: Any = numba.njit(cache=True)(_fill)
    return compiled  # type: ignore[no-any-return]


def _fill(labels, points, ends, value):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Even–odd scan: mark where edges cross each row of pixel centres, then sweep the rows.

    An edge owns the half-open span of rows [ceil(y_top), ceil(y_bottom)), so that a shared vertex
    counts once; a crossing at x toggles from column ceil(x) on.
    """
    height, width = labels.shape
    low, high, left, right = np.inf, -np.inf, np.inf, -np.inf
    for k in range(points.shape[0]):
        left, right = min(left, points[k, 0]), max(right, points[k, 0])
        low, high = min(low, points[k, 1]), max(high, points[k, 1])
    first = int(min(max(math.ceil(low), 0.0), height))
    last = int(min(max(math.ceil(high), first), height))
    begin = int(min(max(math.ceil(left), 0.0), width))
    end = int(min(max(math.ceil(right), begin), width))
    if last == first or end == begin:
        return
    toggles = np.zeros((last - first, end - begin + 1), np.uint8)
    start = 0
    for stop in ends:
        previous = stop - 1
        for k in range(start, stop):
            ax, ay, bx, by = points[previous, 0], points[previous, 1], points[k, 0], points[k, 1]
            previous = k
            if ay > by:
                ax, ay, bx, by = bx, by, ax, ay
            row = int(min(max(math.ceil(ay), first), last))
            until = int(min(max(math.ceil(by), first), last))
            if row == until:
                continue
            slope = (bx - ax) / (by - ay)
            for y in range(row, until):
                x = min(max(math.ceil(ax + (y - ay) * slope), begin), end)
                toggles[y - first, int(x) - begin] ^= 1
        start = stop
    for y in range(first, last):
        inside = 0
        for x in range(begin, end):
            inside ^= toggles[y - first, x - begin]
            if inside:
                labels[y, x] = value
