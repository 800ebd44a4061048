"""Data sets of label pictures: tiny ones made after their descriptions, written, read, compared."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from core.datasets.registry import read_samples
from core.datasets.sample import Sample
from core.errors import InputError
from core.video.images import write_png_indexed

HW = (40, 50)


def _write(path: Path, pixels: np.ndarray) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), pixels[..., ::-1] if pixels.ndim == 3 else pixels)
    return path


def _picture(path: Path, hw: tuple[int, int] = HW) -> Path:
    return _write(path, np.zeros((*hw, 3), np.uint8))


def _indexed(path: Path, labels: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_png_indexed(path, labels, np.zeros((256, 3), np.uint8))


def _labels_of(sample: Sample) -> np.ndarray:
    assert sample.labels is not None
    return sample.labels()


def _stripes(classes: int) -> np.ndarray:
    """A label map with every class."""
    return (np.arange(HW[1])[None] * classes // HW[1]).repeat(HW[0], axis=0).astype(np.uint8)


LAPA_POINTS = np.column_stack([np.linspace(5, 45, 106), np.linspace(8, 30, 106)]).round(2)


@pytest.fixture
def lapa(tmp_path: Path) -> Path:
    """One face in train, one in test."""
    for part in ("train", "test"):
        _picture(tmp_path / part / "images/1.jpg")
        _indexed(tmp_path / part / "labels/1.png", _stripes(11))
        (tmp_path / part / "landmarks").mkdir()
        body = "\n".join(f"{x} {y}" for x, y in LAPA_POINTS)
        (tmp_path / part / "landmarks/1.txt").write_text(f"106\n{body}\n", encoding="ascii")
    return tmp_path


def test_lapa_has_points_labels_and_its_own_split(lapa: Path):
    train, test = read_samples(f"lapa:{lapa}")
    assert (train.split, test.split) == ("train", "test")
    assert train.scheme == "points106"
    np.testing.assert_allclose(train.landmarks, LAPA_POINTS, atol=1e-4)
    assert train.mask_scheme == "lapa11"
    np.testing.assert_array_equal(_labels_of(train), _stripes(11))
    assert [s.name for s in read_samples(f"lapa:{lapa}:test")] == ["test/1"]
    assert [s.split for s in read_samples(f"lapa:{lapa / 'train'}")] == [""]


def test_damaged_lapa_is_named(lapa: Path):
    _indexed(lapa / "train/labels/1.png", np.full(HW, 11, np.uint8))
    with pytest.raises(InputError, match=r"1\.png: holds label 11; lapa11 has 0 … 10"):
        _labels_of(read_samples(f"lapa:{lapa}")[0])
    _indexed(lapa / "train/labels/1.png", np.zeros((30, 50), np.uint8))
    with pytest.raises(InputError, match=r"1\.png: 50×30 px, its picture 50×40"):
        _labels_of(read_samples(f"lapa:{lapa}")[0])
    points = lapa / "train/landmarks/1.txt"
    points.write_text(points.read_text(encoding="ascii").replace("5.0 ", "nan ", 1))
    with pytest.raises(InputError, match=r"1\.txt is damaged .*NaN"):
        read_samples(f"lapa:{lapa}")
    points.write_text("106\n1 2\n", encoding="ascii")
    with pytest.raises(InputError, match=r"1\.txt: 106 points wanted, 1 there"):
        read_samples(f"lapa:{lapa}")
    points.unlink()
    with pytest.raises(InputError, match=r"lacks train/landmarks/1\.txt"):
        read_samples(f"lapa:{lapa}")
    with pytest.raises(InputError, match="no LaPa picture"):
        read_samples(f"lapa:{lapa / 'train/labels'}")


@pytest.fixture
def figaro(tmp_path: Path) -> Path:
    """A training and a test picture; in the masks the left 20 columns are hair."""
    mask = np.zeros(HW, np.uint8)
    mask[:, :20] = 255
    for part, number in (("Training", 1), ("Testing", 2)):
        _picture(tmp_path / f"Original/{part}/Frame0000{number}-org.jpg")
        _write(tmp_path / f"GT/{part}/Frame0000{number}-gt.pbm", mask)
    return tmp_path


def test_figaro_is_white_where_hair_is(figaro: Path):
    first, second = read_samples(f"figaro:{figaro}")
    assert (first.name, first.split, second.split) == ("Frame00001", "train", "test")
    assert first.mask_scheme == "hair2"
    labels = _labels_of(first)
    assert labels[:, :20].all()
    assert not labels[:, 20:].any()


def test_damaged_figaro_is_named(figaro: Path):
    file = figaro / "GT/Testing/Frame00002-gt.pbm"
    _write(file, np.zeros((40, 30), np.uint8))
    with pytest.raises(InputError, match=r"Frame00002-gt\.pbm: 30×40 px, its picture 50×40"):
        _labels_of(read_samples(f"figaro:{figaro}")[1])
    _write(file.with_suffix(".png"), np.full(HW, 90, np.uint8)).rename(file)
    with pytest.raises(InputError, match="grey values"):
        _labels_of(read_samples(f"figaro:{figaro}")[1])
    file.unlink()
    with pytest.raises(InputError, match=r"lacks GT/Testing/Frame00002-gt\.pbm"):
        read_samples(f"figaro:{figaro}")


def test_only_hair_is_told_apart_in_skin_clothes_hair(tmp_path: Path):
    _picture(tmp_path / "image/0.png")
    _indexed(tmp_path / "annotation/0.png", _stripes(4))
    (sample,) = read_samples(f"skin-clothes-hair:{tmp_path}")
    np.testing.assert_array_equal(_labels_of(sample), _stripes(4) == 3)
    _indexed(tmp_path / "annotation/0.png", _stripes(5))
    with pytest.raises(InputError, match=r"0\.png: holds label 4; there are 0 … 3"):
        _labels_of(sample)


PARTS = {"skin": (0, 40), "l_eye": (5, 15), "r_eye": (25, 35), "hair": (38, 50)}
"""Columns of four parts on the picture; the person's right eye lies left."""


