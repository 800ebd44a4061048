"""A lock that a person's request gets before background work does."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator


class PriorityLock:
    """Mutual exclusion in two classes; not reentrant. Python's own locks are not fair."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._held = False
        self._urgent_waiting = 0

    @contextlib.contextmanager
    def urgent(self) -> Iterator[None]:
        """Hold the lock; everybody patient waits until nobody urgent does."""
        with self._condition:
            self._urgent_waiting += 1
            self._condition.wait_for(lambda: not self._held)
            self._urgent_waiting -= 1
            self._held = True
        try:
            yield
        finally:
            self._release()

    @contextlib.contextmanager
    def patient(self) -> Iterator[None]:
        """Hold the lock when nobody urgent wants it."""
        with self._condition:
            self._condition.wait_for(lambda: not self._held and not self._urgent_waiting)
            self._held = True
        try:
            yield
        finally:
            self._release()

    def _release(self) -> None:
        with self._condition:
            self._held = False
            self._condition.notify_all()
