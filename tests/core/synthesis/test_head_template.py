"""What every head template promises, tried on the one that needs no files."""

import json
from dataclasses import replace

import numpy as np
import pytest

from core.errors import InputError
from core.synthesis import procedural
from core.synthesis.shape import sample_shape
from core.synthesis.template import (
    EXPRESSION_INDEX,
    EXPRESSION_UNITS,
    HeadPose,
    HeadShape,
    Part,
    load_template,
)

HEAD = procedural.load()


def units(**weights):
    """Expression weights by unit name with underscores."""
    values = np.zeros(len(EXPRESSION_UNITS), dtype=np.float32)
    for name, weight in weights.items():
        values[EXPRESSION_INDEX[name.replace("_", "-")]] = weight
    return values


def landmarks(pose, shape=None):
    return HEAD.deform(shape or HeadShape(), pose).anchors.ibug68


def test_without_the_head_folder_the_formulas_are_used(monkeypatch):
    monkeypatch.delenv("LINEAMENT_HEAD", raising=False)
    assert load_template().name == "procedural"


def test_asking_for_makehuman_without_its_folder_says_what_to_set(monkeypatch):
    monkeypatch.delenv("LINEAMENT_HEAD", raising=False)
    with pytest.raises(InputError, match="LINEAMENT_HEAD"):
        load_template("makehuman")


def test_unknown_templates_list_the_known_ones():
    with pytest.raises(InputError, match="procedural"):
        load_template("flame")


def test_a_shape_survives_json():
    shape = replace(sample_shape(4, HEAD), warp=((0.0, 0.1, 0.0),) * 68)
    assert HeadShape.from_json(json.loads(json.dumps(shape.to_json()))) == shape


def test_a_pose_is_plain_values():
    values = json.loads(json.dumps(HeadPose(units(mouth_open=0.5), yaw=0.2).to_json()))
    assert values["yaw"] == 0.2
    assert sum(values["expression"]) == 0.5


@pytest.mark.parametrize("seed", range(6))
def test_layers_fit_together(seed):
    shape = sample_shape(seed, HEAD)
    posed = HEAD.deform(shape, HeadPose())
    assert posed.layers == HEAD.layers(shape)
    for layer, vertices in zip(posed.layers, posed.vertices, strict=True):
        count = len(vertices)
        assert vertices.dtype == np.float32
        assert np.isfinite(vertices).all()
        assert layer.uv.shape == (count, 2)
        assert layer.uv.min() >= 0.0
        assert layer.uv.max() <= 1.0
        assert layer.weld.shape == (count,)
        assert 0 <= layer.triangles.min() <= layer.triangles.max() < count
        assert layer.parts.shape == (len(layer.triangles),)


def test_welded_vertices_share_their_place():
    for shape in (HeadShape(), sample_shape(3, HEAD)):
        posed = HEAD.deform(shape, HeadPose(units(mouth_open=0.7, eye_left_closure=1.0)))
        skin, vertices = posed.layers[0], posed.vertices[0]
        first = np.full(len(vertices), -1)
        first[skin.weld[::-1]] = np.arange(len(vertices))[::-1]
        np.testing.assert_allclose(vertices, vertices[first[skin.weld]], atol=1e-5)


def test_the_skin_faces_outwards():
    posed = HEAD.deform(HeadShape(), HeadPose())
    skin, v = posed.layers[0], posed.vertices[0]
    face = np.isin(skin.parts, [Part.SKIN, Part.SCALP, Part.NOSE])
    a, b, c = (v[skin.triangles[face, k]] for k in range(3))
    normal = np.cross(b - a, c - a)
    area = np.linalg.norm(normal, axis=1)
    outwards = ((a + b + c) / 3 - [0.0, -0.1, -0.6]) * normal
    assert (outwards.sum(axis=1)[area > 1e-4] > 0).mean() > 0.97


