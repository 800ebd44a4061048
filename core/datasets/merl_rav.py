"""MERL-RAV: 68 points with visibility for AFLW's pictures (Kumar et al., CVPR 2020).

`-1 -1` = self-occluded, not located; `-x -y` = hidden by something, located at (x, y). The labels
come as folders {frontal, left, lefthalf, right, righthalf}/{trainset, testset}/labels/*.pts or as
the archive of them; pictures are AFLW's and are found only where they lie beside the labels
(…/{trainset, testset}/images). Samples without a picture still serve statistics.
"""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import numpy as np
from numpy.typing import NDArray

from core.datasets.pts import read_pts
from core.datasets.sample import Sample, checked_landmarks
from core.errors import InputError

POSES = ("frontal", "left", "lefthalf", "right", "righthalf")
_LAYOUT = "frontal/trainset/labels/*.pts and its sisters, or the archive of them"
_MOST_BYTES = 1 << 16


def decode_visibility(
    values: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Points (M, 2) with NaN where not located, and (M,) whether each is in plain view."""
    located = ~(values == -1).all(axis=1)
    visible = located & (values >= 0).all(axis=1)
    return np.where(located[:, None], np.abs(values), np.nan), visible


def read_folder(path: Path) -> list[Sample]:
    """All labelled faces below a folder, or in a .tar.xz of one.

    Raises:
        InputError: If there is none or a file is damaged.
    """
    found = list(_from_archive(path) if path.is_file() else _from_folder(path))
    if not found:
        raise InputError(f"{path}: no MERL-RAV label here; expected {_LAYOUT}.")
    return found


def _from_folder(path: Path) -> Iterator[Sample]:
    for file in sorted(path.rglob("*.pts")):
        image = file.parent.parent / "images" / f"{file.stem}.jpg"
        yield _sample(
            file.relative_to(path).as_posix(), read_pts(file), image if image.is_file() else None
        )


def _from_archive(path: Path) -> Iterator[Sample]:
    try:
        with tarfile.open(path) as archive:
            for member in archive:
                if not (member.isfile() and member.name.endswith(".pts")):
                    continue
                file = archive.extractfile(member)
                if file is None or member.size > _MOST_BYTES:
                    raise InputError(f"{path}: {member.name} is no label file.")
                yield _sample(member.name, _parse(path, member.name, file.read()), None)
    except (tarfile.TarError, OSError, EOFError) as error:
        raise InputError(f"{path}: not a readable archive ({error}).") from error


def _parse(path: Path, name: str, content: bytes) -> NDArray[np.float64]:
    """The points of a member; the same rules as a file on disk."""
    body = content.partition(b"{")[2].partition(b"}")[0]
    try:
        values = np.loadtxt(io.BytesIO(body), ndmin=2)
    except ValueError as error:
        raise InputError(f"{path}: {name} is damaged ({error}).") from error
    if values.shape != (68, 2):
        raise InputError(f"{path}: {name} has {values.size // 2} points, 68 expected.")
    return values


def _sample(name: str, values: NDArray[np.float64], image: Path | None) -> Sample:
    xy, visible = decode_visibility(values)
    parts = PurePosixPath(name).parts
    pose = next((p for p in parts if p in POSES), "")
    stem = PurePosixPath(name).stem
    return Sample(
        name=f"{pose}/{stem}" if pose else stem,
        image=image,
        scheme="ibug68",
        landmarks=checked_landmarks(xy, name, 68),
        visible=visible,
        # image12345_02 is the second face of image12345
        subject=stem.split("_")[0],
    )
