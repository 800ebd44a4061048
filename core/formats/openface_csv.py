"""OpenFace's table: a row a face and frame, all x before all y.

Columns: frame, face_id, timestamp, confidence, success, x_0 … x_M−1, y_0 … y_M−1, as OpenFace 2
orders them, then our own: frame_index, box_x0, box_y0, box_x1, box_y1, source, and score_j and
visible_j a point where known. `frame` counts from 1 as OpenFace does, `frame_index` from 0 as this
program does. `timestamp` is in seconds. Coordinates are pixels, integer = pixel centre. A missing
point is an empty cell. A frame without a face is a row with success 0 and face_id −1.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.annotations.records import FaceRecord, Source
from core.errors import InputError
from core.formats.files import new_file
from core.formats.numbers import exact
from core.formats.records import (
    STRICT,
    ExportClip,
    ExportFrame,
    Frames,
    ImportedClip,
    Reading,
    lost_always,
)
from core.formats.sizes import scheme_of_size

_HEAD = ("frame", "face_id", "timestamp", "confidence", "success")
_BOX = ("box_x0", "box_y0", "box_x1", "box_y1")
_MAX_POINTS = 1000


def lost(clip: ExportClip) -> list[str]:
    """What this format leaves out of a clip."""
    return lost_always(clip, landmarks=False, masks=True)


def write(path: Path, clip: ExportClip, frames: Frames) -> int:
    """Write the table.

    Returns:
        Number of frames written.

    Raises:
        ResourceError: If the place cannot be written.
    """
    points = clip.landmark_scheme.num_points if clip.landmark_scheme else 0
    count = 0
    with new_file(path) as stream:
        table = csv.writer(stream, lineterminator="\n")
        table.writerow(_columns(points))
        for frame in frames:
            table.writerows(_rows(frame, points))
            count += 1
    return count


def recognises(path: Path) -> bool:
    """Whether a path looks like this format."""
    return path.is_file() and path.suffix.lower() in (".csv", ".tsv", ".txt") and _has_points(path)


def _has_points(path: Path) -> bool:
    with path.open("rb") as stream:
        names = stream.readline(1 << 16).decode("utf-8-sig", errors="replace").split(",")
    return "x_0" in [name.strip() for name in names]


def read(path: Path, how: Reading = STRICT) -> ImportedClip:
    """Read a table of ours, of OpenFace or of py-feat.

    Column order does not matter and headers may have spaces round them. Rows with success 0 and
    no points are frames without a face. The frame is `frame_index`, else `frame` counted from 1
    (from 0 when the first row says 0), else the row's number.

    Raises:
        InputError: If it is no such table; names line and column.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            return _read(path, csv.reader(stream), how)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{path}: cannot be read as a table ({error}).") from error


def _columns(points: int) -> list[str]:
    def each(name: str) -> list[str]:
        return [f"{name}_{j}" for j in range(points)]

    ours = ["frame_index", *_BOX, "source", *each("score"), *each("visible")]
    return [*_HEAD, *each("x"), *each("y"), *ours]


def _rows(frame: ExportFrame, points: int) -> Iterator[list[object]]:
    time = f"{frame.time_s:.6f}"
    if not frame.faces:
        blank = [""] * (2 * points)
        yield [frame.index + 1, -1, time, 0, 0, *blank, frame.index, *[""] * (5 + 2 * points)]
    for face in frame.faces:
        xy = _or_missing(face.landmarks, (points, 2))
        scores = _or_missing(face.landmark_scores, (points,))
        visible = [""] * points if face.visible is None else [int(v) for v in face.visible]
        yield [
            *(frame.index + 1, face.track_id, time, _cell(face.score), int(np.isfinite(xy).any())),
            *_cells(xy.T.reshape(-1)),
            *(frame.index, *_cells(face.box_xyxy), face.source.title),
            *_cells(scores),
            *visible,
        ]


def _or_missing(values: NDArray[np.float32] | None, shape: tuple[int, ...]) -> NDArray[np.float32]:
    return np.full(shape, np.nan, np.float32) if values is None else values


def _cells(values: NDArray[np.float32]) -> list[object]:
    return ["" if number is None else number for number in exact(values)]


def _cell(value: float) -> object:
    return "" if math.isnan(value) else value