def test_all_parts_of_a_face_are_there():
    layers = HEAD.layers(HeadShape(choices={"hair": "short"}))
    found = {Part(p) for layer in layers for p in np.unique(layer.parts)}
    wanted = set(Part) - {Part.BEARD, Part.GLASSES, Part.HAT, Part.OCCLUDER}
    assert wanted <= found


def test_left_is_the_persons_left():
    posed = HEAD.deform(HeadShape(), HeadPose())
    eyes, vertices = posed.layers[1], posed.vertices[1]
    left = vertices[eyes.triangles[eyes.parts == Part.EYE_LEFT]]
    assert left[..., 0].min() > 0  # the viewer's right


def test_a_symmetric_head_has_symmetric_landmarks():
    points = landmarks(HeadPose())
    mirrored = points[[*range(16, -1, -1), *range(26, 16, -1)]] * [-1, 1, 1]
    np.testing.assert_allclose(points[:27], mirrored, atol=1e-5)
    np.testing.assert_allclose(points[36], points[45] * [-1, 1, 1], atol=1e-5)


def test_the_jaw_drops_and_the_forehead_stays():
    shut, open_ = landmarks(HeadPose()), landmarks(HeadPose(units(mouth_open=1.0)))
    assert (shut - open_)[8, 1] > 0.2
    assert (shut - open_)[66, 1] > 0.2
    np.testing.assert_allclose(shut[17:37], open_[17:37], atol=1e-5)


def test_a_closed_eye_has_no_height_and_the_other_stays_open():
    points = landmarks(HeadPose(units(eye_left_closure=1.0)))
    assert np.linalg.norm(points[44] - points[46]) < 0.02
    assert np.linalg.norm(points[37] - points[41]) > 0.06


def test_smiling_lifts_and_widens_the_corners():
    still, smile = landmarks(HeadPose()), landmarks(HeadPose(units(mouth_corner_puller=1.0)))
    assert smile[48, 1] > still[48, 1]
    assert smile[54, 0] - smile[48, 0] > still[54, 0] - still[48, 0]


@pytest.mark.parametrize(
    ("pose", "axis", "sign"),
    [
        (HeadPose(yaw=0.4), 0, 1),  # the nose goes to the viewer's right
        (HeadPose(pitch=0.4), 1, 1),  # … up
    ],
)
def test_angles_turn_the_nose_as_documented(pose, axis, sign):
    assert sign * (landmarks(pose) - landmarks(HeadPose()))[30, axis] > 0.1


def test_roll_is_clockwise_for_the_viewer():
    points = landmarks(HeadPose(roll=0.3))
    assert points[45, 1] < points[36, 1]  # the eye on the viewer's right sinks


def test_gaze_turns_the_pupils_and_nothing_else():
    ahead = HEAD.deform(HeadShape(), HeadPose()).anchors.wflw98
    aside = HEAD.deform(HeadShape(), HeadPose(gaze_left=(0.4, 0.0))).anchors.wflw98
    assert aside[97, 0] - ahead[97, 0] > 0.04
    np.testing.assert_array_equal(aside[:97], ahead[:97])


def test_many_faces_at_once_equal_one_by_one():
    shapes = [sample_shape(i, HEAD) for i in range(4)]
    poses = [HeadPose(units(mouth_open=0.2 * i), yaw=0.3 * i) for i in range(4)]
    many = HEAD.anchors(shapes, poses)
    for i in range(4):
        one = HEAD.deform(shapes[i], poses[i]).anchors
        np.testing.assert_allclose(many.wflw98[i], one.wflw98, atol=1e-6)
        np.testing.assert_allclose(many.jaw_rings[i], one.jaw_rings, atol=1e-6)


def test_unequal_lists_are_refused():
    with pytest.raises(ValueError, match="as many"):
        HEAD.anchors([HeadShape()], [])


def test_unknown_hair_is_named():
    with pytest.raises(InputError, match="mohawk"):
        HEAD.layers(HeadShape(choices={"hair": "mohawk"}))
