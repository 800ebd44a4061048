"""Readers of formats known from descriptions alone; the files here are made after those."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from core.datasets.registry import read_samples
from core.errors import InputError


def _picture(path: Path, value: int = 0) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), np.full((50, 60, 3), value, np.uint8))


@pytest.fixture
def wflw(tmp_path: Path) -> Path:
    """Two faces in one picture, the second with attributes pose and blur."""
    _picture(tmp_path / "WFLW_images/7--Cheer/a.jpg")
    points = np.random.default_rng(1).uniform(5, 45, (2, 196)).round(3)
    lines = [
        " ".join([*map(str, points[0]), "1 2 30 40", "0 0 0 0 0 0", "7--Cheer/a.jpg"]),
        " ".join([*map(str, points[1]), "1 2 30 40", "1 0 0 0 0 1", "7--Cheer/a.jpg"]),
    ]
    file = tmp_path / "WFLW_annotations/lists/list_98pt_rect_attr_test.txt"
    file.parent.mkdir(parents=True)
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return file


def test_wflw_lists_give_points_boxes_and_attributes(wflw: Path):
    first, second = read_samples(f"wflw:{wflw.parents[2]}")
    expected = np.random.default_rng(1).uniform(5, 45, (2, 196)).round(3)[0].reshape(98, 2)
    np.testing.assert_allclose(first.landmarks, expected, atol=1e-4)
    assert first.scheme == "wflw98"
    assert first.box_xyxy is not None
    assert first.box_xyxy.tolist() == [1, 2, 30, 40]
    assert second.name == "7--Cheer/a.jpg#2+pose+blur"
    assert first.subject == second.subject
    assert first.rgb().shape == (50, 60, 3)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda text: text.replace(" 30 40", " 30", 1), "line 1 is damaged .*206 fields"),
        (lambda text: "x" + text, "line 1 is damaged"),
        (lambda text: text.replace("a.jpg", "b.jpg"), "lacks .*b.jpg"),
        (lambda text: "", "empty list"),
    ],
)
def test_damaged_wflw_lists_are_named(wflw: Path, change: Callable[[str], str], sentence: str):
    wflw.write_text(change(wflw.read_text(encoding="utf-8")), encoding="utf-8")
    with pytest.raises(InputError, match=sentence):
        read_samples(f"wflw:{wflw}")


@pytest.fixture
def hrnet(tmp_path: Path) -> Path:
    """One face of 68 points, pixels counted from 1, in a box of 100 px about (30, 25)."""
    _picture(tmp_path / "images/helen/a.jpg")
    points = np.arange(136) / 4 + 1
    file = tmp_path / "face_landmarks_300w_test.csv"
    header = "image_name,scale,center_w,center_h," + ",".join(f"p{i}" for i in range(136))
    row = "helen/a.jpg,0.5,30,25," + ",".join(map(str, points))
    file.write_text(f"{header}\n{row}\n", encoding="utf-8")
    return file


def test_hrnet_lists_count_pixels_from_one(hrnet: Path):
    (sample,) = read_samples(f"hrnet-csv:{hrnet}")
    assert sample.scheme == "ibug68"
    np.testing.assert_allclose(sample.landmarks, (np.arange(136) / 4).reshape(68, 2))
    assert sample.box_xyxy is not None
    assert sample.box_xyxy.tolist() == [-20, -25, 80, 75]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda text: text.replace(",25,", ",x,"), "line 2 is damaged"),
        (lambda text: text.rstrip().rpartition(",")[0], "67.5 points"),
        (lambda text: text.replace("helen/a", "helen/b"), "lacks helen/b"),
        (lambda text: text.splitlines()[0], "empty list"),
    ],
)
def test_damaged_hrnet_lists_are_named(hrnet: Path, change: Callable[[str], str], sentence: str):
    hrnet.write_text(change(hrnet.read_text(encoding="utf-8")), encoding="utf-8")
    with pytest.raises(InputError, match=sentence):
        read_samples(f"hrnet-csv:{hrnet}")


@pytest.fixture
def clips(tmp_path: Path) -> Path:
    """A clip of three grey frames, 300VW's way."""
    from core.video.writer import VideoWriter

    folder = tmp_path / "001"
    (folder / "annot").mkdir(parents=True)
    with VideoWriter(tmp_path / "clip.mp4", 64, 48, 25.0) as writer:
        for value in (20, 120, 220):
            writer.write(np.full((48, 64, 3), value, np.uint8))
    (tmp_path / "clip.mp4").rename(folder / "vid.avi")
    for number in (1, 2, 3):
        body = "\n".join(f"{number + 1} {i % 40 + 1}" for i in range(68))
        text = f"version: 1\nn_points: 68\n{{\n{body}\n}}\n"
        (folder / f"annot/{number:06d}.pts").write_text(text, encoding="ascii")
    return tmp_path


