"""Rows of a run's own numbers: what a key-frame scheduler decided, and by what.

A run names its numbers (`RunReader.value_names`). `decision` is 1 where the heavy net ran and 0
where its result was propagated; any other name is drawn as a curve between its least and its
largest value.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from app import data_colours
from app.convert import premultiplied
from app.data_colours import Rgb
from app.timeline.binning import Bins, Extremes, Means, Sums
from app.timeline.row import Row, Words

DECISION = "decision"
CURVE_COLOUR: Rgb = (0, 158, 115)
_HEAVY, _FLOW = 0, 1
_ROOM = 0.08
"""Of the height, kept free over and under a curve."""


def value_row(name: str, values: NDArray[np.float32]) -> Row:
    """The row of one of a run's numbers.

    Args:
        name: Its name in the run.
        values: (T,), NaN where the run has none.
    """
    return _decision_row(values) if name == DECISION else _curve_row(name, values)


def _decision_row(values: NDArray[np.float32]) -> Row:
    """A mark for each heavy frame over a faint ground where results were propagated."""
    heavy, said = Sums(values >= 0.5), Sums(np.isfinite(values))
    ground = premultiplied(data_colours.SOURCES[_FLOW].colour, 0.35)
    mark = premultiplied(data_colours.SOURCES[_HEAVY].colour, 1.0)

    def render(bins: Bins, height: int) -> Words:
        picture = np.zeros((height, len(bins)), np.uint32)
        picture[height // 2 :, said.over(bins) > 0] = ground
        # Under a column of many frames the mark is as high as the share of heavy ones, at least
        # half, so that one among a hundred shows.
        share = heavy.over(bins) / bins.sizes()
        level = (height - np.arange(height)[:, None] - 0.5) / height
        picture[(share > 0) & (level <= np.maximum(share, 0.5))] = mark
        return picture

    def describe(frame_idx: int) -> str:
        value = values[frame_idx]
        if not np.isfinite(value):
            return "no decision"
        return "decision: run the heavy net" if value >= 0.5 else "decision: propagate"

    return Row("Decision", 13, render, describe)


def _curve_row(name: str, values: NDArray[np.float32]) -> Row:
    """Least to largest value of the frames under a column, and their mean."""
    title = name.replace("_", " ").capitalize()
    finite = values[np.isfinite(values)]
    low, high = (float(finite.min()), float(finite.max())) if len(finite) else (0.0, 1.0)
    span = max(high - low, 1e-9)
    shares = ((values - low) / span * (1 - 2 * _ROOM) + _ROOM).astype(np.float32)
    extremes, means = Extremes(shares, shares), Means(shares)

    def render(bins: Bins, height: int) -> Words:
        least, most, middle = extremes.low(bins), extremes.high(bins), means.over(bins)
        y = 1.0 - (np.arange(height)[:, None] + 0.5) / height
        step = 1.0 / height
        picture = np.zeros((height, len(bins)), np.uint32)
        picture[(y >= least - step / 2) & (y <= most + step / 2)] = premultiplied(CURVE_COLOUR, 0.4)
        picture[np.abs(y - middle) <= step * 0.75] = premultiplied(CURVE_COLOUR, 1.0)
        return picture

    def describe(frame_idx: int) -> str:
        value = values[frame_idx]
        words = name.replace("_", " ")
        if not np.isfinite(value):
            return f"no {words}"
        return f"{words} {value:.3g} ({low:.3g} … {high:.3g} in this run)"

    return Row(title, 18, render, describe)
