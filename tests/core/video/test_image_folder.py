"""A folder of pictures, or one picture, is a clip like any other."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from core.errors import InputError
from core.video.folder import image_files, natural_key
from core.video.reader import VideoReader


def test_natural_order():
    names = ["f10.png", "f2.png", "F1.png", "f02.png", "a.png", "10.png", "9.png", "f.png"]
    assert sorted(names, key=natural_key) == [
        "9.png", "10.png", "a.png", "f.png", "F1.png", "f02.png", "f2.png", "f10.png",
    ]  # fmt: skip


def test_other_files_are_left_out(tmp_path):
    for name in ("2.png", "1.JPG", ".hidden.png", "notes.txt"):
        (tmp_path / name).write_bytes(b"")
    (tmp_path / "sub.png").mkdir()
    assert [f.name for f in image_files(tmp_path)] == ["1.JPG", "2.png"]


def _folder(clips, path, count=12):
    for k in range(count):
        Image.fromarray(clips.picture(k)).save(path / f"frame{k}.png")
    return path


def test_frames_of_a_folder(clips, tmp_path):
    with VideoReader(_folder(clips, tmp_path)) as reader:
        assert reader.info.kind == "folder"
        assert reader.info.frames == len(reader) == 12
        assert (reader.info.width, reader.info.height) == (64, 48)
        assert reader.info.duration_s == pytest.approx(12 / 25)
        for i in (11, 0, 10, 2):
            assert np.array_equal(reader.frame(i), clips.picture(i))
        assert [clips.number_of(rgb) for _, rgb in reader.frames(3, 6)] == [3, 4, 5]
        assert reader.time_s(10) == pytest.approx(0.4)
        assert [reader.frame_at(t) for t in (-1.0, 0.0, 0.4, 0.45, 9.0)] == [0, 0, 10, 11, 11]
        assert reader.times_s()[10] == reader.time_s(10)
        assert reader.quick_frame(7) == 7
        assert reader.key_frames() == list(range(12))
        reader.read_ahead(1)


def test_mixed_sizes_name_the_first_odd_one(clips, tmp_path):
    folder = _folder(clips, tmp_path)
    for k in (7, 10):
        Image.fromarray(clips.picture(k, 80, 48)).save(folder / f"frame{k}.png")
    with pytest.raises(InputError, match=r"frame7\.png: is 80×48 but frame0\.png is 64×48"):
        VideoReader(folder)


def test_a_turned_picture_counts_as_shown(clips, tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    turned = np.ascontiguousarray(np.rot90(clips.picture(1)))
    Image.fromarray(clips.picture(0)).save(tmp_path / "0.png")
    Image.fromarray(turned).save(tmp_path / "1.png", exif=exif)
    with VideoReader(tmp_path) as reader:
        assert clips.number_of(reader.frame(1)) == 1


def test_an_empty_folder(tmp_path):
    with pytest.raises(InputError, match="holds no pictures"):
        VideoReader(tmp_path)


def test_a_damaged_picture_is_named(clips, tmp_path):
    folder = _folder(clips, tmp_path)
    (folder / "frame5.png").write_bytes(b"nothing")
    with pytest.raises(InputError, match=r"frame5\.png"):
        VideoReader(folder)


@pytest.mark.parametrize("i", [-1, 12])
def test_frames_that_a_folder_has_not(clips, tmp_path, i):
    with (
        VideoReader(_folder(clips, tmp_path)) as reader,
        pytest.raises(InputError, match="there is no frame"),
    ):
        reader.frame(i)


def test_one_picture_is_a_clip_of_one_frame(clips, tmp_path):
    Image.fromarray(clips.picture(5)).save(tmp_path / "a.png")
    with VideoReader(tmp_path / "a.png") as reader:
        assert reader.info.kind == "image"
        assert reader.info.frames == 1
        assert np.array_equal(reader.frame(0), clips.picture(5))


def test_an_animated_gif_is_a_video(clips, tmp_path):
    file = clips.write(tmp_path / "a.gif", codec="gif", pix_fmt="rgb8")
    with VideoReader(file, tmp_path) as reader:
        assert reader.info.kind == "video"
        assert reader.info.frames == 40
