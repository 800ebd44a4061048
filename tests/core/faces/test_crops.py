"""Crop maps: exact both ways, upright, centred, and honest about half pixels."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.faces.crops import crop_corners, crop_matrix, extract_crop, eye_line_angle, mirrored
from core.faces.detection import standard_box
from core.geometry import apply_affine, invert_affine
from core.nets.model_card import BoxRule

BOX = np.array([40.0, 30.0, 80.0, 90.0])


@given(
    angle=st.floats(-3.1, 3.1), size=st.floats(5, 3000), x=st.floats(-500, 4000),
    scale=st.floats(0.5, 3), side=st.sampled_from([(112, 112), (256, 192), (7, 7)]),
)  # fmt: skip
def test_there_and_back_is_exact_to_a_thousandth(angle, size, x, scale, side):
    matrix = crop_matrix(BoxRule(scale=scale), np.array([x, 3, x + size, 3 + size]), angle, side)
    points = np.random.default_rng(0).uniform(-100, 4000, (50, 2))
    back = apply_affine(invert_affine(matrix), apply_affine(matrix, points))
    assert np.abs(back - points).max() < 1e-3


def test_the_box_centre_is_the_crop_centre_and_its_side_fits():
    matrix = crop_matrix(BoxRule(scale=1.5), BOX, 0.0, (100, 100))
    assert np.allclose(apply_affine(matrix, np.array([60.0, 60.0])), 49.5)
    corners = crop_corners(matrix, (100, 100))
    assert np.allclose(corners[0], [60 - 45, 60 - 45])
    assert np.allclose(corners[2], [60 + 45, 60 + 45])


def test_the_shift_is_a_share_of_the_side_in_the_upright_frame():
    quarter = np.pi / 2
    matrix = crop_matrix(BoxRule(scale=1.0, shift_xy=(0.0, -0.1)), BOX, quarter, (60, 60))
    # Face turned clockwise by 90°: "up" in the face is to the right on screen.
    assert np.allclose(apply_affine(invert_affine(matrix), np.array([29.5, 29.5])), [66.0, 60.0])


def test_landmarks_are_measured_along_the_eye_line():
    upright = np.array([[-20.0, -10], [20, -10], [0, 30]])
    turn = 0.6
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    turned = upright @ rotation.T + [200, 100]
    angle = eye_line_angle(turned, (0, 1))
    assert angle == pytest.approx(turn)
    rule = BoxRule(scale=1.2)
    seen = apply_affine(crop_matrix(rule, turned, angle, (64, 64)), turned)
    plain = apply_affine(crop_matrix(rule, upright, 0.0, (64, 64)), upright)
    assert np.allclose(seen, plain)


def test_a_detector_rule_frames_what_a_detector_would():
    matrix = crop_matrix(BoxRule(of="detector", scale=1.0), BOX, 0.0, (50, 50))
    box = standard_box(BOX)
    side = max(box[2:] - box[:2])
    assert np.linalg.det(matrix[:, :2]) ** 0.5 == pytest.approx(50 / side)
    assert np.allclose(apply_affine(matrix, (box[:2] + box[2:]) / 2), 24.5)


def test_an_input_that_is_not_square_shows_the_whole_square():
    matrix = crop_matrix(BoxRule(scale=1.0), BOX, 0.0, (120, 90))
    assert np.linalg.det(matrix[:, :2]) ** 0.5 == pytest.approx(90 / 60)
    assert np.allclose(apply_affine(matrix, np.array([60.0, 60.0])), [44.5, 59.5])


def test_no_finite_point_is_an_error():
    with pytest.raises(ValueError, match="finite"):
        crop_matrix(BoxRule(), np.full((5, 2), np.nan), 0.0, (64, 64))


@pytest.mark.parametrize("pair", [None, (0, 1)])
def test_no_eyes_no_angle(pair):
    assert eye_line_angle(np.full((2, 2), np.nan), pair) == 0.0


@pytest.mark.parametrize("size", [40.0, 97.3, 400.0, 777.7])
@pytest.mark.parametrize("angle", [0.0, 0.4])
def test_a_dot_lands_where_the_map_says(size: float, angle: float):
    """The sampled picture and the map agree, also where the frame is averaged over blocks first."""
    yy, xx = np.mgrid[:1000, :1200]
    spot = np.array([611.3, 489.8])
    width = size / 12
    bump = np.exp(-((xx - spot[0]) ** 2 + (yy - spot[1]) ** 2) / (2 * width**2))
    rgb = np.repeat((255 * bump).astype(np.uint8)[..., None], 3, axis=2)
    box = np.array([600 - size / 2, 500 - size / 2, 600 + size / 2, 500 + size / 2])
    matrix = crop_matrix(BoxRule(scale=1.5), box, angle, (112, 112))
    crop = extract_crop(rgb, matrix, (112, 112))[..., 0].astype(float)
    rows, columns = np.mgrid[:112, :112]
    found = np.array([(crop * columns).sum(), (crop * rows).sum()]) / crop.sum()
    assert np.abs(found - apply_affine(matrix, spot)).max() < 0.06


def test_shrinking_does_not_alias():
    """A fine checkerboard seen from afar is grey, not moiré."""
    rgb = np.repeat(
        ((np.indices((800, 800)).sum(axis=0) % 2) * 255).astype(np.uint8)[..., None], 3, 2
    )
    matrix = crop_matrix(BoxRule(scale=1.0), np.array([100.0, 100, 700, 700]), 0.3, (112, 112))
    assert extract_crop(rgb, matrix, (112, 112)).std() < 8
    plain = cv2.warpAffine(rgb, matrix, (112, 112), flags=cv2.INTER_LINEAR)
    assert plain.std() > 20


@pytest.mark.parametrize(
    "box", [[-400, -400, -100, -100], [1e5, 10, 1.1e5, 500], [-50, -50, 30, 30]]
)
def test_crops_beyond_the_frame_are_black_there(box):
    rgb = np.full((120, 160, 3), 200, np.uint8)
    matrix = crop_matrix(BoxRule(scale=1.0), np.array(box, float), 0.0, (32, 32))
    crop = extract_crop(rgb, matrix, (32, 32))
    assert crop.shape == (32, 32, 3)
    assert crop[0, 0].max() == 0


def test_the_mirrored_map_is_the_mirrored_crop():
    rng = np.random.default_rng(3)
    rgb = cv2.GaussianBlur(rng.integers(0, 255, (200, 200, 3), dtype=np.uint8), (9, 9), 0)
    matrix = crop_matrix(BoxRule(scale=1.0), np.array([50.0, 40, 150, 160]), 0.2, (96, 96))
    crop = extract_crop(rgb, matrix, (96, 96)).astype(int)
    flipped = extract_crop(rgb, mirrored(matrix, (96, 96)), (96, 96)).astype(int)
    assert np.abs(crop - flipped[:, ::-1]).max() <= 4  # OpenCV samples at 1/32 pixel
