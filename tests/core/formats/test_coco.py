"""COCO: what is written is read back, and other programs' files are understood."""

import copy
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pycocotools.coco import COCO

from core.annotations.records import Source
from core.errors import InputError, ResourceError
from core.formats import coco
from core.schemes import load_landmark_scheme


@given(data=st.data())
def test_export_then_import_gives_the_same_records(exports, tmp_path_factory, data):
    clip, frames = data.draw(exports)
    path = tmp_path_factory.mktemp("coco") / "out.json"
    assert coco.write(path, clip, frames) == len(frames)
    back = coco.read(path)
    assert [frame.index for frame in back.frames] == [frame.index for frame in frames]
    for frame, expected in zip(back.frames, frames, strict=True):
        assert frame.time_s == expected.time_s
        assert frame.faces == expected.faces
    assert not back.skipped
    if frames:
        assert (back.clip.width, back.clip.height) == (clip.width, clip.height)
    assert back.clip.frames == clip.frames
    assert back.clip.fps == clip.fps
    assert back.clip.track_names == clip.track_names


def test_pycocotools_reads_the_file(one_face, tmp_path, capsys):
    clip, frames = one_face
    coco.write(tmp_path / "out.json", clip, frames)
    dataset = COCO(tmp_path / "out.json")
    assert dataset.getImgIds() == [4, 5]
    (face_id,) = dataset.getAnnIds(catIds=dataset.getCatIds(catNms=["face"]))
    face = dataset.loadAnns([face_id])[0]
    assert face["num_keypoints"] == 67
    assert face["keypoints"][15:18] == [0, 0, 0]
    assert face["keypoints"][:3] == [1.5, 2.25, 2]
    assert face["keypoints"][27:30][2] == 1  # point 9 is hidden
    assert face["bbox"] == [2.0, 2.75, 16.75, 8.0]
    regions = dataset.loadAnns(dataset.getAnnIds(imgIds=[4], catIds=[2, 3, 4, 5]))
    names = [dataset.loadCats([region["category_id"]])[0]["name"] for region in regions]
    assert names == ["skin", "eyes"]
    assert [region["area"] for region in regions] == [15, 1]
    assert regions[1]["bbox"] == [7, 5, 1, 1]


def test_the_skeleton_joins_the_contours_counting_from_one():
    edges = coco.skeleton(load_landmark_scheme("ibug68"))
    assert [1, 2] in edges
    assert [37, 42] in edges  # the lower lid returns to the outer corner
    assert [49, 60] in edges
    assert [17, 18] not in edges
    assert np.array(edges).min() == 1
    assert np.array(edges).max() == 68


def test_files_of_other_programs_are_read(tmp_path):
    """Polygons, no frame numbers, no tracks, an unknown category and a stray annotation."""
    document = {
        "images": [{"id": "a", "width": 10, "height": 8}, {"id": "b", "width": 10, "height": 8}],
        "categories": [
            {"id": 1, "name": "person", "keypoints": ["a"] * 5},
            {"id": 2, "name": "hair"},
            {"id": 3, "name": "teapot"},
        ],
        "annotations": [
            {"id": 1, "image_id": "b", "category_id": 1, "keypoints": [1, 2, 2] * 4 + [0, 0, 0]},
            {
                "id": 2,
                "image_id": "b",
                "category_id": 2,
                "segmentation": [[1, 1, 4, 1, 4, 3, 1, 3]],
            },
            {"id": 3, "image_id": "b", "category_id": 3, "segmentation": [[1, 1, 4, 1, 4, 3]]},
            {"id": 4, "image_id": "c", "category_id": 1, "keypoints": [0] * 15},
        ],
    }
    path = tmp_path / "other.json"
    path.write_text(json.dumps(document))
    back = coco.read(path)
    assert [frame.index for frame in back.frames] == [0, 1]
    assert back.frames[0].faces == []
    (face,) = back.frames[1].faces
    assert face.source == Source.IMPORTED
    np.testing.assert_array_equal(face.landmarks[:4], [[1, 2]] * 4)
    assert np.isnan(face.landmarks[4]).all()
    assert back.clip.landmark_scheme.name == "points5"
    (scheme,) = back.clip.mask_schemes
    assert "hair" in scheme.class_names
    label_map = face.label_maps[scheme.name]
    assert label_map.box_xyxy == (1, 1, 4, 3)
    assert (label_map.labels == scheme.class_names.index("hair")).all()
    assert len(back.skipped) == 2
    assert "teapot" in " ".join(back.skipped)


