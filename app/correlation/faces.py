"""Which faces of a clip are correlated, read from its project range by range."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from core.annotations.records import ReviewState

if TYPE_CHECKING:  # the store is not imported at the window's start
    from core.annotations.project import Project

Key = tuple[int, int]
"""Frame and track."""

SHOWN, ANNOTATED, RUN, DIFFERENCE = "shown", "annotated", "run", "difference"
TRAINING = "training"
"""Of the epochs of a training job, not of the clip."""
EPOCH, EPOCH_DIFFERENCE, DEVIATION = "epoch", "difference", "deviation"
"""What is shown of a training: A of an epoch, that minus the truth's, or A's spread since."""
_DECIDED = (ReviewState.EDITED, ReviewState.APPROVED)
_SINGLE = 512
"""So few changed frames are all read again, one by one; of more only those people decided on."""


@dataclass(frozen=True)
class Source:
    """What is correlated."""

    kind: str = SHOWN
    """shown, annotated, run, difference (a run minus the annotations, on the same faces) or
    training."""
    run_id: str = ""
    """The run; of a training its job folder."""
    view: str = EPOCH
    """Of a training: epoch, difference or deviation."""
    epoch: int = 0
    """Of a training: which one; 0 = always the newest."""

    @property
    def is_difference(self) -> bool:
        """Whether the numbers are differences about zero."""
        return self.kind == DIFFERENCE or self._shows(EPOCH_DIFFERENCE)

    @property
    def is_affinity(self) -> bool:
        """Whether the numbers are affinities: what formats are chosen from."""
        return not self.is_difference and not self._shows(DEVIATION)

    def _shows(self, view: str) -> bool:
        return self.kind == TRAINING and self.view == view


@dataclass
class Faces:
    """Faces of one scheme; truth where they are predictions that are judged by it."""

    keys: list[Key] = field(default_factory=list)
    landmarks: list[NDArray[np.floating]] = field(default_factory=list)
    """(M, 2) each."""
    truth: list[NDArray[np.floating]] = field(default_factory=list)

    def add(self, key: Key, xy: Any, points: int, truth: Any = None) -> None:
        """Take a face that has so many points; others are of another scheme."""
        if xy is None or xy.shape != (points, 2) or (truth is not None and truth.shape != xy.shape):
            return
        self.keys.append(key)
        self.landmarks.append(xy)
        if truth is not None:
            self.truth.append(truth)


class FaceReader:
    """Reads one source of one clip; used by one thread, closed after."""

    def __init__(self, project: Project, clip_id: str, source: Source, points: int) -> None:
        self._project, self._clip_id, self._source = project, clip_id, source
        self._points = points
        run_id = source.run_id or project.active_run(clip_id)
        self._run = None if run_id is None else project.open_run(run_id)
        self._other = (
            project.other_run(clip_id, source.run_id) if source.kind in (RUN, DIFFERENCE) else None
        )

    @property
    def is_growing(self) -> bool:
        """Whether a job may still be writing the run."""
        return self._run is not None and not self._run.sealed

    def processed(self, frames: int) -> NDArray[np.bool_]:
        """Frames there is anything to read of, (T,): none of a source that is annotations alone."""
        if self._run is None or self._source.kind in (ANNOTATED, DIFFERENCE):
            return np.zeros(frames, np.bool_)
        return self._run.processed_column(0, frames)

    def decided(self, frames: int) -> NDArray[np.bool_]:
        """Frames people decided something on, (T,)."""
        found = np.zeros(frames, np.bool_)
        if self._source.kind != RUN:
            found[self._project.annotated_frames(self._clip_id)] = True
        return found

    def block(self, start: int, stop: int) -> Faces:
        """Faces of a range as the run has them, whatever people said since."""
        faces = Faces()
        for track, column in self._columns(start, stop):
            located = np.flatnonzero(np.isfinite(column).any(axis=(1, 2)))
            for row in located.tolist():
                faces.add((start + row, track), column[row], self._points)
        return faces

    def frame(self, frame: int) -> Faces:
        """Faces of one frame, what people said included."""
        faces = Faces()
        shown = self._project.shown(self._clip_id, frame, masks=False)
        if self._source.kind == SHOWN:
            for face in shown:
                faces.add((frame, face.track_id), face.landmarks, self._points)
            return faces
        decided = [f for f in shown if f.review in _DECIDED and f.landmarks is not None]
        if self._source.kind == ANNOTATED:
            for face in decided:
                faces.add((frame, face.track_id), face.landmarks, self._points)
        elif self._other is not None:
            said = {face.track_id: face for face in self._other.frame(frame, masks=False)}
            for face in decided:
                if face.track_id in said:
                    xy = said[face.track_id].landmarks
                    faces.add((frame, face.track_id), xy, self._points, face.landmarks)
        return faces

    def _columns(self, start: int, stop: int) -> Iterable[tuple[int, NDArray[np.float32]]]:
        if self._other is not None:
            for track in sorted(self._other.tracks):
                yield track, self._other.column(track, "landmarks", start, stop)
            return
        for known in self._project.tracks(self._clip_id):
            column = self._project.shown_column(
                self._clip_id, known.track_id, "landmarks", start, stop
            )
            if column is not None and column.size:
                yield known.track_id, column

    def close(self) -> None:
        """Let go of the runs' files."""
        if self._run is not None:
            self._run.close()
        if self._other is not None:
            self._other.close()


def frames_to_read(reader: FaceReader, changed: tuple[int, int], frames: int) -> NDArray[np.int64]:
    """Frames to read singly after [start, stop) changed: all of a few, else those decided on."""
    start, stop = max(changed[0], 0), min(changed[1], frames)
    if stop - start <= _SINGLE:
        return np.arange(start, max(start, stop))
    return start + np.flatnonzero(reader.decided(frames)[start:stop])
