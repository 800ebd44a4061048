"""Lists of landmarks with few or no pictures beside them: they serve statistics.

    stld:LIST.txt            lines "name x0 y0 …" (68, 98 or 19 points), fractions of a face crop
    youtube-faces:FILE.csv   Udacity's csv of YouTube Faces frames: name, x0, y0, … x67, y67

STLD's lists (the semi-supervised splits of 300W, WFLW and AFLW) give x by the crop's width and y by
its height, so that the aspect ratio is lost; its crops are 256 × 256 px, looked for in
`images_train/` beside the list, and the points are read in their pixels. The csv has frames of
`training/` beside it; where one is missing the sample has no picture. Points off the picture are
kept.
"""

from __future__ import annotations

import re
from pathlib import Path

from core.datasets.hrnet_csv import read_rows
from core.datasets.point_checks import parsed_numbers
from core.datasets.pts import SCHEMES
from core.datasets.sample import Sample, checked_landmarks, read_lines
from core.errors import InputError

CROP_PX = 256
_FRAME = re.compile(r"_\d+\.\w+$")
_STLD = "lines 'name x0 y0 …' with 68, 98 or 19 points"
_YOUTUBE = "training_frames_keypoints.csv with training/NAME.jpg beside it"


def read_stld(path: Path) -> list[Sample]:
    """All faces of a list.

    Raises:
        InputError: If it is no such list or a line is damaged.
    """
    rows = [line.split() for line in read_lines(path, "STLD list") if line.strip()]
    if not rows:
        raise InputError(f"{path}: an empty list; expected {_STLD}.")
    return [
        _sample(path, number, row, path.parent / "images_train" / row[0], row[0], CROP_PX)
        for number, row in enumerate(rows, 1)
    ]


def read_youtube_faces(path: Path) -> list[Sample]:
    """All frames of the csv; Andy_Roddick_21.jpg is a frame of the subject Andy_Roddick.

    Raises:
        InputError: If it is no such file or a line is damaged.
    """
    folder = path.parent / path.stem.removesuffix("_frames_keypoints")
    return [
        _sample(path, number, row, folder / row[0], _FRAME.sub("", row[0]))
        for number, row in enumerate(read_rows(path, _YOUTUBE)[1:], 2)
    ]


def _sample(
    path: Path, number: int, row: list[str], image: Path, subject: str, scale: float = 1.0
) -> Sample:
    where = f"{path}: line {number}"
    values = parsed_numbers(row[1:], where)
    scheme = SCHEMES.get(len(values) // 2) if len(values) % 2 == 0 else None
    if scheme is None:
        raise InputError(f"{where} has {len(values) / 2:g} points; known are {sorted(SCHEMES)}.")
    xy = values.reshape(-1, 2) * scale
    return Sample(
        name=row[0],
        image=image if image.is_file() else None,
        scheme=scheme,
        landmarks=checked_landmarks(xy, where, len(xy)),
        subject=subject,
    )
