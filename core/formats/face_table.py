"""`faces.csv`: what folders of pictures or points cannot say about their faces.

One row a face and frame, `track_id` −1 for a frame without a face. `frame_index` counts from 0,
`crop_…` is where the face's label map lies in the frame (empty without one).
"""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, TextIO

import numpy as np

from core.annotations.records import FaceRecord, Source
from core.errors import InputError
from core.formats.numbers import exact
from core.formats.records import STRICT, ExportClip, ExportFrame, Reading
from core.masks.label_map import LabelMap

FILE_NAME = "faces.csv"

Crop = tuple[int, int, int, int]
"""x0, y0, width, height in frame pixels."""

_COLUMNS = (
    "frame_index", "time_s", "track_id", "name", "score", "source",
    "box_x0", "box_y0", "box_x1", "box_y1", "crop_x0", "crop_y0", "crop_width", "crop_height",
)  # fmt: skip
_LONGEST = 1 << 20
_LARGEST_SIDE = 1 << 16


class FaceRow(NamedTuple):
    """One row read: the face without its points and pixels."""

    frame_index: int
    time_s: float
    face: FaceRecord | None
    """None: no face in this frame."""
    crop: Crop | None


class FaceTable:
    """Writes rows to an open text file."""

    def __init__(self, stream: TextIO, clip: ExportClip) -> None:
        self._names = clip.track_names
        self._table = csv.writer(stream, lineterminator="\n")
        self._table.writerow(_COLUMNS)

    def no_face(self, frame: ExportFrame) -> None:
        """A row for a frame without a face."""
        self._table.writerow([frame.index, repr(frame.time_s), -1, *[""] * (len(_COLUMNS) - 3)])

    def face(self, frame: ExportFrame, face: FaceRecord, label_map: LabelMap | None) -> None:
        """A row for a face, with the place of its label map if it has one."""
        crop: tuple[object, ...] = ("", "", "", "")
        if label_map is not None:
            x0, y0, x1, y1 = label_map.box_xyxy
            crop = (x0, y0, x1 - x0, y1 - y0)
        score = "" if math.isnan(face.score) else repr(float(face.score))
        box = ["" if value is None else repr(value) for value in exact(face.box_xyxy)]
        name = self._names.get(face.track_id, "")
        head = (frame.index, repr(frame.time_s), face.track_id, name, score, int(face.source))
        self._table.writerow([*head, *box, *crop])


def read_table(path: Path, how: Reading = STRICT) -> Iterator[FaceRow]:
    """The rows of a `faces.csv`.

    Raises:
        InputError: If it cannot be read; names the line.
    """
    try:
        with path.open(encoding="utf-8", newline="") as stream:
            table = csv.DictReader(stream)
            if tuple(table.fieldnames or ()) != _COLUMNS:
                raise InputError(f"{path}: its columns are not {', '.join(_COLUMNS)}.")
            for row in table:
                try:
                    found = _row(path, table.line_num, row)
                except InputError as error:
                    how.on_damage(error)
                    continue
                yield found
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{path}: cannot be read as a table ({error}).") from error


def _row(path: Path, line: int, row: dict[str, str]) -> FaceRow:
    try:
        index, time_s, track = int(row["frame_index"]), float(row["time_s"]), int(row["track_id"])
        if not 0 <= index < 2**31 or not -1 <= track < 2**31:
            raise ValueError("a number is out of range")
        if track == -1:
            return FaceRow(index, time_s, None, None)
        box = [row[name] for name in _COLUMNS[6:10]]
        face = FaceRecord(
            track_id=track,
            box_xyxy=np.array([float(v) if v else math.nan for v in box], dtype=np.float32),
            score=float(row["score"]) if row["score"] else math.nan,
            source=Source(int(row["source"])),
        )
        return FaceRow(index, time_s, face, _crop([row[name] for name in _COLUMNS[10:]]))
    except (ValueError, TypeError, OverflowError) as error:
        raise InputError(f"{path}: line {line} cannot be understood ({error}).") from error


def _crop(cells: list[str]) -> Crop | None:
    if not any(cells):
        return None
    x0, y0, width, height = (int(cell) for cell in cells)
    if max(abs(x0), abs(y0)) > _LONGEST or not 0 <= min(width, height) <= _LARGEST_SIDE:
        raise ValueError("the crop is out of range")
    if max(width, height) > _LARGEST_SIDE:
        raise ValueError("the crop is too large")
    return x0, y0, width, height
