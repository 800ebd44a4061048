"""RGB bytes to a net's input, by the card's preprocessing."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from core.nets.model_card import Preprocessing


def normalised(crops: NDArray[np.uint8], preprocessing: Preprocessing) -> NDArray[np.float32]:
    """(rgb / 255 − mean) / std as one multiplication and one addition.

    Args:
        crops: (B, H, W, 3) RGB.
        preprocessing: The card's.

    Returns:
        (B, 3, H, W) float32, contiguous.
    """
    mean, std = np.array(preprocessing.mean), np.array(preprocessing.std)
    factor = (1.0 / (255.0 * std)).astype(np.float32)
    offset = (-mean / std).astype(np.float32)
    planes = np.ascontiguousarray(crops.transpose(0, 3, 1, 2), dtype=np.float32)
    planes *= factor[:, None, None]
    planes += offset[:, None, None]
    return planes
