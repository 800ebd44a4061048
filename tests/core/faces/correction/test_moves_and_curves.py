"""Moving points, and dragging a contour by one of them."""

import numpy as np
import pytest

from core.faces.correction.curve_drag import curve_dragged, drag_weights
from core.faces.correction.moves import mapped, middle_of, shifted, stretch_about, turn_about
from core.faces.correction.template import placed_by_eyes
from core.geometry import compose_affine
from core.schemes import landmark_scheme_names, load_landmark_scheme

IBUG = load_landmark_scheme("ibug68")
FACE = placed_by_eyes(IBUG, [100, 120], [160, 118])
RNG = np.random.default_rng(3)


def test_only_the_chosen_points_move():
    moved = shifted(FACE, [3, 5], [2.5, -1.0])
    assert np.array_equal(moved[[3, 5]], FACE[[3, 5]] + [2.5, -1.0])
    rest = np.setdiff1d(np.arange(68), [3, 5])
    assert np.array_equal(moved[rest], FACE[rest])


def test_shifts_add_up_and_missing_points_stay_missing():
    holed = FACE.copy()
    holed[4] = np.nan
    there = shifted(holed, range(68), [3, 4])
    assert np.isnan(there[4]).all()
    assert np.allclose(shifted(there, range(68), [-3, -4]), holed, equal_nan=True)


def test_turns_about_one_point_compose_and_keep_it():
    middle = middle_of(FACE, IBUG.components["left_eye"])
    one, two = turn_about(middle, 0.3, 1.2), turn_about(middle, -0.5, 0.7)
    both = turn_about(middle, -0.2, 1.2 * 0.7)
    assert np.allclose(compose_affine(two, one), both)
    assert np.allclose(mapped(middle[None], [0], one)[0], middle)


def test_a_turn_keeps_distances_and_goes_clockwise_on_screen():
    turned = mapped(np.array([[1.0, 0.0], [0.0, 0.0]]), [0, 1], turn_about([0, 0], np.pi / 2))
    assert np.allclose(turned, [[0, 1], [0, 0]])


def test_a_stretch_keeps_its_fixed_corner():
    stretched = mapped(FACE, range(68), stretch_about([10, 20], [2.0, 0.5]))
    assert np.allclose(stretched - [10, 20], (FACE - [10, 20]) * [2.0, 0.5])


def test_the_middle_of_nothing_is_nowhere():
    assert np.isnan(middle_of(np.full((3, 2), np.nan), [0, 1])).all()


# Curve drag


@pytest.mark.parametrize("index", range(68))
def test_no_drag_moves_nothing(index):
    assert np.array_equal(curve_dragged(FACE, IBUG.contours, index, [0, 0]), FACE)


@pytest.mark.parametrize("name", landmark_scheme_names())
def test_the_dragged_point_follows_the_mouse_exactly_and_none_goes_further(name):
    scheme = load_landmark_scheme(name)
    face = placed_by_eyes(scheme, [100, 120], [160, 118])
    for index in range(scheme.num_points):
        weights = drag_weights(face, scheme.contours, index)
        assert weights[index] == 1.0
        assert weights.min() >= 0.0
        assert np.flatnonzero(weights == 1.0).tolist() == [index]


def test_a_drag_is_linear_in_the_way_of_the_mouse():
    for index in (2, 8, 19, 37, 48, 57, 30):
        a, b = RNG.normal(size=(2, 2)) * 10
        by = lambda s, i=index: curve_dragged(FACE, IBUG.contours, i, s) - FACE  # noqa: E731
        assert np.allclose(by(2 * a - 3 * b), 2 * by(a) - 3 * by(b))


def test_the_drag_falls_off_along_the_contour_and_leaves_other_contours_alone():
    weights = drag_weights(FACE, IBUG.contours, 5)
    jaw = weights[:17]
    assert (np.diff(jaw[:6]) > 0).all()
    assert (np.diff(jaw[5:11]) < 0).all()
    assert not weights[17:].any()


@pytest.mark.parametrize("angle", [0.7, -2.0])
def test_turning_the_picture_turns_the_drag(angle):
    turn = turn_about([50, 70], angle, 1.7)
    turned = mapped(FACE, range(68), turn)
    shift = np.array([4.0, -3.0])
    dragged = curve_dragged(turned, IBUG.contours, 7, turn[:, :2] @ shift)
    assert np.allclose(
        dragged, mapped(curve_dragged(FACE, IBUG.contours, 7, shift), range(68), turn)
    )


def test_corners_of_an_eye_hold_still_while_a_lid_is_dragged():
    weights = drag_weights(FACE, IBUG.contours, 37, reach=1.0)
    assert weights[38] > 0.2
    assert weights[[36, 39, 40, 41]].tolist() == [0, 0, 0, 0]


def test_a_dragged_corner_takes_both_lids_along():
    weights = drag_weights(FACE, IBUG.contours, 36)
    assert weights[37] > 0.2
    assert weights[41] > 0.2
    assert weights[39] == 0


def test_a_free_end_follows():
    assert drag_weights(FACE, IBUG.contours, 18)[17] > 0.1
    assert drag_weights(FACE, IBUG.contours, 1)[0] > 0.3


def test_a_closed_contour_is_followed_both_ways_round():
    scheme = load_landmark_scheme("wflw98")
    face = placed_by_eyes(scheme, [100, 120], [160, 120])
    weights = drag_weights(face, scheme.contours, 33)  # where the brow's list of points starts
    assert weights[34] > 0.3
    assert weights[41] > 0.3
    assert weights[37] < 0.05


def test_a_longer_reach_takes_more_along():
    sums = [drag_weights(FACE, IBUG.contours, 8, reach).sum() for reach in (0.05, 0.2, 0.5, 1.0)]
    assert sums == sorted(sums)
    assert sums[0] == 1.0


def test_a_missing_neighbour_stays_missing_and_breaks_nothing():
    holed = FACE.copy()
    holed[6] = np.nan
    dragged = curve_dragged(holed, IBUG.contours, 5, [3, 3])
    assert np.isnan(dragged[6]).all()
    assert np.isfinite(np.delete(dragged, 6, axis=0)).all()


def test_points_on_no_contour_move_alone():
    scheme = load_landmark_scheme("points5")
    face = placed_by_eyes(scheme, [10, 10], [20, 10])
    assert drag_weights(face, scheme.contours, 2).tolist() == [0, 0, 1, 0, 0]
