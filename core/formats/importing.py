"""A file of faces as a run of a clip: what another program, or an export, said about it.

A run and never an annotation: what is imported is looked at beside the other runs, and becomes a
decision only when a person accepts it. Its source is "imported" whatever the file says.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from core.annotations.project import Project
from core.annotations.records import Clip, FaceRecord, RunHeader, Source
from core.annotations.run_part import RunWriter
from core.errors import CoreError, InputError
from core.formats.records import ImportedClip
from core.formats.registry import Format
from core.geometry import box_of_points
from core.progress import Cancelled, Progress, Report, check, ignore, never

_LARGEST = 1e6
"""Coordinates beyond this many pixels are damage."""


@dataclass(frozen=True)
class ImportResult:
    """What became of a file."""

    run_id: str
    frames: int
    """Frames written, with or without a face."""
    frames_with_face: int
    faces: int
    tracks: int
    left_out: tuple[str, ...]
    """A sentence each."""


def moved(imported: ImportedClip, offset: int) -> ImportedClip:
    """What a file held, its frames counted from another frame of the clip.

    Raises:
        InputError: If a frame would come before the clip's first.
    """
    if offset == 0 or not imported.frames:
        return imported
    if imported.frames[0].index + offset < 0:
        raise InputError(
            f"--offset {offset}: the file's frame {imported.frames[0].index} would come before the "
            "clip's first."
        )
    clip = replace(imported.clip, frames=imported.clip.frames + offset)
    frames = [replace(frame, index=frame.index + offset) for frame in imported.frames]
    return replace(imported, clip=clip, frames=frames)


def write_run(
    project: Project,
    clip: Clip,
    imported: ImportedClip,
    form: Format,
    file: Path,
    report: Report = ignore,
    cancelled: Cancelled = never,
) -> ImportResult:
    """Write what a file held as a new run; frames beyond the clip's end and bad faces stay out.

    Raises:
        InputError: If nothing of it is about the clip.
        JobCancelled: If the person asked to stop; nothing is left of the run.
        ResourceError: If the disk is full; nothing is left of the run.
    """
    frames = [frame for frame in imported.frames if frame.index < clip.frames]
    if not frames:
        raise InputError(f"{file}: nothing in it is about a frame of {Path(clip.rel_path).name}.")
    writer = project.start_run(_header(clip, imported, form, file, frames[-1].index + 1))
    taker = _Taker(imported, (clip.width, clip.height))
    beyond = len(imported.frames) - len(frames)
    if beyond:
        taker.left_out[f"frames lie beyond the clip's {clip.frames:,}"] = beyond
    try:
        with_face = 0
        for done, frame in enumerate(frames):
            check(cancelled)
            faces = taker.taken(frame.faces)
            writer.append(frame.index, faces)
            with_face += bool(faces)
            report(Progress("import", done + 1, len(frames)))
        writer.seal().close()
    except BaseException:
        _discard(project, writer)
        raise
    run_id, tracks = writer.header.run_id, len(taker.tracks)
    said = tuple(f"{count:,} {what}." for what, count in taker.left_out.items())
    left_out = (*imported.skipped, *said, *taker.doubts(), *_names_left_out(imported))
    return ImportResult(run_id, len(frames), with_face, taker.faces, tracks, left_out)


def _discard(project: Project, writer: RunWriter) -> None:
    """Leave nothing of a run; on a disk that is full this may fail too, and is not the news."""
    for undo in (writer.close, lambda: project.discard_run(writer.header.run_id)):
        with suppress(CoreError):
            undo()


class _Taker:
    """Faces of a file as faces of a run: one size, numbers of their own, finite."""

    def __init__(self, imported: ImportedClip, frame_wh: tuple[int, int]) -> None:
        self._frame_wh = frame_wh
        self._points_inside = self._points_outside = 0
        scheme = imported.clip.landmark_scheme
        self._points = scheme.num_points if scheme is not None else 0
        self._classes = {mask.name: mask.num_classes for mask in imported.clip.mask_schemes}
        self.left_out: Counter[str] = Counter()
        self.tracks: set[int] = set()
        self.faces = 0

    def taken(self, faces: Sequence[FaceRecord]) -> list[FaceRecord]:
        """The faces of a frame, sorted by track."""
        used: dict[int, FaceRecord] = {}
        for face in faces:
            if face.track_id in used:
                self.left_out["faces shared a number in their frame and got one of their own"] += 1
                face.track_id = next(n for n in range(len(used) + 1) if n not in used)
            if self._make_good(face):
                used[face.track_id] = face
        self.tracks |= used.keys()
        self.faces += len(used)
        return [used[track] for track in sorted(used)]

    def doubts(self) -> list[str]:
        """What looks wrong about the whole file."""
        if self._points_outside <= self._points_inside:
            return []
        width, height = self._frame_wh
        return [
            f"Most points lie outside the clip's {width}×{height} pixels: the file may be about "
            "the clip at another size, or about another clip."
        ]

    def _make_good(self, face: FaceRecord) -> bool:
        """Put a face into the run's form, in place; False where nothing of it is left."""
        face.source = Source.IMPORTED
        if not abs(face.score) <= _LARGEST:
            face.score = math.nan
        if face.landmarks is not None and len(face.landmarks) != self._points:
            self.left_out[f"faces have other than {self._points} points: these are left out"] += 1
            face.landmarks = face.landmark_scores = face.visible = None
        if face.landmarks is not None:
            wild = (np.abs(face.landmarks) > _LARGEST).any(axis=1)
            if wild.any():
                self.left_out["faces have points out of all proportion: these are left out"] += 1
                face.landmarks[wild] = np.nan
        if face.landmarks is not None:
            known = face.landmarks[np.isfinite(face.landmarks).all(axis=1)]
            inside = ((known >= -0.5) & (known < np.array(self._frame_wh) - 0.5)).all(axis=1)
            self._points_inside += int(inside.sum())
            self._points_outside += int((~inside).sum())
        for name in [n for n, scores in face.class_scores.items() if self._unfit(n, scores)]:
            self.left_out[f"class confidences of {name} do not fit it: these are left out"] += 1
            del face.class_scores[name]
        if not (np.abs(face.box_xyxy) <= _LARGEST).all():
            xy = np.zeros((0, 2)) if face.landmarks is None else face.landmarks
            face.box_xyxy = box_of_points(xy).astype(np.float32)
        is_there = bool(np.isfinite(face.box_xyxy).all()) or bool(face.label_maps)
        if not is_there:
            self.left_out["faces have neither points, nor a box, nor a mask"] += 1
        return is_there

    def _unfit(self, scheme: str, scores: Any) -> bool:
        return bool(scores.shape != (self._classes.get(scheme), 2))


def _header(clip: Clip, imported: ImportedClip, form: Format, file: Path, stop: int) -> RunHeader:
    scheme = imported.clip.landmark_scheme
    names = {str(track): name for track, name in imported.clip.track_names.items()}
    return RunHeader(
        run_id="",
        clip_id=clip.clip_id,
        kind="import",
        title=f"Imported from {file.name}",
        frames=clip.frames,
        start=imported.frames[0].index,
        stop=stop,
        landmark_scheme=scheme.name if scheme is not None else None,
        mask_schemes=tuple(mask.name for mask in imported.clip.mask_schemes),
        settings={"format": form.name, "file": str(file.absolute()), "track_names": names},
    )


def _names_left_out(imported: ImportedClip) -> tuple[str, ...]:
    """Names are what a person decided, so that a run has no place for them."""
    names = ", ".join(name for name in imported.clip.track_names.values() if name)
    return (f"Names of people ({names}) are not taken over; give them in the window.",) * bool(
        names
    )
