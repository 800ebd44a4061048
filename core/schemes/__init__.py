"""Landmark and mask schemes: names, order, contours, mirror pairs, colours, maps between them."""

from core.schemes.landmarks import Contour, LandmarkScheme
from core.schemes.loading import (
    landmark_scheme_names,
    load_landmark_scheme,
    load_mask_scheme,
    mask_scheme_names,
)
from core.schemes.masks import MaskClass, MaskScheme

__all__ = [
    "Contour",
    "LandmarkScheme",
    "MaskClass",
    "MaskScheme",
    "landmark_scheme_names",
    "load_landmark_scheme",
    "load_mask_scheme",
    "mask_scheme_names",
]
