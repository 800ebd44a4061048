"""Moving landmarks of the neutral face where one wants them, and the skin between with them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve

FloatArray = NDArray[np.float32]
_RADIUS_DM = 0.9  # beyond this distance from a landmark nothing moves
_RIDGE = 1e-3  # landmarks may nearly coincide (inner lips of a closed mouth)


def radial_spread(landmarks: FloatArray, vertices: FloatArray) -> FloatArray:
    """The linear map from landmark displacements to vertex displacements.

    Compactly supported radial basis functions (Wendland 1995, ψ₃,₁), regularised interpolation:
    `spread @ displacements` moves a vertex at a landmark by nearly that landmark's displacement.

    Args:
        landmarks: (M, 3) neutral landmarks, decimetres.
        vertices: (V, 3).

    Returns:
        (V, M) float32.
    """
    inner = _wendland(landmarks, landmarks) + _RIDGE * np.eye(len(landmarks))
    outer = _wendland(vertices, landmarks)
    return np.asarray(cho_solve(cho_factor(inner), outer.T).T, dtype=np.float32)


def _wendland(a: FloatArray, b: FloatArray) -> NDArray[np.float64]:
    """(1 − r)⁴ (4 r + 1) for r < 1, else 0; (len(a), len(b))."""
    distance = np.linalg.norm(a[:, None].astype(np.float64) - b[None], axis=2)
    r = np.minimum(distance / _RADIUS_DM, 1.0)
    return (1.0 - r) ** 4 * (4.0 * r + 1.0)
