"""The trunk below a torn chest: it hugs the skin, goes down far enough, and moves with it."""

import numpy as np

from core.synthesis.solids import ellipsoid
from core.synthesis.template import MeshLayer, Part
from core.synthesis.torso import make_torso
from core.synthesis.turning import rotation


def bust():
    """An egg whose lowest point is a tip, as a skin that is all body."""
    egg = ellipsoid(
        np.array([0, -2, -0.6], np.float32), np.diag([1.5, 1.2, 0.9]).astype(np.float32), 24, 40
    )
    weld = np.arange(len(egg.vertices), dtype=np.int32)
    parts = np.full(len(egg.triangles), Part.BODY, np.uint8)
    layer = MeshLayer("skin", "skin", egg.triangles, egg.uv, weld, parts, False, None)
    return layer, egg.vertices


def test_the_trunk_starts_inside_the_skin_and_goes_far_down():
    layer, points = bust()
    trunk = make_torso(layer, points)
    rest = trunk.rest
    top_ring = rest[np.isclose(rest[:, 1], rest[:, 1].max())]
    assert len(top_ring) > 20
    # It may be as wide as the skin within its band of 0.15 dm.
    wide = (top_ring - [0, -2.15, -0.6]) / [1.5, 1.2, 0.9]
    assert (wide**2).sum(1).max() < 1.0
    assert rest[:, 1].min() < points[:, 1].min() - 3


def test_the_trunk_follows_the_skin_rigidly():
    layer, points = bust()
    trunk = make_torso(layer, points)
    turn = rotation(0.4, -0.1, 0.2).astype(np.float32)
    shift = np.array([0.3, -0.2, 1.0], np.float32)
    assert np.allclose(trunk.place(points @ turn.T + shift), trunk.rest @ turn.T + shift, atol=1e-3)


def test_a_skin_that_goes_down_itself_needs_no_trunk():
    layer, points = bust()
    assert make_torso(layer, points - np.array([0, 3, 0], np.float32)) is None
