"""MATLAB files of both kinds: up to v7 through SciPy, v7.3 (HDF5, axes reversed) through h5py."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.errors import InputError

_DAMAGED = (
    *(OSError, ValueError, TypeError, KeyError, IndexError, AttributeError),
    *(RuntimeError, OverflowError, NotImplementedError, UnboundLocalError),
)
"""What SciPy and h5py raise on damaged files, and we on foreign ones."""


def read_arrays(path: Path, names: Sequence[str]) -> dict[str, NDArray[np.float64]]:
    """The numeric variables of a file that are there, as MATLAB shows them.

    Raises:
        InputError: If the file cannot be read or a variable is no array of numbers.
    """
    with _sentences(path):
        if _is_hdf5(path):
            import h5py

            with h5py.File(path, "r") as file:
                found = {n: np.asarray(file[n]).T for n in names if n in file}
        else:
            found = _loaded(path, tuple(names))
        return {n: np.asarray(v, np.float64) for n, v in found.items()}


def read_texts(path: Path, name: str) -> list[str]:
    """The texts of a cell array, in MATLAB's order.

    Raises:
        InputError: If the file cannot be read or the variable is missing or no cell of texts.
    """
    with _sentences(path):
        if not _is_hdf5(path):
            cells = _loaded(path, (name,))[name].ravel(order="F")
            return [str(np.asarray(cell).ravel()[0]) for cell in cells]
        import h5py

        with h5py.File(path, "r") as file:
            references = np.asarray(file[name]).T.ravel(order="F")
            return ["".join(map(chr, np.asarray(file[r]).ravel())) for r in references]


def read_picture(path: Path, name: str, index: int) -> NDArray[np.uint8]:
    """One picture of a cell array, (H, W, 3); grey is repeated.

    Raises:
        InputError: If the file cannot be read or holds no such picture.
    """
    with _sentences(path):
        if _is_hdf5(path):
            import h5py

            with h5py.File(path, "r") as file:
                reference = np.asarray(file[name]).T.ravel(order="F")[index]
                pixels = np.asarray(file[reference]).T
        else:
            pixels = np.asarray(_cells(path, name)[index])
        if pixels.ndim == 2:
            pixels = np.repeat(pixels[..., None], 3, axis=2)
        if pixels.ndim != 3 or pixels.shape[2] != 3:
            raise ValueError(f"{name}{{{index + 1}}} is {pixels.shape}, no picture")
        return np.ascontiguousarray(pixels, dtype=np.uint8)


@lru_cache(maxsize=1)
def _cells(path: Path, name: str) -> Any:
    """All cells of an old file: SciPy cannot read one of them alone."""
    return _loaded(path, (name,))[name].ravel(order="F")


def _loaded(path: Path, names: tuple[str, ...]) -> dict[str, Any]:
    from scipy.io import loadmat
    from scipy.io.matlab import MatReadError

    try:
        content = loadmat(str(path), variable_names=list(names))
    except (MatReadError, zlib.error, struct.error, EOFError, MemoryError) as error:
        raise ValueError(error) from error
    return {n: content[n] for n in names if n in content}


def _is_hdf5(path: Path) -> bool:
    import h5py

    return bool(h5py.is_hdf5(path))


@contextmanager
def _sentences(path: Path) -> Iterator[None]:
    """Whatever a damaged file makes the libraries raise, as one sentence."""
    try:
        yield
    except _DAMAGED as error:
        raise InputError(f"{path}: not a readable MATLAB file of this kind ({error}).") from error
