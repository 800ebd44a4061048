"""From 68 landmarks to the five classes of Wang et al. 2018 (`face5`), the labels of 300VW-Mask.

Facial skin, eyes, outer and inner mouth are outlined by not-a-knot cubic splines over the point
index, sampled every 0.01 and broken where the face has corners: at the eye and mouth corners and
at the Cupid's bow. Brows and nose are skin, the forehead is not in it, and a hand over the face
changes nothing: the mask is complete regardless of occlusion.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from core.geometry import Array, box_centre_size, box_of_points
from core.masks.fill import fill_polygon
from core.masks.label_map import LabelMap, Labels
from core.schemes.curves import spline_basis

SKIN, EYES, OUTER_MOUTH, INNER_MOUTH = 1, 2, 3, 4
"""Class indices of the mask scheme `face5`; 0 is the background."""

CROP_SCALE = 1.3
"""Side of the crop over the mean of the landmark box's width and height (Wang et al. 2018)."""

_SAMPLES = 100
"""Samples an interval: every 0.01 of the point index."""

_Splines = tuple[tuple[int, ...], ...]
_REGIONS: tuple[tuple[int, _Splines], ...] = (
    # (class, open splines over 0-based iBUG points; straight joins between them), in paint order
    (SKIN, (tuple(range(17)), (26, 25, 24, 23, 22), (21, 20, 19, 18, 17))),
    (EYES, ((36, 37, 38, 39), (39, 40, 41, 36))),
    (EYES, ((42, 43, 44, 45), (45, 46, 47, 42))),
    (OUTER_MOUTH, ((48, 49, 50, 51), (51, 52, 53, 54), (54, 55, 56, 57, 58, 59, 48))),
    (INNER_MOUTH, ((60, 61, 62, 63, 64), (64, 65, 66, 67, 60))),
)


def face5_from_landmarks(
    xy68: Array,
    frame_hw: tuple[int, int],
    crop: tuple[int, int, int, int] | None = None,
) -> LabelMap:
    """The `face5` label map of one face, on the paper's crop.

    Args:
        xy68: iBUG landmarks in frame pixels, (68, 2).
        frame_hw: Height and width of the frame.
        crop: Half-open box x0, y0, x1, y1 in frame pixels instead of `wang_crop_box`.

    Returns:
        The map on the crop; 0 × 0 when the face lies outside the frame.

    Raises:
        ValueError: If there are not 68 points or one that a contour needs is missing.
    """
    x0, y0, x1, y1 = wang_crop_box(xy68, frame_hw) if crop is None else crop
    shifted = np.asarray(xy68, dtype=np.float64) - (x0, y0)
    return LabelMap(paint_face5(shifted, (y1 - y0, x1 - x0)), x0, y0)


def paint_face5(xy68: Array, hw: tuple[int, int]) -> Labels:
    """Paint skin, eyes, outer mouth and inner mouth, in that order.

    Args:
        xy68: iBUG landmarks in pixels of the canvas (integer = pixel centre), (68, 2). The nose
            (27–35) is not used and may be missing.
        hw: Height and width of the canvas.

    Returns:
        (h, w) uint8, classes of `face5`.

    Raises:
        ValueError: If there are not 68 points or one that a contour needs is missing.
    """
    xy = np.asarray(xy68, dtype=np.float64)
    if xy.shape != (68, 2):
        raise ValueError(f"face5 is painted from 68 points, not from an array {xy.shape}")
    labels = np.zeros(hw, dtype=np.uint8)
    for (value, _), (points, basis) in zip(_REGIONS, _region_bases(), strict=True):
        outline = basis @ xy[points]
        if not np.isfinite(outline).all():
            missing = points[~np.isfinite(xy[points]).all(axis=1)].tolist()
            raise ValueError(f"face5 needs every contour point; missing (0-based): {missing}")
        fill_polygon(labels, outline, value)
    return labels


def wang_crop_box(xy68: Array, frame_hw: tuple[int, int]) -> tuple[int, int, int, int]:
    """The paper's crop: a square of 1.3 × mean(width, height) round the landmarks' box, clipped.

    Args:
        xy68: Landmarks in frame pixels, (M, 2); missing points are left out.
        frame_hw: Height and width of the frame.

    Returns:
        x0, y0, x1, y1 in whole pixels, half-open; of zero area when all of it lies outside.

    Raises:
        ValueError: If no point is there.
    """
    centre, size = box_centre_size(box_of_points(xy68))
    if not np.isfinite(centre).all():
        raise ValueError("a crop needs at least one landmark")
    # Pixel i spans i − ½ … i + ½, so the first pixel of a crop from c − s/2 is floor(c − s/2 + ½).
    side = max(round(CROP_SCALE * float(size.mean())), 1)
    first = np.floor(centre - side / 2 + 0.5)
    limit = np.array([frame_hw[1], frame_hw[0]])
    low = np.clip(first, 0, limit).astype(int)
    high = np.clip(first + side, low, np.maximum(limit, low)).astype(int)
    return int(low[0]), int(low[1]), int(high[0]), int(high[1])


@lru_cache(maxsize=1)
def _region_bases() -> tuple[tuple[NDArray[np.intp], NDArray[np.float64]], ...]:
    """For each region its points and the matrix from them to the outline's samples."""
    bases = []
    for _, splines in _REGIONS:
        points = sorted({point for spline in splines for point in spline})
        rows = []
        for spline in splines:
            row = np.zeros(((len(spline) - 1) * _SAMPLES + 1, len(points)))
            row[:, [points.index(point) for point in spline]] = spline_basis(len(spline), _SAMPLES)
            rows.append(row)
        bases.append((np.array(points), np.concatenate(rows)))
    return tuple(bases)
