"""The front page of a sealed run: a user block before the HDF5 part of the file.

HDF5 lets a program keep its own bytes before the superblock (H5Pset_userblock). Ours hold the run's
header and, for each data set, its type, shape and place in the file; all data sets are contiguous
and unfiltered. So a run is listed and read with plain file reads: opening costs no h5py import
(0.35 s), no lock of the HDF5 library, and no damaged file ever reaches that library. To every other
program the file is ordinary HDF5.

The block: `LINEAMENT-RUN 1 <bytes of JSON> <CRC-32 of JSON>`, a line feed, JSON, zeros
up to a power of two.
"""

from __future__ import annotations

import json
import math
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from core.annotations.records import RunHeader
from core.errors import StoreError

_WORD = b"LINEAMENT-RUN"
_VERSION = 1
_FIRST_LINE = 64
_MAX_BLOCK = 64 << 20
_MAX_FRAME = 1 << 40
_DTYPES = frozenset({"|u1", "<i4", "<i8", "<f4"})


@dataclass(frozen=True)
class DataSet:
    """Where the numbers of a data set lie."""

    dtype: str
    shape: tuple[int, ...]
    offset: int
    """Bytes from the start of the file."""

    @property
    def row_bytes(self) -> int:
        """Bytes of one row (first axis)."""
        return int(np.dtype(self.dtype).itemsize * math.prod(self.shape[1:]))

    @property
    def size_bytes(self) -> int:
        """Bytes in all."""
        return int(np.dtype(self.dtype).itemsize * math.prod(self.shape))


@dataclass(frozen=True)
class FrontPage:
    """What the user block says."""

    header: RunHeader
    data_sets: dict[str, DataSet]
    """By HDF5 path."""
    first_frame: int
    """Of the frames' own columns: the frame of the first row."""
    first_frames: dict[int, int]
    """By track: the frame of its first row."""
    body_at: int = 0
    """Where the HDF5 part begins."""
    file_bytes: int = 0
    """Size of the whole file: a shorter one was cut."""
    body_crc: int = 0
    """CRC-32 of everything after the user block."""

    def to_bytes(self, block: int) -> bytes:
        """The user block, `block` bytes long."""
        text = json.dumps(
            {
                "header": self.header.to_json(),
                "data_sets": {
                    n: [d.dtype, list(d.shape), d.offset] for n, d in self.data_sets.items()
                },
                "first_frame": self.first_frame,
                "first_frames": {str(track): first for track, first in self.first_frames.items()},
                "body_at": self.body_at,
                "file_bytes": self.file_bytes,
                "body_crc": self.body_crc,
            },
            separators=(",", ":"),
        ).encode()
        line = b"%s %d %d %d\n" % (_WORD, _VERSION, len(text), zlib.crc32(text))
        return (line + text).ljust(block, b"\0")

    def block_bytes(self) -> int:
        """A user block that holds this page with any offsets: a power of two from 512 on."""
        longest = 20 * (len(self.data_sets) + 4)  # digits a number can grow by
        return 1 << max(9, (len(self.to_bytes(0)) + longest - 1).bit_length())


def read_front_page(path: Path) -> FrontPage:
    """Read and check the user block of a sealed run.

    Raises:
        StoreError: If the file is damaged, foreign, newer or cannot be read.
    """
    try:
        with path.open("rb") as file:
            size = file.seek(0, 2)
            file.seek(0)
            first = file.read(_FIRST_LINE)
            length, crc, start = _first_line(path, first)
            file.seek(start)
            text = file.read(length)
    except OSError as error:
        raise StoreError(f"{path} cannot be read ({error.strerror}).") from error
    if len(text) != length or zlib.crc32(text) != crc:
        raise StoreError(f"{path} is damaged: its front page does not fit its checksum.")
    try:
        page = _page(json.loads(text))
    except (
        ArithmeticError,
        AttributeError,
        LookupError,
        TypeError,
        ValueError,
        RecursionError,
    ) as error:
        raise StoreError(f"{path} is damaged: its front page makes no sense ({error}).") from error
    if size < page.file_bytes:
        raise StoreError(f"{path} is cut short: {size} of {page.file_bytes} bytes are there.")
    return page


def _first_line(path: Path, first: bytes) -> tuple[int, int, int]:
    """Bytes of JSON, their CRC-32, and where they start."""
    line, newline, _ = first.partition(b"\n")
    words = line.split(b" ")
    if words[0] != _WORD or not newline or not all(w.isdigit() and len(w) < 12 for w in words[1:]):
        raise StoreError(f"{path} is not a sealed run of Lineament, or is damaged.")
    numbers = [int(word) for word in words[1:]]
    if numbers[:1] and numbers[0] > _VERSION:
        raise StoreError(f"{path} was written by a newer Lineament; update Lineament to read it.")
    if len(numbers) != 3 or numbers[1] > _MAX_BLOCK:
        raise StoreError(f"{path} is damaged: its first line makes no sense.")
    return numbers[1], numbers[2], len(line) + 1


def _page(record: Any) -> FrontPage:
    page = FrontPage(
        header=RunHeader.from_json(record["header"]),
        data_sets={
            str(name): DataSet(str(dtype), tuple(int(n) for n in shape), int(offset))
            for name, (dtype, shape, offset) in record["data_sets"].items()
        },
        first_frame=int(record["first_frame"]),
        first_frames={int(track): int(first) for track, first in record["first_frames"].items()},
        body_at=int(record["body_at"]),
        file_bytes=int(record["file_bytes"]),
        body_crc=int(record["body_crc"]),
    )
    numbers = [page.first_frame, page.body_at, *page.first_frames, *page.first_frames.values()]
    if not all(0 <= number < _MAX_FRAME for number in numbers):
        raise ValueError("a track or frame number is out of range")
    for name, data_set in page.data_sets.items():
        _check(name, data_set, page.file_bytes)
    return page


def _check(name: str, data_set: DataSet, file_bytes: int) -> None:
    if data_set.dtype not in _DTYPES or not data_set.shape:
        raise ValueError(f"{name} has an unknown type")
    if min((*data_set.shape, data_set.offset)) < 0:
        raise ValueError(f"{name} has a negative size")
    if data_set.offset + data_set.size_bytes > file_bytes:
        raise ValueError(f"{name} reaches beyond the file")
