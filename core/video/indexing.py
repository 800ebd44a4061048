"""Building a frame index: from packet times where they can be trusted, else by decoding once."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
from av.packet import Packet
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from core.errors import InputError
from core.progress import Cancelled, Progress, Report, check, ignore, never
from core.video.container import AV_ERRORS, OpenVideo, mark_origin, origin_of
from core.video.index import NO_TIME, SEEK_DTYPE, FrameIndex
from core.video.orientation import checksum, rgb_of

# Codecs whose packets give one shown frame each in a healthy file. Others (VP8's hidden reference
# frames, GIF's canvases, …) are indexed by decoding.
_ONE_FRAME_A_PACKET = frozenset(
    "h264 hevc av1 vp9 mpeg1video mpeg2video mpeg4 mjpeg ffv1 prores dnxhd rawvideo png".split()
)
_REPORT_EVERY = 256


def build_index(
    path: Path, report: Report = ignore, cancelled: Cancelled = never, *, decode: bool = False
) -> FrameIndex:
    """Index a video file.

    Args:
        path: The file.
        report: Told about packets or frames indexed.
        cancelled: Asked between packets.
        decode: Decode everything even where packet times could be trusted.

    Raises:
        InputError: If the file does not open or not one frame decodes.
        JobCancelled: If the person has asked to stop.
    """
    if not decode:
        index = _index_packets(path, report, cancelled)
        if index is not None:
            return index
    return _index_decoded(path, report, cancelled)


def packet_crc(packet: Packet) -> int:
    """A packet's checksum; with its size it recognises the packet after a seek."""
    return zlib.crc32(packet)


def _time(value: int | None) -> int:
    return int(NO_TIME) if value is None else value


def _seek_row(frame: int, ordinal: int, packet: Packet) -> tuple[int, ...]:
    times = (_time(packet.pts), _time(packet.dts), _time(packet.pos))
    return (frame, ordinal, *times, packet.size, packet_crc(packet))


def packets(video: OpenVideo) -> Iterator[Packet]:
    """The packets in file order, then an empty one; marked with their ordinals if `video.origins`.

    Raises:
        av.error.FFmpegError: If the container breaks off.
    """
    ordinal = 0
    for packet in video.container.demux(video.stream):
        if packet.size:
            if video.origins:
                mark_origin(packet, ordinal)
            ordinal += 1
        elif packet.dts is not None:
            continue  # an empty sample; the decoder would take it for the end of the stream
        yield packet


def _is_trusted_kind(video: OpenVideo) -> bool:
    """Whether this container and codec state true presentation times, one frame a packet."""
    context = video.stream.codec_context
    if context.codec.canonical_name not in _ONE_FRAME_A_PACKET:
        return False
    # AVI knows no presentation times: with B-frames FFmpeg can only guess them.
    return not (video.container.format.name == "avi" and context.has_b_frames)


def _index_packets(path: Path, report: Report, cancelled: Cancelled) -> FrameIndex | None:
    """The index by packet times, or None where they cannot be trusted."""
    video = OpenVideo(path)
    try:
        if not _is_trusted_kind(video):
            return None
        time_base = video.stream.time_base
        declared = video.stream.frames
        pts: list[int] = []
        keys: list[tuple[int, ...]] = []
        duration = 0
        for packet in packets(video):
            check(cancelled)
            if not packet.size:
                break
            if packet.pts is None or packet.is_discard or packet.is_corrupt:
                return None
            if packet.is_keyframe:
                keys.append(_seek_row(0, len(pts), packet))
            elif not pts:
                return None
            # Frames before the first key frame's own time are leading pictures of an open GOP
            # whose references were cut away: the decoder drops some of them.
            if pts and packet.pts <= pts[0]:
                return None
            pts.append(packet.pts)
            duration = packet.duration or duration
            if len(pts) % _REPORT_EVERY == 0:
                report(Progress("index", len(pts), declared or None))
    except AV_ERRORS:
        return None
    finally:
        video.close()
    ordered = np.sort(np.array(pts, dtype=np.int64))
    if len(ordered) == 0 or time_base is None or (np.diff(ordered) == 0).any():
        return None
    if declared > len(pts):  # a header that promises more: cut short, or wrong; decoding tells
        return None
    points = np.array(keys, dtype=SEEK_DTYPE)
    points["frame"] = np.searchsorted(ordered, points["pts"])
    return FrameIndex(
        pts=ordered,
        time_base=time_base,
        last_duration=duration or _median_step(ordered),
        seek_points=_increasing(points),
        checksums=np.zeros(0, dtype=np.uint32),
        origins=np.zeros(0, dtype=np.int64),
    )


def _median_step(pts: NDArray[np.int64]) -> int:
    return int(np.median(np.diff(pts))) if len(pts) > 1 else 1


