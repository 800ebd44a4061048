"""Dragging a contour by one of its landmarks: the neighbours follow smoothly.

Weights fall along the contour's arc as a raised cosine, from 1 at the dragged point to 0 at the
reach. They depend on the shape before the drag only, so that the drag is linear in the mouse's way.
A corner where contours meet (of the eye, of the mouth, the Cupid's bow) holds still unless it is
dragged itself; a free end (of the jaw, of a brow) follows like any other point.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from core.faces.correction.moves import Points, is_there
from core.geometry import Array
from core.schemes import Contour

Weights = NDArray[np.float64]

REACH = 0.5
"""How far a drag reaches, as a share of the contour's length."""


def curve_dragged(
    xy: Array, contours: Sequence[Contour], index: int, shift_xy: Array, reach: float = REACH
) -> Points:
    """The points after one of them was dragged and its neighbours followed.

    Args:
        xy: (M, 2), before the drag.
        contours: The scheme's.
        index: The point dragged.
        shift_xy: (2,) pixels from where the drag began.
        reach: See `drag_weights`.

    Returns:
        (M, 2).
    """
    points = np.array(xy, dtype=np.float64)
    weights = drag_weights(points, contours, index, reach)
    followers = weights > 0
    points[followers] += weights[followers, None] * np.asarray(shift_xy, dtype=np.float64)
    return points


def drag_weights(
    xy: Array, contours: Sequence[Contour], index: int, reach: float = REACH
) -> Weights:
    """How much each point follows a drag of one point.

    Args:
        xy: (M, 2).
        contours: The scheme's.
        index: The point dragged.
        reach: How far it reaches along each contour, as a share of the contour's length, in (0, 1].

    Returns:
        (M,) in [0, 1]: 1 for the point itself, 0 for points that share no contour with it.
    """
    points = np.asarray(xy, dtype=np.float64)
    weights = np.zeros(len(points))
    corners = _corners(contours)
    for contour in contours:
        if index not in contour.points:
            continue
        here = contour.points.index(index)
        for walk in _walks(contour, here):
            _follow(weights, points, walk, _length(points, contour) * reach, corners)
    weights[index] = 1.0
    return weights


def _corners(contours: Sequence[Contour]) -> set[int]:
    """Points where contours meet: the ends of an open one that lie on another one too."""
    ends = [(c, p) for c in contours if not c.closed for p in (c.points[0], c.points[-1])]
    return {p for c, p in ends if any(p in other.points for other in contours if other is not c)}


def _walks(contour: Contour, here: int) -> list[tuple[int, ...]]:
    """The ways from a place on the contour: two, each to an end, or half round a closed one."""
    points = contour.points
    if not contour.closed:
        return [points[here:], points[here::-1]]
    round_trip = points[here:] + points[:here]
    return [round_trip, (round_trip[0], *round_trip[:0:-1])]


def _follow(
    weights: Weights, points: Points, walk: Sequence[int], reach_px: float, corners: set[int]
) -> None:
    """Raise the weights along one way; up to the first corner, which holds still."""
    stop = next((at for at, p in enumerate(walk) if at and p in corners), len(walk))
    steps = np.linalg.norm(np.diff(points[list(walk)], axis=0), axis=1)
    way = np.concatenate([[0.0], np.nan_to_num(steps).cumsum()])
    if stop < len(walk):
        reach_px = min(reach_px, float(way[stop]))
    for at in range(1, stop):
        if way[at] < reach_px:
            weight = 0.5 + 0.5 * np.cos(np.pi * way[at] / reach_px)
            weights[walk[at]] = max(weights[walk[at]], weight)


def _length(points: Points, contour: Contour) -> float:
    """Length of the contour's polyline in pixels, missing points left out."""
    chosen = points[list(contour.points)]
    chosen = chosen[is_there(chosen)]
    if contour.closed and len(chosen):
        chosen = np.vstack([chosen, chosen[:1]])
    return float(np.linalg.norm(np.diff(chosen, axis=0), axis=1).sum())
