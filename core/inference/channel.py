"""Threads in a row: bounded channels between them, one stop for all, errors for the caller."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Generic, TypeVar

Item = TypeVar("Item")
_LOOK_S = 0.05
"""How often a waiting thread looks whether it should stop."""


class Stopped(Exception):
    """The threads were asked to stop; never leaves this module's users."""


class Channel(Generic[Item]):
    """A bounded queue with an end, that never blocks a thread which should stop.

    Args:
        size: Items it holds.
        stop: Set when everybody should stop.
    """

    def __init__(self, size: int, stop: threading.Event) -> None:
        self._queue: queue.Queue[Item | None] = queue.Queue(size)
        self._stop = stop

    def put(self, item: Item) -> None:
        """Add an item; waits while the channel is full.

        Raises:
            Stopped: When everybody should stop.
        """
        self._put(item)

    def end(self) -> None:
        """Say that nothing follows."""
        self._put(None)

    def get(self, wait_s: float = _LOOK_S) -> Item | None:
        """The next item; None at the end.

        Raises:
            Stopped: When everybody should stop.
            queue.Empty: When nothing came within `wait_s`.
        """
        if self._stop.is_set():
            raise Stopped
        return self._queue.get(timeout=wait_s)

    def __iter__(self) -> Iterator[Item]:
        while True:
            try:
                item = self.get()
            except queue.Empty:
                continue
            if item is None:
                return
            yield item

    def _put(self, item: Item | None) -> None:
        while True:
            if self._stop.is_set():
                raise Stopped
            try:
                return self._queue.put(item, timeout=_LOOK_S)
            except queue.Full:
                continue


class Crew:
    """Threads that stop together. Leaving the `with` block stops and joins them all."""

    def __init__(self) -> None:
        self.stop = threading.Event()
        self._threads: list[threading.Thread] = []
        self._error: BaseException | None = None

    def channel(self, size: int) -> Channel[Item]:
        """A channel that obeys this crew's stop."""
        return Channel(size, self.stop)

    def start(self, work: Callable[[], None], name: str) -> None:
        """Run a function in a thread; its error stops everybody."""
        thread = threading.Thread(target=self._run, args=(work,), name=f"pipeline-{name}")
        self._threads.append(thread)
        thread.start()

    def raise_error(self) -> None:
        """Raise what went wrong in a thread, if anything did."""
        if self._error is not None:
            raise self._error

    def _run(self, work: Callable[[], None]) -> None:
        try:
            work()
        except Stopped:
            return
        except BaseException as error:  # carried to the caller, whatever it is
            self._error = self._error or error
            self.stop.set()

    def __enter__(self) -> Crew:
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        self.stop.set()
        for thread in self._threads:
            thread.join()


class Stopwatch:
    """Seconds by stage; time spent in an inner stage counts there alone."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._lock = threading.Lock()
        self._local = threading.local()

    @contextmanager
    def measure(self, stage: str) -> Iterator[None]:
        """Count the block's time to a stage."""
        inner: list[float] = self._local.__dict__.setdefault("inner", [])
        inner.append(0.0)
        start = time.perf_counter()
        try:
            yield
        finally:
            whole = time.perf_counter() - start
            own = whole - inner.pop()
            if inner:
                inner[-1] += whole
            with self._lock:
                self.seconds[stage] = self.seconds.get(stage, 0.0) + own
