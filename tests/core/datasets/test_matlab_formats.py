"""COFW, COFW68 and AFLW: files made after their descriptions, in both kinds of MATLAB file."""

from __future__ import annotations

from pathlib import Path

import cv2
import h5py
import numpy as np
import pytest
from scipy.io import savemat

from core.datasets.registry import read_samples
from core.errors import InputError
from core.schemes import load_landmark_scheme

RNG = np.random.default_rng


def _face(points: int, seed: int) -> np.ndarray:
    """Points whose mirror partners lie on their own side of the face, right (0) to left (1)."""
    scheme = {29: "cofw29", 19: "aflw19", 68: "ibug68"}[points]
    names = load_landmark_scheme(scheme).point_names
    xy = RNG(seed).uniform(15, 20, (points, 2))
    xy[:, 0] += [10 * (name.startswith("left") - name.startswith("right")) for name in names]
    xy[:, 1] += [15 * ("lip" in name or "mouth" in name) for name in names]
    return xy.round(2)


@pytest.fixture
def phis() -> np.ndarray:
    """Two COFW rows: x, y counted from 1, and every third point of the second face occluded."""
    occluded = np.zeros((2, 29))
    occluded[1, ::3] = 1
    return np.column_stack([[(_face(29, seed) + 1).T.ravel() for seed in (0, 1)], occluded])


PICTURES = [
    RNG(5).integers(0, 255, (40, 50, 3), np.uint8),
    RNG(6).integers(0, 255, (45, 35), np.uint8),
]
BOXES = np.array([[2.0, 3, 30, 20], [1, 1, 10, 12]])


def _write_v73(file: Path, part: str, phis: np.ndarray) -> None:
    """As MATLAB's v7.3: every array with its axes reversed, cells as references."""
    with h5py.File(file, "w") as out:
        out[f"phis{part}"], out[f"bboxes{part}"] = phis.T, BOXES.T
        references = [
            out.create_dataset(f"#refs#/{i}", data=p.T).ref for i, p in enumerate(PICTURES)
        ]
        cells = out.create_dataset(f"Is{part}", (1, 2), h5py.ref_dtype)
        cells[0, 0], cells[0, 1] = references


def _write_v5(file: Path, part: str, phis: np.ndarray) -> None:
    cells = np.empty((2, 1), object)
    cells[:, 0] = PICTURES
    savemat(file, {f"phis{part}": phis, f"bboxes{part}": BOXES, f"Is{part}": cells})


@pytest.mark.parametrize("write", [_write_v73, _write_v5])
def test_cofw_reads_points_occlusion_boxes_and_pictures(tmp_path: Path, phis, write):
    write(tmp_path / "COFW_train_color.mat", "Tr", phis)
    first, second = read_samples(f"cofw:{tmp_path}")
    np.testing.assert_allclose(first.landmarks, _face(29, 0), atol=1e-4)
    np.testing.assert_allclose(second.landmarks, _face(29, 1), atol=1e-4)
    assert first.visible is not None
    assert first.visible.all()
    assert second.visible is not None
    assert np.flatnonzero(~second.visible).tolist() == list(range(0, 29, 3))
    assert first.box_xyxy is not None
    assert first.box_xyxy.tolist() == [1, 2, 31, 22]
    np.testing.assert_array_equal(first.rgb(), PICTURES[0])
    np.testing.assert_array_equal(second.rgb(), np.repeat(PICTURES[1][..., None], 3, axis=2))


def test_cofw_folders_have_the_official_split(tmp_path: Path, phis: np.ndarray):
    _write_v73(tmp_path / "COFW_train_color.mat", "Tr", phis)
    _write_v73(tmp_path / "COFW_test_color.mat", "T", phis[:, :])
    test = read_samples(f"cofw:{tmp_path}:test")
    assert [s.name for s in test] == ["COFW_test_color#0", "COFW_test_color#1"]
    rest = [s for p in ("train", "validation") for s in read_samples(f"cofw:{tmp_path}:{p}")]
    assert sorted(s.name for s in rest) == ["COFW_train_color#0", "COFW_train_color#1"]
    alone = read_samples(f"cofw:{tmp_path / 'COFW_test_color.mat'}")
    assert {s.split for s in alone} == {""}


def test_damaged_cofw_files_are_named(tmp_path: Path, phis: np.ndarray):
    with pytest.raises(InputError, match="no COFW file here"):
        read_samples(f"cofw:{tmp_path}")
    file = tmp_path / "COFW_test_color.mat"
    file.write_bytes(b"nothing of the kind")
    with pytest.raises(InputError, match=r"COFW_test_color\.mat: not a readable MATLAB"):
        read_samples(f"cofw:{file}")
    _write_v5(file, "T", phis[:, :80])
    with pytest.raises(InputError, match="phisT with 87 columns"):
        read_samples(f"cofw:{file}")
    phis[1, 3] = np.nan
    _write_v5(file, "T", phis)
    with pytest.raises(InputError, match="face 2: holds a point that is no number"):
        read_samples(f"cofw:{file}")


def test_mirrored_points_are_refused_by_name(tmp_path: Path, phis: np.ndarray):
    phis[1, :29] = 51 - phis[1, :29]
    _write_v5(tmp_path / "COFW_test.mat", "T", phis)
    with pytest.raises(InputError, match=r"right and left .* swapped in COFW_test#1;"):
        read_samples(f"cofw:{tmp_path}")


