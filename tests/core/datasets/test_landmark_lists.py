"""Lists of landmarks: 300VW's masks and lists, STLD's lists, the YouTube Faces csv."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from scipy.io import savemat

from core.datasets.registry import read_samples
from core.errors import InputError
from core.masks.from_landmarks import face5_from_landmarks
from core.video.images import write_png_indexed

HW = (48, 64)


def _face68() -> np.ndarray:
    """A drawn face of 68 points within 60 × 44 px."""
    jaw = np.linspace(np.pi, 0, 17)
    t = np.linspace(0, 2 * np.pi, 13)[:-1]
    parts = [
        np.column_stack([32 + 20 * np.cos(jaw), 20 + 22 * np.sin(jaw)]),
        np.column_stack([np.linspace(14, 28, 5), [14, 12, 11, 11, 13]]),
        np.column_stack([np.linspace(36, 50, 5), [13, 11, 11, 12, 14]]),
        np.column_stack([np.full(4, 32), np.linspace(16, 25, 4)]),
        np.column_stack([np.linspace(28, 36, 5), np.full(5, 27)]),
        *[np.column_stack([x - 4 * np.cos(t[::2]), 18 - 2 * np.sin(t[::2])]) for x in (22, 42)],
        np.column_stack([32 - 8 * np.cos(t), 34 - 4 * np.sin(t)]),
        np.column_stack([32 - 5 * np.cos(np.linspace(0, 2 * np.pi, 9)[:-1]),
                         34 - 2 * np.sin(np.linspace(0, 2 * np.pi, 9)[:-1])]),
    ]  # fmt: skip
    return np.concatenate(parts).round(3)


def _write_pts(path: Path, xy: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    body = "\n".join(f"{x} {y}" for x, y in xy + 1)
    path.write_text(f"version: 1\nn_points:  68\n{{\n{body}\n}}\n", encoding="ascii")


@pytest.fixture
def clips(tmp_path: Path) -> Path:
    """Clips 001 and 114 (a test clip) of two frames each; point 0 moves with the frame."""
    from core.video.writer import VideoWriter

    for clip in ("001", "114"):
        for number in (1, 2):
            _write_pts(tmp_path / f"{clip}/annot/{number:06d}.pts", _face68() + number - 1)
        with VideoWriter(tmp_path / "clip.mp4", HW[1], HW[0], 25.0) as writer:
            for value in (40, 200):
                writer.write(np.full((*HW, 3), value, np.uint8))
        (tmp_path / "clip.mp4").rename(tmp_path / clip / "vid.avi")
    return tmp_path


def test_300vw_frames_have_face5_labels_and_the_official_test_clips(clips: Path):
    samples = read_samples(f"300vw:{clips}")
    assert [s.split for s in samples] == ["train", "train", "test", "test"]
    assert [s.name for s in read_samples(f"300vw:{clips}:test")] == ["114#0", "114#1"]
    assert samples[1].labels is not None
    labels = samples[1].labels()
    expected = face5_from_landmarks(np.float32(_face68() + 1), HW).paste(HW)
    np.testing.assert_array_equal(labels, expected)
    assert set(np.unique(labels)) == {0, 1, 2, 3, 4}


def test_300vw_frames_the_authors_reject_are_left_out(clips: Path):
    (clips / "extra").mkdir()
    savemat(clips / "extra/114.mat", {"error": np.array([[1.0]])})
    assert [s.name for s in read_samples(f"300vw:{clips}")] == ["001#0", "001#1", "114#1"]
    savemat(clips / "extra/114.mat", {"frames": np.array([[1.0]])})
    with pytest.raises(InputError, match=r"114\.mat: no variable 'error'"):
        read_samples(f"300vw:{clips}")


def test_mask_lists_choose_frames_of_clips(clips: Path):
    file = clips / "data_splits/split_2/B.txt"
    file.parent.mkdir(parents=True)
    line = "/images_orig/{0}.jpg /labels_orig/{0}.png\n"
    file.write_text(line.format("114_000002") + line.format("001_000001"), encoding="utf-8")
    assert [s.name for s in read_samples(f"300vw:{file}")] == ["001#0", "114#1"]
    file.write_text("nothing\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"B\.txt: line 1 names no frame"):
        read_samples(f"300vw:{file}")


@pytest.fixture
def masks(tmp_path: Path) -> Path:
    """300VW-Mask with three crops; split_1 trains on the first and tests on the third."""
    for folder in ("images_orig", "labels_orig", "data_splits/split_1"):
        (tmp_path / folder).mkdir(parents=True)
    for number in (1, 2, 3):
        name = f"001_{number:06d}"
        cv2.imwrite(str(tmp_path / f"images_orig/{name}.jpg"), np.zeros((20, 30, 3), np.uint8))
        labels = np.full((20, 30), number, np.uint8)
        write_png_indexed(tmp_path / f"labels_orig/{name}.png", labels, np.zeros((9, 3), np.uint8))
    for name, number in (("train", 1), ("test", 3)):
        text = f"/images_orig/001_00000{number}.jpg /labels_orig/001_00000{number}.png\n"
        (tmp_path / f"data_splits/split_1/{name}_per10.txt").write_text(text, encoding="utf-8")
    return tmp_path


def test_300vw_mask_follows_split_1_and_its_labels(masks: Path):
    (first, third) = read_samples(f"300vw:{masks}")
    assert (first.split, third.split) == ("train", "test")
    assert third.labels is not None
    assert third.mask_scheme == "face5"
    assert (third.labels() == 3).all()
    (alone,) = read_samples(f"300vw:{masks / 'data_splits/split_1/test_per10.txt'}")
    assert alone.name == third.name == "001#2"


def test_damaged_300vw_mask_is_named(masks: Path):
    (masks / "labels_orig/001_000003.png").unlink()
    with pytest.raises(InputError, match=r"lacks labels_orig/001_000003\.png"):
        read_samples(f"300vw:{masks}")
    for name in ("train", "test"):
        (masks / f"data_splits/split_1/{name}_per10.txt").unlink()
    with pytest.raises(InputError, match=r"lacks labels_orig/001_000003\.png"):
        read_samples(f"300vw:{masks}")
    write_png_indexed(
        masks / "labels_orig/001_000003.png",
        np.full((20, 30), 5, np.uint8),
        np.zeros((9, 3), np.uint8),
    )
    assert len(read_samples(f"300vw:{masks}")) == 3
    labels = read_samples(f"300vw:{masks}")[2].labels
    assert labels is not None
    with pytest.raises(InputError, match="holds label 5; face5 has 0 … 4"):
        labels()


def test_stld_lists_are_read_in_pixels_of_their_crops(tmp_path: Path):
    xy = _face68() / 64
    file = tmp_path / "train.txt"
    file.write_text("a.jpg " + " ".join(map(str, xy.ravel())) + "\n", encoding="utf-8")
    (sample,) = read_samples(f"stld:{file}")
    np.testing.assert_allclose(sample.landmarks, xy * 256, atol=1e-3)
    assert sample.image is None
    (tmp_path / "images_train").mkdir()
    cv2.imwrite(str(tmp_path / "images_train/a.jpg"), np.zeros((256, 256, 3), np.uint8))
    assert read_samples(f"stld:{file}")[0].rgb().shape == (256, 256, 3)
    file.write_text("a.jpg 1 2 3\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"train\.txt: line 1 has 1\.5 points"):
        read_samples(f"stld:{file}")
    file.write_text("", encoding="utf-8")
    with pytest.raises(InputError, match="empty list"):
        read_samples(f"stld:{file}")


def test_the_youtube_faces_csv_keeps_points_off_the_picture(tmp_path: Path):
    file = tmp_path / "training_frames_keypoints.csv"
    xy = _face68().round() - 20
    head = "," + ",".join(map(str, range(136)))
    file.write_text(f"{head}\nA_B_01.jpg,{','.join(map(str, xy.ravel()))}\n", encoding="utf-8")
    (sample,) = read_samples(f"youtube-faces:{file}")
    assert sample.subject == "A_B"
    np.testing.assert_array_equal(sample.landmarks, xy)
    assert xy.min() < 0


@pytest.mark.real
@pytest.mark.parametrize(
    ("spec", "count", "scheme"),
    [
        ("stld:jhb86253817+STLD/data/AFLW/train_semi_l_02000.txt", 2000, "aflw19"),
        ("stld:jhb86253817+STLD/data/WFLW/train_semi_l_00375.txt", 375, "wflw98"),
        ("stld:jhb86253817+STLD/data/data_300W/train_semi_l_00630.txt", 630, "ibug68"),
        (
            "youtube-faces:jerrychen44+face_landmark_detection_pytorch/data/"
            "training_frames_keypoints.csv",
            3531,
            "ibug68",
        ),
    ],
)
def test_the_real_lists_load(real_folder: Path, spec: str, count: int, scheme: str):
    reader, _, path = spec.partition(":")
    samples = read_samples(f"{reader}:{real_folder / path}")
    assert len(samples) == count
    assert {s.scheme for s in samples} == {scheme}
    if reader == "youtube-faces":
        pictured = [s for s in samples if s.image is not None]
        assert len(pictured) == 42
        assert pictured[0].rgb().ndim == 3


GARBAGE = b"\xff\xfe\x00 7 \x80\n\xc3\x28 1 2"


@pytest.mark.parametrize(
    ("reader", "file", "more"),
    [
        ("stld", "a.txt", ()),
        ("youtube-faces", "a.csv", ()),
        ("hrnet-csv", "a.csv", ()),
        ("wflw", "a.txt", ()),
        ("300vw", "a.txt", ()),
        ("cofw", "a.mat", ()),
        ("aflw", "AFLWinfo_release.mat", ()),
        ("helen", "tuning.txt", ("images/1_1.jpg",)),
        ("lfw-parts", "parts_test.txt", ("parts_lfw_funneled_gt_images/A_B_0001.ppm",)),
        ("celebamask", "identity_CelebA.txt", ("CelebA-HQ-img/1.jpg",)),
        ("300vw", "300vw_badly_annotated.txt", ("001/vid.avi", "001/annot/000001.pts")),
    ],
)
def test_bytes_that_are_no_list_are_a_sentence(
    tmp_path: Path, reader: str, file: str, more: tuple[str, ...]
):
    for name in (file, *more):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(GARBAGE)
    for k in range(11):
        label = tmp_path / f"labels/1_1/1_1_lbl{k:02d}.png"
        label.parent.mkdir(parents=True, exist_ok=True)
        label.write_bytes(GARBAGE)
    skin = tmp_path / "CelebAMask-HQ-mask-anno/0/00001_skin.png"
    skin.parent.mkdir(parents=True)
    skin.write_bytes(GARBAGE)
    with pytest.raises(InputError, match=rf"{file}: not a readable"):
        read_samples(f"{reader}:{tmp_path if more else tmp_path / file}")
