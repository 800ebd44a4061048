"""Label maps as folders of indexed PNGs."""

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from core.annotations.records import FaceRecord
from core.errors import InputError, ResourceError
from core.formats import mask_folder
from core.formats.records import ExportFrame
from core.schemes import load_mask_scheme


def without_what_is_lost(face: FaceRecord) -> FaceRecord:
    """The face as far as this format can hold it."""
    return replace(face, landmarks=None, landmark_scores=None, visible=None, class_scores={})


@settings(max_examples=30)
@given(data=st.data())
def test_export_then_import_gives_the_same_records(exports, tmp_path_factory, data):
    clip, frames = data.draw(exports)
    folder = tmp_path_factory.mktemp("masks") / "out"
    assert mask_folder.write(folder, clip, frames) == len(frames)
    back = mask_folder.read(folder)
    assert [frame.index for frame in back.frames] == [frame.index for frame in frames]
    for frame, expected in zip(back.frames, frames, strict=True):
        assert frame.time_s == expected.time_s
        assert frame.faces == [without_what_is_lost(face) for face in expected.faces]
    assert (back.clip.name, back.clip.frames) == (clip.name, clip.frames)
    assert {scheme.name for scheme in back.clip.mask_schemes} == {"face5", "hair2"}


def test_pictures_are_indexed_with_the_schemes_colours(one_face, tmp_path):
    clip, frames = one_face
    mask_folder.write(tmp_path / "out", clip, frames)
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names == {"frame_000003.png", "frame_000004.png", "classes.json", "faces.csv"}
    with Image.open(tmp_path / "out" / "frame_000003.png") as picture:
        assert picture.mode == "P"
        labels = np.array(picture)
        palette = np.array(picture.getpalette("RGB")).reshape(-1, 3)
    np.testing.assert_array_equal(labels, frames[0].faces[0].label_maps["face5"].paste((18, 24)))
    np.testing.assert_array_equal(palette[:5], load_mask_scheme("face5").palette)
    classes = json.loads((tmp_path / "out" / "classes.json").read_text())
    assert [item["name"] for item in classes["classes"]][:3] == ["background", "skin", "eyes"]
    assert classes["classes"][1]["colour"] == "#56B4E9"


def test_several_faces_have_pictures_of_their_own_beside_the_common_one(one_face, tmp_path):
    clip, frames = one_face
    first = frames[0].faces[0]
    second = replace(first, track_id=8, label_maps=dict(first.label_maps))
    second.label_maps["face5"] = replace(first.label_maps["face5"], x0=6)
    mask_folder.write(tmp_path / "out", clip, [ExportFrame(3, 0.12, [first, second])])
    names = {path.name for path in (tmp_path / "out").glob("*.png")}
    assert names == {
        "frame_000003.png",
        "frame_000003_face_7.png",
        "frame_000003_face_8.png",
    }
    faces = mask_folder.read(tmp_path / "out").frames[0].faces
    assert [face.label_maps["face5"] for face in faces] == [
        first.label_maps["face5"],
        second.label_maps["face5"],
    ]


def test_a_foreign_folder_needs_only_its_classes(one_face, tmp_path):
    """As DAVIS-style tools leave it: pictures by any name, no table."""
    clip, frames = one_face
    mask_folder.write(tmp_path / "out", clip, frames[:1])
    (tmp_path / "out" / "faces.csv").unlink()
    (tmp_path / "out" / "frame_000003.png").rename(tmp_path / "out" / "00000.png")
    (frame,) = mask_folder.read(tmp_path / "out").frames
    assert frame.index == 0
    expected = frames[0].faces[0].label_maps["face5"]
    assert frame.faces[0].label_maps["face5"] == expected.trimmed()


def test_a_full_folder_and_a_file_are_left_alone(one_face, tmp_path):
    clip, frames = one_face
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("mine")
    (tmp_path / "file").write_text("mine")
    for name in ("full", "file"):
        with pytest.raises(ResourceError, match=name):
            mask_folder.write(tmp_path / name, clip, frames)
    assert (tmp_path / "full" / "mine.txt").read_text() == "mine"
    (tmp_path / "empty").mkdir()
    assert mask_folder.write(tmp_path / "empty", clip, frames) == 2


def test_a_clip_without_label_maps_is_refused(one_face, tmp_path):
    clip, frames = one_face
    with pytest.raises(InputError, match="no label maps"):
        mask_folder.write(tmp_path / "out", replace(clip, mask_schemes=()), frames)


def test_a_full_disk_leaves_nothing_behind(one_face, tmp_path, monkeypatch):
    clip, frames = one_face

    def no_space(path, labels, palette):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(mask_folder, "write_png_indexed", no_space)
    with pytest.raises(ResourceError, match="disk is full"):
        mask_folder.write(tmp_path / "out", clip, frames)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("classes.json", b"{}"),
        ("classes.json", b'{"format_version": 9, "scheme": "face5", "classes": []}'),
        ("classes.json", b'{"format_version": 1, "scheme": "face6", "classes": []}'),
        ("classes.json", b'{"format_version": 1, "scheme": "face5", "classes": []}'),
        ("faces.csv", b"a,b\n1,2\n"),
        ("faces.csv", b"\xff\xfe"),
        ("frame_000003.png", b"\x89PNG\r\n"),
    ],
)
def test_damaged_folders_are_refused_by_file(one_face, tmp_path, name, content):
    clip, frames = one_face
    mask_folder.write(tmp_path / "out", clip, frames)
    (tmp_path / "out" / name).write_bytes(content)
    with pytest.raises(InputError):
        mask_folder.read(tmp_path / "out")


def test_rows_out_of_range_are_refused_by_line(one_face, tmp_path):
    clip, frames = one_face
    mask_folder.write(tmp_path / "out", clip, frames)
    table = tmp_path / "out" / "faces.csv"
    good = table.read_text()
    for old, new in ((",7,Ann", ",-5,Ann"), ("4,3,7,6", "4,3,99999999,6"), ("3,0.12", "x,0.12")):
        assert old in good
        table.write_text(good.replace(old, new))
        with pytest.raises(InputError, match="line 2"):
            mask_folder.read(tmp_path / "out")


def test_a_class_that_the_scheme_lacks_is_refused(one_face, tmp_path):
    clip, frames = one_face
    mask_folder.write(tmp_path / "out", clip, frames)
    Image.fromarray(np.full((18, 24), 9, np.uint8)).save(tmp_path / "out" / "frame_000003.png")
    with pytest.raises(InputError, match="class 9"):
        mask_folder.read(tmp_path / "out")


def test_a_folder_without_classes_is_no_export(tmp_path):
    with pytest.raises(InputError, match="classes"):
        mask_folder.read(tmp_path)
