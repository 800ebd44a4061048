"""What is worked out of a face record before anything is painted."""

from types import SimpleNamespace

import numpy as np
import pytest

from app.canvas import face_picture
from app.layers import TABLE, LayerState
from core.annotations.records import ShownFace, Source
from core.masks.label_map import LabelMap
from core.schemes import load_landmark_scheme

LAYERS = {spec.id: spec.initial for spec in TABLE}


def a_face(**changes):
    values = {
        "track_id": 1,
        "box_xyxy": np.array([10, 10, 50, 50], np.float32),
        "score": 0.8,
        "landmarks": np.array([[20, 20], [40, 20], [30, 30], [22, 40], [38, 40]], np.float32),
        "source": Source.FLOW,
    }
    return ShownFace(**(values | changes))


def build(face, layers=LAYERS, scheme="points5"):
    return face_picture.build(face, "Anna", scheme, layers)


def test_points_of_one_kind_are_one_group():
    (group,) = build(a_face()).points
    assert group.mark.title == "propagated by flow"
    assert np.allclose(group.xy, a_face().landmarks + 0.5)


def test_edited_points_are_solid_and_the_others_hollow():
    edited = np.array([True, False, False, False, True])
    groups = build(a_face(edited=edited)).points
    assert sorted((len(g.xy), g.mark.solid) for g in groups) == [(2, True), (3, False)]


def test_hidden_points_are_a_group_of_their_own():
    visible = np.array([True, True, True, True, False])
    groups = build(a_face(visible=visible)).points
    assert sorted((len(g.xy), g.is_hidden) for g in groups) == [(1, True), (4, False)]


def test_missing_points_are_not_drawn():
    landmarks = a_face().landmarks.copy()
    landmarks[2] = np.nan
    assert sum(len(g.xy) for g in build(a_face(landmarks=landmarks)).points) == 4


def test_confidence_colours_go_from_vermilion_to_blue():
    layers = LAYERS | {"points": LayerState(colour_by="confidence")}
    scores = np.array([0.0, 0.0, 1.0, 1.0, 1.0], np.float32)
    groups = build(a_face(landmark_scores=scores), layers).points
    assert {(g.colour, len(g.xy)) for g in groups} == {((213, 94, 0), 2), ((86, 180, 233), 3)}


@pytest.mark.parametrize("scheme", [None, "ibug68", "of nowhere"])
def test_points_without_a_scheme_that_fits_have_no_lines(scheme):
    picture = build(a_face(), scheme=scheme)
    assert picture.lines == []
    assert len(picture.points) == 1


def test_hidden_layers_cost_nothing():
    layers = {name: LayerState(visible=False) for name in LAYERS}
    picture = build(a_face(), layers)
    drawn = [*picture.points, *picture.lines, *picture.areas, *picture.numbers]
    assert drawn == []


def test_a_face_without_landmarks_is_its_box():
    picture = build(a_face(landmarks=None))
    assert picture.bounds == picture.box
    assert (picture.box.left(), picture.box.right()) == (10.5, 50.5)


def test_curves_by_one_product_are_those_of_each_contour():
    scheme = load_landmark_scheme("ibug68")
    xy = np.random.default_rng(0).normal(100, 20, (68, 2))
    for steps in (2, 5):
        together = face_picture._curves(scheme, xy, steps)
        for contour, curve in zip(scheme.contours, together, strict=True):
            assert curve == pytest.approx(contour.curve(xy, per_interval=steps), abs=1e-9)


def test_a_missing_point_takes_only_its_own_contours_away():
    scheme = load_landmark_scheme("ibug68")
    xy = np.random.default_rng(0).normal(100, 20, (68, 2))
    xy[8] = np.nan
    whole = [np.isfinite(curve).all() for curve in face_picture._curves(scheme, xy, 5)]
    assert whole.count(False) == 1


def test_in_a_hurry_no_more_is_worked_out_than_can_be_seen():
    labels = np.zeros((40, 60), np.uint8)
    labels[10:20, 30:50] = 1
    face = SimpleNamespace(
        track_id=0, box_xyxy=np.array([0, 0, 60, 40], np.float32), score=1.0, source=0,
        landmarks=None, landmark_scores=None, visible=None,
        label_maps={"face5": LabelMap(labels, 5, 7)},
    )  # fmt: skip
    calm = face_picture.build(face, "", None, LAYERS).areas[0]
    hurried = face_picture.build(face, "", None, LAYERS, hurry=0.5).areas[0]
    assert hurried.target == calm.target
    assert (hurried.image.width(), hurried.image.height()) == (30, 20)
    assert face_picture.build(face, "", None, LAYERS, hurry=3.0).areas[0].image.width() == 60
