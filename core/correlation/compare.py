"""Affinities side by side: predictions against truth, stage by stage, epoch by epoch.

[Yan20] 5.4 reads a model from A_pred − A_GT (positive = over-correlated), from the difference
between a stage's output and its input (negative = de-correlated), from single pairs by stage, and
from the standard deviation of A over training epochs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.correlation.affinity import Affinity
from core.errors import InputError
from core.schemes import LandmarkScheme

Floats = NDArray[np.float64]


def difference(predicted: Affinity, truth: Affinity) -> Floats:
    """A_pred − A_GT, (M, M); NaN where either has no affinity.

    Raises:
        InputError: If the two are of different schemes, numbers of points or normalisations.
    """
    if predicted.scheme and truth.scheme and predicted.scheme != truth.scheme:
        raise InputError(
            f"Affinities of {predicted.scheme} and {truth.scheme} cannot be compared; read both "
            "in one scheme."
        )
    if predicted.num_points != truth.num_points:
        raise InputError(
            f"Affinities of {predicted.num_points} and {truth.num_points} landmarks cannot be "
            "compared."
        )
    if predicted.normalisation != truth.normalisation:
        raise InputError(
            f"Affinities made with {predicted.normalisation} and {truth.normalisation} cannot be "
            "compared; normalise both alike."
        )
    return np.asarray(predicted.matrix - truth.matrix)


def stage_differences(stages: Sequence[Floats]) -> Floats:
    """Output − input of each stage after the first, (S − 1, M, M)."""
    return np.diff(np.stack(stages), axis=0)


def deviation(epochs: Sequence[Floats]) -> Floats:
    """Standard deviation of every cell over epochs, (M, M) ([Yan20] Fig. 5.13)."""
    return np.asarray(np.stack(epochs).std(axis=0))


def pair_curve(stages: Sequence[Floats], i: int, j: int) -> Floats:
    """One pair's affinity stage by stage or epoch by epoch, (S,) ([Yan20] Fig. 5.11)."""
    return np.array([matrix[i, j] for matrix in stages])


@dataclass(frozen=True)
class Block:
    """Mean of the cells between two components; of one with itself, between different points."""

    first: str
    second: str
    mean: float
    lowest: float
    highest: float
    cells: int


def component_blocks(matrix: Floats, scheme: LandmarkScheme) -> list[Block]:
    """Means of every pair of components, each pair once; NaN cells are passed.

    Args:
        matrix: (M, M) affinities or differences of them.
        scheme: Whose components.
    """
    names = list(scheme.components)
    found = []
    for place, first in enumerate(names):
        for second in names[place:]:
            cells = _between(matrix, scheme.components[first], scheme.components[second])
            if len(cells):
                figures = float(cells.mean()), float(cells.min()), float(cells.max())
                found.append(Block(first, second, *figures, len(cells)))
    return found


def component_table(matrix: Floats, scheme: LandmarkScheme) -> list[dict[str, float | str]]:
    """One row a component: its points among themselves, with all others, and the difference."""
    rows: list[dict[str, float | str]] = []
    everybody = set(range(scheme.num_points))
    for name, points in scheme.components.items():
        inside = _between(matrix, points, points)
        outside = _between(matrix, points, tuple(sorted(everybody - set(points))))
        rows.append(
            {
                "component": name,
                "points": len(points),
                "within": float(inside.mean()) if len(inside) else float("nan"),
                "to_others": float(outside.mean()) if len(outside) else float("nan"),
            }
        )
    return rows


def _between(matrix: Floats, first: Sequence[int], second: Sequence[int]) -> Floats:
    """The cells between two groups that are known; a point with itself is none."""
    cells = matrix[np.ix_(list(first), list(second))]
    apart = np.array(list(first))[:, None] != np.array(list(second))[None]
    cells = cells[apart]
    return np.asarray(cells[np.isfinite(cells)])