def _read(path: Path, table: Iterator[list[str]], how: Reading) -> ImportedClip:
    header = [name.strip() for name in next(table, [])]
    where = {name: column for column, name in enumerate(header)}
    points = sum(1 for name in where if name.startswith("x_") and name[2:].isdigit())
    if not 0 < points <= _MAX_POINTS or any(
        f"{axis}_{j}" not in where for axis in "xy" for j in range(points)
    ):
        raise InputError(f"{path}: has no columns x_0, y_0, x_1, …; this is no landmark table.")
    frames: dict[int, list[FaceRecord]] = {}
    times: dict[int, float] = {}
    first: float | None = None
    for number, cells in enumerate(table):
        if not cells:
            continue
        row = _Row(path, number + 2, where, cells)
        try:
            if first is None:  # py-feat counts frames from 0, OpenFace from 1
                first = 0.0 if row.number("frame", 1.0) == 0 else 1.0
            index, face = row.frame_index(first, number), row.face(points)
            time_s = row.number("timestamp", 0.0)
        except InputError as error:
            how.on_damage(error)
            continue
        frames.setdefault(index, []).extend([face] if face is not None else [])
        times[index] = time_s
    exported = [ExportFrame(index, times[index], frames[index]) for index in sorted(frames)]
    scheme = scheme_of_size(points, path)
    clip = ExportClip(path.stem, 0, 0, 0.0, max(frames, default=-1) + 1, scheme)
    return ImportedClip(clip, exported)


class _Row:
    """One line of a table, cells by column name."""

    def __init__(self, path: Path, line: int, where: Mapping[str, int], cells: list[str]) -> None:
        self._path, self._line, self._where, self._cells = path, line, where, cells

    def number(self, name: str, default: float) -> float:
        """A cell as a number; `default` where the column or the cell is empty."""
        column = self._where.get(name)
        text = (
            self._cells[column].strip() if column is not None and column < len(self._cells) else ""
        )
        if not text:
            return default
        try:
            return float(text)
        except ValueError as error:
            raise InputError(
                f'{self._path}: line {self._line}, column "{name}" holds "{text}", no number.'
            ) from error

    def frame_index(self, first: float, row: int) -> int:
        """The frame, from 0, where the first one in the table is called `first`."""
        value = self.number("frame_index", self.number("frame", row + first) - first)
        if not 0 <= value < 2**31 or value != int(value):
            raise InputError(f"{self._path}: line {self._line} has no valid frame number.")
        return int(value)

    def face(self, points: int) -> FaceRecord | None:
        """The face, None when the line says that there is none."""
        xy = self._numbers(["x", "y"], points).T
        found = np.asarray(np.isfinite(xy).all(axis=1))
        succeeded = self.number("success", 1.0) != 0
        if not found.any() or (not succeeded and not xy[found].any()):
            return None
        scores, visible = self._numbers(["score"], points)[0], self._numbers(["visible"], points)[0]
        track = self.number("face_id", 0.0)
        return FaceRecord(
            track_id=int(track) if 0 <= track < 2**31 else 0,
            box_xyxy=self._box(xy[found]),
            score=self.number("confidence", self.number("FaceScore", math.nan)),
            landmarks=np.where(found[:, None], xy, np.float32(np.nan)).astype(np.float32),
            landmark_scores=None if np.isnan(scores).all() else scores,
            visible=None if np.isnan(visible).all() else visible == 1,
            source=Source.IMPORTED,
        )

    def _numbers(self, names: list[str], points: int) -> NDArray[np.float32]:
        rows = [[self.number(f"{name}_{j}", math.nan) for j in range(points)] for name in names]
        return _as_float32(rows)

    def _box(self, xy: NDArray[np.float32]) -> NDArray[np.float32]:
        own = _as_float32([self.number(name, math.nan) for name in _BOX])
        if np.isfinite(own).all():
            return own
        return np.concatenate([xy.min(axis=0), xy.max(axis=0)]).astype(np.float32)


def _as_float32(numbers: list[float] | list[list[float]]) -> NDArray[np.float32]:
    """Numbers of any size; those too large for float32 become infinite."""
    with np.errstate(over="ignore"):
        return np.array(numbers, dtype=np.float64).astype(np.float32)
