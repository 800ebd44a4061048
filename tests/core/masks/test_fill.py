"""Polygons are painted where pixel centres lie inside."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from core.masks import fill
from core.masks.fill import fill_by_arrays, fill_polygon, fill_rings

coordinate = st.floats(-30, 30, allow_nan=False).map(lambda v: round(v, 3))


@pytest.fixture(autouse=True, scope="module", params=[True, False], ids=["compiled", "arrays"])
def way(request):
    """Everything here holds for both ways of filling."""
    before, fill.compiles = fill.compiles, request.param
    yield
    fill.compiles = before


def inside_by_crossing(xy: np.ndarray, x: float, y: float) -> bool:
    """The even–odd rule at one point, edge by edge."""
    crossings = 0
    for (ax, ay), (bx, by) in zip(xy, np.roll(xy, -1, axis=0), strict=True):
        if (ay <= y < by) or (by <= y < ay):
            crossings += ax + (y - ay) * (bx - ax) / (by - ay) <= x
    return crossings % 2 == 1


@given(st.lists(st.tuples(coordinate, coordinate), min_size=3, max_size=8))
def test_equals_the_crossing_test_of_every_pixel(points):
    xy = np.array(points)
    labels = np.zeros((12, 14), np.uint8)
    fill_polygon(labels, xy, 3)
    for y in range(12):
        for x in range(14):
            nearest = np.abs(_crossing_columns(xy, y) - x).min(initial=1.0)
            if nearest > 1e-9:  # a centre on the outline may fall to either side by rounding
                assert labels[y, x] == (3 if inside_by_crossing(xy, x, y) else 0)


def _crossing_columns(xy: np.ndarray, y: float) -> np.ndarray:
    pairs = zip(xy, np.roll(xy, -1, axis=0), strict=True)
    return np.array(
        [
            ax + (y - ay) * (bx - ax) / (by - ay)
            for (ax, ay), (bx, by) in pairs
            if min(ay, by) <= y < max(ay, by)
        ]
    )


@given(st.integers(-3, 10), st.integers(-3, 10), st.integers(0, 9), st.integers(0, 9))
def test_a_box_on_pixel_edges_is_exactly_its_pixels(x0, y0, width, height):
    assume(width and height)
    left, top = x0 - 0.5, y0 - 0.5
    box = np.array(
        [[left, top], [left + width, top], [left + width, top + height], [left, top + height]]
    )
    labels = np.zeros((9, 9), np.uint8)
    fill_polygon(labels, box, 1)
    expected = np.zeros((9, 9), np.uint8)
    expected[max(y0, 0) : max(y0 + height, 0), max(x0, 0) : max(x0 + width, 0)] = 1
    np.testing.assert_array_equal(labels, expected)


def test_neighbours_that_share_an_edge_share_no_pixel_and_leave_none():
    """A fan of triangles round a point paints every pixel of the square once."""
    count = np.zeros((20, 20), np.uint8)
    corners = np.array([[-0.5, -0.5], [19.5, -0.5], [19.5, 19.5], [-0.5, 19.5]])
    for a, b in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        part = np.zeros_like(count)
        fill_polygon(part, np.array([a, b, [7.0, 11.0]]), 1)
        count += part
    assert (count == 1).all()


def test_a_ring_inside_a_ring_is_a_hole():
    outer = np.array([[0, 0], [8, 0], [8, 8], [0, 8]]) - 0.5
    inner = np.array([[2, 2], [2, 5], [5, 5], [5, 2]]) - 0.5
    labels = np.zeros((8, 8), np.uint8)
    fill_rings(labels, [outer, inner], 1)
    assert labels.sum() == 64 - 9
    assert not labels[2:5, 2:5].any()


def test_points_far_away_neither_overflow_nor_wrap():
    labels = np.zeros((5, 5), np.uint8)
    fill_polygon(labels, np.array([[-1e300, -1e300], [1e12, -1e12], [1e12, 1e12]]), 1)
    fill_polygon(labels, np.array([[1e9, 1e9], [2e9, 1e9], [1e9, 2e9]]), 2)
    assert 2 not in labels


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_missing_points_are_refused(bad):
    with pytest.raises(ValueError, match="finite"):
        fill_polygon(np.zeros((4, 4), np.uint8), np.array([[0, 0], [3, bad], [3, 3.0]]), 1)


@given(
    st.lists(
        st.lists(st.tuples(coordinate, coordinate), min_size=3, max_size=9), min_size=1, max_size=3
    ),
    st.sampled_from([1.0, 2.0, 1000.0]),
)
def test_both_ways_fill_the_same_pixels(rings, grid):
    arrays = [np.round(np.array(ring) * grid) / grid for ring in rings]
    points = np.ascontiguousarray(np.concatenate(arrays))
    ends = np.cumsum([len(ring) for ring in arrays])
    compiled, by_arrays = np.zeros((2, 25, 31), np.uint8)
    fill._compiled()(compiled, points, ends, 3)
    fill_by_arrays(by_arrays, points, ends, 3)
    assert np.array_equal(compiled, by_arrays)
