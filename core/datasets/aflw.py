"""`aflw:FOLDER` — AFLW's 19 points as Zhu et al. (CVPR 2016) give them. Never seen a real file.

`AFLWinfo_release.mat`: `data` (N, 38) with 19 x, then 19 y; `mask_new` (N, 19), 1 = visible;
`bbox` (N, 4) as left, right, top, bottom; `nameList` the pictures ("0/image00002.jpg"); `ra` a
permutation counted from 1, whose first 20,000 are the training set. Points count pixels from 0;
(0, 0) is taken as "not located".

    FOLDER/AFLWinfo_release.mat
    FOLDER/flickr/0/image00002.jpg     (or data/flickr/…, images/…, or at once)
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from core.datasets.matlab import read_arrays, read_texts
from core.datasets.point_checks import plausible
from core.datasets.sample import Sample, checked_landmarks, missing_files
from core.errors import InputError

POINTS, TRAINING_FACES = 19, 20_000
_LAYOUT = "AFLWinfo_release.mat with flickr/0/image00002.jpg and its sisters"
_FOLDERS = ("flickr", "data/flickr", "images", ".")
_WIDTHS = {"data": 2 * POINTS, "mask_new": POINTS, "bbox": 4}


def read_folder(path: Path) -> list[Sample]:
    """All faces, with the official split.

    Raises:
        InputError: If the list or pictures are missing, or the list is damaged.
    """
    file = path if path.is_file() else path / "AFLWinfo_release.mat"
    if not file.is_file():
        raise InputError(f"{path}: no AFLWinfo_release.mat here; expected {_LAYOUT}.")
    found, names = read_arrays(file, [*_WIDTHS, "ra"]), read_texts(file, "nameList")
    wrong = [n for n, w in _WIDTHS.items() if n not in found or found[n].shape != (len(names), w)]
    order = found.get("ra", np.zeros(0)).ravel() - 1
    if wrong or sorted(order.tolist()) != list(range(len(names))):
        raise InputError(f"{file}: {', '.join(wrong) or 'ra'} does not fit its {len(names)} names.")
    for name in ("data", "bbox"):
        plausible(found[name], f"{file}: {name}")
    root = _pictures(file.parent, names)
    training = set(order[:TRAINING_FACES].tolist())
    return [
        Sample(
            name=f"{name}#{index}",
            image=root / name,
            scheme="aflw19",
            landmarks=checked_landmarks(_located(row), f"{file}: face {index + 1}", POINTS),
            visible=mask == 1,
            box_xyxy=box[[0, 2, 1, 3]].astype(np.float32),
            subject=name,
            split="train" if index in training else "test",
        )
        for index, (name, row, mask, box) in enumerate(
            zip(names, found["data"], found["mask_new"], found["bbox"], strict=True)
        )
    ]


def _located(row: np.ndarray) -> np.ndarray:
    """(38,) as (19, 2), NaN where not located."""
    xy = row.reshape(2, POINTS).T
    return np.where((xy == 0).all(axis=1, keepdims=True), np.nan, xy)


def _pictures(folder: Path, names: list[str]) -> Path:
    for name in _FOLDERS:
        if names and (folder / name / names[0]).is_file():
            root = folder / name
            break
    else:
        raise missing_files("AFLW", folder, names[:1], _LAYOUT)
    if lost := [name for name in dict.fromkeys(names) if not (root / name).is_file()]:
        raise missing_files("AFLW", root, lost, _LAYOUT)
    return root
