"""A video file behind the reader: its index, one decoder for stepping about, frames kept.

Every call may come from any thread. `_turn` guards index and decoder, and a person's request goes
before reading ahead; the cache has a lock of its own, so a frame that is there is had at once;
`_converting` guards the conversion to RGB, because PyAV alters a frame's colour tags meanwhile.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from core.errors import CoreError, InputError
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
from core.video.priority_lock import PriorityLock
from core.video.read_ahead import ReadAhead, Stretch, next_stretch
from core.video.truncation import truncation

_QUICK_FRAMES = 2
"""So many frames are decoded in no more time than it takes to seek."""
_logger = logging.getLogger("lineament.video")


class VideoFile:
    """Frames of a video file by index."""

    def __init__(
        self,
        path: Path,
        cache_folder: Path | None,
        report: Report,
        cancelled: Cancelled,
        cache_bytes: int,
    ) -> None:
        OpenVideo(path).close()  # says what is wrong before anything else does
        self._path = path
        self._folder = cache_folder or index_folder()
        self._clip_id = content_id(path)
        self._report = report
        self._cancelled = cancelled
        self._turn = PriorityLock()
        self._converting = threading.Lock()
        self._cache = FrameCache(cache_bytes)
        self._decoder: Decoder | None = None
        self._ahead: ReadAhead | None = None
        self._stretch: Stretch | None = None
        self._closed = False
        index = load_index(self._folder, self._clip_id)
        if index is None:
            index = build_index(path, report, cancelled)
            save_index(self._folder, self._clip_id, index)
        self._use(index)

    def close(self) -> None:
        """End reading ahead, close the file and let go of all frames."""
        self.read_ahead(0)
        with self._turn.urgent():
            self._closed = True
            self._cache.clear()
            if self._decoder is not None:
                self._decoder.close()

    def frame(self, i: int) -> NDArray[np.uint8]:
        """Frame `i` as RGB (H, W, 3) uint8."""
        self._cache.move_to(i)
        if self._ahead is not None:
            self._ahead.wake()
        while True:
            index = self._index
            frame = self._cache.get(i)
            if frame is None:
                with self._turn.urgent():
                    frame = self._fetch(i)
                    index = self._index
            with self._converting:
                stored = rgb_of(frame, self._stored_size)
            if index is self._index and self._is_as_indexed(index, i, stored):
                return self._orientation.apply(stored)

    def frames(self, start: int, stop: int) -> Iterator[tuple[int, NDArray[np.uint8]]]:
        """Frames in sequence, by a decoder of their own."""
        if start >= stop:
            return
        self._check(start)
        index, decoder = self._index, Decoder(self._path, self._index, frame_threads=True)
        try:
            for i in range(start, stop):
                if index is not self._index:
                    decoder.close()
                    index = self._index
                    decoder = Decoder(self._path, index, frame_threads=True)
                try:
                    stored = rgb_of(decoder.decode(i), self._stored_size)
                except IndexMismatch:
                    # frame() indexes anew and, where need be, says that there is no such frame.
                    yield i, self.frame(i)
                    continue
                if self._is_as_indexed(index, i, stored):
                    yield i, self._orientation.apply(stored)
                else:
                    yield i, self.frame(i)
        finally:
            decoder.close()

    def pts(self, i: int) -> int:
        """Presentation time of frame `i` in ticks of the time base."""
        self._check(i)
        return int(self._index.pts[i])

    def time_s(self, i: int) -> float:
        """Seconds from the first frame to frame `i`."""
        self._check(i)
        return float((int(self._index.pts[i]) - int(self._index.pts[0])) * self._index.time_base)

    def times_s(self) -> NDArray[np.float64]:
        """Seconds from the first frame to every frame."""
        ticks = (self._index.pts - self._index.pts[0]).astype(np.float64)
        return ticks * float(self._index.time_base)

    def quick_frame(self, i: int) -> int:
        """A frame near `i` that is to be had at once: itself if decoded, else its key frame."""
        self._check(i)
        start = self._index.start_of(i)
        return i if i in self._cache or i - start <= _QUICK_FRAMES else start

    def frame_at(self, time_s: float) -> int:
        """The frame shown at a time, seconds from the first frame; the nearest end outside."""
        tick = int(self._index.pts[0]) + round(time_s / self._index.time_base)
        number = int(np.searchsorted(self._index.pts, tick, side="right")) - 1
        return min(max(number, 0), self._index.frames - 1)

    def key_frames(self) -> list[int]:
        """Frames at which decoding can start."""
        return [int(i) for i in self._index.seek_points["frame"]]

    def read_ahead(self, direction: int) -> None:
        """Decode ahead of the last frame asked for; 0 stops it and returns when it has stopped."""
        self._cache.direction = direction
        if direction and self._ahead is None:
            self._ahead = ReadAhead(self._step_ahead)
        elif direction and self._ahead is not None:
            self._ahead.wake()
        elif self._ahead is not None:
            self._ahead.close()
            self._ahead = None

    def _step_ahead(self) -> bool:
        """Decode one frame ahead; whether there is more to do."""
        with self._turn.patient():
            index, cache = self._index, self._cache
            if self._stretch is None:
                self._stretch = next_stretch(cache, index.frames, index.start_of)
            if self._stretch is None:
                return False
            done, self._stretch = self._stretch, _rest(self._stretch)
            try:
                frame = self._ready_decoder().decode(done.start)
            except (IndexMismatch, CoreError) as error:
                # Whoever asks for that frame meets the same and hears about it.
                _logger.info("%s: reading ahead stopped: %s", self._path, error)
                self._stretch = None
                return False
            if done.start >= done.keep_from:
                cache.put(done.start, frame)
            return True

    def _fetch(self, i: int) -> VideoFrame:
        """Frame `i` as decoded; indexes anew when the file contradicts its index."""
        self._check(i)
        frame = self._cache.get(i)  # reading ahead may just have brought it
        if frame is not None:
            return frame
        self._stretch = None  # the decoder goes elsewhere
        # What would have to leave again before frame i comes is not kept at all: the decoder can
        # then use its memory again instead of having the system hand out and clear fresh pages.
        first_kept = i - self._cache.capacity() + 1

        def keep(j: int, passed: VideoFrame) -> None:
            if j >= first_kept:
                self._cache.put(j, passed)

        try:
            return self._ready_decoder().decode(i, keep)
        except IndexMismatch:
            if self._index.from_packets:
                self._index_again()
            elif not self._distrust(i):
                raise InputError(
                    f"{self._path}: frame {i} cannot be decoded any more; did the file change?"
                ) from None
            return self._fetch(i)

    def _ready_decoder(self) -> Decoder:
        assert self._decoder is not None  # made by _use
        return self._decoder

    def _check(self, i: int) -> None:
        if self._closed:
            raise InputError(f"{self._path}: the clip was closed; open it again.")
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
        self._stretch = None
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
            rate = stream.average_rate or stream.guessed_rate
            codec, container = (
                stream.codec_context.codec.canonical_name,
                video.container.format.name,
            )
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

    def _is_as_indexed(self, index: FrameIndex, i: int, stored: NDArray[np.uint8]) -> bool:
        """Whether the pixels are those of the decoding pass; else distrust the seek point."""
        if index.from_packets:
            return True
        if checksum(stored) == int(index.checksums[i]):
            return True
        with self._turn.urgent():
            # From the start of the file there is nothing better to be had.
            return index is self._index and not self._distrust(i)

    def _distrust(self, i: int) -> bool:
        """Start earlier towards frame `i` from now on; False where that is impossible."""
        index = self._index.distrusting(i)
        if index is None:
            return False
        save_index(self._folder, self._clip_id, index)
        self._use(index)
        return True


def _rest(stretch: Stretch) -> Stretch | None:
    """The stretch without its first frame."""
    if stretch.start + 1 >= stretch.stop:
        return None
    return Stretch(stretch.start + 1, stretch.stop, stretch.keep_from)
