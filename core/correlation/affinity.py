"""Landmark affinity: how much two points of a face say about each other ([Yan20] chapter 5).

Each face is normalised, then A_ij = |mean of the two canonical correlations between the positions
of points i and j over a data set|, in closed form: whiten each point's 2×2 covariance; then the
canonical correlations are the singular values of Σ_ii^{-1/2} Σ_ij Σ_jj^{-1/2}. Their mean, half the
nuclear norm of a 2×2 matrix K, is √(‖K‖² + 2|det K|) / 2, so no decomposition is needed.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def hullbox_normalised(landmarks: NDArray[np.floating]) -> Floats:
    """Faces about the centre of their tight box, over the mean of its width and height.

    The literal "crop, centre, size" of the thesis (METHODS C, `hullbox`); no rotation.

    Args:
        landmarks: (N, M, 2), complete.
    """
    xy = np.asarray(landmarks, dtype=np.float64)
    low, high = xy.min(axis=1), xy.max(axis=1)
    size = (high - low).mean(axis=1)
    return np.asarray((xy - ((low + high) / 2)[:, None]) / size[:, None, None])


def affinity(normalised: NDArray[np.floating]) -> Floats:
    """Affinity of every pair of points.

    Args:
        normalised: (N, M, 2) complete normalised faces, N ≥ 3.

    Returns:
        (M, M), symmetric, diagonal 1, entries in [0, 1]. A point that never moves says nothing: 0.

    Raises:
        ValueError: If there are fewer than three faces or a coordinate is missing.
    """
    xy = np.asarray(normalised, dtype=np.float64)
    if len(xy) < 3 or not np.isfinite(xy).all():
        raise ValueError("affinity needs at least three complete faces")
    centred = xy - xy.mean(axis=0)
    white = np.einsum("nmi,mij->nmj", centred, _whitening(centred))
    points = white.shape[1]
    flat = white.reshape(len(xy), -1)
    k = (flat.T @ flat / len(xy)).reshape(points, 2, points, 2)
    square = (k**2).sum(axis=(1, 3))
    det = k[:, 0, :, 0] * k[:, 1, :, 1] - k[:, 0, :, 1] * k[:, 1, :, 0]
    result = np.sqrt(square + 2 * np.abs(det)) / 2
    np.fill_diagonal(result, 1.0)
    return np.asarray(np.clip(result, 0.0, 1.0))


def mean_difference(a: Floats, b: Floats) -> float:
    """Mean |ΔA| over pairs of different points."""
    off = ~np.eye(len(a), dtype=bool)
    return float(np.abs(a - b)[off].mean())


def _whitening(centred: Floats) -> Floats:
    """Σ_ii^{-1/2} of every point, (M, 2, 2); zero along directions in which it never moves."""
    covariance = np.einsum("nmi,nmj->mij", centred, centred) / len(centred)
    values, vectors = np.linalg.eigh(covariance)
    floor = 1e-12 * max(float(values.max()), 1e-300)
    scale = np.where(values > floor, 1.0 / np.sqrt(np.maximum(values, floor)), 0.0)
    return np.asarray(np.einsum("mij,mj,mkj->mik", vectors, scale, vectors))