def _increasing(points: NDArray[np.void]) -> NDArray[np.void]:
    """The seek points that lead further than all before them in file order."""
    frames = points["frame"]
    before = np.maximum.accumulate(np.concatenate([[-1], frames[:-1]]))
    return points[frames > before]


class _Pass:
    """What one decoding pass has seen so far."""

    def __init__(self) -> None:
        self.pts: list[int | None] = []
        self.origins: list[int | None] = []  # ordinal of the packet each frame came from
        self.checksums: list[int] = []
        self.keys: dict[int, tuple[int, ...]] = {}
        self.first: tuple[int, ...] | None = None
        self.size: tuple[int, int] | None = None  # of the first frame
        self.packets = 0
        self.errors = 0
        self.corrupt = 0
        self.duration = 0

    def add_packet(self, packet: Packet) -> None:
        row = None
        if packet.is_keyframe or self.first is None:
            row = _seek_row(0, self.packets, packet)
        if self.first is None:
            self.first = row
        if row is not None and packet.is_keyframe:
            self.keys[self.packets] = row
        self.packets += 1
        self.duration = packet.duration or self.duration

    def damage(self) -> str | None:
        """What went wrong, in words."""
        errors = f"{self.errors} packets could not be decoded" if self.errors else ""
        corrupt = f"{self.corrupt} frames are damaged" if self.corrupt else ""
        return ", ".join(filter(None, (errors, corrupt))) or None

    def add_frame(self, frame: VideoFrame) -> None:
        self.corrupt += frame.is_corrupt
        self.pts.append(frame.pts)
        self.origins.append(origin_of(frame))
        self.size = self.size or (frame.width, frame.height)
        self.checksums.append(checksum(rgb_of(frame, self.size)))


def _index_decoded(path: Path, report: Report, cancelled: Cancelled) -> FrameIndex:
    video = OpenVideo(path, origins=True)
    seen = _Pass()
    damage: str | None = None
    try:
        time_base = video.stream.time_base or Fraction(1, 90000)
        rate = video.stream.average_rate or video.stream.guessed_rate or Fraction(25)
        declared = video.stream.frames
        try:
            for packet in packets(video):
                check(cancelled)
                if packet.size:
                    seen.add_packet(packet)
                for frame in decode_packet(packet):
                    if frame is None:
                        seen.errors += 1
                        continue
                    seen.add_frame(frame)
                    report(Progress("index", len(seen.pts), declared or None))
        except AV_ERRORS as error:
            damage = f"reading stopped ({error})"
            for frame in drain(video):
                seen.add_frame(frame)
    finally:
        video.close()
    if not seen.pts:
        raise InputError(f"{path}: not one frame can be decoded; the file is damaged.")
    return _assemble(seen, time_base, rate, damage)


def decode_packet(packet: Packet) -> Iterator[VideoFrame | None]:
    """The frames a packet releases; None stands for a decoding error."""
    try:
        yield from packet.decode()
    except AV_ERRORS:
        yield None


def drain(video: OpenVideo) -> list[VideoFrame]:
    """The frames still inside the decoder after the container broke off."""
    try:
        return video.stream.codec_context.decode(None)
    except (*AV_ERRORS, EOFError):
        return []


def _assemble(seen: _Pass, time_base: Fraction, rate: Fraction, damage: str | None) -> FrameIndex:
    times = [NO_TIME if t is None else t for t in seen.pts]
    pts = np.array(times, dtype=np.int64)
    if (pts == NO_TIME).any() or (np.diff(pts) <= 0).any():
        step = max(1, round(1 / (rate * time_base)))
        pts = np.arange(len(times), dtype=np.int64) * step
    if damage is None:
        damage = seen.damage()
    origins = _origins(seen)
    return FrameIndex(
        pts=pts,
        time_base=time_base,
        last_duration=seen.duration or _median_step(pts),
        seek_points=_decoded_seek_points(seen, origins),
        checksums=np.array(seen.checksums, dtype=np.uint32),
        origins=origins,
        damage=damage,
    )


def _origins(seen: _Pass) -> NDArray[np.int64]:
    """The packet of each frame; empty unless every frame names one of its own."""
    named = [ordinal for ordinal in seen.origins if ordinal is not None]
    whole = len(set(named)) == len(seen.origins)
    return np.array(named if whole else [], dtype=np.int64)


def _decoded_seek_points(seen: _Pass, origins: NDArray[np.int64]) -> NDArray[np.void]:
    """The start of the file and the key packets whose own frame was shown."""
    assert seen.first is not None  # frames came out, so a packet went in
    rows = [seen.first]
    for frame, ordinal in enumerate(origins.tolist()):
        if frame and ordinal in seen.keys:
            rows.append((frame, *seen.keys[ordinal][1:]))
    points = np.array(rows, dtype=SEEK_DTYPE)
    # File order and presentation order must agree, or a frame could lie before its seek point.
    ordered = points["ordinal"] > np.maximum.accumulate(np.r_[-1, points["ordinal"][:-1]])
    return points[ordered]
