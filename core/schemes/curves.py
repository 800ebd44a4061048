"""Curves through landmarks: not-a-knot cubic splines over the point index, as basis matrices.

A spline is linear in its points, so sampling one is a matrix product with a matrix that depends
only on the number of points: built once, kept.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Basis = NDArray[np.float64]


@lru_cache(maxsize=256)
def spline_basis(points: int, per_interval: int, closed: bool = False) -> Basis:
    """The matrix that turns n points into samples of their cubic spline.

    The parameter is the point index 0 … n − 1 (Wang et al. 2018: "cubic spline interpolation"; the
    ends are not-a-knot, MATLAB's and SciPy's default). Three points give a parabola, two a line.

    Args:
        points: Number of points n, ≥ 2 (closed: ≥ 3).
        per_interval: Samples from one point to the next; 100 samples every 0.01.
        closed: Return to the first point by a periodic spline.

    Returns:
        (samples, n), read-only; samples = (n − 1)·per_interval + 1 with both ends, or
        n·per_interval without the repeated first point where closed. Rows sum to 1.
    """
    if per_interval < 1 or points < (3 if closed else 2):
        raise ValueError(f"no curve through {points} points at {per_interval} samples an interval")
    intervals = points if closed else points - 1
    count = intervals * per_interval + (0 if closed else 1)
    position = np.arange(count) / per_interval
    slopes = _periodic_slopes(points) if closed else _not_a_knot_slopes(points)
    basis = _hermite(position, np.eye(points), slopes, intervals)
    basis.flags.writeable = False
    return basis


@lru_cache(maxsize=256)
def line_basis(points: int, closed: bool = False) -> Basis:
    """The matrix of a straight polyline: the points themselves; (n, n), read-only."""
    basis = np.eye(points)
    basis.flags.writeable = False
    return basis


def _hermite(position: Basis, values: Basis, slopes: Basis, intervals: int) -> Basis:
    """Cubic Hermite interpolation at positions along unit intervals."""
    left = np.minimum(position.astype(int), intervals - 1)
    right = (left + 1) % len(values)
    t = (position - left)[:, None]
    return (
        (1 + 2 * t) * (1 - t) ** 2 * values[left]
        + t * (1 - t) ** 2 * slopes[left]
        + t**2 * (3 - 2 * t) * values[right]
        + t**2 * (t - 1) * slopes[right]
    )


def _not_a_knot_slopes(points: int) -> Basis:
    """Slopes as a matrix on the points: C² inside, C³ at the outermost inner knots."""
    eye = np.eye(points)
    if points == 2:
        return np.tile(eye[1] - eye[0], (2, 1))
    if points == 3:  # both end conditions meet in one knot: the parabola through the points
        return np.array([[-1.5, 2.0, -0.5], [-0.5, 0.0, 0.5], [0.5, -2.0, 1.5]])
    system, right = np.zeros((points, points)), np.zeros((points, points))
    for k in range(1, points - 1):
        system[k, k - 1 : k + 2] = 1, 4, 1
        right[k] = 3 * (eye[k + 1] - eye[k - 1])
    # Equal third derivatives left and right of knot 1 (and n − 2), with the C² row added: de Boor.
    system[0, :2] = 1, 2
    right[0] = (-5 * eye[0] + 4 * eye[1] + eye[2]) / 2
    system[-1, -2:] = 2, 1
    right[-1] = (5 * eye[-1] - 4 * eye[-2] - eye[-3]) / 2
    return np.asarray(np.linalg.solve(system, right))


def _periodic_slopes(points: int) -> Basis:
    """Slopes of the periodic spline: C² at every point."""
    eye = np.eye(points)
    after, before = np.roll(eye, -1, axis=0), np.roll(eye, 1, axis=0)
    return np.asarray(np.linalg.solve(4 * eye + after + before, 3 * (after - before)))
