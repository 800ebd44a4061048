"""Reading the columns of one stored 256-frame segment of a growing run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.annotations.arrays import unpack_arrays
from core.annotations.records import FaceRecord, Source
from core.masks.codec import decode_labels, encode_labels
from core.masks.label_map import LabelMap

SEGMENT = 256
"""Frames of one segment."""

PRESENT, HAS_LANDMARKS, HAS_SCORES, HAS_VISIBLE = 1, 2, 4, 8
"""Bits of the `flags` column."""

NOT_SAID = 255
"""In `visible` columns: nothing said about the point."""


@dataclass(frozen=True)
class CodedMap:
    """A label map as bytes, and where its crop lies in the frame."""

    blob: bytes
    x0: int
    y0: int
    width: int
    height: int

    @classmethod
    def of(cls, label_map: LabelMap) -> CodedMap:
        """Code a label map."""
        height, width = label_map.labels.shape
        return cls(encode_labels(label_map.labels), label_map.x0, label_map.y0, width, height)

    def decode(self) -> LabelMap:
        """The label map.

        Raises:
            ValueError: If the bytes are damaged.
        """
        return LabelMap(decode_labels(self.blob, (self.height, self.width)), self.x0, self.y0)


class SegmentColumns:
    """The columns of a stored segment."""

    def __init__(self, blob: bytes) -> None:
        """Check and take apart.

        Raises:
            ValueError: If the bytes are damaged or the columns do not fit together.
        """
        self._columns = unpack_arrays(blob)
        if missing := {"frames", "offset", "track", "box", "score", "source", "flags"} - set(
            self._columns
        ):
            raise ValueError(f"a segment lacks the column {min(missing)}")
        self.frames: NDArray[np.int32] = self._columns["frames"]
        self.track: NDArray[np.int32] = self._columns["track"]
        self.offset: NDArray[np.int32] = self._columns["offset"]
        self._check_lengths()
        self.values = {
            name.removeprefix("value:"): column
            for name, column in self._columns.items()
            if name.startswith("value:")
        }
        self.schemes = [
            name.removeprefix("label:") for name in self._columns if name.startswith("label:")
        ]
        self._scored = [name for name in self._columns if name.startswith("class_scores:")]
        self._starts = np.searchsorted(self.offset, np.arange(SEGMENT + 1))

    def __contains__(self, name: str) -> bool:
        return name in self._columns

    def __getitem__(self, name: str) -> NDArray[Any]:
        """A column with a row a face."""
        return self._columns[name]

    def names(self) -> list[str]:
        """Every column."""
        return list(self._columns)

    def rows_of(self, offset: int) -> range:
        """Rows of the faces of a frame (within the segment)."""
        return range(int(self._starts[offset]), int(self._starts[offset + 1]))

    def faces(self, offset: int) -> list[FaceRecord]:
        """Faces of a frame (within the segment), without their label maps."""
        return [self._face(row) for row in self.rows_of(offset)]

    def label_row(self, scheme: str, row: int) -> tuple[int, int, int, int, int, int] | None:
        """Offset and length in the heap, x0, y0, width, height; None where there is no map."""
        offset, length, *box = (int(v) for v in self._columns[f"label:{scheme}"][row])
        return (offset, length, *box) if length else None  # type: ignore[return-value]

    def coded_maps(self, row: int, heap: bytes) -> dict[str, CodedMap]:
        """The label maps of a face, still as bytes."""
        found = {scheme: self.label_row(scheme, row) for scheme in self.schemes}
        return {
            scheme: CodedMap(heap[at[0] : at[0] + at[1]], *at[2:])
            for scheme, at in found.items()
            if at is not None
        }

    def _face(self, row: int) -> FaceRecord:
        columns, flags = self._columns, int(self._columns["flags"][row])
        return FaceRecord(
            track_id=int(self.track[row]),
            box_xyxy=columns["box"][row].copy(),
            score=float(columns["score"][row]),
            landmarks=columns["landmarks"][row].copy() if flags & HAS_LANDMARKS else None,
            landmark_scores=columns["landmark_scores"][row].copy() if flags & HAS_SCORES else None,
            visible=columns["visible"][row] == 1 if flags & HAS_VISIBLE else None,
            source=Source(int(columns["source"][row])),
            class_scores={
                name.removeprefix("class_scores:"): columns[name][row].copy()
                for name in self._scored
                if not np.isnan(columns[name][row]).all()
            },
        )

    def _check_lengths(self) -> None:
        faces = len(self.track)
        for name, column in self._columns.items():
            of_frames = name == "frames" or name.startswith("value:")
            if column.ndim == 0 or len(column) != (len(self.frames) if of_frames else faces):
                raise ValueError(f"the column {name} of a segment has another length")
        if np.any(np.diff(self.frames) <= 0) or np.any(np.diff(self.offset) < 0):
            raise ValueError("the frames of a segment are out of order")
        ends = [
            int(v)
            for v in (*self.frames[:1], *self.frames[-1:], *self.offset[:1], *self.offset[-1:])
        ]
        if any(not 0 <= end < SEGMENT for end in ends):
            raise ValueError("a frame of a segment lies outside it")
