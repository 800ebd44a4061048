"""Reading a run in progress while another process or thread writes it."""

from __future__ import annotations

import json
import sqlite3
import tempfile
import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.annotations.database import storing
from core.annotations.part_file import open_part_to_read, read_fact, read_header
from core.annotations.records import FaceRecord
from core.annotations.run_reader import COLUMNS, empty_column
from core.annotations.run_shape import RunShape
from core.annotations.segment_columns import SEGMENT, CodedMap, SegmentColumns
from core.errors import StoreError

_HELD = 16
"""Segments kept decoded: 4,096 frames."""


class GrowingRunReader:
    """A `RunReader` of a `.part` file; sees what the writer has flushed, whole frames only."""

    sealed = False

    def __init__(self, path: Path) -> None:
        """Open.

        Raises:
            StoreError: If the file is damaged, foreign or newer.
            ResourceError: If it cannot be opened.
        """
        self.path = path
        self._lock = threading.RLock()
        self._spare = tempfile.TemporaryDirectory(prefix="lineament-")
        self._held: OrderedDict[int, tuple[int, SegmentColumns]] = OrderedDict()
        try:
            self._connection = open_part_to_read(path, Path(self._spare.name))
        except BaseException:
            self._spare.cleanup()
            raise
        try:
            with self._reading():
                self.header = read_header(self._connection, path)
        except BaseException:
            self.close()
            raise

    @property
    def track_ids(self) -> list[int]:
        """Every track so far, increasing."""
        with self._reading():
            rows = self._connection.execute("SELECT tracks FROM segments").fetchall()
            return sorted({int(track) for (text,) in rows for track in json.loads(text)})

    @property
    def frames_done(self) -> int:
        """Frames processed so far."""
        with self._reading():
            total = self._connection.execute("SELECT sum(processed) FROM segments").fetchone()[0]
            return int(total or 0)

    @property
    def points(self) -> int:
        """M so far; 0 while no face has landmarks."""
        return self._shape().points or 0

    @property
    def value_names(self) -> list[str]:
        """Names of the frames' own values so far."""
        return sorted(self._shape().values)

    def frame(self, frame_idx: int, masks: bool = True) -> list[FaceRecord]:
        """Faces of a frame by track; see `RunReader.frame`."""
        with self._reading():
            number, offset = divmod(frame_idx, SEGMENT)
            columns = self._columns(number)
            if columns is None:
                return []
            faces = columns.faces(offset)
            if masks and columns.schemes:
                for face, row in zip(faces, columns.rows_of(offset), strict=True):
                    face.label_maps = self._label_maps(number, columns, row)
            return faces

    def processed(self, frame_idx: int) -> bool:
        """Whether the run says anything about a frame yet."""
        return bool(frame_idx >= 0 and self.processed_column(frame_idx, frame_idx + 1)[0])

    def processed_column(self, start: int, stop: int) -> NDArray[np.bool_]:
        """`processed` of a range of frames, (T,) bool."""
        column = np.zeros(max(stop - start, 0), np.bool_)
        for at, columns in self._segments(start, stop):
            frames = columns.frames + at
            column[frames[(frames >= start) & (frames < stop)] - start] = True
        return column

    def column(self, track_id: int, name: str, start: int, stop: int) -> NDArray[Any]:
        """A column of a track for a range of frames; see `RunReader.column`."""
        if name not in COLUMNS:
            raise KeyError(f"no column {name}")
        column = empty_column(name, self.points, max(stop - start, 0))
        for at, columns in self._segments(start, stop):
            frames = columns.offset + at
            rows = np.flatnonzero((columns.track == track_id) & (frames >= start) & (frames < stop))
            if name in columns:
                column[frames[rows] - start] = columns[name][rows]
        return column

    def frame_values(self, name: str, start: int, stop: int) -> NDArray[np.float32]:
        """One of the frames' own values, (T,) float32; see `RunReader.frame_values`."""
        column = np.full(max(stop - start, 0), np.nan, np.float32)
        for at, columns in self._segments(start, stop):
            frames = columns.frames + at
            here = (frames >= start) & (frames < stop)
            if name in columns.values:
                column[frames[here] - start] = columns.values[name][here]
        return column

    def check(self) -> None:
        """Look at every byte; see `RunReader.check`."""
        with self._reading():
            verdict = self._connection.execute("PRAGMA quick_check(1)").fetchone()[0]
            if verdict != "ok":
                raise ValueError(str(verdict).splitlines()[-1])
            numbers = self._connection.execute("SELECT number FROM segments").fetchall()
            for (number,) in numbers:
                self._load(number)

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._connection.close()
            self._spare.cleanup()

    def __enter__(self) -> GrowingRunReader:
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        self.close()

    @contextmanager
    def _reading(self) -> Iterator[None]:
        """One thread at a time, errors as sentences."""
        with self._lock, storing(self.path):
            try:
                yield
            except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
                raise StoreError(f"{self.path} is damaged: {error}; predict again.") from error

    def _shape(self) -> RunShape:
        with self._reading():
            stored = read_fact(self._connection, self.path, "shape")
            return RunShape() if stored is None else RunShape.from_json(stored)

    def _segments(self, start: int, stop: int) -> Iterator[tuple[int, SegmentColumns]]:
        """First frame and columns of every segment that overlaps a range of frames."""
        for number in range(max(start, 0) // SEGMENT, -(-stop // SEGMENT)):
            with self._reading():
                columns = self._columns(number)
            if columns is not None:
                yield number * SEGMENT, columns

    def _columns(self, number: int) -> SegmentColumns | None:
        """A segment's columns, decoded once a revision; None where nothing is processed yet."""
        found = self._connection.execute(
            "SELECT revision FROM segments WHERE number = ?", (number,)
        ).fetchone()
        if found is None:
            self._held.pop(number, None)
            return None
        held = self._held.get(number)
        if held is None or held[0] != found[0]:
            held = self._load(number)
        self._held[number] = held
        self._held.move_to_end(number)
        while len(self._held) > _HELD:
            self._held.popitem(last=False)
        return held[1]

    def _load(self, number: int) -> tuple[int, SegmentColumns]:
        revision, blob = self._connection.execute(
            "SELECT revision, columns FROM segments WHERE number = ?", (number,)
        ).fetchone()
        return int(revision), SegmentColumns(blob)

    def _label_maps(self, number: int, columns: SegmentColumns, row: int) -> dict[str, Any]:
        """The label maps of a face: only their own bytes are read from the heap."""
        wanted = {scheme: columns.label_row(scheme, row) for scheme in columns.schemes}
        maps = {}
        for scheme, place in wanted.items():
            if place is not None:
                maps[scheme] = CodedMap(self._heap(number, *place[:2]), *place[2:]).decode()
        return maps

    def _heap(self, number: int, offset: int, length: int) -> bytes:
        blob: sqlite3.Blob
        with self._connection.blobopen("segments", "heap", number, readonly=True) as blob:
            if offset < 0 or length < 0 or offset + length > len(blob):
                raise ValueError("a label map lies outside the heap")
            return bytes(blob[offset : offset + length])
