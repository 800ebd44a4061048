"""Clips made on the spot: every frame shows its own number, so a wrong frame names itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

BITS = 10


def picture(number: int, width: int = 64, height: int = 48) -> np.ndarray:
    """A picture (H, W, 3) that shows `number` as ten black or white columns over a moving dot."""
    image = np.full((height, width, 3), 90, np.uint8)
    image[..., 0] += np.linspace(0, 60, width).astype(np.uint8)
    for bit in range(BITS):
        x = 2 + bit * (width - 4) // BITS
        image[4 : height // 2, x : x + (width - 4) // BITS] = 255 if number >> bit & 1 else 0
    x, y = (number * 5) % (width - 8), height // 2 + 2 + (number * 3) % (height // 2 - 10)
    image[y : y + 6, x : x + 6] = (250, 40, 40)
    return image


def number_of(rgb: np.ndarray) -> int:
    """The number a picture shows, whatever the codec did to it."""
    height, width = rgb.shape[:2]
    half = (width - 4) // BITS // 2
    columns = [2 + bit * (width - 4) // BITS + half for bit in range(BITS)]
    strip = rgb[6 : height // 2 - 2, :, 1].astype(int)
    return sum(1 << bit for bit, x in enumerate(columns) if strip[:, x].mean() > 128)


def write_clip(
    path: Path,
    frames: int = 40,
    codec: str = "libx264",
    *,
    size: tuple[int, int] = (64, 48),
    pix_fmt: str = "yuv420p",
    rate: int = 25,
    gop: int = 10,
    options: dict[str, str] | None = None,
    pts: Sequence[int] | None = None,
    container: str | None = None,
    container_options: dict[str, str] | None = None,
    sound: bool = False,
    rotation: tuple[int, bool, bool] | None = None,
    color_range: int | None = None,
    draw: Callable[[int], np.ndarray] | None = None,
) -> Path:
    """Encode numbered pictures with PyAV; `pts` are in thousandths of a second."""
    with av.open(
        str(path), "w", format=container, container_options=container_options or {}
    ) as output:
        stream = output.add_stream(codec, rate=rate, options=options or {})
        stream.width, stream.height, stream.pix_fmt = *size, pix_fmt
        stream.codec_context.gop_size = gop
        if pts is not None:
            stream.codec_context.time_base = Fraction(1, 1000)
        if color_range is not None:
            stream.codec_context.color_range = color_range
        if rotation is not None:
            stream.set_display_rotation(rotation[0], hflip=rotation[1], vflip=rotation[2])
        audio = output.add_stream("aac", rate=16000) if sound else None
        if audio is not None:
            audio.layout = "mono"
        for k in range(frames):
            rgb = draw(k) if draw else picture(k, *size)
            frame = av.VideoFrame.from_ndarray(rgb, format="rgb24").reformat(
                format=pix_fmt, dst_color_range="JPEG" if color_range == 2 else None
            )
            if pts is not None:
                frame.pts, frame.time_base = pts[k], Fraction(1, 1000)
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
        if audio is not None:
            _write_tone(output, audio, frames / rate)
    return path


def _write_tone(output, audio, seconds: float) -> None:
    samples = np.arange(int(16000 * seconds), dtype=np.float32)
    tone = (0.3 * np.sin(samples * 2 * np.pi * 440 / 16000)).astype(np.float32)
    frame = av.AudioFrame.from_ndarray(tone[None], format="fltp", layout="mono")
    frame.sample_rate = 16000
    output.mux(audio.encode(frame))
    output.mux(audio.encode(None))


def read_packets(path: Path) -> tuple[list, object]:
    """The video packets of a file and its open container (to copy streams from)."""
    source = av.open(str(path))
    stream = source.streams.video[0]
    return [p for p in source.demux(stream) if p.size], source


def copy_packets(source, packets: list, path: Path, shift: int = 0, container: str | None = None):
    """Write packets of an open container unchanged into another file."""
    with av.open(str(path), "w", format=container) as output:
        stream = output.add_stream_from_template(source.streams.video[0])
        for packet in packets:
            packet.pts = None if packet.pts is None else packet.pts - shift
            packet.dts = None if packet.dts is None else packet.dts - shift
            packet.stream = stream
            output.mux(packet)
    source.close()
    return path


def decode_all(path: Path) -> list[np.ndarray]:
    """What PyAV decodes from a file in sequence, packet by packet, damaged packets left out.

    On one thread: with slice threads FFmpeg leaves chance in the place of damaged H.264 blocks.
    """
    frames = []
    with av.open(str(path)) as source:
        source.streams.video[0].codec_context.thread_count = 1
        packets = source.demux(source.streams.video[0])
        while True:
            try:
                packet = next(packets)
            except (StopIteration, av.error.FFmpegError):
                break
            try:
                decoded = packet.decode()
            except av.error.FFmpegError:
                continue
            frames += [f.to_ndarray(format="rgb24") for f in decoded]
    return frames


class Clips:
    """The helpers above, handed to tests as one fixture (test modules cannot import siblings)."""

    picture = staticmethod(picture)
    number_of = staticmethod(number_of)
    write = staticmethod(write_clip)
    packets = staticmethod(read_packets)
    copy = staticmethod(copy_packets)
    decode_all = staticmethod(decode_all)


@pytest.fixture(scope="session")
def clips() -> type[Clips]:
    """Helpers that make, cut and decode numbered clips."""
    return Clips
