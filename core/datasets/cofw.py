"""`cofw:FOLDER|FILE.mat` and `cofw68:FOLDER` — occluded faces (Burgos-Artizzu et al., ICCV 2013).

COFW is one MATLAB file a split (`COFW_train_color.mat`, `COFW_test_color.mat`, v7.3; the grey ones
are older): `IsTr` / `IsT` a cell of pictures, `phisTr` / `phisT` (N, 87) with 29 x, 29 y, 29 flags
"occluded", `bboxesTr` / `bboxesT` (N, 4) as x, y, width, height. COFW68 (Ghiasi & Fowlkes 2015)
annotates the test pictures with 68 points: `test_annotations/N_points.mat` with `Points` (68, 2)
and `Occ` (68), `cofw68_test_bboxes.mat` with `bboxes` (N, 4). MATLAB counts pixels from 1.

Written from these descriptions; never seen a real file.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.datasets.matlab import read_arrays, read_picture
from core.datasets.point_checks import plausible
from core.datasets.sample import Sample, checked_landmarks, missing_files
from core.errors import InputError

POINTS = 29
_LAYOUT = "COFW_train_color.mat and COFW_test_color.mat"
_LAYOUT_68 = "COFW68_Data/test_annotations/N_points.mat with COFW_test_color.mat"
_PARTS = {"Tr": "train", "T": "test"}


def read_folder(path: Path) -> list[Sample]:
    """The faces of a COFW file, or of both files of a folder with the official split.

    Raises:
        InputError: If there is no such file or it is damaged.
    """
    if path.is_file():
        return list(_read_file(path, official=False))
    files = [f for part in ("train", "test") if (f := _find(path, part)) is not None]
    if not files:
        raise InputError(f"{path}: no COFW file here; expected {_LAYOUT}.")
    return [sample for file in files for sample in _read_file(file, official=True)]


def read_68(path: Path) -> list[Sample]:
    """The COFW68 faces: 68 points for the pictures of the test file.

    Raises:
        InputError: If files are missing or damaged.
    """
    labels = next((f for f in sorted(path.rglob("test_annotations")) if f.is_dir()), None)
    pictures = _find(path, "test")
    if labels is None or pictures is None:
        raise InputError(f"{path}: this is not all of COFW68; expected {_LAYOUT_68}.")
    count = len(_numbers(pictures, "phisT", 3 * POINTS))
    names = [f"{number}_points.mat" for number in range(1, count + 1)]
    if lost := [name for name in names if not (labels / name).is_file()]:
        raise missing_files("COFW68", labels, lost, _LAYOUT_68)
    boxes = _boxes_68(labels.parent / "cofw68_test_bboxes.mat", count)
    return [_sample_68(labels / name, pictures, i, boxes[i]) for i, name in enumerate(names)]


def _find(folder: Path, part: str) -> Path | None:
    for name in (f"COFW_{part}_color.mat", f"COFW_{part}.mat"):
        if found := sorted(folder.rglob(name)):
            return found[0]
    return None


def _numbers(file: Path, name: str, width: int) -> NDArray[np.float64]:
    """A matrix (N, width) of a file."""
    values = read_arrays(file, [name]).get(name)
    if values is None or values.ndim != 2 or values.shape[1] != width:
        raise InputError(f"{file}: no {name} with {width} columns in it; expected {_LAYOUT}.")
    return plausible(values, f"{file}: {name}")


def _read_file(file: Path, official: bool) -> Iterator[Sample]:
    present = read_arrays(file, [f"phis{part}" for part in _PARTS])
    part = next((p for p in _PARTS if f"phis{p}" in present), "T")
    phis, boxes = _numbers(file, f"phis{part}", 3 * POINTS), _numbers(file, f"bboxes{part}", 4)
    if len(boxes) != len(phis):
        raise InputError(f"{file}: {len(boxes)} boxes for {len(phis)} faces.")
    for index, (row, box) in enumerate(zip(phis, boxes, strict=True)):
        xy = row[: 2 * POINTS].reshape(2, POINTS).T - 1
        yield Sample(
            name=f"{file.stem}#{index}",
            image=partial(read_picture, file, f"Is{part}", index),
            scheme="cofw29",
            landmarks=_complete(xy, f"{file}: face {index + 1}", POINTS),
            visible=row[2 * POINTS :] == 0,
            box_xyxy=_corners(box),
            split=_PARTS[part] if official else "",
        )


def _boxes_68(file: Path, count: int) -> list[NDArray[np.float32] | None]:
    if not file.is_file():
        return [None] * count
    boxes = _numbers(file, "bboxes", 4)
    if len(boxes) != count:
        raise InputError(f"{file}: {len(boxes)} boxes for {count} pictures.")
    return [_corners(box) for box in boxes]


def _sample_68(file: Path, pictures: Path, index: int, box: NDArray[np.float32] | None) -> Sample:
    found = read_arrays(file, ["Points", "Occ"])
    if set(found) != {"Points", "Occ"} or found["Occ"].size != 68:
        raise InputError(f"{file}: no Points and Occ of 68 points in it; expected {_LAYOUT_68}.")
    return Sample(
        name=f"cofw68#{index}",
        image=partial(read_picture, pictures, "IsT", index),
        scheme="ibug68",
        landmarks=_complete(plausible(found["Points"], str(file)) - 1, str(file), 68),
        visible=found["Occ"].ravel() == 0,
        box_xyxy=box,
    )


def _complete(xy: NDArray[np.float64], where: str, points: int) -> NDArray[np.float32]:
    """Landmarks of a data set that leaves none out."""
    if not np.isfinite(xy).all():
        raise InputError(f"{where}: holds a point that is no number; repair or remove it.")
    return checked_landmarks(xy, where, points)


def _corners(box: NDArray[np.float64]) -> NDArray[np.float32]:
    """x, y, width, height counted from 1, as x0, y0, x1, y1 counted from 0."""
    low = box[:2] - 1
    return np.concatenate([low, low + box[2:]]).astype(np.float32)
