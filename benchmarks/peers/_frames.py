"""The material all programs show, read with PyAV and numpy alone: the peers have no more.

`material.npz` beside the clip holds `landmarks` (T, 68, 2) float32, `labels` (T, h, w) uint8 and
`corners` (T, 2) int, where each label map lies in its frame.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np

SEEKS = 60


class Frames:
    """Frames of a clip as RGB arrays: in order from one decoder, elsewhere by seeking."""

    def __init__(self, path: Path, frames: int) -> None:
        self._container = av.open(str(path))
        self._stream = self._container.streams.video[0]
        self._stream.thread_type = "AUTO"
        self._decoder = self._container.decode(self._stream)
        self._next = 0
        self._last: tuple[int, np.ndarray] | None = None
        height, width = self._stream.codec_context.height, self._stream.codec_context.width
        self.shape = (frames, height, width, 3)
        self._ticks = float(1 / (self._stream.average_rate * self._stream.time_base))

    def read(self, index: int) -> np.ndarray:
        """One frame, (H, W, 3) uint8."""
        if self._last is not None and self._last[0] == index:
            return self._last[1]
        if not 0 <= index - self._next < 3:
            self._container.seek(round(index * self._ticks), stream=self._stream)
            self._decoder = self._container.decode(self._stream)
        for frame in self._decoder:
            self._next = round(frame.pts / self._ticks) + 1
            if self._next > index:
                break
        self._last = (index, frame.to_ndarray(format="rgb24"))
        return self._last[1]


class Material:
    """Clip, landmarks and label maps."""

    def __init__(self, folder: Path) -> None:
        kept = np.load(folder / "material.npz")
        self.landmarks, self._labels, self._corners = (
            kept[name] for name in ("landmarks", "labels", "corners")
        )
        self.frames = Frames(folder / "clip.mp4", len(self.landmarks))

    def label_map(self, index: int) -> tuple[np.ndarray, int, int]:
        """A frame's label map and the column and row it begins at."""
        x0, y0 = self._corners[index].tolist()
        return self._labels[index], x0, y0


def measure(show: Callable[[int], None], frames: int) -> dict[str, float]:
    """Show every frame in order as fast as it goes, then frames here and there.

    Args:
        show: Returns when the frame has been drawn.
        frames: Frames of the clip.
    """
    show(0)
    start_s = time.perf_counter()
    steps_ms = [_timed(show, index) for index in range(1, frames)]
    fps = (frames - 1) / (time.perf_counter() - start_s)
    places = np.random.default_rng(0).permutation(frames)[:SEEKS].tolist()
    return summary(fps, steps_ms, [_timed(show, index) for index in places])


def summary(fps: float, steps_ms: list[float], seeks_ms: list[float]) -> dict[str, float]:
    """The figures every program is compared by."""
    return {
        "shown_fps": round(fps, 1),
        "step_median_ms": round(float(np.median(steps_ms)), 1),
        "step_p95_ms": round(float(np.percentile(steps_ms, 95)), 1),
        "seek_median_ms": round(float(np.median(seeks_ms)), 1),
        "seek_p95_ms": round(float(np.percentile(seeks_ms, 95)), 1),
    }


def _timed(show: Callable[[int], None], index: int) -> float:
    start_s = time.perf_counter()
    show(index)
    return 1000 * (time.perf_counter() - start_s)


def tell(figures: dict[str, object]) -> None:
    """Print the figures as the last line."""
    print(json.dumps(figures))


def folder_from_arguments() -> Path:
    """The material's folder, the only argument."""
    return Path(sys.argv[1])
