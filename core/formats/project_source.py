"""What a project has to export of one clip: the shown faces, or one run as it stands."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType

import numpy as np
from numpy.typing import NDArray

from core.annotations.project import Project
from core.annotations.records import Clip, FaceRecord
from core.annotations.run_reader import RunReader
from core.errors import InputError, StoreError
from core.formats.records import ExportClip, ExportFrame
from core.progress import Cancelled, Progress, Report, check, ignore, never
from core.schemes import load_landmark_scheme, load_mask_scheme
from core.video.reader import VideoReader


class ProjectSource:
    """Frames of one clip of a project; use it in a `with` block.

    Without a run it gives what is shown: annotations over the active run. With one it gives that
    run as it stands, without anything a person decided.
    """

    def __init__(
        self,
        project: Project,
        clip: Clip,
        run_id: str | None = None,
        report: Report = ignore,
        cancelled: Cancelled = never,
    ) -> None:
        """Open the clip's run, and its file for times where it is there.

        Raises:
            InputError: If there is no such run for the clip, or nothing to export at all.
            StoreError: If all it has is damaged.
        """
        self.project, self.clip = project, clip
        self.path: Path = project.clip_path(clip)
        self._stack = ExitStack()
        self._only_run = run_id is not None
        chosen = _checked(project, clip, run_id) if run_id else project.active_run(clip.clip_id)
        self.run_id = chosen
        try:
            self._run = self._opened(chosen) if chosen else None
            self.reader = self._open_clip(report, cancelled)
            self._annotated = (
                np.zeros(0, np.int64) if run_id else project.annotated_frames(clip.clip_id)
            )
            self.described = self._describe()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Let go of the run and the clip."""
        self._stack.close()

    def __enter__(self) -> ProjectSource:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def faces(self, index: int) -> Sequence[FaceRecord]:
        """The faces of a frame."""
        if self._only_run and self._run is not None:
            return self._run.frame(index)
        faces = self.project.shown(self.clip.clip_id, index)
        scheme = self.described.landmark_scheme
        for face in faces:  # without a run, faces may be annotated in different schemes
            if scheme is None or face.landmark_scheme != scheme.name:
                face.landmarks = face.landmark_scores = face.visible = None
        return faces

    def frames(
        self, start: int, stop: int, report: Report = ignore, cancelled: Cancelled = never
    ) -> Iterator[ExportFrame]:
        """Processed or annotated frames of a range, in order."""
        indices = self.indices(start, stop)
        for done, index in enumerate(indices.tolist()):
            check(cancelled)
            yield ExportFrame(index, self.time_s(index), self.faces(index))
            report(Progress("export", done + 1, len(indices)))

    def indices(self, start: int, stop: int) -> NDArray[np.int64]:
        """Frames of a range about which anything is said."""
        known = np.zeros(stop - start, dtype=np.bool_)
        if self._run is not None:
            known |= self._run.processed_column(start, stop)
        here = self._annotated[(self._annotated >= start) & (self._annotated < stop)]
        known[here - start] = True
        return np.flatnonzero(known) + start

    def time_s(self, index: int) -> float:
        """A frame's time; by the mean rate where the clip's file is gone."""
        if self.reader is not None:
            return self.reader.time_s(index)
        return index / self.clip.fps if self.clip.fps > 0 else 0.0

    def _opened(self, run_id: str) -> RunReader:
        run = self.project.open_run(run_id)
        self._stack.callback(run.close)
        return run

    def _open_clip(self, report: Report, cancelled: Cancelled) -> VideoReader | None:
        if not self.path.exists():
            return None
        cache = self.project.folder / "cache"
        reader = VideoReader(self.path, cache, report, cancelled, cache_bytes=0)
        return self._stack.enter_context(reader)

    def _describe(self) -> ExportClip:
        header = self._run.header if self._run is not None else None
        scheme = header.landmark_scheme if header is not None else None
        masks = dict.fromkeys(header.mask_schemes if header is not None else ())
        for index in self._annotated.tolist():
            for face in self.project.shown(self.clip.clip_id, index):
                masks |= dict.fromkeys(face.label_maps)
                scheme = scheme or face.landmark_scheme
        if header is None and not len(self._annotated):
            for why in self.project.damaged_runs(self.clip.clip_id).values():
                raise StoreError(why)
            raise InputError(f"{self.path}: nothing is predicted or annotated yet; predict first.")
        names = {t.track_id: t.name for t in self.project.tracks(self.clip.clip_id) if t.name}
        return ExportClip(
            name=Path(self.clip.rel_path).name,
            width=self.clip.width,
            height=self.clip.height,
            fps=self.clip.fps,
            frames=self.clip.frames,
            landmark_scheme=load_landmark_scheme(scheme) if scheme else None,
            mask_schemes=tuple(load_mask_scheme(name) for name in masks),
            track_names=names,
        )


def find_clip(project: Project, wanted: str | None) -> Clip:
    """The clip a person means: by id, file name or path; the only one when nothing is said.

    Raises:
        InputError: If it is none or several; lists the clips.
    """
    clips = project.clips()
    if not clips:
        raise InputError(f"{project.folder}: holds no clip yet; predict one into it first.")
    found = [clip for clip in clips if wanted is None or _is_meant(project, clip, wanted)]
    if len(found) == 1:
        return found[0]
    names = ", ".join(Path(clip.rel_path).name for clip in clips)
    if wanted is None:
        raise InputError(f"{project.folder}: has several clips ({names}); choose one by --clip.")
    many = "several clips are" if found else "no clip is"
    raise InputError(f'{project.folder}: {many} called "{wanted}"; it has {names}.')


def _is_meant(project: Project, clip: Clip, wanted: str) -> bool:
    path = project.clip_path(clip)
    return (
        wanted in (clip.clip_id, clip.rel_path, path.name, str(path))
        or Path(wanted).absolute() == path.absolute()
    )


def _checked(project: Project, clip: Clip, run_id: str) -> str:
    known = [header.run_id for header in project.runs(clip.clip_id)]
    if run_id not in known:
        listed = ", ".join(known) or "none"
        raise InputError(f'{clip.rel_path}: has no run "{run_id}"; it has: {listed}.')
    return run_id
