"""The square a net looks at, and the maps between it and the frame.

A crop is a planar map from frame to crop pixels, both with integer = pixel centre. A square of
side S frame pixels becomes N crop pixels by the scale N / S; its centre falls on the crop's,
(N − 1) / 2 in x and y. The map back is its exact inverse (`core.geometry.invert_affine`).
"""

from __future__ import annotations

from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from core.faces.detection import standard_box
from core.geometry import (
    Array,
    apply_affine,
    box_from_centre,
    box_of_points,
    compose_affine,
    similarity,
)

_SMALLEST_SIDE_PX = 4.0


class CropRule(Protocol):
    """What a model card says about its crop (`core.nets.model_card.BoxRule` fits)."""

    @property
    def of(self) -> str:
        """What the square is measured on: "landmark_hull" or "detector" (YuNet's framing)."""

    @property
    def scale(self) -> float:
        """Side of the square as a multiple of the anchor's longer side."""

    @property
    def shift_xy(self) -> tuple[float, float]:
        """Shift of the square's centre as a share of its side, in the upright frame."""


def eye_line_angle(landmarks_xy: Array, pair: tuple[int, int] | None) -> float:
    """How far the face is turned on screen, radians, x towards y.

    Args:
        landmarks_xy: (M, 2) frame pixels.
        pair: The outer eye corners, the one on the image's left (the person's right) first; None
            where the points hold no eyes.

    Returns:
        0 for an upright face, or where a corner is missing.
    """
    if pair is None:
        return 0.0
    dx, dy = np.asarray(landmarks_xy[pair[1]], float) - np.asarray(landmarks_xy[pair[0]], float)
    return float(np.arctan2(dy, dx)) if np.isfinite(dx + dy) and (dx or dy) else 0.0


def crop_matrix(
    rule: CropRule, anchor: Array, angle_rad: float, input_hw: tuple[int, int]
) -> Array:
    """The frame → crop map of a net for one face.

    Args:
        rule: The model card's box rule.
        anchor: Landmarks (M, 2) or the tight box (4,) xyxy they are expected in, frame pixels.
        angle_rad: The face's angle on screen; the crop is turned back by it.
        input_hw: The net's input. One that is not square shows more of the frame along its longer
            side, so that the square is always whole.

    Returns:
        (2, 3) float64.

    Raises:
        ValueError: If no point of the anchor is finite.
    """
    points = _corners(anchor) if np.ndim(anchor) == 1 else np.asarray(anchor, dtype=np.float64)
    upright = similarity(1.0, -angle_rad, np.zeros(2))
    box = box_of_points(apply_affine(upright, points))
    if not np.isfinite(box).all():
        raise ValueError("a crop needs an anchor with finite points")
    if np.ndim(anchor) == 1:  # a box has no eye line: its own sides count, not the turned ones'
        centre, size = (box[:2] + box[2:]) / 2, np.asarray(anchor)[2:] - np.asarray(anchor)[:2]
        box = box_from_centre(centre, size)
    if rule.of == "detector":
        box = standard_box(box)
    side = rule.scale * max(float((box[2:] - box[:2]).max()), _SMALLEST_SIDE_PX)
    centre = (box[:2] + box[2:]) / 2 + np.asarray(rule.shift_xy) * side
    scale = min(input_hw) / side
    middle = (np.array([input_hw[1], input_hw[0]]) - 1) / 2
    return compose_affine(similarity(scale, 0.0, middle - scale * centre), upright)


def extract_crop(
    rgb: NDArray[np.uint8], matrix: Array, input_hw: tuple[int, int]
) -> NDArray[np.uint8]:
    """Sample the crop; black beyond the frame.

    Bilinear; where the crop is less than half as fine as the frame, the frame is averaged over
    whole blocks first, because bilinear sampling alone would alias.

    Args:
        rgb: (H, W, 3).
        matrix: Frame → crop, (2, 3).
        input_hw: Size of the crop.

    Returns:
        (h, w, 3) uint8.
    """
    step = int(1.0 / np.sqrt(abs(np.linalg.det(matrix[:, :2]))))
    if step >= 2:
        rgb, matrix = _shrunk(rgb, matrix, input_hw, step)
    height, width = input_hw
    return np.asarray(
        cv2.warpAffine(rgb, matrix, (width, height), flags=cv2.INTER_LINEAR), dtype=np.uint8
    )


def crop_corners(matrix: Array, input_hw: tuple[int, int]) -> Array:
    """The crop's outer corners in the frame, (4, 2), clockwise from the top left."""
    height, width = input_hw
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]]) - 0.5
    inverse = np.linalg.inv(matrix[:, :2])
    return np.asarray((corners - matrix[:, 2]) @ inverse.T)


def mirrored(matrix: Array, input_hw: tuple[int, int]) -> Array:
    """The map to the left-right mirrored crop: x ↦ w − 1 − x."""
    return compose_affine(np.array([[-1.0, 0.0, input_hw[1] - 1.0], [0.0, 1.0, 0.0]]), matrix)


def _corners(box_xyxy: Array) -> Array:
    x0, y0, x1, y1 = np.asarray(box_xyxy, dtype=np.float64)
    return np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]])


def _shrunk(
    rgb: NDArray[np.uint8], matrix: Array, input_hw: tuple[int, int], step: int
) -> tuple[NDArray[np.uint8], Array]:
    """The part of the frame the crop needs, averaged over step × step blocks, and its own map."""
    height, width = rgb.shape[:2]
    corners = crop_corners(matrix, input_hw)
    x0, y0 = np.clip(np.floor(corners.min(axis=0)) - step, 0, None).astype(int)
    x1, y1 = np.ceil(corners.max(axis=0)).astype(int) + 1 + step
    # Whole blocks only: a rest at the far edge would stretch the rest of the picture.
    columns, rows = (min(x1, width) - x0) // step, (min(y1, height) - y0) // step
    if columns < 1 or rows < 1:
        return rgb, matrix
    part = rgb[y0 : y0 + rows * step, x0 : x0 + columns * step]
    small = cv2.resize(part, (int(columns), int(rows)), interpolation=cv2.INTER_AREA)
    # Block j covers pixels x0 + j·step … + step − 1, whose middle is x0 + j·step + (step − 1) / 2.
    offset = np.array([x0, y0]) + (step - 1) / 2
    from_small = np.array([[step, 0.0, offset[0]], [0.0, step, offset[1]]])
    return np.asarray(small, dtype=np.uint8), compose_affine(matrix, from_small)
