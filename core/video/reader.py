"""Reading a clip: `frame(i)` is always the i-th decodable frame in presentation order.

Frames come as RGB uint8 (H, W, 3), equal to PyAV's default rgb24 conversion with the display
matrix applied on top. A clip is a video file, a folder of pictures or one picture.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

import numpy as np
from numpy.typing import NDArray

from core.progress import Cancelled, Report, ignore, never
from core.video.folder import ImageSequence
from core.video.frame_cache import DEFAULT_BUDGET_BYTES
from core.video.images import is_still_image
from core.video.info import VideoInfo
from core.video.video_file import VideoFile


class VideoReader:
    """A clip open for reading. Thread-safe; close it or use it in a `with` block."""

    def __init__(
        self,
        path: Path | str,
        cache_folder: Path | None = None,
        report: Report = ignore,
        cancelled: Cancelled = never,
        cache_bytes: int = DEFAULT_BUDGET_BYTES,
    ) -> None:
        """Open a clip and index its frames.

        Args:
            path: A video file, a folder of pictures or one picture.
            cache_folder: Where frame indexes are kept; the user's cache by default.
            report: Told how far indexing is.
            cancelled: Asked while indexing.
            cache_bytes: Memory for decoded frames, 512 MiB by default.

        Raises:
            InputError: If it cannot be read, in one sentence.
            JobCancelled: If the person has asked to stop.
        """
        self.path = Path(path)
        self._source: ImageSequence | VideoFile
        if self.path.is_dir():
            self._source = ImageSequence.from_folder(self.path, report, cancelled)
        elif self.path.is_file() and is_still_image(self.path):
            self._source = ImageSequence.from_image(self.path)
        else:
            self._source = VideoFile(self.path, cache_folder, report, cancelled, cache_bytes)

    @property
    def info(self) -> VideoInfo:
        """The clip's figures. Frame count and times may change once, when decoding shows that the
        packet times lied.
        """
        return self._source.info

    def __len__(self) -> int:
        return self.info.frames

    def frame(self, i: int) -> NDArray[np.uint8]:
        """Frame `i` as RGB.

        Args:
            i: 0 … frames − 1.

        Returns:
            (H, W, 3) uint8, yours to alter.

        Raises:
            InputError: If there is no such frame or it can no longer be decoded.
        """
        return self._source.frame(i)

    def frames(
        self, start: int = 0, stop: int | None = None
    ) -> Iterator[tuple[int, NDArray[np.uint8]]]:
        """Frames start … stop − 1 in order, as (i, RGB); the fastest way through a clip.

        Several iterations and `frame` calls may go on side by side.

        Raises:
            InputError: If decoding shows that the clip has fewer frames than its packets promised.
        """
        return self._source.frames(start, self.info.frames if stop is None else stop)

    def pts(self, i: int) -> int:
        """Presentation time of frame `i` in ticks of the stream's time base."""
        return self._source.pts(i)

    def time_s(self, i: int) -> float:
        """Seconds from the start of the first frame to the start of frame `i`."""
        return self._source.time_s(i)

    def times_s(self) -> NDArray[np.float64]:
        """`time_s` of every frame, (T,) float64."""
        return self._source.times_s()

    def quick_frame(self, i: int) -> int:
        """The number of a frame near `i` that is to be had at once, to stand in during a drag.

        `i` itself if it is decoded or close behind its key frame, else that key frame.
        """
        return self._source.quick_frame(i)

    def frame_at(self, time_s: float) -> int:
        """The frame shown `time_s` seconds after the start of the first one.

        Times before the first frame give the first, times after the last the last.
        """
        return self._source.frame_at(time_s)

    def key_frames(self) -> list[int]:
        """Frames at which decoding can start; every one of an image sequence."""
        return self._source.key_frames()

    def read_ahead(self, direction: int) -> None:
        """Decode ahead of the last frame asked for, in a thread.

        Args:
            direction: 1 forward, −1 backward, 0 stop. `close` stops it too.
        """
        self._source.read_ahead(direction)

    def close(self) -> None:
        """Let go of the file; harmless when closed before."""
        self._source.close()

    def __enter__(self) -> VideoReader:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def open_clip(
    path: Path | str,
    cache_folder: Path | None = None,
    report: Report = ignore,
    cancelled: Cancelled = never,
) -> VideoReader:
    """Open a clip; the same as `VideoReader(path, …)`."""
    return VideoReader(path, cache_folder, report, cancelled)
