"""Decodes frames in one thread of its own: the newest request wins, idle time reads ahead.

Only this thread touches the clip's reader. A request that arrives while another is decoded replaces
any that still waits, so a drag through a long clip never queues up. Images made lately are kept and
answer at once. While a drag goes on, a frame far into a slow group of pictures may be stood in for
by the key frame before it; the exact frame follows when the drag ends.
"""

from __future__ import annotations

import sys
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QImage

from app import convert
from app.messages import details_of, sentence_of
from app.viewing import OpenedClip
from core.errors import CoreError, JobCancelled

IMAGE_BYTES = 128 * 2**20
"""Memory for converted frames, beside the reader's own cache of decoded ones."""
READ_AHEAD_PLAYING = 6
READ_AHEAD_IDLE = 2

_MOST_SPARES = 4
_OWN_REFERENCES = 3
"""Of a spare image: the list, the local name, and the argument that asks."""

OpenReader = Callable[..., Any]


@dataclass(frozen=True)
class Request:
    """A frame somebody wants."""

    serial: int
    clip_serial: int
    frame_idx: int
    exact: bool = True
    """False while dragging: a near key frame will do."""


@dataclass(frozen=True)
class LoadedFrame:
    """A decoded frame and what it answers."""

    request: Request
    frame_idx: int
    """What the image shows; differs from the request's only while dragging."""
    image: QImage


