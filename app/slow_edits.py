"""Edits over very many frames, made and stored in a thread so that the window goes on.

One at a time, and while it runs no other edit, undo or redo: what is on the undo stack stays in the
order of the store.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal, Slot

from core.errors import CoreError, JobCancelled
from core.progress import Cancelled

if TYPE_CHECKING:
    from app.session import Session
    from core.annotations.history import AppliedEdit

Make = Callable[[Cancelled], Any]
"""Makes the edit, None for none; called in the thread, may raise JobCancelled."""


class SlowEdits(QObject):
    """Makes and stores one edit at a time.

    Signals:
        ended: Number of the edit, from the thread.
    """

    ended = Signal(int)

    def __init__(self, session: Session, take: Callable[[AppliedEdit], None]) -> None:
        """Stand by.

        Args:
            session: Whose document is edited.
            take: Puts a stored edit on the undo stack; called in the interface's thread.
        """
        super().__init__(session)
        self._session = session
        self._take = take
        self._thread: threading.Thread | None = None
        self._number = 0
        self._cancelled = False
        self._what = ""
        self._outcome: AppliedEdit | Exception | None = None
        self._then: Callable[[AppliedEdit | None], None] = lambda _applied: None
        self.ended.connect(self._on_ended)

    @property
    def busy(self) -> bool:
        """Whether one is being made."""
        return self._thread is not None

    def start(self, make: Make, what: str, then: Callable[[AppliedEdit | None], None]) -> None:
        """Make and store an edit in a thread.

        Args:
            make: Makes it, in the thread: it only reads.
            what: What is being done, for a person who wants something else meanwhile.
            then: Called when it is on the undo stack, or with None when there was nothing to do; a
                failure is told by itself.
        """
        if self.refuses() or self._session.document is None:
            return
        self._number += 1
        self._cancelled, self._outcome = False, None
        self._what, self._then = what, then
        self._session.hub.info(f"{what}…")
        who = self._session.settings.value("annotator")
        arguments = (self._number, self._session.document, make, who)
        self._thread = threading.Thread(target=self._work, args=arguments, name="edit")
        self._thread.start()

    def refuses(self) -> bool:
        """Whether another edit has to wait, which is told."""
        if self.busy:
            self._session.hub.info(f"One moment, still at work: {self._what}.")
        return self.busy

    def settle(self) -> None:
        """Give up what is being made, or wait until it is stored and take it."""
        self._cancelled = True
        self._on_ended(self._number)

    def _work(self, number: int, document: Any, make: Make, who: str) -> None:
        try:
            edit = make(lambda: self._cancelled)
            self._outcome = None if edit is None else document.apply(edit, who)
        except Exception as error:  # told in the interface's thread
            self._outcome = error
        self.ended.emit(number)

    @Slot(int)
    def _on_ended(self, number: int) -> None:
        if self._thread is None or number != self._number:
            return  # settled before
        self._thread.join()
        self._thread = None
        outcome = self._outcome
        if isinstance(outcome, JobCancelled):
            return
        if isinstance(outcome, CoreError | ValueError):
            self._session.hub.error(outcome)
        elif isinstance(outcome, Exception):
            raise outcome
        else:
            if outcome is not None and outcome.seq:
                self._take(outcome)
            self._then(outcome)
