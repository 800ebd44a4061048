"""Small records of what is looked at, shared by the session and everything that listens to it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SPEEDS = (0.1, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 4.0)
"""Playing speeds on offer, as factors of the clip's rate."""
_ASSUMED_FPS = 25.0
"""For a clip that states no rate, such as a single picture."""
NO_FACE = -1
"""Stands for a track where no face is selected."""


@dataclass(frozen=True)
class Tone:
    """How the view shows the frame; never what is stored or exported."""

    brightness: float = 0.0
    """−1…1, added to values of 0…1."""
    contrast: float = 0.0
    """−1…1; slope 4^contrast around mid-grey."""


@dataclass(frozen=True)
class OpenedClip:
    """What the frame loader learnt of a clip that it has opened."""

    frames: int
    fps: float
    width: int
    height: int
    description: str
    """Codec and kind, for the clip list: "h264, 512×512, 30 fps"."""
    times_s: NDArray[np.float64] | None = None
    """(T,) presentation times of a clip without a constant rate."""
    warning: str = ""
    """A sentence if only part of the clip can be decoded."""

    def time_s(self, frame_idx: int) -> float:
        """When a frame is shown, from the clip's start."""
        if self.times_s is not None and 0 <= frame_idx < len(self.times_s):
            return float(self.times_s[frame_idx])
        return frame_idx / self._rate()

    def frame_at(self, time_s: float) -> int:
        """The frame shown at a time; the nearest end outside the clip."""
        if self.times_s is not None:
            found = int(np.searchsorted(self.times_s, time_s + 1e-6, side="right")) - 1
        else:
            found = int(time_s * self._rate() + 1e-3)
        return min(max(found, 0), max(self.frames - 1, 0))

    def _rate(self) -> float:
        return self.fps if self.fps > 0 else _ASSUMED_FPS
