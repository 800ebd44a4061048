"""What one row of the timeline is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.timeline.binning import Bins

Words = NDArray[np.uint32]
"""(height, W) premultiplied 0xAARRGGBB, one column a pixel."""


@dataclass(frozen=True)
class Row:
    """One row of the timeline."""

    title: str
    height: int
    """Logical pixels."""
    render: Callable[[Bins, int], Words]
    """Bins and height in device pixels → (height, W) words."""
    describe: Callable[[int], str]
    """What the row says of a frame, for the tooltip; empty when it says nothing."""
