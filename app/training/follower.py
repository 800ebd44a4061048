"""Reads the events of the training that is looked at, in a thread, while somebody looks."""

from __future__ import annotations

import threading

from PySide6.QtCore import QObject, Signal, Slot

from app.training.curves import Curves, EventTail, Picture
from app.training.trainings import Training

_LOOK_S = 0.5
"""Between two looks at a file that grows."""
_PIECES_A_PICTURE = 8
"""Of a long past so many pieces are read before it is shown again."""


class Follower(QObject):
    """One training at a time.

    Signals:
        changed: There is another `picture`. Dock.
    """

    changed = Signal()
    _arrived = Signal(int, object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.picture: Picture | None = None
        self._number = 0
        self._thread: threading.Thread | None = None
        self._wake = threading.Condition()
        self._arrived.connect(self._on_arrived)

    def follow(self, training: Training | None) -> None:
        """Read another one's events from the first on; None for none."""
        self.close()
        self.picture = None
        if training is not None:
            tail = EventTail(training.folder / "events.jsonl")
            work = (self._number, tail, Curves(training.weak_epochs))
            self._thread = threading.Thread(
                target=self._run, args=work, name="training", daemon=True
            )
            self._thread.start()
        self.changed.emit()

    def close(self) -> None:
        """Stop reading; returns when no thread is left."""
        with self._wake:
            self._number += 1
            self._wake.notify()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def _run(self, number: int, tail: EventTail, curves: Curves) -> None:
        told = -1
        while number == self._number:
            pieces = 1
            while tail.read(curves) and pieces < _PIECES_A_PICTURE and number == self._number:
                pieces += 1
            is_new, told = curves.events != told, curves.events
            if is_new and number == self._number:
                self._arrived.emit(number, curves.picture())
            with self._wake:
                if number == self._number and pieces < _PIECES_A_PICTURE:
                    self._wake.wait(_LOOK_S)

    @Slot(int, object)
    def _on_arrived(self, number: int, picture: Picture) -> None:
        if number == self._number:
            self.picture = picture
            self.changed.emit()
