"""Beards of strands: on jaw and lip, off eyes and brow, the same through time."""

from dataclasses import replace

import numpy as np
import pytest

from core.synthesis.accessories import in_head
from core.synthesis.hair import beard, wears_beard
from core.synthesis.scene import sample_scene
from core.synthesis.subject import prepare_subject
from core.synthesis.template import HeadPose
from core.synthesis.world import template_of


@pytest.fixture
def bearded(world_recipe):
    """A subject with a long beard, and the template."""
    template = template_of("procedural")
    scene = sample_scene(template, 5, world_recipe)
    look = replace(scene.look, stubble=0.9, seed=44)
    return template, prepare_subject(template, scene.shape, look, 256)


def test_strands_grow_below_the_eyes(bearded):
    template, subject = bearded
    assert wears_beard(subject)
    posed = template.deform(subject.shape, HeadPose(yaw=0.3))
    strands = beard(subject, posed)
    roots = in_head(posed, strands.vertices).reshape(-1, 3, 3)[:, :2].mean(1)
    marks = in_head(posed, posed.anchors.ibug68)
    assert len(roots) > 500
    assert roots[:, 1].max() < marks[36:48, 1].mean() + 0.2  # sideburns end at the eyes
    assert (roots[:, 1] < marks[33, 1] + 0.1).mean() > 0.7


def test_strands_keep_their_roots_from_frame_to_frame(bearded):
    template, subject = bearded
    still, turned = (template.deform(subject.shape, HeadPose(yaw=a)) for a in (0.0, 0.02))
    a, b = (in_head(p, beard(subject, p).vertices) for p in (still, turned))
    assert np.abs(a - b).max() < 0.05


def test_the_shaven_wear_none(bearded):
    _, subject = bearded
    assert not wears_beard(replace(subject, look=replace(subject.look, stubble=0.1)))