@pytest.mark.real
@pytest.mark.parametrize(
    ("name", "points", "faces"), [("300w", 68, 2), ("wflw", 98, 4), ("cofw", 29, 2)]
)
def test_a_public_codebases_files_are_read(real_folder: Path, name, points, faces):
    path = real_folder / f"open-mmlab+mmpose/tests/data/{name}/test_{name}.json"
    back = coco.read(path)
    assert back.clip.landmark_scheme.num_points == points
    found = [face for frame in back.frames for face in frame.faces]
    assert len(found) == faces
    for face in found:
        x0, y0, x1, y1 = face.box_xyxy
        middle = np.nanmean(face.landmarks, axis=0)
        assert x0 - 20 < middle[0] < x1 + 20
        assert y0 - 20 < middle[1] < y1 + 20


def test_nothing_half_written_stays_when_the_frames_break_off(one_face, tmp_path):
    clip, frames = one_face

    def broken():
        yield frames[0]
        raise RuntimeError("the clip has gone")

    (tmp_path / "out.json").write_text("what was there")
    with pytest.raises(RuntimeError):
        coco.write(tmp_path / "out.json", clip, broken())
    assert [path.name for path in tmp_path.iterdir()] == ["out.json"]
    assert (tmp_path / "out.json").read_text() == "what was there"


def test_a_full_disk_is_a_sentence_and_leaves_nothing(one_face, tmp_path, monkeypatch):
    """The third write fails as a full disk fails."""
    clip, frames = one_face
    opened = Path.open

    def open_on_a_full_disk(self, *arguments, **options):
        stream = opened(self, *arguments, **options)
        writes = iter(range(2))

        def write(text):
            if next(writes, None) is None:
                raise OSError(28, "No space left on device")

        stream.write = write
        return stream

    monkeypatch.setattr(Path, "open", open_on_a_full_disk)
    with pytest.raises(ResourceError, match="disk is full"):
        coco.write(tmp_path / "out.json", clip, frames)
    assert list(tmp_path.iterdir()) == []


def test_places_that_cannot_be_written_are_named(one_face, tmp_path):
    clip, frames = one_face
    for path in (tmp_path, tmp_path / "nowhere" / "out.json"):
        with pytest.raises(ResourceError, match=str(path)):
            coco.write(path, clip, frames)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"{}", b'{"images": 3}', b"\xff"])
def test_other_files_are_refused_by_name(tmp_path, content):
    path = tmp_path / "other.json"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"other\.json"):
        coco.read(path)


@pytest.fixture(scope="module")
def document(tmp_path_factory):
    """A small COCO file of ours as a document, and where it lies."""
    from core.annotations.records import FaceRecord
    from core.formats.records import ExportClip, ExportFrame
    from core.masks.label_map import LabelMap
    from core.schemes import load_mask_scheme

    labels = np.array([[1, 2], [0, 1]], np.uint8)
    xy = np.arange(10, dtype=np.float32).reshape(5, 2)
    face = FaceRecord(0, np.arange(4, dtype=np.float32), 0.5, landmarks=xy)
    face.label_maps["face5"] = LabelMap(labels, 1, 1)
    face.class_scores["face5"] = np.ones((5, 2), np.float32)
    masks, points = load_mask_scheme("face5"), load_landmark_scheme("points5")
    clip = ExportClip("a.mp4", 8, 6, 25.0, 3, points, (masks,))
    path = tmp_path_factory.mktemp("damaged") / "out.json"
    coco.write(path, clip, [ExportFrame(1, 0.04, [face])])
    return path, json.loads(path.read_text())


values = st.sampled_from(
    [None, True, -1, 0, 3, 1e400, 2**70, "x", "", [], [[]], {}, [1, 2], {"size": [6, 8]}, 0.5]
)


@settings(max_examples=300)
@given(data=st.data())
def test_any_field_may_be_damaged(document, data):
    """One value anywhere in the file replaced: records come back or an InputError says why."""
    path, whole = document
    damaged = copy.deepcopy(whole)
    places = list(_places(damaged))
    parent, key = data.draw(st.sampled_from(places))
    parent[key] = data.draw(values)
    path.write_text(json.dumps(damaged))
    try:
        coco.read(path)
    except InputError as error:
        assert "out.json" in str(error)  # noqa: PT017


def _places(node):
    keys = node.keys() if isinstance(node, dict) else range(len(node))
    for key in list(keys):
        yield node, key
        if isinstance(node[key], dict | list):
            yield from _places(node[key])
