"""Mirroring, copying between frames, interpolating between anchors, templates."""

import numpy as np
import pytest

from core.faces.correction.copying import copied
from core.faces.correction.interpolation import interpolated
from core.faces.correction.mirroring import middle_line, mirrored
from core.faces.correction.moves import mapped, turn_about
from core.faces.correction.template import mean_shape, placed_by_eyes
from core.geometry import apply_affine, box_of_points, compose_affine, similarity
from core.schemes import landmark_scheme_names, load_landmark_scheme

IBUG = load_landmark_scheme("ibug68")
FACE = placed_by_eyes(IBUG, [100, 120], [160, 140])
LEFT_BROW = IBUG.components["left_brow"]
ALL = range(68)
RNG = np.random.default_rng(8)
WAY = similarity(1.3, 0.4, np.array([12.0, -7.0]))
PARTS = list(IBUG.components.values())


# Templates


@pytest.mark.parametrize("name", landmark_scheme_names())
def test_every_bundled_scheme_has_a_whole_symmetric_mean_shape(name):
    scheme = load_landmark_scheme(name)
    shape = mean_shape(scheme)
    assert np.isfinite(shape).all()
    assert np.allclose(shape[scheme.mirror] * [-1, 1], shape, atol=1e-4)


def test_a_template_has_its_eyes_where_they_were_clicked():
    for first, second in (([90, 200], [150, 190]), ([150, 190], [90, 200])):
        face = placed_by_eyes(IBUG, first, second)
        right = face[list(IBUG.components["right_eye"])].mean(axis=0)
        left = face[list(IBUG.components["left_eye"])].mean(axis=0)
        assert np.allclose([right, left], [[90, 200], [150, 190]], atol=0.02)
        assert face[8, 1] > 230  # the chin is below


def test_one_place_for_two_eyes_is_refused():
    with pytest.raises(ValueError, match="one place"):
        placed_by_eyes(IBUG, [5, 5], [5, 5])


# Mirroring


def test_mirroring_a_symmetric_face_changes_nothing():
    assert np.allclose(mirrored(FACE, IBUG.mirror, ALL), FACE, atol=0.02)


def test_mirroring_everything_twice_is_the_identity():
    crooked = FACE + RNG.normal(size=FACE.shape) * 3
    once = mirrored(crooked, IBUG.mirror, ALL)
    assert np.abs(once - crooked).max() > 1
    assert np.allclose(mirrored(once, IBUG.mirror, ALL), crooked)


def test_a_drifted_brow_is_repaired_from_the_other_one():
    drifted = FACE.copy()
    drifted[list(LEFT_BROW)] += [15, -20]
    repaired = mirrored(drifted, IBUG.mirror, LEFT_BROW)
    assert np.abs(repaired - FACE).max() < 0.2
    rest = np.setdiff1d(np.arange(68), LEFT_BROW)
    assert np.array_equal(repaired[rest], drifted[rest])


def test_mirroring_moves_with_the_face():
    crooked = FACE + RNG.normal(size=FACE.shape)
    assert np.allclose(
        mirrored(apply_affine(WAY, crooked), IBUG.mirror, LEFT_BROW),
        apply_affine(WAY, mirrored(crooked, IBUG.mirror, LEFT_BROW)),
        atol=1e-6,
    )


def test_the_middle_line_is_a_reflection():
    line = middle_line(FACE + RNG.normal(size=FACE.shape), IBUG.mirror)
    assert np.isclose(np.linalg.det(line[:, :2]), -1)
    assert np.allclose(compose_affine(line, line), [[1, 0, 0], [0, 1, 0]])


def test_a_missing_partner_leaves_a_point_where_it_is():
    holed = FACE.copy()
    holed[17] = np.nan
    moved = mirrored(holed, IBUG.mirror, [17, 26])
    assert np.array_equal(moved[26], FACE[26])
    assert np.allclose(moved[17], FACE[17], atol=0.1)  # whose partner is there


