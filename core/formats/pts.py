"""iBUG's .pts files: a face a file, a point a line.

Pixels count from 1, as MATLAB does and menpo expects. MERL-RAV's convention is read too: both
coordinates negative = hidden, at (|x|, |y|); −1 −1 = not located. An export is a folder with
`frame_000000.pts`, or `frame_000000_face_2.pts` where a frame has several faces, and `faces.csv`
with what a .pts file has no place for.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.annotations.records import FaceRecord, Source
from core.errors import InputError
from core.formats.face_table import FILE_NAME, FaceTable, read_table
from core.formats.files import new_folder
from core.formats.records import (
    STRICT,
    ExportClip,
    ExportFrame,
    Frames,
    ImportedClip,
    Reading,
    frame_stem,
    index_of_stem,
    lost_always,
)
from core.formats.sizes import scheme_of_size
from core.geometry import box_of_points
from core.schemes import LandmarkScheme

MAX_POINTS = 1000
_MAX_BYTES = 1 << 20
_BODY = re.compile(r"\{(.*?)(?:\}|\Z)", re.DOTALL)
_COUNT = re.compile(r"n_points:\s*(\d+)")


def lost(clip: ExportClip) -> list[str]:
    """What this format leaves out of a clip."""
    return [
        *lost_always(clip, landmarks=False, masks=True),
        "Confidences of single points are not written.",
        "A missing point is written as −1 −1, which only some programs understand.",
    ]


def write(path: Path, clip: ExportClip, frames: Frames) -> int:
    """Write a folder of .pts files; hidden points as negative coordinates (MERL-RAV).

    Returns:
        Number of frames written.

    Raises:
        ResourceError: If the place cannot be written or is not empty.
    """
    count = 0
    with (
        new_folder(path) as folder,
        (folder / FILE_NAME).open("w", encoding="utf-8", newline="") as stream,
    ):
        table = FaceTable(stream, clip)
        for frame in frames:
            count += 1
            if not frame.faces:
                table.no_face(frame)
            for face in frame.faces:
                table.face(frame, face, None)
                if face.landmarks is not None:
                    name = _file_name(frame.index, face.track_id, len(frame.faces) > 1)
                    write_points(folder / name, face.landmarks, face.visible)
    return count


def write_points(
    path: Path, xy: NDArray[np.float32], visible: NDArray[np.bool_] | None = None
) -> None:
    """Write one face.

    Args:
        path: Replaced if it is there.
        xy: (M, 2), integer = pixel centre, counted from 0; NaN where missing.
        visible: (M,); hidden points are written with negative coordinates.
    """
    shifted = np.asarray(xy, dtype=np.float32).astype(np.float64) + 1.0
    if visible is not None:
        shifted[~visible] *= -1
    known = np.asarray(np.isfinite(shifted).all(axis=1))
    lines = [f"{x:.6f} {y:.6f}" if k else "-1 -1" for (x, y), k in zip(shifted, known, strict=True)]
    head = f"version: 1\nn_points:  {len(lines)}\n"
    path.write_text(head + "{\n" + "\n".join(lines) + "\n}\n", encoding="ascii")


def read_points(
    path: Path, first_pixel: int = 1
) -> tuple[NDArray[np.float32], NDArray[np.bool_] | None]:
    """Read one face; tabs, CRLF, a missing brace at the end and comments outside are borne.

    Args:
        path: A .pts file.
        first_pixel: Number of the first pixel: 1 by convention, 0 in files of many tools.

    Returns:
        xy (M, 2) counted from 0, NaN where not located, and visible (M,), None when the file
        hides no point.

    Raises:
        InputError: If it is no such file.
    """
    try:
        with path.open("rb") as stream:
            text = stream.read(_MAX_BYTES).decode("utf-8", errors="replace")
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}).") from error
    body = _BODY.search(text)
    if body is None:
        raise InputError(f"{path}: has no list of points in braces; this is no .pts file.")
    try:
        numbers = np.array([float(cell) for cell in body[1].split()], dtype=np.float64)
    except ValueError as error:
        raise InputError(f"{path}: holds something that is no number ({error}).") from error
    count = _COUNT.search(text)
    expected = int(count[1]) if count and len(count[1]) < 9 else len(numbers) // 2
    if len(numbers) != 2 * expected or not 0 < expected <= MAX_POINTS:
        raise InputError(f"{path}: announces {expected} points and holds {len(numbers) / 2:g}.")
    return _located(numbers.reshape(-1, 2), first_pixel)


def recognises(path: Path) -> bool:
    """Whether a path looks like this format."""
    if path.is_dir():
        return next(path.glob("*.pts"), None) is not None
    return path.suffix.lower() == ".pts"


def read(path: Path, how: Reading = STRICT) -> ImportedClip:
    """Read a folder of .pts files: ours, or any other with a frame or picture a file.

    Raises:
        InputError: If there is none or one is damaged.
    """
    files = sorted(path.glob("*.pts")) if path.is_dir() else [path]
    if not files:
        raise InputError(f"{path}: holds no .pts file; check the path.")
    table = path / FILE_NAME
    if table.is_file():
        return _read_ours(path, table, how)
    frames: dict[int, ExportFrame] = {}
    scheme: LandmarkScheme | None = None
    for file, index in zip(files, _indices(files), strict=True):
        found = _one(file, how)
        if found is not None:
            frames[index] = ExportFrame(index, 0.0, (_face(*found),))
            scheme = scheme or scheme_of_size(len(found[0]), file)
    return _imported(path, scheme, frames)


def _indices(files: list[Path]) -> list[int]:
    """The frame of each file: by its name where all are called frame_N, else its place."""
    numbers = [index_of_stem(file) for file in files]
    whole = [number for number in numbers if number is not None]
    return whole if len(set(whole)) == len(files) else list(range(len(files)))


def _one(file: Path, how: Reading) -> tuple[NDArray[np.float32], NDArray[np.bool_] | None] | None:
    """The points of a file; None for a damaged one that is to be passed over."""
    try:
        return read_points(file, how.first_pixel)
    except InputError as error:
        how.on_damage(error)
        return None


def _read_ours(path: Path, table: Path, how: Reading) -> ImportedClip:
    faces: dict[int, list[FaceRecord]] = {}
    times: dict[int, float] = {}
    scheme: LandmarkScheme | None = None
    for row in read_table(table, how):
        times[row.frame_index] = row.time_s
        here = faces.setdefault(row.frame_index, [])
        if row.face is None:
            continue
        here.append(row.face)
        for several in (True, False):
            file = path / _file_name(row.frame_index, row.face.track_id, several)
            if file.is_file():
                found = _one(file, how)
                if found is not None:
                    row.face.landmarks, row.face.visible = found
                    scheme = scheme or scheme_of_size(len(found[0]), file)
                break
    frames = {index: ExportFrame(index, times[index], here) for index, here in faces.items()}
    return _imported(path, scheme, frames)


def _imported(
    path: Path, scheme: LandmarkScheme | None, frames: dict[int, ExportFrame]
) -> ImportedClip:
    clip = ExportClip(path.name, 0, 0, 0.0, max(frames, default=-1) + 1, scheme)
    return ImportedClip(clip, [frames[index] for index in sorted(frames)])


def _file_name(index: int, track_id: int, several: bool) -> str:
    return frame_stem(index) + (f"_face_{track_id}.pts" if several else ".pts")


def _face(xy: NDArray[np.float32], visible: NDArray[np.bool_] | None) -> FaceRecord:
    return FaceRecord(
        track_id=0,
        box_xyxy=box_of_points(xy).astype(np.float32),
        score=1.0,
        landmarks=xy,
        visible=visible,
        source=Source.IMPORTED,
    )


def _located(
    numbers: NDArray[np.float64], first_pixel: int
) -> tuple[NDArray[np.float32], NDArray[np.bool_] | None]:
    """Undo MERL-RAV's signs; a point left of *and* above the picture cannot be told from hidden."""
    missing = (numbers == -1).all(axis=1) | ~np.isfinite(numbers).all(axis=1)
    hidden = (numbers < 0).all(axis=1) & ~missing
    xy = np.where(hidden[:, None], -numbers, numbers) - first_pixel
    xy[missing] = np.nan
    visible = ~(hidden | missing)
    return xy.astype(np.float32), None if visible.all() else visible
