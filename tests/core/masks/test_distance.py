"""Distance maps against a slow loop, and the target of two-stage hair segmentation."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from core.masks.distance import clipped_distance, distance_to, signed_distance

masks = hnp.arrays(bool, st.tuples(st.integers(1, 9), st.integers(1, 9)))


@given(masks)
def test_equals_the_nearest_pixel_by_search(mask):
    ys, xs = np.nonzero(mask)
    y, x = np.mgrid[: mask.shape[0], : mask.shape[1]]
    expected = np.full(mask.shape, np.inf)
    for v, u in zip(ys, xs, strict=True):
        expected = np.minimum(expected, np.hypot(y - v, x - u))
    np.testing.assert_allclose(distance_to(mask), expected, atol=1e-4)


@given(masks)
def test_the_sign_says_inside_and_the_rest_is_the_opposite(mask):
    signed = signed_distance(mask)
    np.testing.assert_array_equal(signed < 0, mask)
    np.testing.assert_array_equal(signed_distance(~mask), -signed)


def test_an_edge_lies_halfway_between_pixels():
    np.testing.assert_array_equal(
        signed_distance(np.array([[True, True, False, False]])), [[-1.5, -0.5, 0.5, 1.5]]
    )


def test_the_hair_target_runs_from_minus_one_to_one():
    """A half-plane, far wider than the reach: d_max = 25 outside, e_max = 10 inside."""
    mask = np.zeros((1, 200), bool)
    mask[:, 100:] = True
    target = clipped_distance(mask)[0]
    assert target[0] == -1
    assert target[-1] == 1
    assert (np.diff(target) >= 0).all()
    # One pixel outside: dt = (25 − 1) − 10 = 14; one inside: dt = 25 − (10 − 1) = 16.
    assert target[99] == pytest.approx(2 * (14 + 10) / 35 - 1)
    assert target[100] == pytest.approx(2 * (16 + 10) / 35 - 1)


def test_no_hair_and_only_hair_have_the_texts_values():
    empty, full = np.zeros((3, 3), bool), np.ones((3, 3), bool)
    assert (clipped_distance(empty) == -1).all()
    assert (clipped_distance(full) == 1).all()
