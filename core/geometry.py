"""Points, boxes and planar maps.

Letters used everywhere: B batch, T frames, F faces, M landmarks, K classes, C channels, H W, D
embedding. Pixels: xy, origin top-left, an **integer is a pixel's centre** (OpenCV's convention), so
an image of width W spans −0.5 … W − 0.5. Boxes are `xyxy` float in the same coordinates.
Planar maps are 2×3 float64 matrices that act on column vectors (x, y, 1).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating]


def apply_affine(matrix: Array, xy: Array) -> Array:
    """Map points by a planar map.

    Args:
        matrix: (2, 3).
        xy: (..., 2); NaN stays NaN.

    Returns:
        (..., 2) float64.
    """
    return np.asarray(xy, dtype=np.float64) @ matrix[:, :2].T + matrix[:, 2]


def invert_affine(matrix: Array) -> Array:
    """The inverse of a planar map, (2, 3)."""
    linear = np.linalg.inv(matrix[:, :2])
    return np.hstack([linear, -linear @ matrix[:, 2:]])


def compose_affine(outer: Array, inner: Array) -> Array:
    """The map `x ↦ outer(inner(x))`, (2, 3)."""
    linear = outer[:, :2] @ inner[:, :2]
    return np.hstack([linear, outer[:, :2] @ inner[:, 2:] + outer[:, 2:]])


def similarity(scale: float, angle_rad: float, shift_xy: Array) -> Array:
    """Scale, then turn by `angle_rad` (x towards y: clockwise on screen), then shift; (2, 3)."""
    cos, sin = scale * np.cos(angle_rad), scale * np.sin(angle_rad)
    return np.array([[cos, -sin, shift_xy[0]], [sin, cos, shift_xy[1]]], dtype=np.float64)


def fit_similarity(source_xy: Array, target_xy: Array) -> Array:
    """The least-squares similarity from one point set to another (Umeyama 1991, no reflection).

    Args:
        source_xy: (M, 2), at least two distinct points; rows with NaN in either set are left out.
        target_xy: (M, 2).

    Returns:
        (2, 3).

    Raises:
        ValueError: If fewer than two common points remain or they coincide.
    """
    source = np.asarray(source_xy, dtype=np.float64)
    target = np.asarray(target_xy, dtype=np.float64)
    keep = np.isfinite(source).all(axis=1) & np.isfinite(target).all(axis=1)
    source, target = source[keep], target[keep]
    if len(source) < 2:
        raise ValueError("a similarity needs two common points")
    source_mean, target_mean = source.mean(axis=0), target.mean(axis=0)
    a, b = source - source_mean, target - target_mean
    spread = float((a**2).sum())
    if spread == 0.0:
        raise ValueError("a similarity needs two distinct points")
    cos = float((a * b).sum()) / spread
    sin = float((a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]).sum()) / spread
    linear = np.array([[cos, -sin], [sin, cos]])
    return np.hstack([linear, (target_mean - linear @ source_mean)[:, None]])


def box_of_points(xy: Array) -> Array:
    """The tight box (4,) of points (M, 2), NaN rows left out; NaN if none is left."""
    xy = np.asarray(xy, dtype=np.float64)
    xy = xy[np.isfinite(xy).all(axis=-1)]
    if len(xy) == 0:
        return np.full(4, np.nan)
    return np.concatenate([xy.min(axis=0), xy.max(axis=0)])


def box_centre_size(box_xyxy: Array) -> tuple[Array, Array]:
    """Centre (2,) and width-height (2,) of a box."""
    box = np.asarray(box_xyxy, dtype=np.float64)
    return (box[:2] + box[2:]) / 2, box[2:] - box[:2]


def box_from_centre(centre_xy: Array, size_wh: Array) -> Array:
    """A box (4,) from its centre and width-height."""
    half = np.asarray(size_wh, dtype=np.float64) / 2
    return np.concatenate([np.asarray(centre_xy) - half, np.asarray(centre_xy) + half])


def box_iou(a_xyxy: Array, b_xyxy: Array) -> Array:
    """Intersection over union of every pair.

    Args:
        a_xyxy: (A, 4).
        b_xyxy: (B, 4).

    Returns:
        (A, B) in [0, 1]; 0 where both boxes are empty.
    """
    a = np.asarray(a_xyxy, dtype=np.float64).reshape(-1, 1, 4)
    b = np.asarray(b_xyxy, dtype=np.float64).reshape(1, -1, 4)
    low, high = np.maximum(a[..., :2], b[..., :2]), np.minimum(a[..., 2:], b[..., 2:])
    both = np.clip(high - low, 0, None).prod(axis=-1)
    area_a = np.clip(a[..., 2:] - a[..., :2], 0, None).prod(axis=-1)
    area_b = np.clip(b[..., 2:] - b[..., :2], 0, None).prod(axis=-1)
    union = area_a + area_b - both
    return np.divide(both, union, out=np.zeros_like(union), where=union > 0)
