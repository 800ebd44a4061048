"""Keeping the blocks of columns that were used last."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, Generic, TypeVar

from numpy.typing import NDArray

Key = TypeVar("Key", bound=Hashable)

BUDGET_BYTES = 48 << 20
"""For one run: some twenty blocks of 4,096 frames of 68 points."""


class BlockCache(Generic[Key]):
    """Arrays by key, the least recently used dropped beyond a number of bytes. Thread-safe."""

    def __init__(self, budget_bytes: int = BUDGET_BYTES) -> None:
        self._budget = budget_bytes
        self._held: OrderedDict[Key, NDArray[Any]] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def get(self, key: Key, load: Callable[[], NDArray[Any]]) -> NDArray[Any]:
        """The array of a key, loaded if it is not held; read-only."""
        with self._lock:
            if (held := self._held.get(key)) is not None:
                self._held.move_to_end(key)
                return held
        loaded = load()  # outside the lock: two threads may load the same block, neither waits
        loaded.flags.writeable = False
        with self._lock:
            self._keep(key, loaded)
        return loaded

    @property
    def held_bytes(self) -> int:
        """Bytes of the arrays held."""
        return self._bytes

    def _keep(self, key: Key, array: NDArray[Any]) -> None:
        if (before := self._held.pop(key, None)) is not None:
            self._bytes -= before.nbytes
        self._held[key] = array
        self._bytes += array.nbytes
        while self._bytes > self._budget and len(self._held) > 1:
            _, dropped = self._held.popitem(last=False)
            self._bytes -= dropped.nbytes
