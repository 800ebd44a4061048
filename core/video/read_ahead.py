"""Decoding ahead of the playhead in a thread, so that a step finds its frame ready.

Forward, frames are decoded one by one up to a window ahead. Backward, a stretch is decoded from
its key frame on and only the part that fits the cache is kept; the next stretch is begun when a
third of the cache is left before the playhead, so that a group of pictures larger than the cache
is not decoded again for every step.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from core.video.frame_cache import FrameCache

FORWARD_FRAMES = 96
"""Frames decoded ahead in forward play: three seconds, enough for any hiccup."""


@dataclass(frozen=True)
class Stretch:
    """Frames start … stop − 1 to be decoded in order, those from `keep_from` on to be kept."""

    start: int
    stop: int
    keep_from: int


def next_stretch(cache: FrameCache, frames: int, start_of: Callable[[int], int]) -> Stretch | None:
    """What to decode next for the cache's playhead and direction; None when there is enough.

    Args:
        cache: Frames held, playhead and direction.
        frames: Frames in the clip.
        start_of: The first frame decoded on the way to a frame.
    """
    here, capacity = cache.playhead, cache.capacity()
    if cache.direction > 0:
        missing = cache.first_missing(
            here, min(frames, here + 1 + min(FORWARD_FRAMES, capacity * 3 // 4))
        )
        return None if missing is None else Stretch(missing, missing + 1, missing)
    if cache.direction < 0:
        missing = cache.first_missing(here, max(-1, here - capacity))
        if missing is None or (here - missing) * 3 > capacity:
            return None
        start = start_of(missing)
        return Stretch(start, missing + 1, max(start, here - capacity + 1))
    return None


class ReadAhead:
    """A thread that runs `step` while there is something to do; `wake` it when things changed."""

    def __init__(self, step: Callable[[], bool]) -> None:
        """Start the thread.

        Args:
            step: Does a little work; returns whether there may be more. Must not raise.
        """
        self._step = step
        self._wake = threading.Event()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="video-read-ahead", daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """Look again: the playhead moved."""
        self._wake.set()

    def close(self) -> None:
        """End the thread; returns when it has ended (at most one step later)."""
        self._stop.set()
        self._wake.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.is_set():
            self._wake.clear()
            while not self._stop.is_set() and self._step():
                pass
            # `close` sets stop before it wakes: either it is seen here or the wake is still set.
            if not self._stop.is_set():
                self._wake.wait()
