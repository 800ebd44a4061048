"""Many frames in few pixels: minimum, maximum, mean and counts of the frames under each column.

A bin holds the frames [start, stop) under one pixel column and never none: where frames are wider
than pixels, neighbouring columns show the same frame.
"""

from __future__ import annotations

from dataclasses import dataclass

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


def low(values: Floats, bins: Bins) -> Floats:
    """The smallest value in each bin, NaN where all are NaN; values (T,), result (W,)."""
    return np.fmin.reduceat(values[: bins.stop], bins.starts)


def high(values: Floats, bins: Bins) -> Floats:
    """The largest value in each bin, NaN where all are NaN; values (T,), result (W,)."""
    return np.fmax.reduceat(values[: bins.stop], bins.starts)


def mean(values: Floats, bins: Bins) -> Floats:
    """The mean of the values in each bin that are not NaN; values (T,), result (W,)."""
    part = values[: bins.stop]
    is_number = np.isfinite(part)
    total = np.add.reduceat(np.where(is_number, part, np.float32(0)), bins.starts)
    count = np.add.reduceat(is_number.astype(np.float32), bins.starts)
    return np.divide(total, count, out=np.full_like(total, np.nan), where=count > 0)


def any_true(flags: NDArray[np.bool_], bins: Bins) -> NDArray[np.bool_]:
    """Whether any frame of each bin has the flag; flags (T,), result (W,)."""
    return np.logical_or.reduceat(flags[: bins.stop], bins.starts)


def counts(categories: NDArray[np.uint8], num_categories: int, bins: Bins) -> NDArray[np.int32]:
    """How many frames of each bin are of each category.

    Args:
        categories: (T,) uint8; values of num_categories and above are not counted.
        num_categories: C.
        bins: The columns.

    Returns:
        (C, W) int32.
    """
    part = categories[bins.starts[0] : bins.stop]
    column = np.searchsorted(bins.starts, np.arange(bins.starts[0], bins.stop), side="right") - 1
    known = part < num_categories
    flat = part[known].astype(np.intp) * len(bins) + column[known]
    result = np.bincount(flat, minlength=num_categories * len(bins)).astype(np.int32)
    result = result.reshape(num_categories, len(bins))
    return result[:, _owner(bins.starts)]


def _owner(starts: NDArray[np.intp]) -> NDArray[np.intp]:
    """For each column the last one with the same start, which is where its frames were counted."""
    return np.searchsorted(starts, starts, side="right") - 1
