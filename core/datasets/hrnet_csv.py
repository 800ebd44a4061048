"""The CSV lists of HRNet's facial-landmark code (300W, WFLW, AFLW in one form).

A header line, then: picture, scale, (AFLW: box_size,) center_w, center_h, x0, y0, … The box is a
square round the centre of 200 × scale pixels. The points are the data sets' own numbers, so the 68
of 300W count pixels from 1, which is undone here; WFLW's and AFLW's count from 0. Pictures are
looked for beside the list and in `images/` beside or above it. Written from that repository's
description; never seen a real file.
"""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

from core.datasets.point_checks import parsed_numbers
from core.datasets.pts import SCHEMES
from core.datasets.sample import Sample, checked_landmarks, missing_files
from core.errors import InputError

BOX_PX = 200.0
"""Side of the box where scale is 1."""
_LAYOUT = "face_landmarks_*.csv with its pictures beside it or in images/"
_WANTED = ("scale", "center_w", "center_h")


def read_file(path: Path) -> list[Sample]:
    """All faces of a list.

    Raises:
        InputError: If it is missing or damaged, or pictures are missing.
    """
    head, *rows = read_rows(path, _LAYOUT)
    names = [word.strip() for word in head]
    if not set(_WANTED) <= set(names):
        raise InputError(f"{path}: the first line names no scale, center_w and center_h.")
    columns = [names.index(name) for name in _WANTED]
    images = [_find(path, row[0]) for row in rows]
    lost = [row[0] for row, image in zip(rows, images, strict=True) if image is None]
    if lost:
        raise missing_files("HRNet", path.parent, lost, _LAYOUT)
    return [
        _sample(path, n, row, columns, image)
        for n, (row, image) in enumerate(zip(rows, images, strict=True), 2)
    ]


def read_rows(path: Path, layout: str) -> list[list[str]]:
    """The rows of a comma-separated file, the head first.

    Raises:
        InputError: If it cannot be read or holds nothing but a head.
    """
    if not path.is_file():
        raise InputError(f"{path}: name the .csv file; expected {layout}.")
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = [row for row in csv.reader(file) if row]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{path}: not a readable list ({error}).") from error
    if len(rows) < 2:
        raise InputError(f"{path}: an empty list; expected {layout}.")
    return rows


def _find(path: Path, name: str) -> Path | None:
    places = [folder / sub / name for folder in list(path.parents)[:3] for sub in ("", "images")]
    return next((p for p in places if p.is_file()), None)


def _sample(
    path: Path, number: int, row: list[str], columns: list[int], image: Path | None
) -> Sample:
    where = f"{path}: line {number}"
    values = parsed_numbers(row[1:], where)
    scale, x, y = (values[i - 1] for i in columns)
    points = values[max(columns) :]
    scheme = SCHEMES.get(len(points) // 2) if len(points) % 2 == 0 else None
    if scheme is None:
        raise InputError(f"{where} has {len(points) / 2:g} points; known are {sorted(SCHEMES)}.")
    xy = points.reshape(-1, 2) - (scheme == "ibug68")
    half = BOX_PX * scale / 2
    return Sample(
        name=f"{row[0]}#{number}",
        image=image,
        scheme=scheme,
        landmarks=checked_landmarks(xy, where, len(xy)),
        box_xyxy=np.array([x - half, y - half, x + half, y + half], np.float32),
        subject=row[0],
    )
