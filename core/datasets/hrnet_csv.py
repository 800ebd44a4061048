"""The CSV lists of HRNet's facial-landmark code (300W, WFLW, COFW, AFLW in one form).

A header line, then: picture, scale, centre_w, centre_h, x0, y0, … Written from that repository's
description; never seen a real file. 300W's and AFLW's points count pixels from 1 there (its loader
subtracts 1 before cropping), which is undone here; pictures are looked for beside the list and in
`images/` beside or above it.
"""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

from core.datasets.pts import SCHEMES
from core.datasets.sample import Sample, checked_landmarks, missing_files
from core.errors import InputError

_LAYOUT = "face_landmarks_*.csv with its pictures beside it or in images/"
_BEFORE = 4


def read_file(path: Path) -> list[Sample]:
    """All faces of a list.

    Raises:
        InputError: If it is missing or damaged, or pictures are missing.
    """
    if not path.is_file():
        raise InputError(f"{path}: name the .csv file; expected {_LAYOUT}.")
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = [row for row in csv.reader(file) if row][1:]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{path}: not a readable list ({error}).") from error
    if not rows:
        raise InputError(f"{path}: an empty list; expected {_LAYOUT}.")
    images = [_find(path, row[0]) for row in rows]
    lost = [row[0] for row, image in zip(rows, images, strict=True) if image is None]
    if lost:
        raise missing_files("HRNet", path.parent, lost, _LAYOUT)
    return [
        _sample(path, n, row, image)
        for n, (row, image) in enumerate(zip(rows, images, strict=True), 2)
    ]


def _find(path: Path, name: str) -> Path | None:
    places = [folder / sub / name for folder in list(path.parents)[:3] for sub in ("", "images")]
    return next((p for p in places if p.is_file()), None)


def _sample(path: Path, number: int, row: list[str], image: Path | None) -> Sample:
    where = f"{path}: line {number}"
    try:
        scale, centre_x, centre_y = (float(word) for word in row[1:_BEFORE])
        values = np.array([float(word) for word in row[_BEFORE:]])
    except ValueError as error:
        raise InputError(f"{where} is damaged ({error}).") from error
    scheme = SCHEMES.get(len(values) // 2) if len(values) % 2 == 0 else None
    if scheme is None:
        raise InputError(f"{where} has {len(values) / 2:g} points; known are {sorted(SCHEMES)}.")
    half = 100.0 * scale  # HRNet's scale is the box side in units of 200 px
    return Sample(
        name=f"{row[0]}#{number}",
        image=image,
        scheme=scheme,
        landmarks=checked_landmarks(values.reshape(-1, 2) - 1.0, where, len(values) // 2),
        box_xyxy=np.array(
            [centre_x - half, centre_y - half, centre_x + half, centre_y + half], np.float32
        ),
        subject=row[0],
    )
