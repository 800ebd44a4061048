"""Cameras, and what the 2d convention does to landmarks that a turned face hides."""

from dataclasses import replace

import numpy as np
import pytest

from core.synthesis import procedural
from core.synthesis.camera import Camera
from core.synthesis.landmarks import CameraStack, project_landmarks
from core.synthesis.template import HeadPose, HeadShape

HEAD = procedural.load()
CAMERA = Camera(900.0, (127.5, 127.5), (0.0, -0.3, 12.0), (256, 256))


def points(pose, scheme="ibug68", convention="2d"):
    anchors = HEAD.deform(HeadShape(), pose).anchors
    return project_landmarks(anchors, CAMERA, scheme, convention)


def test_a_point_on_the_axis_hits_the_principal_point():
    uv, depth = CAMERA.project(np.array([0.0, -0.3, 0.0]))
    assert uv.tolist() == [127.5, 127.5]
    assert depth == 12.0


def test_right_is_right_and_up_is_up():
    uv, _ = CAMERA.project(np.array([[1.0, -0.3, 0.0], [0.0, 0.7, 0.0]]))
    np.testing.assert_allclose(uv, [[202.5, 127.5], [127.5, 52.5]])


def test_points_behind_the_camera_stay_finite():
    uv, depth = CAMERA.project(np.array([0.5, 0.0, 20.0]))
    assert np.isfinite(uv).all()
    assert depth > 0


def test_a_scaled_camera_keeps_pixel_areas():
    point = np.array([0.3, 0.4, 0.2])
    small, large = CAMERA.project(point)[0], CAMERA.scaled(2.0).project(point)[0]
    np.testing.assert_allclose(large + 0.5, 2.0 * (small + 0.5), rtol=1e-6)
    assert CAMERA.scaled(2.0).image_hw == (512, 512)


def test_stacked_cameras_equal_single_ones():
    cameras = [CAMERA, replace(CAMERA, focal_px=500.0, position=(0.3, 0.1, 6.0))]
    world = np.random.default_rng(0).normal(size=(2, 5, 3)).astype(np.float32)
    uv, depth = CameraStack.of(cameras).project(world)
    for i, camera in enumerate(cameras):
        one_uv, one_depth = camera.project(world[i])
        np.testing.assert_allclose(uv[i], one_uv, atol=1e-3)
        np.testing.assert_allclose(depth[i], one_depth)


@pytest.mark.parametrize(("scheme", "count"), [("ibug68", 68), ("wflw98", 98)])
def test_schemes_have_their_points(scheme, count):
    assert points(HeadPose(), scheme).shape == (count, 2)


def test_both_schemes_agree_where_they_name_the_same_point():
    few, many = points(HeadPose(yaw=0.5)), points(HeadPose(yaw=0.5), "wflw98")
    np.testing.assert_allclose(few[:17], many[:33:2], atol=1e-4)
    np.testing.assert_allclose(few[27:36], many[51:60], atol=1e-4)
    np.testing.assert_allclose(few[48:], many[76:96], atol=1e-4)


def test_only_jaw_and_brows_differ_between_the_conventions():
    flat, solid = (points(HeadPose(yaw=0.9), convention=c) for c in ("2d", "3d"))
    np.testing.assert_allclose(flat[27:], solid[27:], atol=1e-4)
    assert np.abs(flat[:17] - solid[:17]).max() > 5.0


def test_hidden_jaw_points_move_to_the_silhouette():
    """Turned to the viewer's right, the far cheek is on the viewer's right."""
    pose = HeadPose(yaw=0.9)
    flat, solid = points(pose), points(pose, convention="3d")
    far, near = slice(12, 17), slice(0, 4)
    assert (flat[far, 0] > solid[far, 0] + 1.0).all()
    rings = HEAD.deform(HeadShape(), pose).anchors.jaw_rings
    outermost = CAMERA.project(rings[22:33])[0].max(axis=1)[:, 0]
    assert (flat[far, 0] <= outermost.max() + 0.5).all()
    # each lies on the outline: a line between the outermost points of two neighbouring rings
    outline = CAMERA.project(rings[16:33])[0]
    tops = outline[np.arange(17), outline[..., 0].argmax(axis=1)]
    for point in flat[far]:
        assert _distance_to_line(point, tops) < 1.5
    line = CAMERA.project(rings[:17, 0])[0]
    for point in flat[near]:
        assert _distance_to_line(point, line) < 2.0


def test_jaw_points_keep_their_shares_of_the_outline_however_the_head_is_turned():
    for yaw in (0.0, 0.5, 0.9):
        jaw = points(HeadPose(yaw=yaw), "wflw98")[:33]
        for half in (jaw[:17], jaw[:15:-1]):
            steps = np.linalg.norm(np.diff(half, axis=0), axis=1)
            assert steps.max() < 1.4 * np.median(steps)  # no crowd at the chin, no gap at the cheek


def _distance_to_line(point, line):
    """Distance of a point (2,) to a line through points (n, 2)."""
    start, way = line[:-1], np.diff(line, axis=0)
    share = ((point - start) * way).sum(axis=1) / np.maximum((way**2).sum(axis=1), 1e-9)
    nearest = start + np.clip(share, 0, 1)[:, None] * way
    return float(np.linalg.norm(point - nearest, axis=1).min())


def test_the_outline_does_not_jump_while_the_head_turns():
    path = np.array([points(HeadPose(yaw=float(a)), "wflw98") for a in np.arange(-1.2, 1.2, 0.02)])
    step = np.linalg.norm(np.diff(path, axis=0), axis=2)
    assert step.max() < 6.0  # pixels a step of 1.1°


def test_hidden_brow_ends_are_pulled_in():
    flat = points(HeadPose(yaw=1.1))
    brow = flat[22:27, 0]  # the far brow, from the nose outwards
    assert (np.diff(brow) > -0.5).all()  # never folds back behind the ridge


def test_rolling_the_head_turns_the_outline_with_it():
    """The silhouette is sought across the head's own axis, not the image's."""
    upright, rolled = points(HeadPose()), points(HeadPose(roll=0.6))
    for a, b in ((0, 16), (4, 12), (8, 27), (2, 6)):
        length = [np.linalg.norm(p[a] - p[b]) for p in (upright, rolled)]
        assert length[1] == pytest.approx(length[0], rel=0.03)


def test_shut_lids_do_not_cross():
    expression = np.zeros(34, dtype=np.float32)
    expression[[0, 3]] = 1.2
    shut = points(HeadPose(expression))
    for upper, lower in ((37, 41), (38, 40), (43, 47), (44, 46)):
        assert shut[upper, 1] <= shut[lower, 1] + 1e-3
