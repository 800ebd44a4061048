"""Aggregation against a slow loop over the frames under each column."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.timeline import binning


@st.composite
def views(draw):
    frames = draw(st.integers(1, 400))
    width = draw(st.integers(1, 120))
    first = draw(st.floats(0, frames - 0.5))
    last = draw(st.floats(min(first + 0.25, frames), frames))
    return frames, width, first, last


def frames_of(bins, column):
    """The frames under a column, as the docstring promises."""
    start = int(bins.starts[column])
    following = int(bins.starts[column + 1]) if column + 1 < len(bins) else bins.stop
    return range(start, max(following, start + 1))


@given(views())
def test_no_column_is_empty_and_columns_follow_each_other(view):
    frames, width, first, last = view
    bins = binning.make_bins(first, last, width, frames)
    assert len(bins) == width
    assert bins.starts[0] == min(int(first + 1e-9), frames - 1)
    assert (np.diff(bins.starts) >= 0).all()
    assert bins.stop <= frames
    assert [len(frames_of(bins, c)) for c in range(width)] == bins.sizes().tolist()


@given(views(), st.integers(0, 2**32 - 1))
def test_low_high_mean_and_sum_equal_a_loop(view, seed):
    frames, width, first, last = view
    rng = np.random.default_rng(seed)
    values = rng.normal(size=frames).astype(np.float32)
    values[rng.random(frames) < 0.3] = np.nan
    flags = rng.random(frames) < 0.1
    bins = binning.make_bins(first, last, width, frames)
    extremes = binning.Extremes(values, values)
    got = extremes.low(bins), extremes.high(bins), binning.Means(values).over(bins)
    flagged = binning.Sums(flags).over(bins)
    for column in range(width):
        part = values[list(frames_of(bins, column))]
        part = part[np.isfinite(part)]
        expected = (part.min(), part.max(), part.mean()) if len(part) else (np.nan,) * 3
        assert np.allclose([g[column] for g in got], expected, atol=1e-5, equal_nan=True)
        assert flagged[column] == flags[list(frames_of(bins, column))].sum()


@given(views(), st.integers(0, 2**32 - 1))
def test_counts_equal_a_loop(view, seed):
    frames, width, first, last = view
    categories = np.random.default_rng(seed).integers(0, 5, frames).astype(np.uint8)
    categories[categories == 4] = 255
    bins = binning.make_bins(first, last, width, frames)
    both = np.stack([categories, categories[::-1]])
    got = binning.category_sums(both, 4).over(bins)
    for column in range(width):
        part = both[:, list(frames_of(bins, column))]
        assert got[:, column].tolist() == [(part == c).sum() for c in range(4)]


@pytest.mark.parametrize("width", [100, 700])
def test_a_single_frame_among_many_is_never_lost(width):
    flags = np.zeros(200_000, bool)
    flags[123_457] = True
    bins = binning.make_bins(0, 200_000, width, 200_000)
    assert (binning.Sums(flags).over(bins) > 0).sum() == 1
