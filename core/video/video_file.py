"""A video file behind the reader: its index, one decoder for stepping about, frames kept.

Every call may come from any thread. One lock guards decoder and cache; conversion to RGB has its
own, because PyAV alters a frame's colour tags while it converts.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from core.errors import InputError
from core.progress import Cancelled, Report
from core.video.container import OpenVideo
from core.video.content_id import content_id
from core.video.decoder import Decoder, IndexMismatch
from core.video.frame_cache import FrameCache
from core.video.index import FrameIndex, duration_s, frame_rate
from core.video.index_cache import index_folder, load_index, save_index
from core.video.indexing import build_index
from core.video.info import VideoInfo
from core.video.orientation import checksum, orientation_of, rgb_of
from core.video.truncation import truncation


class VideoFile:
    """Frames of a video file by index."""

    def __init__(
        self, path: Path, cache_folder: Path | None, report: Report, cancelled: Cancelled
    ) -> None:
        OpenVideo(path).close()  # says what is wrong before anything else does
        self._path = path
        self._folder = cache_folder or index_folder()
        self._clip_id = content_id(path)
        self._report = report
        self._cancelled = cancelled
        self._lock = threading.RLock()
        self._converting = threading.Lock()
        self._cache = FrameCache()
        self._decoder: Decoder | None = None
        index = load_index(self._folder, self._clip_id)
        if index is None:
            index = build_index(path, report, cancelled)
            save_index(self._folder, self._clip_id, index)
        self._use(index)

    def close(self) -> None:
        """Close the file and let go of all frames."""
        with self._lock:
            self._cache.clear()
            if self._decoder is not None:
                self._decoder.close()

    def frame(self, i: int) -> NDArray[np.uint8]:
        """Frame `i` as RGB (H, W, 3) uint8."""
        while True:
            with self._lock:
                index = self._index
                frame = self._fetch(i)
            stored = self._convert(frame)
            if self._is_as_indexed(index, i, stored):
                return self._show(stored)

    def frames(self, start: int, stop: int) -> Iterator[tuple[int, NDArray[np.uint8]]]:
        """Frames in sequence, by a decoder of their own."""
        index, decoder = self._index, Decoder(self._path, self._index, frame_threads=True)
        try:
            for i in range(start, stop):
                try:
                    frame = decoder.decode(i)
                except IndexMismatch:
                    # frame() indexes anew and, where need be, says that there is no such frame.
                    yield i, self.frame(i)
                    if index is not self._index:
                        decoder.close()
                        index = self._index
                        decoder = Decoder(self._path, index, frame_threads=True)
                    continue
                stored = rgb_of(frame)
                if self._is_as_indexed(index, i, stored):
                    yield i, self._show(stored)
                else:
                    yield i, self.frame(i)
        finally:
            decoder.close()

    def pts(self, i: int) -> int:
        """Presentation time of frame `i` in ticks of the time base."""
        return int(self._index.pts[i])

    def time_s(self, i: int) -> float:
        """Seconds from the first frame to frame `i`."""
        return float((int(self._index.pts[i]) - int(self._index.pts[0])) * self._index.time_base)

    def _fetch(self, i: int) -> VideoFrame:
        """Frame `i` as decoded; indexes anew when the file contradicts its index."""
        self._check(i)
        frame = self._cache.get(i)
        if frame is not None:
            return frame
        assert self._decoder is not None
        try:
            return self._decoder.decode(i, keep=self._cache.put)
        except IndexMismatch:
            if not self._index.from_packets:
                raise InputError(
                    f"{self._path}: frame {i} cannot be decoded any more; did the file change?"
                ) from None
            self._index_again()
            return self._fetch(i)

    def _check(self, i: int) -> None:
        if not 0 <= i < self._index.frames:
            raise InputError(
                f"{self._path}: there is no frame {i}; {self._index.frames} frames can be decoded."
            )

    def _index_again(self) -> None:
        index = build_index(self._path, self._report, self._cancelled, decode=True)
        save_index(self._folder, self._clip_id, index)
        self._use(index)

    def _use(self, index: FrameIndex) -> None:
        """Take an index into use; the first frame tells the size."""
        self._index = index
        self._cache.clear()
        if self._decoder is not None:
            self._decoder.close()
        self._decoder = Decoder(self._path, index)
        try:
            first = self._decoder.decode(0, keep=self._cache.put)
        except IndexMismatch:
            if not index.from_packets:
                raise InputError(f"{self._path}: not one frame can be decoded.") from None
            self._index_again()
            return
        self._orientation = orientation_of(first)
        self._stored_size = first.width, first.height
        self.info = self._measure(first)

    def _measure(self, first: VideoFrame) -> VideoInfo:
        video = OpenVideo(self._path)
        try:
            stream = video.stream
            rate: Fraction | None = stream.average_rate or stream.guessed_rate
            codec, container = stream.codec_context.codec.name, video.container.format.name
            has_audio, declared = bool(video.container.streams.audio), stream.frames
        finally:
            video.close()
        fps, vfr = frame_rate(self._index, rate)
        width, height = self._orientation.size(first.width, first.height)
        return VideoInfo(
            frames=self._index.frames,
            fps=fps,
            vfr=vfr,
            width=width,
            height=height,
            duration_s=duration_s(self._index),
            codec=codec,
            rotation=self._orientation.degrees,
            has_audio=has_audio,
            pix_fmt=first.format.name,
            truncated=truncation(self._path, self._index.frames, declared, self._index.damage),
            kind="video",
            mirrored=self._orientation.mirrored,
            container=container,
            index="packets" if self._index.from_packets else "decoded",
        )

    def _convert(self, frame: VideoFrame) -> NDArray[np.uint8]:
        with self._converting:
            return rgb_of(frame)

    def _is_as_indexed(self, index: FrameIndex, i: int, stored: NDArray[np.uint8]) -> bool:
        """Whether the pixels are those of the decoding pass; else distrust the seek point."""
        if index.from_packets or checksum(stored) == int(index.checksums[i]):
            return True
        number = index.seek_point(i)
        with self._lock:
            if number and index is self._index:
                self._use(index.without_seek_point(number))
        return number == 0  # from the start of the file there is nothing better

    def _show(self, stored: NDArray[np.uint8]) -> NDArray[np.uint8]:
        return self._orientation.apply(stored)
