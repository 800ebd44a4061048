"""Sparsity of masks: how many more pieces a prediction falls into than the truth ([Masi20])."""

from __future__ import annotations

from collections.abc import Iterable

import cv2
import numpy as np
from numpy.typing import NDArray


def component_count(labels: NDArray[np.integer]) -> int:
    """8-connected regions of equal non-background label in a (H, W) label map."""
    total = 0
    for label in np.unique(labels):
        if label != 0:
            mask = (labels == label).astype(np.uint8)
            total += cv2.connectedComponents(mask, connectivity=8)[0] - 1
    return total


def sparsity(pairs: Iterable[tuple[NDArray[np.integer], NDArray[np.integer]]]) -> float:
    """Mean |components(prediction) − components(truth)| over (prediction, truth) pairs."""
    gaps = [abs(component_count(p) - component_count(t)) for p, t in pairs]
    return float(np.mean(gaps)) if gaps else float("nan")
