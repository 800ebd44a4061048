"""How much a label map trembles through time.

Raw changes from frame to frame are mostly true motion, so two measures leave that out: changes the
truth does not make, and *blinks*, labels that leave for a single frame and come back, which need
no truth. All are shares of face pixels (a class other than background in any frame looked at).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Labels = NDArray[np.uint8]


def changes(labels: Labels) -> float:
    """Mean share of face pixels whose label differs from the frame before.

    Args:
        labels: (T, h, w), every frame in the same coordinates (a crop that follows the face).

    Returns:
        A share; NaN with fewer than two frames that show a face.
    """
    before, now = labels[:-1], labels[1:]
    return _mean_share(before != now, (before > 0) | (now > 0))


def false_changes(labels: Labels, truth: Labels) -> float:
    """Mean share of face pixels whose label changes where the true one stays, and is known.

    Args:
        labels: (T, h, w).
        truth: (T, h, w); 255 = not known, such pixels do not count.
    """
    known = (truth[:-1] != 255) & (truth[1:] != 255)
    still = (truth[:-1] == truth[1:]) & known
    face = (labels[:-1] > 0) | (labels[1:] > 0) | ((truth[1:] > 0) & known)
    return _mean_share((labels[:-1] != labels[1:]) & still, face & known)


def blinks(labels: Labels) -> float:
    """Mean share of face pixels whose label is another for one frame only: A → B → A."""
    first, middle, last = labels[:-2], labels[1:-1], labels[2:]
    return _mean_share((first == last) & (first != middle), (first > 0) | (middle > 0))


def _mean_share(hits: NDArray[np.bool_], of: NDArray[np.bool_]) -> float:
    total = of.sum(axis=(1, 2))
    shown = total > 0
    if not shown.any():
        return float("nan")
    return float(((hits & of).sum(axis=(1, 2))[shown] / total[shown]).mean())
