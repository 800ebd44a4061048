"""Many frames in few pixels: minimum, maximum, mean and counts of the frames under each column.

A bin holds the frames [start, stop) under one pixel column and never none: where frames are wider
than pixels, neighbouring columns show the same frame.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Bins:
    """The frames under each of W pixel columns."""

    starts: NDArray[np.intp]
    """(W,) first frame of each column, not falling."""
    stop: int
    """One past the last column's last frame."""

    def __len__(self) -> int:
        return len(self.starts)

    def sizes(self) -> NDArray[np.intp]:
        """(W,) frames under each column, at least 1."""
        following = np.append(self.starts[1:], self.stop)
        return np.maximum(following - self.starts, 1)


def make_bins(first: float, last: float, width: int, frames: int) -> Bins:
    """Bins of the frames first … last over `width` columns.

    Args:
        first: Frame (with fraction) at the left edge, ≥ 0.
        last: Frame at the right edge, > first, ≤ frames.
        width: Columns, ≥ 1.
        frames: Frames there are, ≥ 1.
    """
    edges = np.linspace(first, last, width + 1)
    starts = np.clip(np.floor(edges[:-1] + 1e-9), 0, frames - 1).astype(np.intp)
    stop = int(starts[-1]) + 1
    if last - first >= width:  # else frames are wider than columns, and each shows one
        stop = int(np.clip(np.ceil(last - 1e-9), stop, frames))
    return Bins(starts, stop)


class Extremes:
    """Smallest and largest value of any frames; values that are NaN do not count."""

    def __init__(self, low: Floats, high: Floats) -> None:
        """Take the values.

        Args:
            low: (T,) values the smallest is sought among.
            high: (T,) values the largest is sought among.
        """
        # Infinities instead of NaN: numpy's plain minimum is several times faster than fmin.
        self._low = np.where(np.isnan(low), np.float32(np.inf), low)
        self._high = np.where(np.isnan(high), np.float32(-np.inf), high)

    def low(self, bins: Bins) -> Floats:
        """The smallest value in each bin, (W,); NaN where there is none."""
        found = np.minimum.reduceat(self._low[: bins.stop], bins.starts)
        return np.where(np.isinf(found), np.float32(np.nan), found)

    def high(self, bins: Bins) -> Floats:
        """The largest value in each bin, (W,); NaN where there is none."""
        found = np.maximum.reduceat(self._high[: bins.stop], bins.starts)
        return np.where(np.isinf(found), np.float32(np.nan), found)


class Sums:
    """Sums over any run of frames by two look-ups in running totals."""

    def __init__(self, values: NDArray[Any]) -> None:
        """Take the values, (T,) or (C, T)."""
        kind = np.float64 if values.dtype.kind == "f" else np.int64
        totals = np.cumsum(values, axis=-1, dtype=kind)
        self._totals = np.concatenate([np.zeros((*values.shape[:-1], 1), kind), totals], axis=-1)

    def over(self, bins: Bins) -> NDArray[Any]:
        """The sum in each bin, (W,) or (C, W)."""
        stops = bins.starts + bins.sizes()
        return np.asarray(self._totals[..., stops] - self._totals[..., bins.starts])


class Means:
    """Means of any run of frames; values that are NaN do not count."""

    def __init__(self, values: Floats) -> None:
        is_number = np.isfinite(values)
        self._sums = Sums(np.where(is_number, values, np.float32(0)))
        self._counts = Sums(is_number)

    def over(self, bins: Bins) -> NDArray[np.float64]:
        """The mean in each bin, (W,); NaN where there is no value."""
        total, count = self._sums.over(bins), self._counts.over(bins)
        mean = np.divide(total, count, out=np.full_like(total, np.nan), where=count > 0)
        return np.asarray(mean)


def category_sums(categories: NDArray[np.uint8], num_categories: int) -> Sums:
    """Counts of categories, ready to be asked for any bins.

    Args:
        categories: (F, T) uint8; values of num_categories and above are not counted.
        num_categories: C.

    Returns:
        Sums over (C, T): how many of the F are of each category.
    """
    flags = np.stack([(categories == c).sum(axis=0) for c in range(num_categories)])
    return Sums(flags)
