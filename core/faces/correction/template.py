"""A face to start from: the mean shape, placed by where the two eyes are."""

from __future__ import annotations

import json
from functools import lru_cache

import numpy as np

from core import paths
from core.errors import ResourceError
from core.faces.correction.moves import Points
from core.geometry import (
    Array,
    apply_affine,
    box_centre_size,
    box_of_points,
    fit_similarity,
)
from core.schemes import LandmarkScheme

_EYES = np.array([[-0.5, 0.0], [0.5, 0.0]])
"""Where the mean shape has the middles of the person's right and left eye."""


def mean_shape(scheme: LandmarkScheme) -> Points:
    """The mean face of our synthetic people from in front, by the scheme's point names.

    Returns:
        (M, 2): the eyes' middles at (∓0.5, 0), y down; NaN for a name the shape does not know.
    """
    known = _known_points()
    return np.array([known.get(name, (np.nan, np.nan)) for name in scheme.point_names])


def placed_by_eyes(scheme: LandmarkScheme, eye_xy: Array, other_eye_xy: Array) -> Points:
    """The mean face with its eyes at two points, in either order.

    The eye further left in the image is the person's right one: a face to start from is upright.

    Args:
        scheme: Which points.
        eye_xy: (2,) middle of one eye, pixels.
        other_eye_xy: (2,) middle of the other.

    Returns:
        (M, 2), NaN for points the mean shape does not know.

    Raises:
        ValueError: If the two points coincide.
    """
    eyes = sorted((tuple(map(float, eye_xy)), tuple(map(float, other_eye_xy))))
    if eyes[0] == eyes[1]:
        raise ValueError("the two eyes of a face are at one place")
    matrix = fit_similarity(_EYES, np.array(eyes))
    return np.asarray(apply_affine(matrix, mean_shape(scheme)), np.float64)


def placed_in_box(scheme: LandmarkScheme, box_xyxy: Array) -> Points:
    """The mean face, upright, with its hull as large as a box and in the middle of it.

    Args:
        scheme: Which points.
        box_xyxy: (4,) from brows to chin, pixels.

    Returns:
        (M, 2), NaN for points the mean shape does not know.
    """
    shape = mean_shape(scheme)
    centre, size = box_centre_size(box_of_points(shape))
    to_centre, to_size = box_centre_size(np.asarray(box_xyxy, dtype=np.float64))
    scale = float(np.sqrt(to_size.prod() / max(float(size.prod()), 1e-12)))
    return np.asarray((shape - centre) * scale + to_centre, np.float64)


@lru_cache(maxsize=1)
def _known_points() -> dict[str, tuple[float, float]]:
    """By point name; `core.synthesis.mean_shape` makes the file."""
    path = paths.resources() / "faces" / "mean_shape.json"
    try:
        points = json.loads(path.read_text(encoding="utf-8"))["points"]
        return {name: (float(x), float(y)) for name, (x, y) in points.items()}
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise ResourceError(
            f"{path} cannot be read ({error}); install the program anew."
        ) from error
