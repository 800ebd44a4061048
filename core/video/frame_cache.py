"""Decoded frames kept for the way back, within a budget of bytes.

Frames stay as the decoder made them (YUV 4:2:0 holds half the bytes of RGB). When the budget is
full, the frame farthest from the playhead leaves; frames behind the way it is moving count four
times as far. A "least recently used" order would do harm here: the frames a backward play needs
next were decoded first and touched least.
"""

from __future__ import annotations

import threading
from bisect import insort

from av.video.frame import VideoFrame

DEFAULT_BUDGET_BYTES = 512 << 20
_BEHIND = 4
_SMALL_STEP = 8
"""A longer move is a jump and says nothing about where the next one goes."""


def frame_bytes(frame: VideoFrame) -> int:
    """Memory a decoded frame holds."""
    return sum(plane.buffer_size for plane in frame.planes)


class FrameCache:
    """Frames by index. Thread-safe; no call waits for decoding."""

    def __init__(self, budget_bytes: int = DEFAULT_BUDGET_BYTES) -> None:
        self.budget_bytes = budget_bytes
        self.held_bytes = 0
        self.playhead = 0
        self.direction = 0
        self._trend = 0
        self._lock = threading.Lock()
        self._frames: dict[int, VideoFrame] = {}
        self._order: list[int] = []  # the same indices, sorted: one of its ends leaves next

    def move_to(self, i: int) -> None:
        """The playhead is at frame `i` now: what is near stays, more so ahead than behind."""
        step = i - self.playhead
        if step:
            self._trend = (step > 0) - (step < 0) if abs(step) <= _SMALL_STEP else 0
        self.playhead = i

    def get(self, i: int) -> VideoFrame | None:
        """Frame `i` if it is held."""
        return self._frames.get(i)

    def put(self, i: int, frame: VideoFrame) -> None:
        """Hold a frame; others leave until the budget is met. One frame is always held."""
        with self._lock:
            if i in self._frames:
                return
            self._frames[i] = frame
            insort(self._order, i)
            self.held_bytes += frame_bytes(frame)
            while self.held_bytes > self.budget_bytes and len(self._order) > 1:
                self._drop_farthest()

    def capacity(self) -> int:
        """How many frames like those held fit the budget; 1 while nothing is held."""
        with self._lock:
            if not self._order:
                return 1
            return max(1, self.budget_bytes * len(self._order) // self.held_bytes)

    def first_missing(self, start: int, stop: int) -> int | None:
        """The first of start, start ± 1, …, stop (left out) that is not held; None if all are."""
        step = 1 if stop >= start else -1
        held = self._frames
        return next((i for i in range(start, stop, step) if i not in held), None)

    def __contains__(self, i: int) -> bool:
        return i in self._frames

    def __len__(self) -> int:
        return len(self._frames)

    def clear(self) -> None:
        """Hold nothing."""
        with self._lock:
            self._frames.clear()
            self._order.clear()
            self.held_bytes = 0

    def _drop_farthest(self) -> None:
        end = 0 if self._distance(self._order[0]) >= self._distance(self._order[-1]) else -1
        gone = self._frames.pop(self._order.pop(end))
        self.held_bytes -= frame_bytes(gone)

    def _distance(self, i: int) -> int:
        ahead = i - self.playhead
        return abs(ahead) * (_BEHIND if ahead * (self.direction or self._trend) < 0 else 1)
