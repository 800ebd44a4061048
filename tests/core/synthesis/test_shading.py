"""Light: normals, sky occlusion, wrapped cosine, blended cards."""

import numpy as np

from core.synthesis import irradiance as sky
from core.synthesis import shading
from core.synthesis.lighting import direction, sample_light, sphere_directions
from core.synthesis.solids import ellipsoid


def ball(radius=1.0):
    """A closed ball, its vertices shared."""
    return ellipsoid(
        np.zeros(3, np.float32), np.eye(3, dtype=np.float32) * np.float32(radius), 24, 32
    )


def test_normals_of_a_ball_point_outwards():
    solid = ball()
    weld = np.arange(len(solid.vertices), dtype=np.int32)
    normals = sky.vertex_normals(solid.vertices, solid.triangles, weld)
    inner = np.abs(solid.vertices[:, 1]) < 0.95  # the poles are pinched, the seam is shared
    outward = (normals * solid.vertices).sum(1)[inner]
    assert outward.min() > 0.98


def irradiance(points, normals, triangles):
    """Under a white sky."""
    around = sphere_directions(200)
    casts = np.ones(len(triangles), bool)
    return sky.sky_irradiance(
        points, normals, triangles, casts, around, np.ones((200, 3), np.float32),
        np.zeros(3, np.float32), np.float32(3.0),
    )  # fmt: skip


def test_a_white_sky_lights_a_convex_body_evenly():
    solid = ball()
    normals = sky.vertex_normals(
        solid.vertices, solid.triangles, np.arange(len(solid.vertices), dtype=np.int32)
    )
    light = irradiance(solid.vertices, normals, solid.triangles)
    inner = np.abs(solid.vertices[:, 1]) < 0.9
    assert np.abs(light[inner] - 1.0).max() < 0.12


def test_the_bottom_of_a_shaft_is_dark():
    """A point below a large plate sees half the sky less."""
    plate = np.array([(-2, 0.2, -2), (2, 0.2, -2), (2, 0.2, 2), (-2, 0.2, 2)], np.float32)
    points = np.concatenate([plate, [[0, 0, 0]]]).astype(np.float32)
    normals = np.tile(np.array([0, 1, 0], np.float32), (5, 1))
    triangles = np.array([(0, 1, 2), (0, 2, 3)], np.int32)
    light = irradiance(points, normals, triangles)
    assert light[4].max() < 0.25
    assert light[0].min() > 0.7


def test_frames_are_orthonormal():
    for yaw in np.linspace(-3, 3, 7):
        for pitch in (-1.5, -0.4, 0.0, 0.9, 1.57):
            axes = sky.frame_towards(direction(yaw, pitch))
            assert np.allclose(axes @ axes.T, np.eye(3), atol=1e-5)
            assert np.linalg.det(axes) > 0


def test_halving_keeps_the_mean():
    rgba = np.random.default_rng(0).random((8, 6, 4)).astype(np.float32)
    half = shading.halve(rgba)
    assert np.allclose(half, rgba.reshape(4, 2, 3, 2, 4).mean((1, 3)), atol=1e-6)


def test_the_meter_keeps_faces_between_dark_and_burnt():
    """Light on a surface that faces the camera halfway up stays within two stops."""
    up_front = direction(0.0, 0.2)
    totals = []
    for seed in range(60):
        light = sample_light(np.random.default_rng(seed))
        sky = (light.sky_rgb.mean(1) * np.maximum(light.sky_directions @ up_front, 0)).mean() * 4
        totals.append(sky + light.key_rgb.mean() * max(0.0, float(light.key_direction @ up_front)))
    assert 0.3 < np.min(totals)
    assert np.max(totals) < 1.8
