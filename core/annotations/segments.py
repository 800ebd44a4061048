"""256 frames of a growing run as two blobs: columns of numbers, and a heap of label maps.

Faces of the segment are rows, in the order of frame, then track. Label maps are coded once, when a
frame is appended, and lie in the heap; the columns hold their offsets, so that a reader fetches
only the maps it wants.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.annotations.arrays import pack_arrays
from core.annotations.records import FaceRecord
from core.annotations.segment_columns import (
    HAS_LANDMARKS,
    HAS_SCORES,
    HAS_VISIBLE,
    NOT_SAID,
    PRESENT,
    CodedMap,
    SegmentColumns,
)


@dataclass
class Row:
    """One face of the segment being written."""

    offset: int
    """Frame within the segment, 0 … 255."""
    face: FaceRecord
    maps: dict[str, CodedMap]


@dataclass
class Segment:
    """Rows of up to 256 frames, and the values of the frames themselves."""

    frames: list[int] = field(default_factory=list)
    """Frames processed, within the segment, increasing."""
    values: list[Mapping[str, float]] = field(default_factory=list)
    """Of each frame processed: scheduler state and the like."""
    rows: list[Row] = field(default_factory=list)

    def append(self, offset: int, faces: Sequence[FaceRecord], values: Mapping[str, float]) -> None:
        """Add a frame; its faces are sorted by track."""
        rows = [
            Row(offset, face, {name: CodedMap.of(m) for name, m in face.label_maps.items()})
            for face in sorted(faces, key=lambda face: face.track_id)
        ]
        self.frames.append(offset)
        self.values.append(dict(values))
        self.rows.extend(rows)

    def cut(self, stop: int) -> None:
        """Drop frames from `stop` (within the segment) on."""
        keep = sum(offset < stop for offset in self.frames)
        del self.frames[keep:]
        del self.values[keep:]
        self.rows = [row for row in self.rows if row.offset < stop]

    def tracks(self) -> dict[int, tuple[int, int]]:
        """First and last frame (within the segment) of each track."""
        spans: dict[int, tuple[int, int]] = {}
        for row in self.rows:
            first, _ = spans.get(row.face.track_id, (row.offset, row.offset))
            spans[row.face.track_id] = (first, row.offset)
        return spans

    def encode(self) -> tuple[bytes, bytes]:
        """Columns and heap; empty schemes and columns take no space."""
        columns: dict[str, NDArray[Any]] = {
            "frames": np.array(self.frames, np.int32),
            **_frame_values(self.values),
            **_numbers(self.rows),
        }
        heap: list[bytes] = []
        for scheme in sorted({name for row in self.rows for name in row.maps}):
            columns[f"label:{scheme}"] = _label_columns(self.rows, scheme, heap)
        for scheme in sorted({name for row in self.rows for name in row.face.class_scores}):
            columns[f"class_scores:{scheme}"] = _class_scores(self.rows, scheme)
        return pack_arrays(columns), b"".join(heap)

    @classmethod
    def decode(cls, columns: SegmentColumns, heap: bytes) -> Segment:
        """The segment again, to go on writing it."""
        segment = cls()
        for position, offset in enumerate(columns.frames.tolist()):
            faces = columns.faces(offset)
            rows = columns.rows_of(offset)
            values = {
                name: float(column[position])
                for name, column in columns.values.items()
                if not np.isnan(column[position])
            }
            segment.frames.append(offset)
            segment.values.append(values)
            segment.rows.extend(
                Row(offset, face, columns.coded_maps(row, heap))
                for face, row in zip(faces, rows, strict=True)
            )
        return segment


def _frame_values(values: Sequence[Mapping[str, float]]) -> dict[str, NDArray[Any]]:
    names = sorted({name for of_frame in values for name in of_frame})
    return {
        f"value:{name}": np.array([v.get(name, np.nan) for v in values], np.float32)
        for name in names
    }


def _numbers(rows: Sequence[Row]) -> dict[str, NDArray[Any]]:
    faces = [row.face for row in rows]
    columns: dict[str, NDArray[Any]] = {
        "offset": np.array([row.offset for row in rows], np.int32),
        "track": np.array([face.track_id for face in faces], np.int32),
        "box": np.array([face.box_xyxy for face in faces], np.float32).reshape(-1, 4),
        "score": np.array([face.score for face in faces], np.float32),
        "source": np.array([face.source for face in faces], np.uint8),
        "flags": np.array([_flags(face) for face in faces], np.uint8),
    }
    points = next((len(f.landmarks) for f in faces if f.landmarks is not None), None)
    points = points or next((len(s) for f in faces if (s := _any_points(f)) is not None), 0)
    _fill(columns, "landmarks", [f.landmarks for f in faces], (points, 2), np.float32, np.nan)
    _fill(
        columns,
        "landmark_scores",
        [f.landmark_scores for f in faces],
        (points,),
        np.float32,
        np.nan,
    )
    _fill(columns, "visible", [f.visible for f in faces], (points,), np.uint8, NOT_SAID)
    return columns


def _any_points(face: FaceRecord) -> NDArray[Any] | None:
    return face.landmark_scores if face.landmark_scores is not None else face.visible


def _flags(face: FaceRecord) -> int:
    return (
        PRESENT
        | (HAS_LANDMARKS if face.landmarks is not None else 0)
        | (HAS_SCORES if face.landmark_scores is not None else 0)
        | (HAS_VISIBLE if face.visible is not None else 0)
    )


def _fill(
    columns: dict[str, NDArray[Any]],
    name: str,
    items: Sequence[NDArray[Any] | None],
    shape: tuple[int, ...],
    dtype: type,
    missing: float,
) -> None:
    """Stack the items that exist; no column where none does."""
    if all(item is None for item in items):
        return
    column: NDArray[Any] = np.full((len(items), *shape), missing, dtype)
    for row, item in enumerate(items):
        if item is not None:
            column[row] = item
    columns[name] = column


def _label_columns(rows: Sequence[Row], scheme: str, heap: list[bytes]) -> NDArray[np.int64]:
    """Offset, length, x0, y0, width, height of each row's map, appending the maps to the heap."""
    table = np.zeros((len(rows), 6), np.int64)
    offset = sum(len(blob) for blob in heap)
    for index, row in enumerate(rows):
        if (coded := row.maps.get(scheme)) is not None:
            heap.append(coded.blob)
            table[index] = offset, len(coded.blob), coded.x0, coded.y0, coded.width, coded.height
            offset += len(coded.blob)
    return table


def _class_scores(rows: Sequence[Row], scheme: str) -> NDArray[np.float32]:
    classes = next(len(s) for r in rows if (s := r.face.class_scores.get(scheme)) is not None)
    table = np.full((len(rows), classes, 2), np.nan, np.float32)
    for index, row in enumerate(rows):
        if (scores := row.face.class_scores.get(scheme)) is not None:
            table[index] = scores
    return table
