"""Which run of each clip is shown, kept open.

A setting, changed by the window only. Without one it is the oldest sealed run, else the oldest one:
a new prediction never becomes the shown one by itself.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from core.annotations.run_files import RunFiles
from core.annotations.run_reader import RunReader


@dataclass(eq=False)
class _Held:
    """An open run; closed when it is dropped and nobody reads it any more."""

    run_id: str
    path: Path
    reader: RunReader
    readers: int = 0
    dropped: bool = False

    def is_outdated(self) -> bool:
        """Whether a growing run has been sealed since it was opened."""
        return not self.reader.sealed and self.path.with_suffix(".h5").exists()


class ActiveRuns:
    """Open readers of the shown runs; safe to ask from any thread."""

    def __init__(self, files: RunFiles, chosen: Callable[[str], str | None]) -> None:
        """Take the project's run files, and what the settings say about a clip."""
        self._files = files
        self._chosen = chosen
        self._held: dict[str, _Held] = {}
        self._lock = threading.RLock()

    def run_id(self, clip_id: str) -> str | None:
        """The shown run of a clip; None if it has no run."""
        with self._lock:
            held = self._held.get(clip_id)
            return held.run_id if held is not None else self._resolve(clip_id)

    @contextmanager
    def using(self, clip_id: str) -> Iterator[RunReader | None]:
        """The shown run of a clip, open as long as the block runs; None if it has no run.

        Raises:
            StoreError: If its file is damaged.
        """
        held = self._take(clip_id)
        try:
            yield None if held is None else held.reader
        finally:
            if held is not None:
                with self._lock:
                    held.readers -= 1
                    _close_if_unused(held)

    def forget(self, clip_id: str) -> None:
        """Look again next time which run is shown."""
        with self._lock:
            if (held := self._held.pop(clip_id, None)) is not None:
                held.dropped = True
                _close_if_unused(held)

    def close(self) -> None:
        """Close everything nobody reads."""
        with self._lock:
            for clip_id in list(self._held):
                self.forget(clip_id)

    def _take(self, clip_id: str) -> _Held | None:
        with self._lock:
            held = self._held.get(clip_id)
            if held is None or held.is_outdated():
                self.forget(clip_id)
                held = self._open(clip_id)
            if held is not None:
                held.readers += 1
            return held

    def _open(self, clip_id: str) -> _Held | None:
        run_id = self._resolve(clip_id)
        if run_id is None:
            return None
        held = _Held(run_id, self._files.path(run_id), self._files.open(run_id))
        self._held[clip_id] = held
        return held

    def _resolve(self, clip_id: str) -> str | None:
        chosen = self._chosen(clip_id)
        if chosen is not None and self._files.find(chosen) is not None:
            return chosen
        run_ids = [header.run_id for header in self._files.headers(clip_id)]
        sealed = [run_id for run_id in run_ids if self._files.is_sealed(run_id)]
        return next(iter((*sealed, *run_ids)), None)


def _close_if_unused(held: _Held) -> None:
    if held.dropped and held.readers == 0:
        held.reader.close()
