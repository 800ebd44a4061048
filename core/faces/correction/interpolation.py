"""Landmarks between two anchor frames: each part of the face moves, turns and grows evenly.

Straight interpolation point by point shrinks what turns. Here each part's similarity from one
anchor to the other is taken in equal steps (turn and logarithm of scale linear in time), and what
is left of the change of shape is added linearly in the part's own frame.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from core.faces.correction.moves import Points, is_there
from core.geometry import Array, fit_similarity

_ALIKE = 0.2
"""Least scale of the fitted similarity, as a share of how much the part really grew."""


def interpolated(
    first_xy: Array, second_xy: Array, share: float, parts: Iterable[Sequence[int]]
) -> Points:
    """The points a share of the way from one anchor to the other.

    Args:
        first_xy: (M, 2), at share 0.
        second_xy: (M, 2), at share 1.
        share: In [0, 1].
        parts: The components, as point indices.

    Returns:
        (M, 2); NaN where a point is missing in an anchor or in no part.
    """
    first, second = (np.asarray(xy, dtype=np.float64) for xy in (first_xy, second_xy))
    result = np.full_like(first, np.nan)
    known = is_there(first) & is_there(second)
    for part in parts:
        members = [i for i in part if known[i]]
        if members:
            result[members] = _one_part(first[members], second[members], share)
    return result


def _one_part(first: Points, second: Points, share: float) -> Points:
    scale, angle = _scale_and_angle(first, second)
    middle_1, middle_2 = first.mean(axis=0), second.mean(axis=0)
    own_1 = first - middle_1
    own_2 = (second - middle_2) @ _linear(1.0 / scale, -angle).T
    shape = own_1 + share * (own_2 - own_1)
    middle = middle_1 + share * (middle_2 - middle_1)
    return np.asarray(shape @ _linear(scale**share, share * angle).T + middle)


def _scale_and_angle(first: Points, second: Points) -> tuple[float, float]:
    """Of the similarity between two parts; none where too few points tell it."""
    try:
        matrix = fit_similarity(first, second)
    except ValueError:
        return 1.0, 0.0
    scale = float(np.hypot(matrix[0, 0], matrix[1, 0]))
    if scale < _ALIKE * second.std(axis=0).sum() / first.std(axis=0).sum():
        return 1.0, 0.0  # the shapes have too little in common to tell a turn
    return scale, float(np.arctan2(matrix[1, 0], matrix[0, 0]))


def _linear(scale: float, angle: float) -> Points:
    cos, sin = scale * np.cos(angle), scale * np.sin(angle)
    return np.array([[cos, -sin], [sin, cos]])
