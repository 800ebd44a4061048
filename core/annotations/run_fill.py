"""What a sealed run will hold, and putting the numbers of its segments to their places."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from core.annotations.records import RunHeader
from core.annotations.run_layout import DataSet
from core.annotations.run_reader import COLUMNS, column_shape
from core.annotations.run_shape import RunShape
from core.annotations.schema import BLOCK
from core.annotations.segment_columns import SEGMENT, SegmentColumns


@dataclass
class Plan:
    """What the sealed file will hold, known from the segments' summaries before any is decoded."""

    header: RunHeader
    shape: RunShape
    spans: dict[int, tuple[int, int]] = field(default_factory=dict)
    """First and last frame of each track."""
    first: int = 0
    """First frame of the frames' own columns."""
    stop: int = 0
    heap_bytes: int = 0

    def data_sets(self) -> dict[str, DataSet]:
        """Type and shape of every data set, at offset 0."""
        sets = {"frames/processed": DataSet("|u1", (self.stop - self.first,), 0)}
        for name in sorted(self.shape.values):
            sets[f"frames/values/{name}"] = DataSet("<f4", (self.stop - self.first,), 0)
        for track, (first, last) in sorted(self.spans.items()):
            for name, dtype, row in track_columns(self.shape):
                shape = (last - first + 1, *row)
                sets[f"tracks/{track}/{name}"] = DataSet(dtype, shape, 0)
        sets["header"] = DataSet("|u1", (len(self.header_bytes()),), 0)
        sets["heap"] = DataSet("|u1", (self.heap_bytes,), 0)
        return sets

    def header_bytes(self) -> bytes:
        """The run's header as JSON, for programs that read the file as plain HDF5."""
        return json.dumps(self.header.to_json()).encode()


def track_columns(shape: RunShape) -> list[tuple[str, str, tuple[int, ...]]]:
    """Name, dtype and shape of a row of every column a track of such a run has."""
    points = shape.points or 0
    columns = []
    for name in COLUMNS:
        row, dtype, _ = column_shape(name, points)
        if not row or name == "box" or name in shape.per_point:
            columns.append((name, dtype.str, row))
    for scheme in sorted(shape.maps):
        columns.append((f"label_offset/{scheme}", "<i8", ()))
        columns.append((f"label_length/{scheme}", "<i4", ()))
        columns.append((f"label_box/{scheme}", "<i4", (4,)))
    columns += [
        (f"class_scores/{scheme}", "<f4", (count, 2))
        for scheme, count in sorted(shape.classes.items())
    ]
    return columns


class Filler:
    """Writes segment after segment; frames that no segment has are written as missing."""

    def __init__(self, file: IO[bytes], plan: Plan, sets: dict[str, DataSet]) -> None:
        self._file = file
        self._plan = plan
        self._sets = sets
        self._columns = track_columns(plan.shape)
        self._frames_to = plan.first
        self._track_to = {track: first for track, (first, _) in plan.spans.items()}
        self._heap_to = 0
        self._put("header", 0, np.frombuffer(plan.header_bytes(), np.uint8))

    def write_segment(self, start: int, columns: SegmentColumns, heap: bytes) -> None:
        """Write a segment that begins at frame `start`.

        Raises:
            ValueError: If its columns do not fit the run's sizes.
        """
        stop = min(start + SEGMENT, self._plan.stop)
        self._write_frames(columns, max(start, self._plan.first), start, stop)
        for track in np.unique(columns.track).tolist():
            self._write_track(track, columns, start, stop)
        self._put("heap", self._heap_to, np.frombuffer(heap, np.uint8))
        self._heap_to += len(heap)

    def _write_frames(self, columns: SegmentColumns, begin: int, start: int, stop: int) -> None:
        """The frames' own columns of the gap before the segment, then of the segment."""
        first = self._plan.first
        self._put_missing("frames/processed", "|u1", 0, self._frames_to - first, begin - first)
        at = columns.frames + (start - begin)
        processed = np.zeros(stop - begin, np.uint8)
        processed[at] = 1
        self._put("frames/processed", begin - first, processed)
        for name in self._plan.shape.values:
            place = f"frames/values/{name}"
            self._put_missing(place, "<f4", np.nan, self._frames_to - first, begin - first)
            values = np.full(stop - begin, np.nan, np.float32)
            if name in columns.values:
                values[at] = columns.values[name]
            self._put(place, begin - first, values)
        self._frames_to = stop

    def _write_track(self, track: int, columns: SegmentColumns, start: int, stop: int) -> None:
        """A track's columns of the gap before the segment, then of the segment."""
        first, last = self._plan.spans[track]
        begin, end = max(start, first), min(stop, last + 1)
        rows = np.flatnonzero(columns.track == track)
        at = columns.offset[rows] + (start - begin)
        for name, dtype, shape in self._columns:
            place, missing = f"tracks/{track}/{name}", _missing(name, dtype)
            gap = self._track_to[track] - first, begin - first
            self._put_missing(place, dtype, missing, *gap)
            dense = np.full((end - begin, *shape), missing, dtype)
            if (values := _stored(columns, name, rows, self._heap_to)) is not None:
                dense[at] = values
            self._put(place, begin - first, dense)
        self._track_to[track] = end

    def _put_missing(self, place: str, dtype: str, missing: float, row: int, stop: int) -> None:
        """Write rows that say nothing, a block at a time."""
        for begin in range(row, stop, BLOCK):
            length = min(BLOCK, stop - begin)
            shape = (length, *self._sets[place].shape[1:])
            self._put(place, begin, np.full(shape, missing, dtype))

    def _put(self, place: str, row: int, values: NDArray[Any]) -> None:
        """Write rows of a data set."""
        if values.size:
            data_set = self._sets[place]
            self._file.seek(data_set.offset + row * data_set.row_bytes)
            self._file.write(np.ascontiguousarray(values, data_set.dtype).tobytes())


def _missing(name: str, dtype: str) -> float:
    """What stands in a column where the track has no face."""
    if name in COLUMNS:
        return column_shape(name, 1)[2]
    return np.nan if dtype == "<f4" else 0


def _stored(
    columns: SegmentColumns, name: str, rows: NDArray[np.int64], heap_at: int
) -> NDArray[Any] | None:
    """A segment's rows of a column of the sealed run; None where the segment lacks the column."""
    kind, _, scheme = name.partition("/")
    if not kind.startswith("label_"):
        stored = name.replace("/", ":")
        return columns[stored][rows] if stored in columns else None
    if f"label:{scheme}" not in columns:
        return None
    table = columns[f"label:{scheme}"][rows]  # offset, length, x0, y0, width, height
    if kind == "label_offset":
        return np.where(table[:, 1] > 0, table[:, 0] + heap_at, 0)
    return table[:, 1] if kind == "label_length" else table[:, 2:]
