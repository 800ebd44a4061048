"""Affinities on disk: an `.npz` with `affinity`, `count`, and what they were made of."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from core.correlation.affinity import Affinity
from core.correlation.face_sets import read_arrays
from core.errors import InputError, ResourceError

_NAMES = ("affinity", "count", "still", "faces", "normalisation", "scheme")


def write_affinity(path: Path, found: Affinity) -> None:
    """Write an affinity; the file is there whole or not at all.

    Raises:
        ResourceError: If it cannot be written.
    """
    part = path.with_name(path.name + ".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with part.open("wb") as stream:
            np.savez_compressed(
                stream, affinity=found.matrix, count=found.count, still=found.still,
                faces=np.array(found.faces), normalisation=np.array(found.normalisation),
                scheme=np.array(found.scheme),
            )  # fmt: skip
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise ResourceError(f"{path}: cannot be written ({error.strerror or error}).") from error


def is_affinity_file(path: Path) -> bool:
    """Whether a file is an `.npz` with an affinity in it."""
    return path.suffix == ".npz" and path.is_file() and "affinity" in read_arrays(path, _NAMES)


def read_affinity(path: Path) -> Affinity:
    """Read an affinity; other programs' files need `affinity` alone.

    Raises:
        InputError: If there is none or it is no square matrix.
    """
    found = read_arrays(path, _NAMES)
    matrix = found.get("affinity")
    if matrix is None or matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1]:
        raise InputError(f"{path}: holds no square array `affinity`.")
    if matrix.dtype.kind != "f" or not len(matrix):
        raise InputError(f"{path}: `affinity` holds no numbers.")
    faces = int(found["faces"]) if "faces" in found else 0
    count = found.get("count", np.full(matrix.shape, faces, np.int64))
    still = found.get("still", np.zeros(len(matrix), np.int64))
    if count.shape != matrix.shape or still.shape != (len(matrix),):
        raise InputError(f"{path}: `count` or `still` does not fit `affinity`.")
    return Affinity(
        matrix.astype(np.float64), count.astype(np.int64), still.astype(np.int64), faces,
        str(found.get("normalisation", "hullbox")), str(found.get("scheme", "")),
    )  # fmt: skip
