"""How well a sparse format stands for the landmarks it leaves out; light, without the search."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from core.errors import InputError

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]


def coverage(matrix: Floats, points: Sequence[int] | Indices) -> float:
    """Of any format, c (Eq. 5.5): the worst other landmark's affinity with its nearest chosen one.

    Raises:
        InputError: If no landmark or every landmark is chosen, or one is none.
    """
    chosen = checked_points(points, len(matrix), "The format")
    if not 0 < len(chosen) < len(matrix):
        raise InputError(
            f"A format of {len(chosen)} of {len(matrix)} landmarks leaves nothing to judge it by."
        )
    left = np.setdiff1d(np.arange(len(matrix)), chosen)
    return float(np.nan_to_num(matrix)[np.ix_(chosen, left)].max(axis=0).min())


def assignment(matrix: Floats, points: Sequence[int] | Indices) -> Indices:
    """The chosen landmark that each landmark is nearest to, (M,); a chosen one to itself."""
    chosen = np.array(sorted(points), np.int64)
    nearest = chosen[np.nan_to_num(matrix)[chosen].argmax(axis=0)]
    nearest[chosen] = chosen
    return nearest


def checked_points(points: Sequence[int] | Indices, count: int, where: str) -> Indices:
    """Points as sorted indices.

    Raises:
        InputError: If one is none of the `count` landmarks.
    """
    found = np.unique(np.array(points, np.int64))
    wrong = found[(found < 0) | (found >= count)]
    if len(wrong):
        raise InputError(f"{where}: there is no landmark {wrong[0]}; they are 0 … {count - 1}.")
    return found
