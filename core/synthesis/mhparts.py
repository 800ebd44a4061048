"""Which part of the face each skin triangle of MakeHuman's head shows."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from core.synthesis.mhdata import HeadData
from core.synthesis.template import Part


def skin_parts(data: HeadData) -> NDArray[np.uint8]:
    """Part of each skin triangle, (F,) values of `Part`."""
    return np.full(len(data.triangles), Part.SKIN, dtype=np.uint8)
