"""Decoded frames kept for the way back: the least recently used go first, by bytes."""

from __future__ import annotations

from collections import OrderedDict

from av.video.frame import VideoFrame

DEFAULT_BUDGET_BYTES = 512 << 20


def frame_bytes(frame: VideoFrame) -> int:
    """Memory a decoded frame holds (YUV 4:2:0: half of its RGB)."""
    return sum(plane.buffer_size for plane in frame.planes)


class FrameCache:
    """Frames by index, within a budget. Not thread-safe: its owner locks."""

    def __init__(self, budget_bytes: int = DEFAULT_BUDGET_BYTES) -> None:
        self.budget_bytes = budget_bytes
        self.held_bytes = 0
        self._frames: OrderedDict[int, VideoFrame] = OrderedDict()

    def get(self, i: int) -> VideoFrame | None:
        """Frame `i` if it is held; it becomes the most recently used."""
        frame = self._frames.get(i)
        if frame is not None:
            self._frames.move_to_end(i)
        return frame

    def put(self, i: int, frame: VideoFrame) -> None:
        """Hold a frame; the oldest ones leave until the budget is met."""
        old = self._frames.pop(i, None)
        if old is not None:
            self.held_bytes -= frame_bytes(old)
        self._frames[i] = frame
        self.held_bytes += frame_bytes(frame)
        while self.held_bytes > self.budget_bytes and len(self._frames) > 1:
            _, gone = self._frames.popitem(last=False)
            self.held_bytes -= frame_bytes(gone)

    def __contains__(self, i: int) -> bool:
        return i in self._frames

    def __len__(self) -> int:
        return len(self._frames)

    def clear(self) -> None:
        """Hold nothing."""
        self._frames.clear()
        self.held_bytes = 0
