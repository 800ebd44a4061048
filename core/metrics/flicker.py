"""How much landmarks tremble: normalised mean flicker, and second differences without truth.

LDEQ (CVPR 2023) made flicker a metric; docs/METHODS.md (I) states the definitions used here.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]


def normalised_mean_flicker(predicted: Floats, truth: Floats, sizes: Floats) -> float:
    """NMF of one track: mean over frames of the RMS over landmarks of ‖e(t) − e(t−1)‖ / d(t).

    Args:
        predicted: (T, M, 2), NaN = missing.
        truth: (T, M, 2).
        sizes: d of every frame, (T,).

    Returns:
        A fraction of d; NaN with fewer than two comparable frames.
    """
    error = np.asarray(predicted, np.float64) - np.asarray(truth, np.float64)
    step = np.linalg.norm(np.diff(error, axis=0), axis=-1) / np.asarray(sizes)[1:, None]
    return _mean_of_rms(step)


def second_difference_flicker(predicted: Floats, sizes: Floats) -> float:
    """Mean over frames of the RMS over landmarks of ‖p(t−1) − 2p(t) + p(t+1)‖ / d(t).

    For stretches where the face box is still: a steady movement counts nothing, trembling does.

    Args:
        predicted: (T, M, 2), NaN = missing.
        sizes: d of every frame, (T,).

    Returns:
        A fraction of d; NaN with fewer than three comparable frames.
    """
    second = np.diff(np.asarray(predicted, np.float64), n=2, axis=0)
    return _mean_of_rms(np.linalg.norm(second, axis=-1) / np.asarray(sizes)[1:-1, None])


def still_stretches(boxes_xyxy: Floats, most_move: float = 0.02) -> NDArray[np.bool_]:
    """Frames whose box moved or grew by less than `most_move` of its size since the last, (T,).

    Args:
        boxes_xyxy: (T, 4).
        most_move: Largest move of a corner, as a share of the box's mean side.
    """
    boxes = np.asarray(boxes_xyxy, np.float64)
    side = (boxes[:, 2:] - boxes[:, :2]).mean(axis=1)
    moved = np.abs(np.diff(boxes, axis=0)).max(axis=1) / side[1:]
    return np.concatenate([[True], moved < most_move])


def _mean_of_rms(values: Floats) -> float:
    known = np.isfinite(values)
    count = known.sum(axis=1)
    if not (count > 0).any():
        return float("nan")
    squares = np.where(known, values, 0.0) ** 2
    rms = np.sqrt(squares.sum(axis=1)[count > 0] / count[count > 0])
    return float(rms.mean())
