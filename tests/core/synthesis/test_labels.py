"""Ground truth: labels by majority, visibility, occlusion, depth and flow on rendered faces."""

from dataclasses import replace

import numpy as np
import pytest

from core.synthesis import labels
from core.synthesis.labels import PARTS14
from core.synthesis.shading import NO_PART
from core.synthesis.template import Part
from core.synthesis.world import OUTPUTS, render_face


@pytest.fixture
def face(world_recipe):
    """A frontal face with open eyes, 128 px, with everything."""
    return render_face(4, 128, OUTPUTS, world_recipe)


@pytest.mark.parametrize(
    ("block", "wins"),
    [((1, 1, 2, 2), 1), ((1, 2, 2, 3), 2), ((1, 2, 3, 3), 3), ((1, 2, 3, 4), 1), ((5, 2, 5, 2), 5)],
)
def test_a_pixel_has_the_class_most_samples_have(block, wins):
    fine = np.array(block, np.uint8).reshape(2, 2)
    assert labels._majority(fine)[0, 0] == wins


def test_parts_have_the_schemes_numbers():
    fine = np.full((2, 8), NO_PART, np.uint8)
    fine[:, 2:4], fine[:, 4:6], fine[:, 6:8] = Part.EYE_LEFT, Part.SCALP, Part.HAIR
    assert labels.parts14(fine, scalp_is_hair=False).tolist() == [
        [0, PARTS14.index("left_eye"), PARTS14.index("skin"), PARTS14.index("hair")]
    ]


def test_the_order_is_that_of_the_mask_scheme():
    from core.schemes import load_mask_scheme

    assert tuple(c.name for c in load_mask_scheme("parts14").classes) == PARTS14


def test_landmarks_lie_on_their_parts(face):
    """Centres of eye, mouth and nose points fall on the part, left being the person's left."""
    points = face.landmarks["ibug68"]
    at = {"right_eye": slice(36, 42), "left_eye": slice(42, 48), "nose": slice(29, 31)}
    for name, which in at.items():
        x, y = np.round(points[which].mean(0)).astype(int)
        assert face.parts14[y, x] == PARTS14.index(name), name
    assert points[36, 0] < points[45, 0]


def test_an_uncovered_frontal_face_is_seen_whole(face):
    seen = face.visible["ibug68"]
    assert seen[27:].all()
    assert seen.mean() > 0.85


def test_face5_agrees_with_the_parts(face):
    eyes = np.isin(face.parts14, (PARTS14.index("left_eye"), PARTS14.index("right_eye")))
    both = (eyes & (face.face5 == 2)).sum() / max((eyes | (face.face5 == 2)).sum(), 1)
    assert both > 0.5


def test_hands_become_occlusions(world_recipe):
    busy = replace(world_recipe, occluded_share=1.0)
    covered = [render_face(s, 96, ("occlusion3", "visible"), busy) for s in range(6)]
    for frame in covered:
        assert set(np.unique(frame.occlusion3)) <= {0, 1, 2}
        assert np.array_equal(frame.blobs > 1, frame.occlusion3 == 2)
        assert np.array_equal(frame.blobs == 1, frame.occlusion3 == 1)
    assert sum((f.occlusion3 == 2).sum() > 50 for f in covered) >= 4
    assert sum((~f.visible["ibug68"][27:]).any() for f in covered) >= 3


def test_depth_is_that_of_the_landmarks(face):
    camera, pose = face.parameters["camera"], face.parameters["pose"]
    assert pose.translation == (0.0, 0.0, 0.0)
    x, y = np.round(face.landmarks["ibug68_3d"][30]).astype(int)
    assert np.isinf(face.depth[0, 0])
    middle = camera.position[2]  # the nose tip is a little before the head's origin plane
    assert abs(face.depth[y, x] - middle) < 2.0
    assert face.depth[y, x] < face.depth[np.isfinite(face.depth)].max()
