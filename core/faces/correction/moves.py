"""Moving chosen landmarks rigidly: by a shift, or by a planar map about a middle."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from core.geometry import Array, apply_affine

Points = NDArray[np.float64]


def is_there(xy: Array) -> NDArray[np.bool_]:
    """Which points are not missing, (M,)."""
    return np.asarray(np.isfinite(xy).all(axis=-1), dtype=np.bool_)


def shifted(xy: Array, members: Iterable[int], shift_xy: Array) -> Points:
    """The points with some of them moved.

    Args:
        xy: (M, 2).
        members: Which points move.
        shift_xy: (2,) pixels.

    Returns:
        (M, 2).
    """
    moved = np.array(xy, dtype=np.float64)
    chosen = list(members)
    moved[chosen] += np.asarray(shift_xy, dtype=np.float64)
    return moved


def mapped(xy: Array, members: Iterable[int], matrix: Array) -> Points:
    """The points with some of them mapped by a planar map (2, 3); (M, 2)."""
    moved = np.array(xy, dtype=np.float64)
    chosen = list(members)
    moved[chosen] = apply_affine(matrix, moved[chosen])
    return moved


def turn_about(middle_xy: Array, angle_rad: float, scale: float = 1.0) -> Points:
    """The map that turns (x towards y: clockwise on screen) and scales about a point, (2, 3)."""
    middle = np.asarray(middle_xy, dtype=np.float64)
    cos, sin = scale * np.cos(angle_rad), scale * np.sin(angle_rad)
    linear = np.array([[cos, -sin], [sin, cos]])
    return np.hstack([linear, (middle - linear @ middle)[:, None]])


def stretch_about(fixed_xy: Array, factors_xy: Array) -> Points:
    """The map that scales x and y by a factor each and keeps a point in place, (2, 3)."""
    fixed = np.asarray(fixed_xy, dtype=np.float64)
    linear = np.diag(np.asarray(factors_xy, dtype=np.float64))
    return np.hstack([linear, (fixed - linear @ fixed)[:, None]])


def middle_of(xy: Array, members: Iterable[int]) -> Points:
    """The middle of the box around some of the points, (2,); NaN if none of them is there."""
    chosen = np.asarray(xy, dtype=np.float64)[list(members)]
    chosen = chosen[is_there(chosen)]
    if len(chosen) == 0:
        return np.full(2, np.nan)
    return np.asarray((chosen.min(axis=0) + chosen.max(axis=0)) / 2)
