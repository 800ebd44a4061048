"""Eyes lie in the shade of their lids, wherever the head turns."""

import numpy as np

from core.synthesis.eye_shade import UNSHADED, lid_distances
from core.synthesis.template import HeadPose, HeadShape
from core.synthesis.world import template_of


def distances(pose):
    head = template_of("procedural")
    posed = head.deform(HeadShape(template="procedural"), pose)
    count = sum(len(v) for v in posed.vertices)
    found = lid_distances(posed, count)
    starts = np.cumsum([0] + [len(v) for v in posed.vertices])
    index = next(i for i, layer in enumerate(posed.layers) if layer.kind == "eye")
    return found, slice(starts[index], starts[index + 1])


def test_only_eyeballs_are_under_lids():
    found, eyes = distances(HeadPose())
    rest = np.delete(found, np.arange(eyes.start, eyes.stop), axis=0)
    assert np.all(rest == UNSHADED)
    assert found[eyes].max() < UNSHADED


def test_the_middle_of_the_eye_is_below_one_lid_and_above_the_other():
    found, eyes = distances(HeadPose())
    pupil = found[eyes][0]  # the pole of the right eyeball
    assert 0.1 < pupil[0] < 0.5
    assert 0.1 < pupil[1] < 0.5


def test_turning_the_head_changes_nothing():
    rest, eyes = distances(HeadPose())
    turned, _ = distances(HeadPose(yaw=0.7, pitch=0.3, roll=-0.4))
    # The eyeballs turn with the head; gaze is relative to it.
    assert np.allclose(rest[eyes], turned[eyes], atol=2e-3)