@pytest.fixture
def celebamask(tmp_path: Path) -> Path:
    """A face of 80 × 100 px with masks at half that size, and CelebA's lists."""
    _picture(tmp_path / "CelebA-HQ-img/7.jpg", (80, 100))
    for part, (start, stop) in PARTS.items():
        mask = np.zeros(HW, np.uint8)
        mask[:, start:stop] = 255
        _write(tmp_path / f"CelebAMask-HQ-mask-anno/0/00007_{part}.png", mask)
    lists = {
        "CelebA-HQ-to-CelebA-mapping.txt": "idx orig_idx orig_file\n7 119612 119613.jpg\n",
        "list_eval_partition.txt": "119613.jpg 2\n",
        "identity_CelebA.txt": "119613.jpg 2880\n",
    }
    for name, text in lists.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def test_celebamask_paints_its_parts_in_class_order(celebamask: Path):
    (sample,) = read_samples(f"celebamask:{celebamask}")
    assert (sample.subject, sample.split) == ("2880", "test")
    labels = _labels_of(sample)
    assert labels.shape == (80, 100)
    assert labels[0, [2, 20, 60, 74, 78, 90]].tolist() == [1, 4, 5, 1, 13, 13]
    np.testing.assert_array_equal(labels[::2, ::2], labels[1::2, 1::2])


def test_damaged_celebamask_is_named(celebamask: Path):
    folder = celebamask / "CelebAMask-HQ-mask-anno/0"
    _write(folder / "00007_hair.png", np.zeros((39, 50), np.uint8))
    with pytest.raises(InputError, match=r"00007_hair\.png: 50×39 px, its picture 100×80"):
        _labels_of(read_samples(f"celebamask:{celebamask}")[0])
    (folder / "00007_hair.png").rename(folder / "00007_tail.png")
    with pytest.raises(InputError, match=r"00007_tail\.png: no known part"):
        read_samples(f"celebamask:{celebamask}")
    for file in folder.iterdir():
        file.unlink()
    with pytest.raises(InputError, match=r"lacks 00007_skin\.png"):
        read_samples(f"celebamask:{celebamask}")


def _helen(folder: Path, labels: np.ndarray) -> None:
    _picture(folder / "images/12_1.jpg")
    for k in range(11):
        soft = np.where(labels == k, 200, 30).astype(np.uint8)
        _write(folder / f"labels/12_1/12_1_lbl{k:02d}.png", soft)


def test_helen_takes_the_class_with_most_of_a_pixel(tmp_path: Path):
    labels = _stripes(11)
    labels[:, ::-1] = labels.copy()  # left (2, 4) at the picture's right, as helen11 has it
    _helen(tmp_path, labels)
    (tmp_path / "testing.txt").write_text("1 , 12_1\n", encoding="utf-8")
    (sample,) = read_samples(f"helen:{tmp_path}:test")
    assert sample.subject == "12"
    np.testing.assert_array_equal(_labels_of(sample), labels)


