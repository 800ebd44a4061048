"""What a face looks like, cheaply: enough to tell the few people of one clip apart.

An aligned crop of head and shoulders is described by its colours on a coarse grid and by gradient
directions (a small HOG, Dalal and Triggs 2005). This is no face recognition: it works within one
clip, where light and clothes stay, and answers "who came back" and "who is who after crossing".
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from core.faces.crops import crop_matrix, extract_crop
from core.geometry import Array

Descriptor = NDArray[np.float32]

_SIDE = 48
_CELLS = 6
_DIRECTIONS = 8


@dataclass(frozen=True)
class _Region:
    """The square that is described: the face with hair and neck."""

    of: str = "landmark_hull"
    scale: float = 1.5
    shift_xy: tuple[float, float] = (0.0, -0.08)


def describe(rgb: NDArray[np.uint8], hull: Array, angle_rad: float) -> Descriptor:
    """Describe a face.

    Args:
        rgb: (H, W, 3).
        hull: Landmarks (M, 2) or their box (4,), frame pixels.
        angle_rad: The face's angle on screen.

    Returns:
        (396,) float32 of unit length: a third of its square is colour, two thirds gradients.
    """
    crop = extract_crop(
        rgb, crop_matrix(_Region(), hull, angle_rad, (_SIDE, _SIDE)), (_SIDE, _SIDE)
    )
    colour = _unit(_colours(crop)) * np.sqrt(1 / 3)
    gradients = _unit(_gradients(crop)) * np.sqrt(2 / 3)
    return np.concatenate([colour, gradients]).astype(np.float32)


def distance(a: Descriptor, b: Descriptor) -> float:
    """1 − cosine of two descriptors: 0 the same picture, about 1 nothing in common."""
    return float(1.0 - a @ b)


def blend(old: Descriptor, new: Descriptor, share: float) -> Descriptor:
    """A descriptor moved towards a newer one, of unit length again."""
    return _unit((1.0 - share) * old + share * new).astype(np.float32)


def _colours(crop: NDArray[np.uint8]) -> Array:
    """Lab means of the cells about their own mean (so that exposure counts less), (6·6·3,)."""
    lab = cv2.cvtColor(crop, cv2.COLOR_RGB2LAB).astype(np.float32)
    cells = cv2.resize(lab, (_CELLS, _CELLS), interpolation=cv2.INTER_AREA)
    cells[..., 0] -= cells[..., 0].mean()
    cells[..., 1:] = 2.0 * (cells[..., 1:] - 128.0)
    return np.asarray(cells, dtype=np.float64).ravel()


def _gradients(crop: NDArray[np.uint8]) -> Array:
    """Gradient magnitude by direction (sign ignored) in the cells, square-rooted, (6·6·8,)."""
    grey = cv2.GaussianBlur(cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY), (3, 3), 0).astype(np.float32)
    dy, dx = np.gradient(grey)
    magnitude = np.hypot(dx, dy)
    position = (np.arctan2(dy, dx) / np.pi % 1.0) * _DIRECTIONS
    bins = np.zeros((_SIDE, _SIDE, _DIRECTIONS), dtype=np.float32)
    low = np.floor(position).astype(int)
    share = position - low
    rows, columns = np.indices(low.shape)
    bins[rows, columns, low % _DIRECTIONS] += magnitude * (1 - share)
    bins[rows, columns, (low + 1) % _DIRECTIONS] += magnitude * share
    step = _SIDE // _CELLS
    cells = bins.reshape(_CELLS, step, _CELLS, step, _DIRECTIONS).sum(axis=(1, 3))
    return np.asarray(np.sqrt(cells), dtype=np.float64).ravel()


def _unit(vector: Array) -> Array:
    length = float(np.linalg.norm(vector))
    return vector / length if length > 0 else vector
