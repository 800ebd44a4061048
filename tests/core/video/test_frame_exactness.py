"""frame(i) is the i-th frame PyAV decodes in sequence, bit for bit, in every kind of file."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from core.video.reader import VideoReader

_X264 = {"preset": "veryfast", "bf": "2"}
_OPEN_GOP = {"x264-params": "open-gop=1:keyint=10:min-keyint=10:bframes=3:b-adapt=0:scenecut=0"}


def _vfr(clips, path: Path) -> Path:
    rng = random.Random(3)
    pts = np.cumsum([rng.choice([20, 33, 40, 120]) for _ in range(40)]).tolist()
    return clips.write(path / "vfr.mp4", options=_X264, pts=pts)


def _cut_mid_gop(clips, path: Path) -> Path:
    """Packets copied from a key frame on, times shifted so that an edit list hides the first."""
    packets, source = clips.packets(clips.write(path / "whole.mp4", options=_X264, gop=20))
    start = [k for k, p in enumerate(packets) if p.is_keyframe][1]
    shift = sorted(p.pts for p in packets)[start + 5]
    return clips.copy(source, packets[start:], path / "cut.mp4", shift)


def _cut_open_gop(clips, path: Path) -> Path:
    """Packets copied from the I frame of an open GOP: its leading pictures lost a reference."""
    whole = clips.write(path / "whole.mkv", frames=50, options=_OPEN_GOP)
    packets, source = clips.packets(whole)
    start = [k for k, p in enumerate(packets) if p.is_keyframe][2]
    return clips.copy(source, packets[start:], path / "cut.mkv")


def _cut_without_key(clips, path: Path) -> Path:
    packets, source = clips.packets(clips.write(path / "whole.mkv", options=_X264))
    return clips.copy(source, packets[3:], path / "cut.mkv")


def _first_pts_missing(clips, path: Path) -> Path:
    """A transport stream whose first picture has no time: its PES flags are cleared."""
    file = clips.write(path / "first.ts", options=_X264)
    data = bytearray(file.read_bytes())
    pes = data.index(b"\x00\x00\x01\xe0")
    data[pes + 7] &= 0x3F
    file.write_bytes(data)
    return file


def _wrong_count_avi(clips, path: Path) -> Path:
    """An AVI whose headers promise 7 frames where there are 40."""
    file = clips.write(path / "count.avi", codec="mpeg4")
    data = bytearray(file.read_bytes())
    main, stream = data.index(b"avih"), data.index(b"strh")
    data[main + 24 : main + 28] = (7).to_bytes(4, "little")
    data[stream + 40 : stream + 44] = (7).to_bytes(4, "little")
    file.write_bytes(data)
    return file


def _two_recordings(clips, path: Path) -> Path:
    """Two transport streams one after the other: times jump back in the middle."""
    one = clips.write(path / "one.ts", frames=20, options=_X264).read_bytes()
    file = path / "two.ts"
    file.write_bytes(one + one)
    return file


def _size_changes(clips, path: Path) -> Path:
    """A broadcast that goes from 64×48 to 80×60 on the way."""
    small = clips.write(path / "small.ts", frames=20, options=_X264).read_bytes()
    large = clips.write(path / "large.ts", frames=20, options=_X264, size=(80, 60)).read_bytes()
    file = path / "sizes.ts"
    file.write_bytes(small + large)
    return file


def test_frames_of_another_size_are_scaled_to_the_first(clips, tmp_path):
    with VideoReader(_size_changes(clips, tmp_path), tmp_path) as reader:
        assert reader.info.frames == 40
        for i in (39, 20, 19, 25, 0):
            frame = reader.frame(i)
            assert frame.shape == (48, 64, 3)
            assert clips.number_of(frame) == i % 20


def _still_life(clips, path: Path) -> Path:
    """Nothing moves: all key packets are the same bytes, only their times differ."""
    return clips.write(path / "still.avi", codec="mpeg4", gop=5, draw=lambda k: clips.picture(7))


def _file(name: str, codec: str = "libx264", **how) -> Callable[..., Path]:
    return lambda clips, path: clips.write(path / name, codec=codec, **how)


KINDS: dict[str, Callable[..., Path]] = {
    "h264-b-frames": _file("a.mp4", options=_X264),
    "h264-sound": _file("a.mp4", options=_X264, sound=True),
    "h264-mkv": _file("a.mkv", options=_X264),
    "h264-ts": _file("a.ts", options=_X264),
    "h264-flv": _file("a.flv", options=_X264),
    "h264-intra": _file("a.mp4", gop=1, options={"preset": "veryfast"}),
    "h264-one-gop": _file("a.mp4", gop=250, options=_X264),
    "h264-open-gop-mkv": _file("a.mkv", frames=50, options=_OPEN_GOP),
    "h264-open-gop-mp4": _file("a.mp4", frames=50, options=_OPEN_GOP),
    "h264-open-gop-ts": _file("a.ts", frames=50, options=_OPEN_GOP),
    "h264-intra-refresh-ts": _file(
        "a.ts", options={"x264-params": "intra-refresh=1:keyint=10:bframes=0"}
    ),
    "h264-intra-refresh-mp4": _file(
        "a.mp4", options={"x264-params": "intra-refresh=1:keyint=10:bframes=0"}
    ),
    "h264-interlaced": _file("a.ts", options={"x264-params": "tff=1:keyint=10"}),
    "h264-raw": _file("a.h264", options=_X264),
    "h264-raw-open-gop": _file("a.h264", frames=50, options=_OPEN_GOP),
    "h264-avi-b-frames": _file("a.avi", options=_X264),
    "h264-10-bit": _file("a.mp4", pix_fmt="yuv420p10le", options=_X264),
    "h264-full-range": _file("a.mp4", pix_fmt="yuvj420p", color_range=2, options=_X264),
    "h264-odd-444": _file("a.mp4", size=(65, 49), pix_fmt="yuv444p", options=_X264),
    "h264-vfr": _vfr,
    "h264-cut-mid-gop": _cut_mid_gop,
    "h264-cut-open-gop": _cut_open_gop,
    "h264-cut-no-key": _cut_without_key,
    "h264-first-pts-missing": _first_pts_missing,
    "h264-two-recordings": _two_recordings,
    "hevc": _file("a.mp4", "libx265", options={"x265-params": "log-level=none:keyint=10"}),
    "hevc-open-gop-mkv": _file(
        "a.mkv", "libx265", frames=50,
        options={"x265-params": "log-level=none:keyint=10:min-keyint=10:open-gop=1:bframes=3"},
    ),
    "hevc-raw": _file("a.hevc", "libx265", options={"x265-params": "log-level=none:keyint=10"}),
    "av1": _file("a.mp4", "libsvtav1", options={"preset": "12"}),
    "av1-mkv-10-bit": _file("a.mkv", "libsvtav1", pix_fmt="yuv420p10le", options={"preset": "12"}),
    "vp9": _file("a.webm", "libvpx-vp9", options={"cpu-used": "8", "deadline": "realtime"}),
    "vp8-hidden-frames": _file(
        "a.webm", "libvpx", options={"auto-alt-ref": "1", "lag-in-frames": "12", "cpu-used": "8"}
    ),
    "mpeg1": _file("a.mpg", "mpeg1video", options={"bf": "2"}),
    "mpeg1-raw": _file("a.m1v", "mpeg1video", options={"bf": "2"}),
    "mpeg2-ps": _file("a.vob", "mpeg2video", options={"bf": "2"}, container="vob"),
    "mpeg2-ts": _file("a.ts", "mpeg2video", options={"bf": "2"}),
    "mpeg4-mp4": _file("a.mp4", "mpeg4", options={"bf": "2"}),
    "mpeg4-avi-b-frames": _file("a.avi", "mpeg4", options={"bf": "2"}),
    "mpeg4-wrong-count": _wrong_count_avi,
    "mpeg4-still-life": _still_life,
    "mjpeg-odd": _file("a.avi", "mjpeg", size=(65, 49), pix_fmt="yuvj420p", color_range=2),
    "ffv1-odd-rgb": _file("a.mkv", "ffv1", size=(33, 31), pix_fmt="bgr0"),
    "gif": _file("a.gif", "gif", pix_fmt="rgb8"),
    "png-in-mov": _file("a.mov", "png", pix_fmt="rgb24"),
}  # fmt: skip


@pytest.fixture(scope="module", params=list(KINDS))
def clip(request, clips, tmp_path_factory):
    """One kind of file, and the frames PyAV decodes from it in sequence."""
    file = KINDS[request.param](clips, tmp_path_factory.mktemp(request.param))
    return file, clips.decode_all(file)


def test_random_access_equals_sequential_decoding(clip, tmp_path):
    file, expected = clip
    order = list(range(len(expected))) * 2
    random.Random(5).shuffle(order)
    with VideoReader(file, tmp_path) as reader:
        assert reader.info.frames == len(expected) > 10
        for i in order:
            assert np.array_equal(reader.frame(i), expected[i]), f"frame {i}"


def test_a_small_cache_changes_nothing(clip, tmp_path):
    file, expected = clip
    order = [*range(len(expected) - 1, -1, -1), 3, len(expected) - 1, 0, len(expected) // 2]
    with VideoReader(file, tmp_path, cache_bytes=5 * 64 * 48) as reader:
        for i in order:
            assert np.array_equal(reader.frame(i), expected[i]), f"frame {i}"


def test_iteration_from_anywhere(clip, tmp_path):
    file, expected = clip
    with VideoReader(file, tmp_path) as reader:
        for start in (0, 1, len(expected) // 2, len(expected) - 2):
            got = list(reader.frames(start))
            assert [i for i, _ in got] == list(range(start, len(expected)))
            for i, rgb in got:
                assert np.array_equal(rgb, expected[i]), f"frame {i}"


def test_times_increase(clip, tmp_path):
    file, expected = clip
    with VideoReader(file, tmp_path) as reader:
        times = [reader.time_s(i) for i in range(len(expected))]
    assert times[0] == 0.0
    assert all(b > a for a, b in itertools.pairwise(times))
