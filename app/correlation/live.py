"""Keeps the affinity of a clip's faces up to date in a thread: what changes is exchanged, no more.

Predictions that stream in are added block by block, an edit replaces its faces, and the matrix that
follows is handed to the interface at most some ten times a second.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal, Slot

from app import schemes
from app.correlation.faces import (
    DEVIATION,
    EPOCH_DIFFERENCE,
    SHOWN,
    TRAINING,
    FaceReader,
    Faces,
    Key,
    Source,
    frames_to_read,
)
from app.messages import details_of, sentence_of
from app.session import Session

Floats = NDArray[np.float64]

_BLOCK = 256
"""Frames read at a time: a few milliseconds, so that an edit never waits long."""
_PACE_S = 0.08
"""Between two matrices while faces stream in."""
_EPOCHS_S = 1.0
"""Between two looks at the epochs of a training."""
_LOOK_S = 0.25
"""Between two looks at a run that grows."""


@dataclass(frozen=True, eq=False)
class Shown:
    """One state of the affinity."""

    source: Source
    scheme: Any
    matrix: Floats | None
    """(M, M) affinities or differences; None with fewer than three faces."""
    count: NDArray[np.int64] | None
    faces: int
    mean_face: Floats | None
    """(M, 2) normalised."""
    still: NDArray[np.int64] | None
    is_reading: bool
    """Whether more is on its way."""
    epochs: tuple[int, ...] = ()
    """Of a training: those there are, increasing."""


class _Task:
    """One source of one clip, in the thread."""

    def __init__(self, reader: FaceReader, source: Source, scheme: Any, frames: int) -> None:
        from core.correlation.streaming import AffinityStream

        self.reader, self.source, self.scheme, self.frames = reader, source, scheme, frames
        self.stream = AffinityStream(scheme)
        self.truth = AffinityStream(scheme) if source.is_difference else None
        self.seen = np.zeros(frames, np.bool_)
        self.fresh, self.decided = self.seen.copy(), self.seen.copy()
        self.keys: dict[int, list[Key]] = {}

    def blocks(self) -> list[tuple[int, int]]:
        """Ranges of frames that are new since the last look."""
        fresh = self.reader.processed(self.frames) & ~self.seen
        self.fresh, self.decided = fresh, self.reader.decided(self.frames)
        found = []
        for start in range(0, self.frames, _BLOCK):
            rows = np.flatnonzero(fresh[start : start + _BLOCK])
            if len(rows):
                found.append((start + int(rows[0]), start + int(rows[-1]) + 1))
        return found

    def take_block(self, start: int, stop: int) -> None:
        """Add a range as the run has it, then what people said there."""
        self._put(range(start, stop), self.reader.block(start, stop))
        self.seen[start:stop] |= self.fresh[start:stop]
        for frame in start + np.flatnonzero(self.decided[start:stop]):
            self.take_frame(int(frame))

    def take_frame(self, frame: int) -> None:
        """Exchange the faces of one frame."""
        self._put((frame,), self.reader.frame(frame))

    def state(self, is_reading: bool) -> Shown:
        """What follows from the faces so far."""
        found = self.stream.affinity()
        matrix = None if found is None else found.matrix
        if self.truth is not None:
            truth = self.truth.affinity()
            matrix = None if found is None or truth is None else found.matrix - truth.matrix
        known = matrix is not None and found is not None
        return Shown(
            self.source, self.scheme, matrix, found.count if known and found else None,
            len(self.stream), self.stream.sums.mean_face() if len(self.stream) else None,
            found.still if known and found else None, is_reading,
        )  # fmt: skip

    def _put(self, frames: Any, faces: Faces) -> None:
        for frame in frames:
            old = self.keys.pop(frame, None)
            for stream in (self.stream, self.truth):
                if old and stream is not None:
                    stream.remove_many(old)
        if not faces.keys:
            return
        for key in faces.keys:
            self.keys.setdefault(key[0], []).append(key)
        truth = np.stack(faces.truth) if faces.truth else None
        self.stream.put_many(faces.keys, np.stack(faces.landmarks), truth)
        if self.truth is not None and truth is not None:
            self.truth.put_many(faces.keys, truth)


def of_epoch(kept: Any, source: Source) -> Shown:
    """What a source shows of a training: `kept` is a `core.correlation.epochs.EpochFiles`."""
    epochs = tuple(kept.epochs)
    epoch = source.epoch if source.epoch in epochs else epochs[-1]
    found = kept.affinity(epoch)
    matrix = found.matrix
    if source.view == EPOCH_DIFFERENCE:
        matrix = matrix - kept.true_affinity().matrix
    elif source.view == DEVIATION:
        since = [kept.affinity(one).matrix for one in epochs if one >= epoch]
        matrix = np.asarray(np.std(since, axis=0))
    from core.correlation.normalise import Normalisation

    scheme = schemes.landmark_scheme(kept.scheme)
    mean = Normalisation()(kept.truth)
    located = np.isfinite(mean)
    count = np.maximum(located.sum(axis=0), 1)
    face = np.where(located, mean, 0.0).sum(axis=0) / count
    return Shown(source, scheme, matrix, found.count, found.faces, face, found.still, False, epochs)


class LiveAffinity(QObject):
    """The affinity of the open clip's faces, as it is now.

    Signals:
        changed: There is another `shown`. Heat-map, sparse panel, marks on the canvas.
        failed: Sentence and details; from the thread to the interface.
    """

    changed = Signal()
    failed = Signal(str, str)
    _arrived = Signal(int, object)

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._session = session
        self.source = Source()
        self.shown: Shown | None = None
        self._wanted = False
        self._number = 0
        self._thread: threading.Thread | None = None
        self._wake = threading.Condition()
        self._edits: list[tuple[int, int]] = []
        self._shown_run: str | None = None
        self._arrived.connect(self._on_arrived)
        self.failed.connect(lambda text, more: session.hub.warning(text, more))
        session.clip_changed.connect(self._forget)
        session.clip_ready.connect(self.restart)
        session.document_changed.connect(self._on_document)
        session.data_changed.connect(self._on_data_changed)

    @property
    def is_reading(self) -> bool:
        """Whether more is on its way."""
        return self._thread is not None and (self.shown is None or self.shown.is_reading)

    def set_wanted(self, wanted: bool) -> None:
        """Somebody looks, or nobody does; without anybody nothing is read."""
        if wanted != self._wanted:
            self._wanted = wanted
            self.restart()

    def set_source(self, source: Source) -> None:
        """Correlate other faces."""
        if source != self.source:
            self.source = source
            self.restart()

    @Slot()
    def restart(self) -> None:
        """Read everything anew."""
        self.close()
        session = self._session
        project = getattr(session.document, "project", None)
        if not self._wanted or session.entry is None or session.clip is None or project is None:
            self._show(None)
            return
        if self.source.kind == TRAINING:
            self._start(self._watch, (self._number, self.source))
            return
        clip_id = session.entry.clip_id
        scheme = schemes.landmark_scheme(self._scheme_name(clip_id))
        if scheme is None:
            self._show(None)
            return
        self._show(Shown(self.source, scheme, None, None, 0, None, None, True))
        work = (self._number, project, clip_id, self.source, scheme, session.num_frames)
        self._edits = []
        self._shown_run = project.active_run(clip_id)
        self._start(self._run, work)

    def close(self) -> None:
        """Stop reading; returns when no thread is left."""
        with self._wake:
            self._number += 1
            self._wake.notify()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def _start(self, target: Callable[..., None], work: tuple[Any, ...]) -> None:
        self._thread = threading.Thread(target=target, args=work, name="affinity", daemon=True)
        self._thread.start()

    def _scheme_name(self, clip_id: str) -> str | None:
        """Of the run that is correlated; of annotations the shown run's."""
        document = self._session.document
        if document is None:
            return None
        if self.source.run_id:
            project = getattr(document, "project", None)
            runs = [] if project is None else project.runs(clip_id)
            for run in runs:
                if run.run_id == self.source.run_id:
                    return str(run.landmark_scheme) if run.landmark_scheme else None
        return document.landmark_scheme(clip_id)

    # In the thread

    def _run(
        self, number: int, project: Any, clip_id: str, source: Source, scheme: Any, frames: int
    ) -> None:
        try:
            reader = FaceReader(project, clip_id, source, scheme.num_points)
        except Exception as error:  # a damaged run must not take the window down
            self.failed.emit(sentence_of(error), details_of(error))
            self._arrived.emit(number, Shown(source, scheme, None, None, 0, None, None, False))
            return
        try:
            self._follow(number, _Task(reader, source, scheme, frames))
        except Exception as error:
            if number == self._number:
                self.failed.emit(sentence_of(error), details_of(error))
        finally:
            reader.close()

    def _follow(self, number: int, task: _Task) -> None:
        """Read what there is, then wait for changes, until another number is asked for."""
        told_s, is_old = 0.0, True
        blocks = task.blocks()
        singles = np.flatnonzero(task.decided & ~task.fresh).tolist()
        while number == self._number:
            if blocks:
                task.take_block(*blocks.pop(0))
                is_old = True
            elif singles:
                task.take_frame(singles.pop(0))
                is_old = True
            is_reading = bool(blocks or singles)
            now = time.monotonic()
            if is_old and (not is_reading or now - told_s >= _PACE_S):
                self._arrived.emit(number, task.state(is_reading))
                told_s, is_old = now, False
            with self._wake:
                if not is_reading and not self._edits and number == self._number:
                    self._wake.wait(_LOOK_S if task.reader.is_growing else None)
                edits, self._edits = self._edits, []
            for changed in edits:
                singles += frames_to_read(task.reader, changed, task.frames).tolist()
            if not blocks and number == self._number:
                blocks = task.blocks()

    def _watch(self, number: int, source: Source) -> None:
        """Follow the epochs a training job keeps."""
        from core.correlation.epochs import kept_epochs

        known: tuple[int, ...] = ()
        while number == self._number:
            try:
                kept = kept_epochs(Path(source.run_id))
                if tuple(kept.epochs) != known:
                    known = tuple(kept.epochs)
                    self._arrived.emit(number, of_epoch(kept, source))
            except Exception as error:
                if number == self._number:
                    self.failed.emit(sentence_of(error), details_of(error))
                    empty = Shown(source, None, None, None, 0, None, None, False, known)
                    self._arrived.emit(number, empty)
                return
            with self._wake:
                if number == self._number:
                    self._wake.wait(_EPOCHS_S)

    # In the interface

    @Slot(int, object)
    def _on_arrived(self, number: int, shown: Shown) -> None:
        if number == self._number:
            self._show(shown)

    def _show(self, shown: Shown | None) -> None:
        self.shown = shown
        self.changed.emit()

    @Slot()
    def _forget(self) -> None:
        self.close()
        self._show(None)

    @Slot()
    def _on_document(self) -> None:
        if self._session.document is None:
            self._forget()
            self.source = Source()

    @Slot(int, int)
    def _on_data_changed(self, start: int, stop: int) -> None:
        if self._thread is None:
            return
        document, entry = self._session.document, self._session.entry
        if self.source.kind == SHOWN and document is not None and entry is not None:
            run = document.shown_run(entry.clip_id)
            if run != self._shown_run:
                self.restart()
                return
        with self._wake:
            self._edits.append((start, stop))
            self._wake.notify()
