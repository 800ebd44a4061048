"""What a predictor hands back for one face, in frame coordinates."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.geometry import Array
from core.masks.label_map import LabelMap


@dataclass(frozen=True, eq=False)
class LastMask:
    """What a parsing net said about a face, in its own crop: input of the next frame's look."""

    labels: NDArray[np.uint8]
    """(h, w) classes."""
    matrix: Array
    """Frame → crop, (2, 3), at that size."""


@dataclass(frozen=True, eq=False)
class FacePrediction:
    """One face of one frame. A landmark net fills the first half, a parsing net the second."""

    score: float
    """Confidence in the whole, 0 … 1."""
    landmarks: Array | None = None
    """(M, 2) float64 frame pixels."""
    landmark_scores: Array | None = None
    """(M,) 0 … 1."""
    label_map: LabelMap | None = None
    class_scores: NDArray[np.float32] | None = None
    """(K, 2): mean and minimum confidence over each class's pixels, NaN where it has none."""
    last_mask: LastMask | None = None
    """For the same face in the next frame, where the net is fed its last mask."""
