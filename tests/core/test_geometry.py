"""Planar maps and boxes: laws and closed forms."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import geometry as g

angles = st.floats(-3.1, 3.1)
scales = st.floats(0.05, 20.0)
shifts = st.tuples(st.floats(-500, 500), st.floats(-500, 500))


@given(scales, angles, shifts)
def test_inverse_undoes_a_map(scale, angle, shift):
    matrix = g.similarity(scale, angle, np.array(shift))
    points = np.array([[0.0, 0.0], [10.0, 3.0], [-4.0, 250.0]])
    back = g.apply_affine(g.invert_affine(matrix), g.apply_affine(matrix, points))
    assert np.abs(back - points).max() < 1e-6


@given(scales, angles, shifts)
def test_a_fit_finds_the_similarity_that_made_the_points(scale, angle, shift):
    matrix = g.similarity(scale, angle, np.array(shift))
    points = np.array([[0.0, 0.0], [10.0, 3.0], [-4.0, 25.0], [7.0, 7.0]])
    assert np.allclose(g.fit_similarity(points, g.apply_affine(matrix, points)), matrix, atol=1e-6)


def test_composition_applies_the_inner_map_first():
    turn = g.similarity(1.0, np.pi / 2, np.zeros(2))
    shift = g.similarity(1.0, 0.0, np.array([5.0, 0.0]))
    mapped = g.apply_affine(g.compose_affine(shift, turn), np.array([1.0, 0.0]))
    assert np.allclose(mapped, [5.0, 1.0])


def test_a_quarter_turn_takes_x_to_y_as_seen_on_screen():
    turned = g.apply_affine(g.similarity(1.0, np.pi / 2, np.zeros(2)), np.array([1.0, 0.0]))
    assert np.allclose(turned, [0.0, 1.0])


def test_a_fit_leaves_out_missing_points():
    source = np.array([[0.0, 0.0], [1.0, 0.0], [np.nan, np.nan]])
    target = np.array([[2.0, 2.0], [3.0, 2.0], [9.0, 9.0]])
    assert np.allclose(g.fit_similarity(source, target), [[1, 0, 2], [0, 1, 2]])


@pytest.mark.parametrize(
    "source", [np.zeros((1, 2)), np.ones((5, 2)), np.full((4, 2), np.nan)], ids=str
)
def test_a_fit_refuses_points_that_fix_nothing(source):
    with pytest.raises(ValueError, match="similarity needs two"):
        g.fit_similarity(source, source)


def test_iou_of_halves_quarters_and_empty_boxes():
    box = np.array([0.0, 0.0, 2.0, 2.0])
    others = np.array([[0, 0, 2, 2], [1, 0, 3, 2], [5, 5, 6, 6], [1, 1, 1, 1]], dtype=float)
    assert np.allclose(g.box_iou(box, others), [[1.0, 1 / 3, 0.0, 0.0]])


def test_the_box_of_points_skips_missing_ones_and_says_nan_when_none_is_left():
    points = np.array([[1.0, 5.0], [np.nan, np.nan], [4.0, 2.0]])
    assert g.box_of_points(points).tolist() == [1.0, 2.0, 4.0, 5.0]
    assert np.isnan(g.box_of_points(points[1:2])).all()


def test_centre_and_size_make_the_box_again():
    box = np.array([1.0, 2.0, 5.0, 10.0])
    assert np.allclose(g.box_from_centre(*g.box_centre_size(box)), box)
