"""A mask scheme: which classes the pixels of a face have, in what order and colour."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.schemes.landmarks import Colour, Indices

Lookup = NDArray[np.uint8]
"""(K,): the class of another scheme for each class of this one; `lookup[labels]` translates."""


@dataclass(frozen=True)
class MaskClass:
    """One class of pixels."""

    name: str
    colour: Colour
    title: str


@dataclass(frozen=True, eq=False)
class MaskScheme:
    """K classes; class 0 is the background. Arrays are read-only."""

    name: str
    title: str
    classes: tuple[MaskClass, ...]
    mirror: Indices
    """(K,): class `mirror[k]` of a mirrored image is class k (left and right swap)."""
    maps: Mapping[str, Lookup]
    """For each coarser scheme: its class for each class here. Includes the scheme itself."""
    note: str = ""

    @property
    def num_classes(self) -> int:
        """K."""
        return len(self.classes)

    @property
    def class_names(self) -> tuple[str, ...]:
        """Names in class order."""
        return tuple(item.name for item in self.classes)

    @property
    def palette(self) -> NDArray[np.uint8]:
        """Colours in class order, (K, 3) RGB."""
        return np.array([item.colour for item in self.classes], dtype=np.uint8)

    def translate(self, labels: NDArray[np.uint8], target: str) -> NDArray[np.uint8]:
        """A label map in a coarser scheme.

        Args:
            labels: Classes of this scheme, any shape, each below K.
            target: Name of a scheme in `maps`.

        Raises:
            KeyError: If this scheme has no map to `target`.
            IndexError: If a label is not a class of this scheme.
        """
        return self.maps[target][labels]

    def mirrored(self, labels: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """The label map of the image mirrored left to right, (h, w)."""
        return self.mirror.astype(np.uint8)[labels[:, ::-1]]
