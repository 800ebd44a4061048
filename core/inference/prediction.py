"""What a predictor hands back for one face, in frame coordinates."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.geometry import Array
from core.masks.label_map import LabelMap


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
