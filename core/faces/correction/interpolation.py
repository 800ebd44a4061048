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


class Interpolation:
    """The way from one anchor to the other; what does not depend on the share is found once.

    Args:
        first_xy: (M, 2), at share 0.
        second_xy: (M, 2), at share 1.
        parts: The components, as point indices.
    """

    def __init__(self, first_xy: Array, second_xy: Array, parts: Iterable[Sequence[int]]) -> None:
        first, second = (np.asarray(xy, dtype=np.float64) for xy in (first_xy, second_xy))
        known = is_there(first) & is_there(second)
        self._count = len(first)
        members = [[i for i in part if known[i]] for part in parts]
        self._parts = [(part, _Part(first[part], second[part])) for part in members if part]

    def at(self, share: float) -> Points:
        """The points a share of the way, in [0, 1]; (M, 2), NaN where one is missing or left."""
        result = np.full((self._count, 2), np.nan)
        for members, part in self._parts:
            result[members] = part.at(share)
        return result


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
    return Interpolation(first_xy, second_xy, parts).at(share)


class _Part:
    """One component's way."""

    def __init__(self, first: Points, second: Points) -> None:
        self._scale, self._angle = _scale_and_angle(first, second)
        self._middle, middle_2 = first.mean(axis=0), second.mean(axis=0)
        self._shape = first - self._middle
        own_2 = (second - middle_2) @ _linear(1.0 / self._scale, -self._angle).T
        self._change, self._way = own_2 - self._shape, middle_2 - self._middle

    def at(self, share: float) -> Points:
        turned = _linear(self._scale**share, share * self._angle).T
        shape = self._shape + share * self._change
        return np.asarray(shape @ turned + self._middle + share * self._way)


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
