"""Which frames the timeline shows, and where: zoom, scroll and the ruler's ticks."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

MIN_SPAN = 8.0
"""Frames across the view at the highest zoom."""
_TICK_STEPS = (1, 2, 5)


@dataclass(frozen=True)
class Scale:
    """A window [first, first + span) of frames over `width` pixels."""

    frames: int
    """Frames of the clip."""
    width: float
    """Pixels, ≥ 1."""
    first: float
    span: float

    @classmethod
    def whole(cls, frames: int, width: float) -> Scale:
        """The whole clip."""
        return cls(frames, max(width, 1.0), 0.0, float(max(frames, 1)))

    @property
    def is_whole(self) -> bool:
        """Whether the whole clip is in view."""
        return self.first <= 0.0 and self.span >= self.frames

    def x_of(self, frame: float) -> float:
        """Pixel of a frame's left edge."""
        return (frame - self.first) / self.span * self.width

    def frame_at(self, x: float) -> int:
        """The frame under a pixel, cut to the clip."""
        frame = math.floor(self.first + x / self.width * self.span)
        return min(max(frame, 0), max(self.frames - 1, 0))

    def resized(self, width: float) -> Scale:
        """The same frames over another width."""
        return replace(self, width=max(width, 1.0))

    def zoomed(self, factor: float, x: float) -> Scale:
        """Closer by a factor, the frame under pixel x staying there."""
        anchor = self.first + x / self.width * self.span
        span = min(max(self.span / factor, min(MIN_SPAN, self.frames)), float(max(self.frames, 1)))
        return self._moved_to(anchor - x / self.width * span, span)

    def scrolled(self, frames: float) -> Scale:
        """Further along by some frames."""
        return self._moved_to(self.first + frames, self.span)

    def showing(self, frame_idx: int) -> Scale:
        """A page that holds the frame; the same when it is in view."""
        if self.first <= frame_idx < self.first + self.span:
            return self
        return self._moved_to(frame_idx - 0.1 * self.span, self.span)

    def _moved_to(self, first: float, span: float) -> Scale:
        first = min(max(first, 0.0), max(self.frames - span, 0.0))
        return replace(self, first=first, span=span)

    def tick_step(self, min_pixels: float) -> int:
        """Frames between labelled ticks at least `min_pixels` apart: 1, 2, 5, 10, 20 and so on."""
        least = min_pixels / self.width * self.span
        decade = 1
        while True:
            for step in _TICK_STEPS:
                if step * decade >= least:
                    return step * decade
            decade *= 10