def test_300vw_frames_follow_their_numbers(clips: Path):
    samples = read_samples(f"300vw:{clips}")
    assert [s.name for s in samples] == ["001#0", "001#1", "001#2"]
    assert samples[1].landmarks is not None
    assert samples[1].landmarks[0].tolist() == [2.0, 0.0]
    assert abs(int(samples[2].rgb()[24, 32, 0]) - 220) < 6
    assert {s.subject for s in samples} == {"001"}


def test_badly_annotated_frames_are_left_out(clips: Path):
    (clips / "300vw_badly_annotated.txt").write_text("001 2\n", encoding="utf-8")
    assert [s.name for s in read_samples(f"300vw:{clips}")] == ["001#0", "001#2"]
    (clips / "300vw_badly_annotated.txt").write_text("001\n", encoding="utf-8")
    with pytest.raises(InputError, match="clip frame"):
        read_samples(f"300vw:{clips}")


def test_incomplete_300vw_clips_are_named(clips: Path):
    (clips / "001/annot/x.pts").write_text("", encoding="ascii")
    with pytest.raises(InputError, match="no frame number"):
        read_samples(f"300vw:{clips}")
    (clips / "001/vid.avi").unlink()
    with pytest.raises(InputError, match=r"vid\.avi is missing"):
        read_samples(f"300vw:{clips}")
    with pytest.raises(InputError, match="no annot folder"):
        read_samples(f"300vw:{clips / '001/annot'}")


def test_wflw_lists_without_boxes_are_read(wflw: Path):
    short = wflw.with_name("list_98pt_test_blur.txt")
    lines = [line.split() for line in wflw.read_text(encoding="utf-8").splitlines()]
    short.write_text("\n".join(" ".join([*w[:196], w[-1]]) for w in lines), encoding="utf-8")
    for with_box, without in zip(
        read_samples(f"wflw:{wflw}"), read_samples(f"wflw:{short}"), strict=True
    ):
        np.testing.assert_array_equal(with_box.landmarks, without.landmarks)
        assert without.box_xyxy is None


def test_wflw_folders_have_the_official_split(wflw: Path):
    other = wflw.with_name("list_98pt_rect_attr_train.txt")
    other.write_text(wflw.read_text(encoding="utf-8").replace("#1", "#9"), encoding="utf-8")
    folder = wflw.parents[2]
    assert len(read_samples(f"wflw:{folder}")) == 4
    assert len(read_samples(f"wflw:{folder}:test")) == 2


def test_wflw_numbers_that_are_none_and_swapped_boxes_are_named(wflw: Path):
    text = wflw.read_text(encoding="utf-8")
    wflw.write_text("nan" + text[text.index(" ") :], encoding="utf-8")
    with pytest.raises(InputError, match=r"line 1 is damaged .*NaN"):
        read_samples(f"wflw:{wflw}")
    wflw.write_text(text.replace("1 2 30 40", "30 2 1 40", 1), encoding="utf-8")
    with pytest.raises(InputError, match=r"line 1 is damaged .*swapped corners"):
        read_samples(f"wflw:{wflw}")


def test_hrnet_lists_of_aflw_have_a_box_size_and_count_from_zero(tmp_path: Path):
    _picture(tmp_path / "images/a.jpg")
    points = np.random.default_rng(2).uniform(5, 45, (19, 2)).round(2)
    file = tmp_path / "face_landmarks_aflw_test.csv"
    head = "image_name,scale,box_size,center_w,center_h," + ",".join(f"p{i}" for i in range(38))
    file.write_text(
        f"{head}\na.jpg,0.25,48,30,25,{','.join(map(str, points.ravel()))}\n", encoding="utf-8"
    )
    (sample,) = read_samples(f"hrnet-csv:{file}")
    assert sample.scheme == "aflw19"
    np.testing.assert_allclose(sample.landmarks, points, atol=1e-4)
    assert sample.box_xyxy is not None
    assert sample.box_xyxy.tolist() == [5, 0, 55, 50]
    file.write_text(file.read_text(encoding="utf-8").replace("center_w", "x"), encoding="utf-8")
    with pytest.raises(InputError, match="names no scale"):
        read_samples(f"hrnet-csv:{file}")