class FrameLoader(QObject):
    """Opens clips and decodes frames off the interface's thread.

    Signals:
        opened: Clip serial and OpenedClip. The canvas passes it to the session.
        failed: Clip serial, sentence, details: the clip cannot be opened.
        indexing: Clip serial, frames done, frames in all (0 unknown): a pass over the whole file.
        frame_ready: LoadedFrame. The canvas shows it.
        frame_failed: Frame index and sentence: this frame cannot be decoded.
    """

    opened = Signal(int, object)
    failed = Signal(int, str, str)
    indexing = Signal(int, int, int)
    frame_ready = Signal(object)
    frame_failed = Signal(int, str)

    def __init__(
        self,
        cache_bytes: int = 512 * 2**20,
        open_reader: OpenReader | None = None,
        parent: QObject | None = None,
    ) -> None:
        """Make a loader that has no clip yet.

        Args:
            cache_bytes: Memory for decoded frames, kept by the reader.
            open_reader: Opens a clip: path, cache folder, report, cancelled, cache bytes → reader.
            parent: Qt parent.
        """
        super().__init__(parent)
        self._open_reader = open_reader or _open_video
        self._cache_bytes = cache_bytes
        self._wake = threading.Condition()
        self._clip_serial = 0
        self._path: Path | None = None
        self._cache_folder: Path | None = None
        self._must_open = False
        self._request: Request | None = None
        self._serial = 0
        self._direction = 1
        self._ahead = 0
        self._is_playing = False
        self._ahead_direction = 0
        self._head = -1
        self._frames = 0
        self._closing = False
        self._images: OrderedDict[int, QImage] = OrderedDict()
        self._spares: list[QImage] = []
        self._thread: threading.Thread | None = None

    # Called from the interface's thread

    def open(self, path: Path | None, cache_folder: Path | None = None) -> int:
        """Turn to another clip, or to none; whatever was asked of the one before is void.

        Returns:
            The clip's serial, which its answers carry.
        """
        with self._wake:
            self._clip_serial += 1
            self._path, self._cache_folder = path, cache_folder
            self._must_open = True
            self._request = None
            self._frames = 0
            self._ahead_direction = 0
            self._head = -1
            self._images.clear()
            self._spares.clear()
            self._wake.notify()
        if self._thread is None and path is not None:
            self._thread = threading.Thread(target=self._run, name="frame-loader", daemon=True)
            self._thread.start()
        return self._clip_serial

    def request(self, frame_idx: int, exact: bool = True) -> None:
        """Ask for a frame; it replaces a request that still waits."""
        with self._wake:
            self._serial += 1
            if self._head >= 0 and frame_idx != self._head:
                self._direction = 1 if frame_idx > self._head else -1
            self._head = frame_idx
            request = Request(self._serial, self._clip_serial, frame_idx, exact)
            image = self._images.get(frame_idx)
            self._request = None if image is not None else request
            self._wake.notify()
        if image is not None:
            self.frame_ready.emit(LoadedFrame(request, frame_idx, image))

    def set_cache_bytes(self, cache_bytes: int) -> None:
        """Memory for decoded frames of clips opened from now on."""
        with self._wake:
            self._cache_bytes = cache_bytes

    def set_read_ahead(self, frames: int, is_playing: bool = False) -> None:
        """How many frames to keep ready beyond the last one asked for."""
        with self._wake:
            self._ahead = frames
            self._is_playing = is_playing
            self._wake.notify()

    def close(self) -> None:
        """Stop the thread and close the clip; returns when both are done."""
        with self._wake:
            self._closing = True
            self._clip_serial += 1
            self._wake.notify()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    # The thread

    def _run(self) -> None:
        reader: Any = None
        while True:
            with self._wake:
                self._wake.wait_for(self._has_work)
                if self._closing:
                    break
                must_open, self._must_open = self._must_open, False
                serial, path = self._clip_serial, self._path
                request, self._request = self._request, None
                turn, direction = self._turns_around(), self._reader_direction()
            if must_open:
                _close(reader)
                reader = self._open_clip(serial, path) if path is not None else None
            elif reader is None:
                continue
            else:
                if turn:
                    self._ahead_direction = direction
                    reader.read_ahead(direction)
                if request is not None:
                    self._serve(reader, request)
                elif not turn:
                    self._read_one_ahead(reader)
        _close(reader)

    def _has_work(self) -> bool:
        wants_frame = self._request is not None
        has_urgent = self._closing or self._must_open or wants_frame or self._turns_around()
        return has_urgent or self._next_ahead() is not None

    def _turns_around(self) -> bool:
        """Whether the reader should decode ahead another way than it does; lock held."""
        return self._frames > 0 and self._reader_direction() != self._ahead_direction

    def _reader_direction(self) -> int:
        """Which way the reader itself decodes ahead: playing, or going back through the clip.

        Forward steps come cheaply without it, and an idle window should not decode for nothing.
        """
        if self._ahead == 0:
            return 0
        return self._direction if self._is_playing or self._direction < 0 else 0

    def _next_ahead(self) -> int | None:
        """The first frame ahead that is not ready yet; called with the lock held."""
        if self._head < 0 or not self._frames:
            return None
        room = IMAGE_BYTES // 2 // max(self._image_bytes(), 1)
        for step in range(1, min(self._ahead, room) + 1):
            frame_idx = self._head + step * self._direction
            if 0 <= frame_idx < self._frames and frame_idx not in self._images:
                return frame_idx
        return None

    def _image_bytes(self) -> int:
        last = next(reversed(self._images.values()), None)
        return last.sizeInBytes() if last is not None else 0

    def _open_clip(self, serial: int, path: Path) -> Any:
        def is_stale() -> bool:
            return serial != self._clip_serial

        def report(progress: Any) -> None:
            self.indexing.emit(serial, progress.done, progress.total or 0)

        try:
            reader = self._open_reader(
                path, self._cache_folder, report, is_stale, self._cache_bytes
            )
            opened = describe(reader)
        except JobCancelled:
            return None
        except Exception as error:  # whatever a broken file does must reach the person
            self.failed.emit(serial, sentence_of(error), details_of(error))
            return None
        with self._wake:
            if serial == self._clip_serial:
                self._frames = opened.frames
        self.opened.emit(serial, opened)
        return reader

    def _serve(self, reader: Any, request: Request) -> None:
        frame_idx = request.frame_idx
        if not request.exact:
            frame_idx = reader.quick_frame(frame_idx)
        image = self._decode(reader, request.clip_serial, frame_idx)
        if image is not None:
            self.frame_ready.emit(LoadedFrame(request, frame_idx, image))

    def _read_one_ahead(self, reader: Any) -> None:
        with self._wake:
            frame_idx, serial = self._next_ahead(), self._clip_serial
        if frame_idx is not None and self._decode(reader, serial, frame_idx) is None:
            self.set_read_ahead(0)  # it cannot be decoded: do not try for ever

    def _decode(self, reader: Any, clip_serial: int, frame_idx: int) -> QImage | None:
        with self._wake:
            image = self._images.get(frame_idx) if clip_serial == self._clip_serial else None
        if image is not None:
            return image
        try:
            image = convert.image_from_rgb(*self._with_spare(reader.frame(frame_idx)))
        except (CoreError, OSError, ValueError) as error:
            self.frame_failed.emit(frame_idx, sentence_of(error))
            return None
        self._keep(clip_serial, frame_idx, image)
        if reader.info.frames != self._frames and clip_serial == self._clip_serial:
            self._describe_again(reader, clip_serial)
        return image

    def _describe_again(self, reader: Any, clip_serial: int) -> None:
        """Decoding has shown that the clip's packet times lied: it has another frame count."""
        opened = describe(reader)
        with self._wake:
            self._frames = opened.frames
            self._images.clear()
        self.opened.emit(clip_serial, opened)

    def _keep(self, clip_serial: int, frame_idx: int, image: QImage) -> None:
        with self._wake:
            if clip_serial != self._clip_serial:
                return
            self._images[frame_idx] = image
            while len(self._images) * image.sizeInBytes() > IMAGE_BYTES:
                self._spares.append(self._images.popitem(last=False)[1])
            del self._spares[:-_MOST_SPARES]

    def _with_spare(self, rgb: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], QImage | None]:
        """The frame and an image it may overwrite: dropped from memory and nowhere on show.

        8 MB of fresh pages a frame cost the system more than filling them; the same memory again
        costs nothing. Only the list itself may still hold the image.
        """
        with self._wake:
            for index in range(len(self._spares)):
                spare = self._spares[index]
                is_alike = (spare.height(), spare.width()) == rgb.shape[:2]
                if is_alike and sys.getrefcount(spare) <= _OWN_REFERENCES:
                    return rgb, self._spares.pop(index)
        return rgb, None


def describe(reader: Any) -> OpenedClip:
    """What the session needs to know of an opened clip."""
    info = reader.info
    size = f"{info.width}×{info.height}"
    what = {"folder": "image folder", "image": "image"}.get(info.kind, info.codec)
    clip = OpenedClip(
        info.frames, float(info.fps), info.width, info.height, f"{what}, {size}, {info.fps:.4g} fps"
    )
    if info.truncated:
        clip = replace(clip, warning=str(info.truncated))
    if info.vfr:
        clip = replace(clip, times_s=reader.times_s())
    return clip


def _open_video(
    path: Path, cache_folder: Path | None, report: Any, cancelled: Any, cache_bytes: int
) -> Any:
    # PyAV costs 0.2 s to import: not before a clip is opened, and not in the window's thread.
    from core.video.reader import VideoReader

    return VideoReader(path, cache_folder, report, cancelled, cache_bytes)


def _close(reader: Any) -> None:
    if reader is not None:
        reader.close()
