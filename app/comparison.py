"""Another run beside what is shown: which one, how it is drawn, and how far both are apart.

The run may be the shown one itself: then what people decided is compared with what the nets said.
Opening it (its faces are matched with those shown) and measuring are done in a thread.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QTimer, Signal, Slot

from app.document import RunEntry
from app.messages import details_of, sentence_of
from core.errors import CoreError

if TYPE_CHECKING:  # the store imports HDF5 and SQLite: not at the start of the window
    from app.document import Document
    from app.session import Session
    from core.annotations.differences import Differences
    from core.annotations.other_run import OtherRun

_BLOCK = 512
"""Frames measured at a time: short, because whoever stops comparing waits for one."""
_AFTER_EDITS_MS = 300
_TELL_S = 0.5
"""Measured frames are told at most so often; the timeline draws itself anew each time."""


class Comparison(QObject):
    """The run compared with, if any.

    Signals:
        changed: Another run, another way to draw it, or its faces have come. Canvas, runs dock.
        divider_moved: The divider of the split view is somewhere else. Canvas.
        measured: Distances of more frames are known. Timeline, runs dock.
    """

    changed = Signal()
    divider_moved = Signal()
    measured = Signal()
    _opened = Signal(int, object)
    _part = Signal(int, object)
    _ended = Signal(int)
    _failed = Signal(int, str, str)

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._session = session
        self.entry: RunEntry | None = None
        """The run compared with."""
        self.is_over = False
        """Whether both are drawn over each other, instead of left and right of a divider."""
        self.divider = 0.5
        """Where the canvas is divided, as a share of its width."""
        self.distance: NDArray[np.float32] = np.zeros(0, np.float32)
        """(T,) see `Differences.distance`; NaN where not measured yet."""
        self.lonely: NDArray[np.bool_] = np.zeros(0, np.bool_)
        self._other: OtherRun | None = None
        self._faces: tuple[int, Sequence[Any]] = (-1, ())
        self._request = 0
        self._thread: threading.Thread | None = None
        self._told_s = 0.0
        self._stale: tuple[int, int] | None = None
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(_AFTER_EDITS_MS)
        self._later.timeout.connect(self._measure_stale)
        self._opened.connect(self._on_opened)
        self._part.connect(self._on_part)
        self._ended.connect(self._on_ended)
        self._failed.connect(self._on_failed)
        session.data_changed.connect(self._on_data_changed)

    @property
    def is_on(self) -> bool:
        """Whether anything is compared."""
        return self.entry is not None

    @property
    def is_measuring(self) -> bool:
        """Whether distances are on their way."""
        return self._thread is not None or self._later.isActive()

    @property
    def landmark_scheme(self) -> str | None:
        """Scheme of the other run's landmarks."""
        return self._other.header.landmark_scheme if self._other else None

    def start(self, entry: RunEntry) -> None:
        """Compare with a run from now on."""
        self._let_go()
        if self._session.document is None or self._session.clip is None:
            self.changed.emit()
            return
        self.entry = entry
        frames = self._session.num_frames
        self.distance = np.full(frames, np.nan, np.float32)
        self.lonely = np.zeros(frames, np.bool_)
        self._work(0, frames)
        self.changed.emit()
        self.measured.emit()

    def stop(self) -> None:
        """Compare no more."""
        if self.entry is not None:
            self._let_go()
            self.changed.emit()
            self.measured.emit()

    def set_over(self, over: bool) -> None:
        """Draw both over each other, or left and right of the divider."""
        if over != self.is_over:
            self.is_over = over
            self.changed.emit()

    def set_divider(self, share: float) -> None:
        """Divide the canvas elsewhere, 0…1 of its width."""
        share = min(max(share, 0.0), 1.0)
        if share != self.divider:
            self.divider = share
            self.divider_moved.emit()

    def faces(self, frame_idx: int) -> Sequence[Any]:
        """The other run's FaceRecords on a frame; none until it has been opened."""
        if self._other is None:
            return ()
        if self._faces[0] != frame_idx:
            try:
                self._faces = frame_idx, self._other.frame(frame_idx)
            except CoreError as error:  # damaged just here: told once a frame, the rest goes on
                self._faces = frame_idx, ()
                self._session.hub.error(error)
        return self._faces[1]

    def close(self) -> None:
        """Let go of the run; returns when no thread is left."""
        self._let_go()

    def _let_go(self) -> None:
        self._later.stop()
        self._request += 1
        if self._thread is not None:
            self._thread.join()
        self._thread = None
        if self._other is not None:
            self._other.close()
        self.entry = self._other = self._stale = None
        self._faces = (-1, ())
        self.distance = np.zeros(0, np.float32)
        self.lonely = np.zeros(0, np.bool_)

    # The thread

    def _work(self, start: int, stop: int) -> None:
        session = self._session
        assert self.entry is not None
        assert session.entry is not None
        self._request += 1
        about = session.entry.clip_id, self.entry.run_id
        self._thread = threading.Thread(
            target=self._run,
            args=(self._request, session.document, about, self._other, start, stop),
            name="comparison",
            daemon=True,
        )
        self._thread.start()

    def _run(
        self,
        request: int,
        document: Document,
        about: tuple[str, str],
        other: OtherRun | None,
        start: int,
        stop: int,
    ) -> None:
        try:
            if other is None:
                other = document.other_run(*about)
                if request != self._request:
                    other.close()
                    return
                self._opened.emit(request, other)
            for first, last in _blocks(start, stop):
                if request != self._request:
                    return
                self._part.emit(request, document.differences(about[0], other, first, last))
        except Exception as error:  # a damaged run must not take the window down
            self._failed.emit(request, sentence_of(error), details_of(error))
        else:
            self._ended.emit(request)

    @Slot(int, object)
    def _on_opened(self, request: int, other: OtherRun) -> None:
        if request != self._request:
            other.close()  # it was on its way when another was chosen
            return
        self._other = other
        self.changed.emit()

    @Slot(int, object)
    def _on_part(self, request: int, part: Differences) -> None:
        if request != self._request:
            return
        here = slice(part.start, part.start + len(part.distance))
        self.distance[here], self.lonely[here] = part.distance, part.lonely
        if time.monotonic() - self._told_s > _TELL_S:
            self._told_s = time.monotonic()
            self.measured.emit()

    @Slot(int)
    def _on_ended(self, request: int) -> None:
        if request == self._request:
            self._thread = None
            self.measured.emit()

    @Slot(int, str, str)
    def _on_failed(self, request: int, sentence: str, details: str) -> None:
        if request == self._request:
            self.stop()
            self._session.hub.warning(sentence, details)

    # After edits

    @Slot(int, int)
    def _on_data_changed(self, start: int, stop: int) -> None:
        if self.entry is None:
            return
        low, high = self._stale or (start, stop)
        self._stale = min(low, start), max(high, stop)
        self._later.start()

    @Slot()
    def _measure_stale(self) -> None:
        """Measure the frames that were changed; those of a run that is shown instead, all anew."""
        if self.entry is None or self._stale is None:
            return
        if self._thread is not None:
            self._later.start()
            return
        start, stop = self._stale
        self._stale = None
        self._faces = (-1, ())
        if self._other is not None:
            self._work(max(start, 0), min(stop, self._session.num_frames))


def _blocks(start: int, stop: int) -> Iterator[tuple[int, int]]:
    for first in range(start, stop, _BLOCK):
        yield first, min(first + _BLOCK, stop)
