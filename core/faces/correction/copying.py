"""Bringing landmarks from one frame to another: by what the faces of both frames have in common."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from core.faces.correction.moves import Points, is_there
from core.geometry import Array, apply_affine, fit_similarity

_ENOUGH = 4
"""Points left uncopied from which the way between the frames can be told."""


def copied(
    source_xy: Array,
    target_xy: Array | None,
    members: Iterable[int],
    source_box: Array,
    target_box: Array | None,
) -> Points:
    """The target frame's points with some replaced by the source frame's, aligned.

    The similarity between the frames is fitted to the points that are *not* copied, which nobody
    complains about; where too few are left (a whole face is copied), to all; without landmarks to
    the boxes; without a box the points keep their place.

    Args:
        source_xy: (M, 2).
        target_xy: (M, 2), or None if the target frame has no landmarks.
        members: The points to be copied.
        source_box: (4,) the face's box on the source frame.
        target_box: (4,) on the target frame, or None if the face is not there.

    Returns:
        (M, 2).
    """
    source = np.array(source_xy, dtype=np.float64)
    chosen = sorted(set(members))
    target = np.full_like(source, np.nan)
    if target_xy is not None:
        target[:] = target_xy
    matrix = way_between(source, target, chosen, source_box, target_box)
    target[chosen] = apply_affine(matrix, source[chosen])
    return target


def way_between(
    source: Points,
    target: Points,
    chosen: Sequence[int],
    source_box: Array,
    target_box: Array | None,
) -> Points:
    """The similarity from the source frame's face to the target frame's, (2, 3); see `copied`."""
    rest = np.setdiff1d(np.arange(len(source)), chosen)
    known = is_there(source) & is_there(target)
    rest = rest[known[rest]]
    used = rest if len(rest) >= _ENOUGH else np.flatnonzero(known)
    try:
        return np.asarray(fit_similarity(source[used], target[used]), np.float64)
    except ValueError:
        return _between_boxes(source_box, target_box)


def _between_boxes(source_box: Array, target_box: Array | None) -> Points:
    """Scale and shift from one box to another; nothing where one is unknown or empty."""
    stay = np.eye(2, 3)
    if target_box is None:
        return stay
    a, b = np.asarray(source_box, np.float64), np.asarray(target_box, np.float64)
    area_a, area_b = (float(np.prod(box[2:] - box[:2])) for box in (a, b))
    if not (np.isfinite(area_a + area_b) and area_a > 0 and area_b > 0):
        return stay
    scale = float(np.sqrt(area_b / area_a))
    middle_a, middle_b = (a[:2] + a[2:]) / 2, (b[:2] + b[2:]) / 2
    return np.hstack([scale * np.eye(2), (middle_b - scale * middle_a)[:, None]])
