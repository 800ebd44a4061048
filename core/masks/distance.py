"""Distance maps of a region, in pixels between pixel centres."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Distances = NDArray[np.float32]


def distance_to(mask: NDArray[np.bool_]) -> Distances:
    """Euclidean distance of every pixel to the region's nearest pixel.

    Args:
        mask: (h, w) bool.

    Returns:
        (h, w) float32; 0 inside, inf everywhere when the region is empty.
    """
    if not mask.any():
        return np.full(mask.shape, np.inf, dtype=np.float32)
    outside = (~mask).astype(np.uint8)
    return np.asarray(
        cv2.distanceTransform(outside, cv2.DIST_L2, cv2.DIST_MASK_PRECISE), dtype=np.float32
    )


def signed_distance(mask: NDArray[np.bool_]) -> Distances:
    """Distance to the region's outline: positive outside, negative inside, never 0.

    The outline runs halfway between the last pixel inside and the first outside. An empty region
    gives inf, a full one −inf.
    """
    return np.where(mask, 0.5 - distance_to(~mask), distance_to(mask) - 0.5).astype(np.float32)


def clipped_distance(
    mask: NDArray[np.bool_], d_max: float = 25.0, e_max: float = 10.0
) -> Distances:
    """The target of two-stage hair segmentation (Yan 2020, chapter 6).

    dt_mask = d_max − min(d_max, distance to the region) falls off outside it,
    dt_inv = e_max − min(e_max, distance to the rest) falls off inside;
    dt = dt_mask − dt_inv, scaled from [−e_max, d_max] to [−1, 1]. An empty region has dt_mask = 0,
    a full one dt_inv = 0.

    Args:
        mask: (h, w) bool, the hair.
        d_max: Reach outside the region, pixels (the thesis: 25 of a 256-pixel image).
        e_max: Reach inside, pixels (10).

    Returns:
        (h, w) float32 in [−1, 1], 1 deep inside.
    """
    outside = d_max - np.minimum(d_max, distance_to(mask))
    inside = e_max - np.minimum(e_max, distance_to(~mask))
    return (2.0 * (outside - inside + e_max) / (d_max + e_max) - 1.0).astype(np.float32)
