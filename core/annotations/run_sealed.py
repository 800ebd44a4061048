"""Reading a sealed run: one short read an item, blocks of 4,096 frames for columns."""

from __future__ import annotations

import os
import threading
import weakref
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.annotations.blocks import BlockCache
from core.annotations.records import FaceRecord, Source
from core.annotations.run_layout import DataSet, read_front_page
from core.annotations.run_reader import COLUMNS, empty_column
from core.annotations.schema import BLOCK
from core.annotations.segment_columns import (
    HAS_LANDMARKS,
    HAS_SCORES,
    HAS_VISIBLE,
    PRESENT,
    CodedMap,
)
from core.errors import ResourceError, StoreError

_MAX_BLOB = 1 << 28
_CHUNK = 4 << 20
_CACHED_ROWS = 4 * BLOCK


class SealedRunReader:
    """A `RunReader` of a sealed file. The file is only ever read."""

    sealed = True

    def __init__(self, path: Path) -> None:
        """Open.

        Raises:
            StoreError: If the file is damaged, foreign or newer.
            ResourceError: If it cannot be opened.
        """
        self._page = read_front_page(path)
        self.header = self._page.header
        self._path = path
        self._sets = self._page.data_sets
        try:
            self._handle = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
        except OSError as error:
            raise ResourceError(f"{path} cannot be opened ({error.strerror}).") from error
        self._close = weakref.finalize(self, os.close, self._handle)
        self._seek_lock = threading.Lock()
        self._cache: BlockCache[tuple[str, int]] = BlockCache()
        try:
            self._tracks = self._spans()
        except BaseException:
            self._close()
            raise
        order = sorted(self._tracks)
        self._ids = np.array(order, np.int64)
        self._firsts = np.array([self._tracks[t][0] for t in order], np.int64)
        self._stops = np.array([self._tracks[t][1] for t in order], np.int64)
        self._first = self._page.first_frame
        self._done: int | None = None

    @property
    def path(self) -> Path:
        """The file."""
        return self._path

    @property
    def track_ids(self) -> list[int]:
        """Every track of the run, increasing."""
        return [int(track) for track in self._ids]

    @property
    def frames_done(self) -> int:
        """Frames processed."""
        if self._done is None:
            processed = self._sets["frames/processed"].shape[0]
            blocks = range(-(-processed // BLOCK))
            self._done = sum(
                int(self._block("frames/processed", number).sum()) for number in blocks
            )
        return self._done

    @property
    def points(self) -> int:
        """M; 0 for a run without landmarks."""
        for name in ("landmarks", "landmark_scores", "visible"):
            for track in self._tracks:
                if (data_set := self._sets.get(f"tracks/{track}/{name}")) is not None:
                    return data_set.shape[1]
        return 0

    @property
    def value_names(self) -> list[str]:
        """Names of the frames' own values."""
        prefix = "frames/values/"
        return [name.removeprefix(prefix) for name in self._sets if name.startswith(prefix)]

    def frame(self, frame_idx: int, masks: bool = True) -> list[FaceRecord]:
        """Faces of a frame by track; see `RunReader.frame`."""
        here = self._ids[(self._firsts <= frame_idx) & (frame_idx < self._stops)]
        faces = (self._face(int(track), frame_idx, masks) for track in here)
        return [face for face in faces if face is not None]

    def processed(self, frame_idx: int) -> bool:
        """Whether the run says anything about a frame."""
        row, known = frame_idx - self._first, self._sets["frames/processed"].shape[0]
        return 0 <= row < known and bool(self._row("frames/processed", row))

    def processed_column(self, start: int, stop: int) -> NDArray[np.bool_]:
        """`processed` of a range of frames, (T,) bool."""
        column = np.zeros(max(stop - start, 0), np.uint8)
        self._into(column, "frames/processed", self._first, start)
        return column.astype(np.bool_)

    def column(self, track_id: int, name: str, start: int, stop: int) -> NDArray[Any]:
        """A column of a track for a range of frames; see `RunReader.column`."""
        if name not in COLUMNS or track_id not in self._tracks:
            raise KeyError(f"no column {name} of track {track_id}")
        column = empty_column(name, self.points, max(stop - start, 0))
        place = f"tracks/{track_id}/{name}"
        if place in self._sets:
            self._into(column, place, self._tracks[track_id][0], start)
        return column

    def frame_values(self, name: str, start: int, stop: int) -> NDArray[np.float32]:
        """One of the frames' own values, (T,) float32; see `RunReader.frame_values`."""
        column = np.full(max(stop - start, 0), np.nan, np.float32)
        if f"frames/values/{name}" in self._sets:
            self._into(column, f"frames/values/{name}", self._first, start)
        return column

    def check(self) -> None:
        """Compare every byte with the file's checksum.

        Raises:
            StoreError: If it does not fit.
        """
        crc, end = 0, self._page.file_bytes
        for at in range(self._page.body_at, end, _CHUNK):
            crc = zlib.crc32(self._read(at, min(_CHUNK, end - at)), crc)
        if crc != self._page.body_crc:
            raise StoreError(f"{self._path} is damaged: its checksum does not fit; predict again.")

    def close(self) -> None:
        """Let go of the file; a reader nobody holds any more does it by itself."""
        self._close()

    def __enter__(self) -> SealedRunReader:
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        self.close()

    def _face(self, track: int, frame_idx: int, masks: bool) -> FaceRecord | None:
        row, at = frame_idx - self._tracks[track][0], f"tracks/{track}/"
        flags = int(self._row(at + "flags", row))
        if not flags & PRESENT:
            return None
        try:
            return FaceRecord(
                track_id=track,
                box_xyxy=self._row(at + "box", row),
                score=float(self._row(at + "score", row)),
                landmarks=self._row(at + "landmarks", row) if flags & HAS_LANDMARKS else None,
                landmark_scores=self._row(at + "landmark_scores", row)
                if flags & HAS_SCORES
                else None,
                visible=self._row(at + "visible", row) == 1 if flags & HAS_VISIBLE else None,
                source=Source(int(self._row(at + "source", row))),
                label_maps=self._label_maps(at, row) if masks else {},
                class_scores=self._class_scores(at, row),
            )
        except (KeyError, ValueError) as error:
            raise StoreError(f"{self._path} is damaged at frame {frame_idx}: {error}.") from error

    def _label_maps(self, at: str, row: int) -> dict[str, Any]:
        prefix = at + "label_length/"
        maps = {}
        for scheme in self._under(prefix):
            length = int(self._row(prefix + scheme, row))
            if length:
                offset = int(self._row(f"{at}label_offset/{scheme}", row))
                box = [int(v) for v in self._row(f"{at}label_box/{scheme}", row)]
                maps[scheme] = CodedMap(self._blob(offset, length), *box).decode()
        return maps

    def _class_scores(self, at: str, row: int) -> dict[str, NDArray[np.float32]]:
        prefix = at + "class_scores/"
        scores = {scheme: self._row(prefix + scheme, row) for scheme in self._under(prefix)}
        return {scheme: s for scheme, s in scores.items() if not np.isnan(s).all()}

    def _under(self, prefix: str) -> list[str]:
        if (found := self._names.get(prefix)) is None:
            found = [n.removeprefix(prefix) for n in self._sets if n.startswith(prefix)]
            self._names[prefix] = found
        return found

    def _blob(self, offset: int, length: int) -> bytes:
        heap = self._sets["heap"]
        if offset < 0 or not 0 < length <= _MAX_BLOB or offset + length > heap.shape[0]:
            raise ValueError("a label map lies outside the heap")
        return self._read(heap.offset + offset, length)

    def _spans(self) -> dict[int, tuple[int, int]]:
        """First frame and one past the last of each track; checks that columns fit together."""
        self._names: dict[str, list[str]] = {}
        if not {"frames/processed", "heap"} <= set(self._sets):
            raise StoreError(f"{self._path} is damaged: it lacks a column every run has.")
        spans = {}
        for track, first in self._page.first_frames.items():
            flags = self._sets.get(f"tracks/{track}/flags")
            if flags is None or first < 0:
                raise StoreError(f"{self._path} is damaged: track {track} has no columns.")
            spans[track] = first, first + flags.shape[0]
        for name, data_set in self._sets.items():
            self._check_set(name, data_set, spans)
        return spans

    def _check_set(self, name: str, data_set: DataSet, spans: dict[int, tuple[int, int]]) -> None:
        """Refuse a data set whose type or size does not fit its name."""
        words = name.split("/")
        fits = len(data_set.shape) == 1
        if words[0] == "tracks" and len(words) >= 3:
            track = int(words[1]) if words[1].isdecimal() else -1
            first, stop = spans.get(track, (0, -1))
            fits = data_set.shape[0] == stop - first and _fits(words[2], data_set)
        if not fits:
            raise StoreError(f"{self._path} is damaged: {name} has another size than its track.")

    def _into(self, column: NDArray[Any], place: str, first: int, start: int) -> None:
        """Copy what a data set (row 0 = frame `first`) has of frames from `start` on."""
        rows = self._sets[place].shape[0]
        begin, end = max(start, first), min(start + len(column), first + rows)
        if begin < end:
            if column.shape[1:] != self._sets[place].shape[1:]:
                raise StoreError(f"{self._path} is damaged: {place} has another shape.")
            self._fill(column[begin - start : end - start], place, begin - first)

    def _fill(self, rows: NDArray[Any], place: str, start: int) -> None:
        """Copy rows of a data set from row `start` on; a long range does not go through the cache,
        which it would only empty.
        """
        keep = len(rows) <= _CACHED_ROWS
        stop = start + len(rows)
        for number in range(start // BLOCK, (stop - 1) // BLOCK + 1):
            block = self._kept(place, number) if keep else self._block(place, number)
            begin, end = max(start, number * BLOCK), min(stop, (number + 1) * BLOCK)
            rows[begin - start : end - start] = block[begin - number * BLOCK : end - number * BLOCK]

    def _kept(self, place: str, number: int) -> NDArray[Any]:
        return self._cache.get((place, number), lambda: self._block(place, number))

    def _block(self, place: str, number: int) -> NDArray[Any]:
        data_set = self._sets[place]
        rows = min(BLOCK, data_set.shape[0] - number * BLOCK)
        start = data_set.offset + number * BLOCK * data_set.row_bytes
        data = self._read(start, rows * data_set.row_bytes)
        return np.frombuffer(data, data_set.dtype).reshape(rows, *data_set.shape[1:])

    def _row(self, place: str, row: int) -> NDArray[Any]:
        """One row, read by itself: stepping through frames needs no block of 4,096."""
        data_set = self._sets[place]
        data = self._read(data_set.offset + row * data_set.row_bytes, data_set.row_bytes)
        return np.frombuffer(data, data_set.dtype).reshape(data_set.shape[1:]).copy()

    def _read(self, offset: int, length: int) -> bytes:
        if not self._close.alive:  # its number may stand for another file by now
            raise ValueError("the run is closed")
        try:
            data = self._read_at(offset, length)
        except OSError as error:
            raise ResourceError(f"{self._path} cannot be read ({error.strerror}).") from error
        if len(data) != length:
            raise StoreError(f"{self._path} was cut short while it was open.")
        return data

    def _read_at(self, offset: int, length: int) -> bytes:
        if hasattr(os, "pread"):
            return os.pread(self._handle, length, offset)
        with self._seek_lock:
            os.lseek(self._handle, offset, os.SEEK_SET)
            return os.read(self._handle, length)


def _fits(column: str, data_set: DataSet) -> bool:
    """Whether the type and the rank of a track's column are what its name asks for."""
    kinds = {
        "flags": ("|u1", 1), "box": ("<f4", 2), "score": ("<f4", 1), "source": ("|u1", 1),
        "landmarks": ("<f4", 3), "landmark_scores": ("<f4", 2), "visible": ("|u1", 2),
        "label_offset": ("<i8", 1), "label_length": ("<i4", 1), "label_box": ("<i4", 2),
        "class_scores": ("<f4", 3),
    }  # fmt: skip
    return kinds.get(column) == (data_set.dtype, len(data_set.shape))
