"""One position in a video file: seek to a frame, then take frames one after the other.

After a seek the demuxer stands *somewhere* near the wanted key packet. Packets are dropped until
that very packet (recognised by size and checksum) appears; decoding starts there and nowhere else,
so the same frame always comes from the same bytes, whatever the container's seek is worth.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from av.packet import Packet
from av.video.frame import VideoFrame

from core.video.container import AV_ERRORS, OpenVideo, mark_origin, origin_of
from core.video.index import NO_TIME, FrameIndex
from core.video.indexing import decode_packet, drain, packet_crc, packets

_BYTE_SEEK = frozenset("h264 hevc m4v mpegvideo obu av1 mpeg mpegts vc1 dirac".split())
"""Formats in which a packet can be found by its byte position."""

_WAYS = ("pts", "dts", "pos", "start")
"""Ways to a key packet: seek to one of its times or its byte, or read the file from its start."""


class IndexMismatch(Exception):
    """Decoding contradicts the index: a frame too many, too few or with an unknown time."""


class Decoder:
    """Decodes frames by index. Not thread-safe."""

    def __init__(self, path: Path, index: FrameIndex, *, frame_threads: bool = False) -> None:
        # The decoding pass ran without frame threads; damaged streams decode alike only so.
        self._how = {
            "frame_threads": frame_threads and index.from_packets,
            "origins": not index.from_packets,
        }
        self._path = path
        self._index = index
        self._video = OpenVideo(path, **self._how)
        self._frames: Iterator[tuple[int, VideoFrame]] = iter(())
        self._next = -1
        self._started = 0  # the frame decoding began at; those in its warm-up are not kept
        self._way = "pts"  # the way of seeking that worked last

    def close(self) -> None:
        """Close the file."""
        self._frames = iter(())
        self._video.close()

    def decode(self, i: int, keep: Callable[[int, VideoFrame], None] | None = None) -> VideoFrame:
        """Frame `i`; frames passed on the way are given to `keep`.

        Raises:
            IndexMismatch: If the file decodes otherwise than its index says.
        """
        try:
            if not self._on_the_way_to(i):
                self._start_at(self._index.seek_point(i))
            for j, frame in self._frames:
                self._next = j + 1
                if keep is not None and self._index.start_of(j) >= self._started:
                    keep(j, frame)
                if j == i:
                    return frame
                if j > i:
                    break
        except IndexMismatch:
            self._next = -1
            raise
        self._next = -1
        raise IndexMismatch(f"the decoder did not give frame {i}")

    def _on_the_way_to(self, i: int) -> bool:
        """Whether going on is no slower than seeking."""
        return 0 <= self._next <= i and (self._next == i or self._index.start_of(i) <= self._next)

    def _start_at(self, number: int) -> None:
        """Stand before the seek point's frame."""
        point = self._index.seek_points[number]
        for way in (self._way, *(w for w in _WAYS if w != self._way)):
            stream = self._packets_from(point, way)
            first = next(stream, None)
            if first is not None:
                if way != "start":
                    self._way = way
                self._next = self._started = int(point["frame"])
                self._frames = self._number(point, self._decode(first, stream))
                return
        self._next = -1
        raise IndexMismatch(f"packet {int(point['ordinal'])} is not in the file any more")

    def _packets_from(self, point: np.void, way: str) -> Iterator[Packet]:
        """The packets from the seek point's own on; none if this way does not lead there."""
        if not self._seek(point, way):
            return
        found = False
        ordinal = int(point["ordinal"])
        try:
            for packet in packets(self._video):
                if not found:
                    found = self._is_packet(packet, point)
                    if not found and (not packet.size or _is_past(packet, point)):
                        return
                if found:
                    if packet.size:
                        if self._video.origins:
                            mark_origin(packet, ordinal)
                        ordinal += 1
                    yield packet
        except AV_ERRORS:
            return

    def _is_packet(self, packet: Packet, point: np.void) -> bool:
        if packet.size != int(point["size"]) or packet_crc(packet) != int(point["crc"]):
            return False
        # Pictures may repeat. Trusted times are unique; else the byte position decides, and should
        # that be unknown, the frame's checksum will.
        if self._index.from_packets:
            return packet.pts == int(point["pts"])
        return packet.pos is None or point["pos"] in (NO_TIME, packet.pos)

    def _seek(self, point: np.void, way: str) -> bool:
        """Move the demuxer; False where this way cannot be gone."""
        if way == "start":
            self._video.close()
            self._video = OpenVideo(self._path, **self._how)
            return True
        target = int(point[way])
        by_byte = way == "pos"
        if target == NO_TIME or (by_byte and self._video.container.format.name not in _BYTE_SEEK):
            return False
        try:
            self._video.container.seek(
                target, stream=self._video.stream, unsupported_byte_offset=by_byte
            )
        except AV_ERRORS:
            return False
        return True

    def _decode(self, first: Packet, rest: Iterator[Packet]) -> Iterator[VideoFrame | None]:
        """Decoded frames; None where decoding failed."""
        yield from decode_packet(first)
        ended = False
        for packet in rest:
            yield from decode_packet(packet)
            ended = not packet.size
        if not ended:
            yield from drain(self._video)

    def _number(
        self, point: np.void, frames: Iterator[VideoFrame | None]
    ) -> Iterator[tuple[int, VideoFrame]]:
        if self._index.from_packets:
            return self._number_by_time(point, frames)
        if len(self._index.origins):
            return self._number_by_origin(frames)
        return self._number_by_count(frames)

    def _number_by_time(
        self, point: np.void, frames: Iterator[VideoFrame | None]
    ) -> Iterator[tuple[int, VideoFrame]]:
        expected = int(point["frame"])
        for frame in frames:
            if frame is None or frame.is_corrupt or frame.pts is None:
                raise IndexMismatch("a packet does not decode")
            i = self._index.find(frame.pts)
            if 0 <= i < expected and expected == int(point["frame"]):
                continue  # a leading picture of an open GOP: it belongs to the GOP before
            if i != expected:
                raise IndexMismatch(f"time {frame.pts} came where frame {expected} was due")
            yield i, frame
            expected += 1

    def _number_by_origin(
        self, frames: Iterator[VideoFrame | None]
    ) -> Iterator[tuple[int, VideoFrame]]:
        for frame in frames:
            origin = origin_of(frame) if frame is not None else None
            i = self._index.by_origin.get(origin, -1) if origin is not None else -1
            if frame is not None and i >= 0:
                yield i, frame

    def _number_by_count(
        self, frames: Iterator[VideoFrame | None]
    ) -> Iterator[tuple[int, VideoFrame]]:
        yield from enumerate(frame for frame in frames if frame is not None)


def _is_past(packet: Packet, point: np.void) -> bool:
    """Whether a packet surely lies behind the wanted one."""
    if packet.pts is not None and point["pts"] != NO_TIME:
        return packet.is_keyframe and packet.pts > int(point["pts"])
    if packet.pos is not None and point["pos"] != NO_TIME:
        return packet.pos > int(point["pos"])
    return False
