"""How sure an affinity is: what it would be on other faces of the same kind.

The bootstrap (Efron 1979): faces are drawn with replacement as many times as there are, again and
again, and every cell's spread over the draws is its confidence.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.correlation.affinity import MIN_FACES, from_moments
from core.correlation.moments import Moments
from core.errors import InputError
from core.progress import Cancelled, Progress, Report, check, ignore, never

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Confidence:
    """Spread of every cell over draws."""

    low: Floats
    """(M, M) lower end of the interval."""
    high: Floats
    """(M, M) upper end."""
    deviation: Floats
    """(M, M) standard deviation."""
    draws: int
    level: float


def bootstrap(
    normalised: NDArray[np.floating],
    draws: int = 200,
    level: float = 0.95,
    seed: int = 0,
    report: Report = ignore,
    cancelled: Cancelled = never,
) -> Confidence:
    """Percentile intervals of every affinity.

    Args:
        normalised: (N, M, 2) normalised faces, NaN = missing.
        draws: How often to draw; at least 2.
        level: Share of draws inside the interval, in (0, 1).
        seed: Of the draws.
        report: Told draw by draw.
        cancelled: Asked draw by draw.

    Raises:
        InputError: If there are fewer than three faces, too few draws or no such level.
        JobCancelled: If asked to stop.
    """
    xy = np.asarray(normalised, dtype=np.float64)
    if len(xy) < MIN_FACES or draws < 2 or not 0.0 < level < 1.0:
        raise InputError(
            f"A bootstrap needs at least {MIN_FACES} faces, 2 draws and a level between 0 and 1; "
            f"there are {len(xy)} faces, {draws} draws and a level of {level:g}."
        )
    rng = np.random.default_rng(seed)
    reference = Moments.of(xy).reference
    found = np.empty((draws, xy.shape[1], xy.shape[1]))
    for number in range(draws):
        check(cancelled)
        drawn = xy[rng.integers(len(xy), size=len(xy))]
        found[number] = from_moments(Moments.of(drawn, reference)).matrix
        report(Progress("bootstrap", number + 1, draws))
    tail = (1.0 - level) / 2
    low, high = np.quantile(found, [tail, 1.0 - tail], axis=0)
    return Confidence(low, high, found.std(axis=0, ddof=1), draws, level)
