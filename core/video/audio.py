"""The sound of a clip's range, taken along into a new file.

Packets are copied as they are where MP4 can hold the codec, else decoded and encoded as AAC. Sound
is cut at packet boundaries (about 20 ms) and keeps its place against the picture: times are
seconds from the clip's first video frame.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Generator, Iterator
from fractions import Fraction
from pathlib import Path

import av
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.packet import Packet

from core.errors import InputError
from core.video.container import AV_ERRORS

_logger = logging.getLogger("lineament.video")
_COPIED = frozenset({"aac", "mp3", "ac3", "eac3", "opus", "alac"})
_LEAD_S = 0.5
"""Seeking aims this much early: sound packets lie some way from the picture they belong to."""


class AudioRange:
    """The sound of one range of one clip, packet by packet in time order."""

    def __init__(self, output: OutputContainer, path: Path, start_s: float, stop_s: float) -> None:
        """Open the clip and add a sound stream to `output`.

        Args:
            output: Not yet written to.
            path: A clip with sound (see `has_audio`).
            start_s: Start of the range, seconds from the clip's first video frame.
            stop_s: Its end.

        Raises:
            InputError: If the clip has no sound that can be read.
        """
        try:
            self._source = av.open(f"file:{path}", metadata_errors="replace")
        except (*AV_ERRORS, OSError) as error:
            raise InputError(f"{path}: its sound cannot be read ({error}).") from error
        streams = [s for s in self._source.streams.audio if s.codec_context is not None]
        if not streams:
            self._source.close()
            raise InputError(f"{path}: has no sound that can be read.")
        self._input = streams[0]
        self._base = self._input.time_base or Fraction(1, self._input.codec_context.sample_rate)
        self._duration_s = stop_s - start_s
        self._zero_s = _video_start_s(self._source) + start_s
        self.copies = self._input.codec_context.codec.name in _COPIED
        if self.copies:
            self._output = output.add_stream_from_template(self._input)
        else:
            self._output = output.add_stream("aac", rate=self._input.codec_context.sample_rate)
            self._output.layout = self._input.codec_context.layout.name
        self._packets = self._make_packets()
        self._waiting: tuple[float, Packet] | None = None

    def until(self, time_s: float) -> Iterator[Packet]:
        """The packets to be written that start before `time_s` of the new file."""
        while True:
            if self._waiting is None:
                self._waiting = next(self._packets, None)
            if self._waiting is None or self._waiting[0] >= time_s:
                return
            packet, self._waiting = self._waiting[1], None
            yield packet

    def close(self) -> None:
        """Close the clip."""
        self._packets.close()
        self._source.close()

    def _make_packets(self) -> Generator[tuple[float, Packet], None, None]:
        """Start time in the new file and packet."""
        with _logged("sound"):
            self._source.seek(max(0, int((self._zero_s - _LEAD_S) * av.time_base)))
        yield from self._copied() if self.copies else self._encoded()

    def _in_range(self) -> Iterator[tuple[float, Packet[AudioStream]]]:
        with _logged("sound"):
            for packet in self._source.demux(self._input):
                if packet.pts is None or not packet.size:
                    continue
                time_s = float(packet.pts * self._base) - self._zero_s
                if time_s >= self._duration_s:
                    return
                if time_s >= 0.0:
                    yield time_s, packet

    def _copied(self) -> Iterator[tuple[float, Packet]]:
        shift = round(self._zero_s / self._base)
        for time_s, packet in self._in_range():
            packet.pts = packet.dts = (packet.pts or 0) - shift
            packet.stream = self._output
            yield time_s, packet

    def _encoded(self) -> Iterator[tuple[float, Packet]]:
        rate = self._input.codec_context.sample_rate
        resampler = av.AudioResampler("fltp", self._input.codec_context.layout.name, rate)
        position: int | None = None  # samples written; sound may start a little after the picture
        for time_s, packet in self._in_range():
            for part in _decoded(packet, resampler):
                position = round(time_s * rate) if position is None else position
                part.pts, part.time_base = position, Fraction(1, rate)
                position += part.samples
                yield from self._encode(part, time_s)
        yield from self._encode(None, self._duration_s)

    def _encode(self, frame: AudioFrame | None, time_s: float) -> Iterator[tuple[float, Packet]]:
        for packet in self._output.encode(frame):
            yield time_s, packet


def _video_start_s(source: av.container.InputContainer) -> float:
    """When the first picture is shown, on the file's own clock."""
    for stream in source.streams.video:
        if stream.start_time is not None and stream.time_base is not None:
            return float(Fraction(stream.start_time) * stream.time_base)
    return 0.0


def _decoded(packet: Packet[AudioStream], resampler: av.AudioResampler) -> list[AudioFrame]:
    parts: list[AudioFrame] = []
    with _logged("a sound packet"):
        for frame in packet.decode():
            parts += resampler.resample(frame)
    return parts


@contextlib.contextmanager
def _logged(what: str) -> Iterator[None]:
    """Damaged sound is left out and logged: the picture matters more."""
    try:
        yield
    except av.error.FFmpegError as error:
        _logger.info("%s could not be read: %s", what, error)