@pytest.mark.parametrize("known", [0, 1])
def test_too_little_to_tell_a_middle_line_changes_nothing(known):
    few = np.full((68, 2), np.nan)
    few[30 : 30 + known] = 5.0
    assert np.array_equal(mirrored(few, IBUG.mirror, ALL), few, equal_nan=True)


# Copying


def test_a_copy_follows_the_face_that_moved():
    target = apply_affine(WAY, FACE)
    drifted = target.copy()
    drifted[list(LEFT_BROW)] += [30, 30]
    box = box_of_points(FACE)
    got = copied(FACE, drifted, LEFT_BROW, box, box_of_points(drifted))
    assert np.allclose(got, target)


def test_a_whole_face_copied_onto_the_same_face_is_that_face():
    box = box_of_points(FACE)
    assert np.allclose(
        copied(FACE, apply_affine(WAY, FACE), ALL, box, None), apply_affine(WAY, FACE)
    )


def test_without_landmarks_the_boxes_tell():
    box = np.array([0, 0, 10, 10.0])
    got = copied(FACE, None, ALL, box, np.array([100, 50, 120, 70.0]))
    assert np.allclose(got, 2 * FACE + [100, 50])


@pytest.mark.parametrize("box", [None, np.full(4, np.nan), np.array([5, 5, 5, 5.0])])
def test_without_anything_points_keep_their_place(box):
    got = copied(FACE, None, [3, 4], np.array([0, 0, 10, 10.0]), box)
    assert np.array_equal(got[[3, 4]], FACE[[3, 4]])
    assert np.isnan(np.delete(got, [3, 4], axis=0)).all()


# Interpolating


@pytest.mark.parametrize(("share", "which"), [(0.0, 0), (1.0, 1)])
def test_the_anchors_are_met_exactly(share, which):
    anchors = FACE, apply_affine(WAY, FACE) + RNG.normal(size=FACE.shape)
    assert np.allclose(interpolated(*anchors, share, PARTS), anchors[which])


def test_half_a_turn_is_half_the_angle_and_keeps_the_size():
    part = [IBUG.components["jaw"]]
    jaw = FACE[:17]
    middle = jaw.mean(axis=0)
    turned = mapped(FACE, ALL, turn_about(middle, 1.4, 4.0))
    half = interpolated(FACE, turned, 0.5, part)[:17]
    assert np.allclose(half, mapped(jaw, range(17), turn_about(middle, 0.7, 2.0)))


def test_backwards_is_the_same_way():
    a, b = FACE, apply_affine(WAY, FACE) + RNG.normal(size=FACE.shape)
    assert np.allclose(interpolated(a, b, 0.3, PARTS), interpolated(b, a, 0.7, PARTS), atol=0.5)
    a, b = FACE, apply_affine(WAY, FACE)
    assert np.allclose(interpolated(a, b, 0.3, PARTS), interpolated(b, a, 0.7, PARTS))


def test_it_moves_with_the_camera():
    a, b = FACE, FACE + RNG.normal(size=FACE.shape) * 2
    moved = interpolated(apply_affine(WAY, a), apply_affine(WAY, b), 0.4, PARTS)
    assert np.allclose(moved, apply_affine(WAY, interpolated(a, b, 0.4, PARTS)))


def test_single_points_go_straight():
    got = interpolated(FACE, FACE + np.array([8, 4]), 0.25, [(8,)])
    assert np.allclose(got[8], FACE[8] + [2, 1])
    assert np.isnan(np.delete(got, 8, axis=0)).all()


def test_shapes_that_have_nothing_in_common_stay_within_bounds():
    a, b = RNG.normal(size=(2, 6, 2)) * 10
    for share in np.linspace(0, 1, 11):
        got = interpolated(a, b, share, [range(6)])
        assert np.abs(got).max() < 4 * np.abs(np.stack([a, b])).max()


def test_a_point_missing_in_one_anchor_is_missing_between():
    holed = FACE.copy()
    holed[40] = np.nan
    assert np.flatnonzero(np.isnan(interpolated(FACE, holed, 0.5, PARTS)[:, 0])).tolist() == [40]
