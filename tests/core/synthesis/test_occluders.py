"""Occluders and what is worn: on the face, whole, the same every time."""

import numpy as np
import pytest

from core.synthesis import solids
from core.synthesis.accessories import glasses, in_head, to_world
from core.synthesis.occluders import KINDS, build_occluder
from core.synthesis.scene import sample_scene
from core.synthesis.subject import prepare_subject
from core.synthesis.template import HeadPose, Part
from core.synthesis.world import template_of


@pytest.fixture
def person(world_recipe):
    """A subject and the turned head."""
    template = template_of("procedural")
    scene = sample_scene(template, 5, world_recipe)
    subject = prepare_subject(template, scene.shape, scene.look, 256)
    return subject, template.deform(scene.shape, HeadPose(yaw=0.4, roll=0.2))


def volume(solid):
    """Signed volume: positive when triangles are counter-clockwise from outside."""
    a, b, c = (solid.vertices[solid.triangles[:, k]].astype(float) for k in range(3))
    return float((np.cross(a, b) * c).sum() / 6)


def test_solids_face_outwards_and_have_their_volume():
    ball = solids.ellipsoid(
        np.zeros(3, np.float32), np.diag([1.0, 2.0, 0.5]).astype(np.float32), 40, 60
    )
    assert volume(ball) == pytest.approx(4 / 3 * np.pi, rel=0.05)
    path = np.array([(0, 0, 0), (0, 3, 0)], np.float32)
    rod = solids.tube(path, 0.5, 40)
    assert volume(rod) == pytest.approx(np.pi * 0.25 * 3 + np.pi / 6, rel=0.08)


@pytest.mark.parametrize("kind", KINDS)
def test_every_occluder_is_a_sound_mesh(person, kind):
    subject, posed = person
    for seed in (1, 2):
        for piece in build_occluder(kind, seed, subject, posed):
            assert np.isfinite(piece.vertices).all()
            assert piece.triangles.min() >= 0
            assert piece.triangles.max() < len(piece.vertices)
            assert len(piece.uv) == len(piece.vertices)
            assert piece.part == (Part.HAIR if kind == "strands" else Part.OCCLUDER)


@pytest.mark.parametrize("kind", KINDS)
def test_equal_numbers_give_equal_occluders(person, kind):
    subject, posed = person
    first, second = (build_occluder(kind, 9, subject, posed) for _ in range(2))
    assert all(np.array_equal(a.vertices, b.vertices) for a, b in zip(first, second, strict=True))


def test_unknown_occluders_are_refused(person):
    with pytest.raises(ValueError, match="no occluder is called 'sword'"):
        build_occluder("sword", 0, *person)


def test_head_coordinates_and_back(person):
    _, posed = person
    points = np.random.default_rng(0).normal(size=(20, 3)).astype(np.float32)
    assert np.allclose(to_world(posed, in_head(posed, points)), points, atol=1e-5)


@pytest.mark.parametrize("kind", ["rim", "thin", "sun"])
def test_glasses_sit_before_the_eyes(person, kind):
    _, posed = person
    frame, lens = glasses(posed, kind, 3)
    eyes = in_head(posed, posed.anchors.ibug68[36:48])
    glass = in_head(posed, lens.vertices)
    assert glass[:, 2].min() > eyes[:, 2].mean() - 0.05
    assert glass[:, 0].min() < eyes[:, 0].min()
    assert glass[:, 0].max() > eyes[:, 0].max()
    assert in_head(posed, frame.vertices)[:, 2].min() < -0.3  # the arms reach back to the ears
