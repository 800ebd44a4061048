"""Landmark and mask schemes as the window needs them: loaded once, by name."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app import convert
from core.errors import CoreError


@lru_cache(maxsize=32)
def landmark_scheme(name: str | None) -> Any:
    """The LandmarkScheme of a name, None for no name or one that is not known here."""
    if name is None:
        return None
    from core.schemes import load_landmark_scheme

    try:
        return load_landmark_scheme(name)
    except CoreError:
        return None


@lru_cache(maxsize=32)
def mask_scheme(name: str) -> Any:
    """The MaskScheme of a name, None for one that is not known here."""
    from core.schemes import load_mask_scheme

    try:
        return load_mask_scheme(name)
    except CoreError:
        return None


@lru_cache(maxsize=64)
def label_colours(scheme_name: str) -> NDArray[np.uint32]:
    """Opaque colours by class for `convert.image_from_labels`; background is transparent.

    A class the scheme does not know is shown in magenta rather than hidden.
    """
    colours = np.full(256, convert.premultiplied((255, 0, 255), 1.0), np.uint32)
    scheme = mask_scheme(scheme_name)
    if scheme is not None:
        for index, one in enumerate(scheme.classes):
            colours[index] = convert.premultiplied(tuple(one.colour), 1.0)
    colours[0] = 0
    return colours