def test_helen_sides_are_the_persons_whatever_they_are_called(tmp_path: Path):
    labels = _stripes(11)
    _helen(tmp_path, labels)
    found = _labels_of(read_samples(f"helen:{tmp_path}")[0])
    swapped = np.array([0, 1, 3, 2, 5, 4, 6, 7, 8, 9, 10])[labels]
    np.testing.assert_array_equal(found, swapped)


def test_damaged_helen_is_named(tmp_path: Path):
    _helen(tmp_path, _stripes(11))
    _write(tmp_path / "labels/12_1/12_1_lbl03.png", np.zeros((9, 9), np.uint8))
    with pytest.raises(InputError, match=r"12_1_lbl03\.png: 9×9 px"):
        _labels_of(read_samples(f"helen:{tmp_path}")[0])
    (tmp_path / "tuning.txt").write_text("12_1\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"tuning\.txt: '12_1' is no line"):
        read_samples(f"helen:{tmp_path}")
    (tmp_path / "labels/12_1/12_1_lbl03.png").unlink()
    with pytest.raises(InputError, match=r"lacks labels/12_1/12_1_lbl03\.png"):
        read_samples(f"helen:{tmp_path}")


@pytest.fixture
def lfw(tmp_path: Path) -> Path:
    """One face: red, green and blue stripes and four super-pixels."""
    _picture(tmp_path / "lfw_funneled/Jo_Doe/Jo_Doe_0002.jpg")
    colours = np.array([[255, 0, 0], [0, 255, 0], [0, 0, 255]], np.uint8)[_stripes(3)]
    _write(tmp_path / "parts_lfw_funneled_gt_images/Jo_Doe_0002.ppm", colours)
    numbers = tmp_path / "parts_lfw_funneled_superpixels_mat/Jo_Doe/Jo_Doe_0002.dat"
    numbers.parent.mkdir(parents=True)
    np.savetxt(numbers, _stripes(4), "%d")
    (tmp_path / "parts_validation.txt").write_text("Jo_Doe 2\n", encoding="utf-8")
    return tmp_path


def test_lfw_parts_have_labels_and_super_pixels(lfw: Path):
    (sample,) = read_samples(f"lfw-parts:{lfw}:validation")
    assert sample.subject == "Jo_Doe"
    np.testing.assert_array_equal(_labels_of(sample), np.array([10, 1, 0])[_stripes(3)])
    assert sample.superpixels is not None
    np.testing.assert_array_equal(sample.superpixels(), _stripes(4))


def test_damaged_lfw_parts_are_named(lfw: Path):
    (sample,) = read_samples(f"lfw-parts:{lfw}")
    numbers = lfw / "parts_lfw_funneled_superpixels_mat/Jo_Doe/Jo_Doe_0002.dat"
    numbers.write_text("1 2\n3\n", encoding="ascii")
    assert sample.superpixels is not None
    with pytest.raises(InputError, match=r"0002\.dat: not a readable table"):
        sample.superpixels()
    file = lfw / "parts_lfw_funneled_gt_images/Jo_Doe_0002.ppm"
    _write(file, np.full((*HW, 3), 7, np.uint8))
    with pytest.raises(InputError, match=r"0002\.ppm: holds colour \[7, 7, 7\]"):
        _labels_of(sample)
    file.unlink()
    with pytest.raises(InputError, match=r"lacks Jo_Doe_0002\.ppm"):
        read_samples(f"lfw-parts:{lfw}")
    (lfw / "parts_test.txt").write_text("Jo_Doe_0002\n", encoding="utf-8")
    with pytest.raises(InputError, match="is no line 'NAME number'"):
        read_samples(f"lfw-parts:{lfw}")


@pytest.mark.real
def test_the_real_skin_clothes_hair_pictures_load(real_folder: Path):
    folder = "Kazuhito00+Skin-Clothes-Hair-Segmentation-using-SMP/01.dataset"
    samples = read_samples(f"skin-clothes-hair:{real_folder / folder}")
    shares = {s.name: float(_labels_of(s).mean()) for s in samples}
    assert shares["000335"] == 0  # no head in it
    assert 0.01 < shares["0"] < 0.5
