"""Opening a video file with PyAV: which stream, which settings, which sentence when it fails."""

from __future__ import annotations

from pathlib import Path

import av
from av.container import InputContainer
from av.error import FFmpegError
from av.packet import Packet
from av.stream import Discard, Disposition
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from core.errors import InputError

MAX_PIXELS = 8192 * 4352
"""Frames above 8K are refused by the decoder: a damaged header must not fill memory and hours."""

# What a damaged file makes PyAV raise: FFmpeg's errors; ValueError for an unknown codec;
# UnicodeDecodeError for a tag that is no text.
AV_ERRORS = (FFmpegError, ValueError, ArithmeticError, MemoryError)


class OpenVideo:
    """An open container and its video stream; one decoder, one position. Not thread-safe."""

    def __init__(self, path: Path, *, frame_threads: bool = False, origins: bool = False) -> None:
        """Open a file.

        Args:
            path: The file.
            frame_threads: Decode several frames at once: more frames a second in sequence, a
                slower first frame after a seek.
            origins: Let each frame say which packet it came from (see `origin_of`), and decode
                damage the same way every time: on one thread.

        Raises:
            InputError: If it is missing, empty, no video or has no decodable video stream.
        """
        self.path = path
        self.container = _open(path)
        try:
            self.stream = _pick_stream(self.container, path)
            context = self.stream.codec_context
            self.origins = origins
            if origins:
                # PyAV takes the interpreter's lock to let go of a packet's mark; a decoder thread
                # that wants it while the decoder is being flushed or closed would wait for ever.
                # And H.264 conceals damage only without slice threads: with them, what was in the
                # buffer before shows through, another picture every time.
                assert not frame_threads
                context.copy_opaque = True
                context.thread_count = 1
            context.options = {"max_pixels": str(MAX_PIXELS)}
            # SLICE is PyAV's own default: the first frame after a seek comes soonest.
            context.thread_type = "AUTO" if frame_threads else "SLICE"
            for other in self.container.streams:
                if other.index != self.stream.index:
                    other.discard = Discard.all
        except BaseException:
            self.container.close()
            raise

    def close(self) -> None:
        """Close the file; harmless when closed before."""
        self.container.close()


def mark_origin(packet: Packet, ordinal: int) -> None:
    """Let the frame that comes from a packet know the packet's number.

    A fresh list each time: PyAV finds marks by the identity of the object.
    """
    packet.opaque = [ordinal]


def origin_of(frame: VideoFrame) -> int | None:
    """The number of the packet a frame came from, where the decoder tells."""
    mark = frame.opaque
    return mark[0] if isinstance(mark, list) else None


def _open(path: Path) -> InputContainer:
    if not path.exists():
        raise InputError(f"{path}: there is no such file; check the path.")
    try:
        if path.stat().st_size == 0:
            raise InputError(f"{path}: the file is empty.")
        with path.open("rb"):  # a permission error names itself better here than in FFmpeg
            pass
        # "file:" keeps FFmpeg from reading a name like "a:b.mp4" as a protocol.
        return av.open(f"file:{path}", mode="r", metadata_errors="replace")
    except OSError as error:
        if isinstance(error, PermissionError):
            raise InputError(f"{path}: may not be read (permission denied).") from error
        raise InputError(f"{path}: cannot be read ({error.strerror}).") from error
    except AV_ERRORS as error:
        raise InputError(_not_a_video(path)) from error


def _not_a_video(path: Path) -> str:
    if _is_mp4_without_index(path):
        return (
            f"{path}: the recording was cut off before its index (moov) was written, "
            "so nothing in it can be found; recover it with a repair tool or record it again."
        )
    return f"{path}: is not a video this program can open, or its header is damaged."


def _is_mp4_without_index(path: Path) -> bool:
    with path.open("rb") as file:
        head = file.read(12)
    return len(head) >= 8 and head[4:8] in (b"ftyp", b"mdat", b"wide", b"free")


def _pick_stream(container: InputContainer, path: Path) -> VideoStream:
    """The first video stream that is no cover picture and has a decoder."""
    streams = [s for s in container.streams.video if not s.disposition & Disposition.attached_pic]
    if not streams:
        if container.streams.audio:
            raise InputError(f"{path}: holds sound but no picture; give a video.")
        raise InputError(f"{path}: holds no video stream; give a video.")
    for stream in streams:
        if stream.codec_context is not None:
            return stream
    raise InputError(f"{path}: its video codec is unknown here; convert it to H.264 first.")
