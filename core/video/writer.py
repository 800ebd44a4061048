"""Writing a clip: H.264 in MP4, sound of another clip's range taken along.

The file is written under a temporary name beside the target and renamed when it is whole; whatever
goes wrong, no half file stays. H.264 with 4:2:0 colour needs even sides: an odd picture is padded
by repeating its last column or row, and `encoded_size` says so.
"""

from __future__ import annotations

import contextlib
import errno
import math
import os
import uuid
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import cast

import av
import numpy as np
from av.error import FFmpegError
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from numpy.typing import NDArray

from core.errors import InputError, ResourceError
from core.video.audio import AudioRange

_CONTAINERS = {".mp4": "mp4", ".m4v": "mp4", ".mov": "mov", ".mkv": "matroska"}
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_BT709, _LIMITED = 1, 1  # AVCOL_*_BT709 and AVCOL_RANGE_MPEG


class VideoWriter:
    """A clip being written. Use it in a `with` block: an error inside leaves no file behind."""

    def __init__(
        self,
        path: Path | str,
        width: int,
        height: int,
        fps: Fraction | float,
        quality: int = 20,
        audio_from: tuple[Path, float, float] | None = None,
    ) -> None:
        """Open the file.

        Args:
            path: Ends in .mp4, .m4v, .mov or .mkv; an existing file is replaced at `close`.
            width: Of the frames to come, pixels.
            height: Likewise.
            fps: Frames a second; 29.97 and its kin are taken as 30000/1001.
            quality: Constant rate factor of x264, 0 (lossless) … 51; 20 is visually clean.
            audio_from: (clip, start_s, stop_s): sound to take along, seconds from that clip's
                first frame. A clip without sound gives a silent file.

        Raises:
            InputError: For an unknown file ending, a rate or a size that cannot be.
            ResourceError: If the place cannot be written.
        """
        self.path = Path(path)
        self._check(width, height, float(fps), quality)
        self.frames = 0
        self._size = width, height
        self._rate = _rate(fps)
        # About 60,000 ticks a second: fine enough for varying times, every frame of the constant
        # rate falls on a tick, and within the 16 bits that MPEG-4 has for it.
        self._time_base = Fraction(
            1, self._rate.numerator * max(1, round(60_000 / self._rate.numerator))
        )
        self._last_tick = -1
        self._part = self.path.with_name(
            f".{self.path.stem}.{uuid.uuid4().hex[:8]}.part{self.path.suffix}"
        )
        self._closed = False
        self._audio: AudioRange | None = None
        with self._cleaned_up():
            self._container = av.open(
                f"file:{self._part}", "w", format=_CONTAINERS[self.path.suffix.lower()]
            )
            self._stream = self._add_stream(quality)
            if audio_from is not None and _has_sound(audio_from[0]):
                self._audio = AudioRange(self._container, *audio_from)
            self._container.start_encoding()

    @property
    def encoded_size(self) -> tuple[int, int]:
        """Width and height in the file: the frames' own, rounded up to even."""
        return self._size[0] + self._size[0] % 2, self._size[1] + self._size[1] % 2

    def write(self, rgb: NDArray[np.uint8], time_s: float | None = None) -> None:
        """Append a frame.

        Args:
            rgb: (H, W, 3) uint8 of the size given at the start.
            time_s: When it is shown, seconds from the start, for clips of varying rate; by default
                one frame interval after the one before.

        Raises:
            ValueError: If the shape or type is wrong.
            ResourceError: If the disk is full or the place has gone.
        """
        if rgb.shape != (self._size[1], self._size[0], 3) or rgb.dtype != np.uint8:
            raise ValueError(f"a frame is {self._size[1]}×{self._size[0]}×3 uint8, not {rgb.shape}")
        with self._cleaned_up():
            frame = self._yuv(rgb)
            frame.pts, frame.time_base = self._tick(time_s), self._time_base
            self._last_tick = frame.pts
            self._container.mux(self._stream.encode(frame))
            self.frames += 1
            self._mux_audio(float(frame.pts * self._time_base))

    def close(self) -> None:
        """Finish the file and give it its name; harmless when closed before.

        Raises:
            InputError: If no frame was written.
            ResourceError: If the disk is full or the place has gone.
        """
        if self._closed:
            return
        with self._cleaned_up():
            if not self.frames:
                raise InputError(f"{self.path}: no frame was written, so there is no clip.")
            self._container.mux(self._stream.encode(None))
            self._mux_audio(float((self._last_tick + self._step) * self._time_base))
            self._container.close()
            self._part.replace(self.path)
        self._closed = True
        self._close_audio()

    def abort(self) -> None:
        """Give up: close and remove the temporary file. What the target held before stays."""
        if self._closed:
            return
        self._closed = True
        self._close_audio()
        # The container may fail once more on its way out (the disk is still full); what it has
        # to say was said already.
        with contextlib.suppress(FFmpegError, OSError, ValueError):
            if hasattr(self, "_container"):
                self._container.close()
        with contextlib.suppress(OSError):
            self._part.unlink(missing_ok=True)

    def __enter__(self) -> VideoWriter:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is None:
            self.close()
        else:
            self.abort()

    @property
    def _step(self) -> int:
        return round(1 / (self._rate * self._time_base))

    def _tick(self, time_s: float | None) -> int:
        """The frame's time in ticks, after the one before."""
        if time_s is None:
            return 0 if self._last_tick < 0 else self._last_tick + self._step
        return max(self._last_tick + 1, round(time_s / self._time_base))

    def _check(self, width: int, height: int, fps: float, quality: int) -> None:
        if self.path.suffix.lower() not in _CONTAINERS:
            known = ", ".join(_CONTAINERS)
            raise InputError(f"{self.path}: videos are written as {known}; choose one of these.")
        if not self.path.parent.is_dir():
            raise ResourceError(f"{self.path.parent}: there is no such folder to write to.")
        if self.path.is_dir():
            raise ResourceError(f"{self.path}: is a folder; give the name of a file.")
        if width < 1 or height < 1 or max(width, height) > 16384:
            raise InputError(f"{self.path}: no video can be {width}×{height} pixels.")
        if not (math.isfinite(fps) and 0.01 <= fps <= 1000.0):
            raise InputError(f"{self.path}: {fps} frames a second cannot be written.")
        if not 0 <= quality <= 51:
            raise InputError(f"{self.path}: quality is 0 (lossless) … 51, not {quality}.")

    def _add_stream(self, quality: int) -> VideoStream:
        stream = cast(VideoStream, self._container.add_stream(_encoder(), rate=self._rate))
        context = stream.codec_context
        if context.codec.name == "libx264":
            context.options = {"crf": str(quality), "preset": "fast"}
        else:  # a fixed quantiser, 2 … 31, roughly as good
            context.qmin = context.qmax = min(31, max(2, quality // 4))
        context.width, context.height = self.encoded_size
        context.pix_fmt = "yuv420p"
        context.time_base = self._time_base
        context.gop_size = max(1, round(2 * self._rate))  # a key frame every 2 s: quick seeking
        context.color_range = _LIMITED
        context.colorspace = context.color_primaries = context.color_trc = _BT709
        return stream

    def _yuv(self, rgb: NDArray[np.uint8]) -> VideoFrame:
        right, below = self._size[0] % 2, self._size[1] % 2
        if right or below:
            rgb = np.pad(rgb, ((0, below), (0, right), (0, 0)), mode="edge")
        frame = VideoFrame.from_ndarray(np.ascontiguousarray(rgb), format="rgb24")
        return frame.reformat(
            format="yuv420p", dst_colorspace="ITU709", dst_color_range="MPEG", threads=1
        )

    def _mux_audio(self, time_s: float) -> None:
        """Write the sound up to here, so that the file stays interleaved."""
        if self._audio is not None:
            for packet in self._audio.until(time_s):
                self._container.mux(packet)

    def _close_audio(self) -> None:
        if self._audio is not None:
            self._audio.close()

    @contextlib.contextmanager
    def _cleaned_up(self) -> Iterator[None]:
        """On any error remove the temporary file; say what the machine lacks in one sentence."""
        try:
            yield
        except (FFmpegError, OSError) as error:
            self.abort()
            raise ResourceError(_sentence(self.path, error)) from error
        except BaseException:
            self.abort()
            raise


def _encoder() -> str:
    """x264, or MPEG-4 Part 2 in builds of FFmpeg without it."""
    return "libx264" if "libx264" in av.codecs_available else "mpeg4"


def _rate(fps: Fraction | float) -> Fraction:
    """The exact rate: 23.976, 29.97, 59.94, … mean 1000/1001 of a whole number."""
    if isinstance(fps, float):
        ntsc = Fraction(round(fps * 1.001) * 1000, 1001)
        if abs(float(ntsc) / fps - 1.0) < 2e-5:
            return ntsc
    return Fraction(fps).limit_denominator(1001)


def _has_sound(path: Path) -> bool:
    """Whether a clip has a sound stream; a folder of pictures has none."""
    if not path.is_file():
        return False
    try:
        with av.open(f"file:{path}", metadata_errors="replace") as source:
            return any(s.codec_context is not None for s in source.streams.audio)
    except (FFmpegError, ValueError):
        return False


def _sentence(path: Path, error: Exception) -> str:
    number = getattr(error, "errno", None)
    if number in _FULL:
        return f"{path}: the disk is full; free some space and try again (nothing was written)."
    if number in (errno.EACCES, errno.EPERM, errno.EROFS):
        return f"{path}: may not be written here; choose another place."
    reason = getattr(error, "strerror", None) or os.strerror(number or errno.EIO)
    return f"{path}: cannot be written ({reason})."
