"""Reads a clip's columns in a thread of their own and hands them to the session."""

from __future__ import annotations

import threading

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from app.document import ClipColumns, Document
from app.messages import details_of, sentence_of
from app.session import Session

_AFTER_EDITS_MS = 300


class ColumnLoader(QObject):
    """Keeps the session's columns up to date.

    Signals:
        loaded: Request number, clip, ClipColumns; from the thread to the interface.
        failed: Sentence and details.
    """

    loaded = Signal(int, str, object)
    failed = Signal(str, str)

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._session = session
        self._request = 0
        self._pending = False
        self._threads: list[threading.Thread] = []
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(_AFTER_EDITS_MS)
        self._later.timeout.connect(self.reload)
        self.loaded.connect(self._on_loaded)
        self.failed.connect(self._on_failed)
        session.clip_changed.connect(self._give_up)
        session.clip_ready.connect(self.reload)
        session.data_changed.connect(self._on_data_changed)

    @property
    def is_reading(self) -> bool:
        """Whether columns are on their way."""
        return self._later.isActive() or self._pending

    @Slot()
    def reload(self) -> None:
        """Read the columns of the open clip anew."""
        session = self._session
        if session.document is None or session.entry is None or session.clip is None:
            return
        self._request += 1
        self._pending = True
        self._threads = [thread for thread in self._threads if thread.is_alive()]
        thread = threading.Thread(
            target=self._read,
            args=(self._request, session.document, session.entry.clip_id, session.clip.frames),
            name="columns",
            daemon=True,
        )
        self._threads.append(thread)
        thread.start()

    def close(self) -> None:
        """Stop reading; returns when no thread is left."""
        self._give_up()
        for thread in self._threads:
            thread.join()
        self._threads.clear()

    @Slot()
    def _give_up(self) -> None:
        self._later.stop()
        self._request += 1
        self._pending = False

    def _read(self, request: int, document: Document, clip_id: str, frames: int) -> None:
        def is_stale() -> bool:
            return request != self._request

        try:
            columns = document.columns(clip_id, frames, is_stale)
        except Exception as error:  # a damaged run must not take the window down
            if not is_stale():
                self.failed.emit(sentence_of(error), details_of(error))
            return
        if not is_stale():
            self.loaded.emit(request, clip_id, columns)

    @Slot(int, str, object)
    def _on_loaded(self, request: int, clip_id: str, columns: ClipColumns) -> None:
        if request == self._request:
            self._pending = False
            self._session.set_columns(clip_id, columns)

    @Slot(str, str)
    def _on_failed(self, sentence: str, details: str) -> None:
        self._pending = False
        self._session.hub.warning(sentence, details)

    @Slot(int, int)
    def _on_data_changed(self, start: int, stop: int) -> None:
        self._later.start()