def _cofw68(folder: Path, phis: np.ndarray) -> None:
    _write_v73(folder / "COFW_test_color.mat", "T", phis)
    labels = folder / "COFW68_Data/test_annotations"
    labels.mkdir(parents=True)
    for number in (1, 2):
        occluded = np.zeros((1, 68), np.uint8)
        occluded[0, :number] = 1
        savemat(
            labels / f"{number}_points.mat",
            {"Points": _face(68, number) + 1, "Occ": occluded},
        )
    savemat(labels.parent / "cofw68_test_bboxes.mat", {"bboxes": BOXES})


def test_cofw68_gives_68_points_for_the_test_pictures(tmp_path: Path, phis: np.ndarray):
    _cofw68(tmp_path, phis)
    first, second = read_samples(f"cofw68:{tmp_path}")
    np.testing.assert_allclose(second.landmarks, _face(68, 2), atol=1e-4)
    assert second.visible is not None
    assert np.flatnonzero(~second.visible).tolist() == [0, 1]
    assert first.box_xyxy is not None
    assert first.box_xyxy.tolist() == [1, 2, 31, 22]
    np.testing.assert_array_equal(first.rgb(), PICTURES[0])


def test_incomplete_cofw68_is_named(tmp_path: Path, phis: np.ndarray):
    _cofw68(tmp_path, phis)
    (tmp_path / "COFW68_Data/cofw68_test_bboxes.mat").unlink()
    assert [s.box_xyxy for s in read_samples(f"cofw68:{tmp_path}")] == [None, None]
    file = tmp_path / "COFW68_Data/test_annotations/2_points.mat"
    savemat(file, {"Points": np.ones((68, 2))})
    with pytest.raises(InputError, match=r"2_points\.mat: no Points and Occ"):
        read_samples(f"cofw68:{tmp_path}")
    file.unlink()
    with pytest.raises(InputError, match=r"lacks 2_points\.mat"):
        read_samples(f"cofw68:{tmp_path}")
    (tmp_path / "COFW_test_color.mat").unlink()
    with pytest.raises(InputError, match="not all of COFW68"):
        read_samples(f"cofw68:{tmp_path}")


@pytest.fixture
def aflw(tmp_path: Path) -> dict:
    """Three faces in two pictures; the first has no left ear corner, the order is 3, 1, 2."""
    rows = np.stack([_face(19, seed).T.ravel() for seed in range(3)])
    rows[0, [4, 19 + 4]] = 0
    visible = np.ones((3, 19))
    visible[2, 5:] = 0
    names = np.empty((3, 1), object)
    names[:, 0] = ["0/a.jpg", "0/a.jpg", "2/b.jpg"]
    for name in ("0/a.jpg", "2/b.jpg"):
        (tmp_path / "flickr" / name).parent.mkdir(parents=True)
        cv2.imwrite(str(tmp_path / "flickr" / name), np.zeros((40, 50, 3), np.uint8))
    boxes = np.array([[1.0, 31, 2, 22], [2, 12, 3, 13], [0, 9, 0, 9]])
    order = np.array([[3.0, 1, 2]])
    return {"data": rows, "mask_new": visible, "nameList": names, "bbox": boxes, "ra": order}


def test_aflw_reads_points_visibility_boxes_and_split(
    tmp_path: Path, aflw: dict, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("core.datasets.aflw.TRAINING_FACES", 2)
    savemat(tmp_path / "AFLWinfo_release.mat", aflw)
    first, second, third = read_samples(f"aflw:{tmp_path}")
    assert first.landmarks is not None
    assert np.isnan(first.landmarks[4]).all()
    np.testing.assert_allclose(second.landmarks, _face(19, 1), atol=1e-4)
    assert third.visible is not None
    assert third.visible.tolist() == [True] * 5 + [False] * 14
    assert first.box_xyxy is not None
    assert first.box_xyxy.tolist() == [1, 2, 31, 22]
    assert first.subject == second.subject != third.subject
    assert [s.split for s in (first, second, third)] == ["train", "test", "train"]
    assert third.rgb().shape == (40, 50, 3)


def test_incomplete_aflw_is_named(tmp_path: Path, aflw: dict):
    with pytest.raises(InputError, match=r"no AFLWinfo_release\.mat"):
        read_samples(f"aflw:{tmp_path}")
    file = tmp_path / "AFLWinfo_release.mat"
    savemat(file, aflw | {"bbox": aflw["bbox"][:2]})
    with pytest.raises(InputError, match="bbox does not fit its 3 names"):
        read_samples(f"aflw:{tmp_path}")
    savemat(file, aflw | {"ra": np.array([[1.0, 1, 2]])})
    with pytest.raises(InputError, match="ra does not fit"):
        read_samples(f"aflw:{tmp_path}")
    savemat(file, aflw)
    (tmp_path / "flickr/2/b.jpg").unlink()
    with pytest.raises(InputError, match=r"lacks 2/b\.jpg"):
        read_samples(f"aflw:{tmp_path}")


@pytest.mark.parametrize("write", [_write_v73, _write_v5])
def test_flipped_bytes_give_faces_or_a_sentence(tmp_path: Path, phis: np.ndarray, write):
    write(tmp_path / "whole.mat", "T", phis)
    whole = (tmp_path / "whole.mat").read_bytes()
    rng, outcomes = RNG(3), set()
    for number in range(40):
        content = np.frombuffer(whole, np.uint8).copy()
        content[rng.integers(0, len(content), 5)] = rng.integers(0, 256, 5)
        file = tmp_path / f"{number}.mat"
        file.write_bytes(content[: rng.integers(len(content))] if number % 5 == 0 else content)
        try:
            outcomes.add(len([sample.rgb() for sample in read_samples(f"cofw:{file}")]))
        except InputError as error:
            outcomes.add("sentence" if str(number) in str(error) else str(error))
    assert outcomes == {2, "sentence"}
