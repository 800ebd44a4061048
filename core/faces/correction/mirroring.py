"""Mirroring a face about its own middle line: repair one side from the other."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from core.faces.correction.moves import Points, is_there
from core.geometry import Array

_ROUNDS = 20
_FLOOR = 1e-3
"""Smallest residual that is told from none, as a share of the face's size."""


def mirrored(xy: Array, mirror: Array, members: Iterable[int]) -> Points:
    """The points with some of them put where their partners' mirror images are.

    A point on the middle line (its own partner) goes to its own mirror image; a point whose partner
    is missing stays.

    Args:
        xy: (M, 2).
        mirror: (M,) the scheme's partners, an involution.
        members: The points to be placed.

    Returns:
        (M, 2); all of them as they were if no middle line can be told.
    """
    points = np.array(xy, dtype=np.float64)
    partners = np.asarray(mirror)
    axis = middle_line(points, partners)
    chosen = np.array(sorted(set(members)), dtype=np.int64)
    if axis is None or len(chosen) == 0:
        return points
    image = points[partners] @ axis[:, :2].T + axis[:, 2]
    chosen = chosen[is_there(image[chosen])]
    points[chosen] = image[chosen]
    return points


def middle_line(xy: Array, mirror: Array) -> Points | None:
    """The reflection that brings the points nearest to their partners, (2, 3).

    Least absolute deviation by reweighting, so that a side that has drifted does not turn the line.
    Partners weigh the same: the result is an exact reflection, its own inverse.

    Args:
        xy: (M, 2).
        mirror: (M,) partners.

    Returns:
        None if fewer than two places are known of which both partners are.
    """
    points = np.asarray(xy, dtype=np.float64)
    partners = np.asarray(mirror)
    known = is_there(points) & is_there(points[partners])
    a, b = points[known], points[partners][known]
    size = float(np.sqrt(a.var(axis=0).sum())) if len(a) else 0.0
    if len(a) < 2 or size == 0.0:
        return None
    weights = np.ones(len(a))
    axis = _reflection(a, b, weights)
    for _ in range(_ROUNDS):
        residual = np.linalg.norm(b @ axis[:, :2].T + axis[:, 2] - a, axis=1)
        axis = _reflection(a, b, 1.0 / np.maximum(residual, _FLOOR * size))
    return axis


def _reflection(a: Points, b: Points, weights: Points) -> Points:
    """The weighted least-squares reflection from b to a; both list every pair in both orders."""
    middle = (weights[:, None] * a).sum(axis=0) / weights.sum()
    u, v = a - middle, b - middle
    cos = float((weights * (u[:, 0] * v[:, 0] - u[:, 1] * v[:, 1])).sum())
    sin = float((weights * (u[:, 0] * v[:, 1] + u[:, 1] * v[:, 0])).sum())
    length = np.hypot(cos, sin)
    cos, sin = (cos / length, sin / length) if length > 0 else (-1.0, 0.0)
    linear = np.array([[cos, sin], [sin, -cos]])
    return np.hstack([linear, (middle - linear @ middle)[:, None]])
