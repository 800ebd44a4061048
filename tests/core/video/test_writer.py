"""Clips are written whole or not at all, with the sound of the range they show."""

from __future__ import annotations

import resource
import threading
from fractions import Fraction

import av
import numpy as np
import pytest

from core.errors import InputError, ResourceError
from core.video import writer as writer_module
from core.video.reader import VideoReader
from core.video.writer import VideoWriter

_X264 = {"preset": "veryfast", "bf": "2"}


def _write(clips, path, count=30, size=(64, 48), **how):
    with VideoWriter(path, *size, **({"fps": 25} | how)) as writer:
        for k in range(count):
            writer.write(clips.picture(k, *size))
    return path


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv", ".m4v"])
def test_what_is_written_is_read_back(clips, tmp_path, suffix):
    file = _write(clips, tmp_path / f"a{suffix}", quality=10)
    with VideoReader(file, tmp_path) as reader:
        assert (reader.info.frames, reader.info.codec) == (30, "h264")
        assert (reader.info.width, reader.info.height, reader.info.fps) == (64, 48, 25.0)
        assert not reader.info.vfr
        for i in (0, 17, 29):
            assert clips.number_of(reader.frame(i)) == i
    assert [f.name for f in tmp_path.iterdir() if f.name.startswith(".a")] == []


@pytest.mark.parametrize("colour", [(255, 0, 0), (0, 255, 0), (10, 20, 200), (128, 128, 128)])
def test_colours_come_back(tmp_path, colour):
    """The colour matrix is written down: BT.709, which readers then use."""
    with VideoWriter(tmp_path / "a.mp4", 64, 48, 25, quality=1) as writer:
        for _ in range(3):
            writer.write(np.full((48, 64, 3), colour, np.uint8))
    with VideoReader(tmp_path / "a.mp4", tmp_path) as reader:
        assert np.abs(reader.frame(1).astype(int) - colour).max() <= 4


@pytest.mark.parametrize("fps", [Fraction(30000, 1001), Fraction(2997, 100), 12.5, 60, 1, 0.5])
def test_rates_are_kept(clips, tmp_path, fps):
    file = _write(clips, tmp_path / "a.mp4", fps=fps)
    with VideoReader(file, tmp_path) as reader:
        assert reader.info.fps == pytest.approx(float(fps), rel=1e-4)
        assert not reader.info.vfr
        assert reader.time_s(29) == pytest.approx(29 / float(fps), rel=1e-4)


@pytest.mark.parametrize(
    ("fps", "exact"), [(29.97, (30000, 1001)), (23.976, (24000, 1001)), (59.94, (60000, 1001))]
)
def test_broadcast_rates_are_exact(clips, tmp_path, fps, exact):
    file = _write(clips, tmp_path / "a.mp4", fps=fps)
    with VideoReader(file, tmp_path) as reader:
        assert reader.info.fps == float(Fraction(*exact))


def test_varying_times_are_kept(clips, tmp_path):
    times = [0.0, 0.04, 0.1, 0.3, 0.31, 0.5]
    with VideoWriter(tmp_path / "a.mp4", 64, 48, 25) as writer:
        for k, time_s in enumerate(times):
            writer.write(clips.picture(k), time_s)
    with VideoReader(tmp_path / "a.mp4", tmp_path) as reader:
        assert reader.info.vfr
        assert [reader.time_s(i) for i in range(6)] == pytest.approx(times, abs=1e-4)


@pytest.mark.parametrize("size", [(65, 48), (64, 49), (33, 31)])
def test_odd_sizes_are_padded_by_their_edge(clips, tmp_path, size):
    file = _write(clips, tmp_path / "a.mp4", size=size, quality=5)
    with VideoReader(file, tmp_path) as reader:
        even = size[0] + size[0] % 2, size[1] + size[1] % 2
        assert (reader.info.width, reader.info.height) == even
        frame = reader.frame(3).astype(int)
        if size[0] % 2:
            assert np.abs(frame[:, -1] - frame[:, -2]).max() <= 40
        assert np.abs(frame[: size[1], : size[0]] - clips.picture(3, *size)).mean() < 12


def test_quality_decides_the_size(tmp_path):
    noise = np.random.default_rng(0).integers(0, 256, (12, 48, 64, 3), dtype=np.uint8)
    sizes = []
    for quality in (5, 20, 40):
        with VideoWriter(tmp_path / "a.mp4", 64, 48, 25, quality=quality) as writer:
            for frame in noise:
                writer.write(frame)
        sizes.append((tmp_path / "a.mp4").stat().st_size)
    assert sizes[0] > 1.3 * sizes[1] > 1.3 * 1.3 * sizes[2]


def _sound(path):
    """Codec, start and end of the sound in seconds, and the samples."""
    with av.open(str(path)) as source:
        stream = source.streams.audio[0]
        frames = list(source.decode(stream))
        start = float(frames[0].pts * frames[0].time_base)
        samples = np.concatenate([f.to_ndarray()[0] for f in frames])
        return (
            stream.codec_context.codec.name,
            start,
            start + len(samples) / frames[0].rate,
            samples,
        )


@pytest.mark.parametrize(("name", "copied"), [("a.mp4", True), ("a.mkv", True), ("a.mpg", False)])
def test_sound_of_the_range_is_kept(clips, tmp_path, name, copied):
    how = {"codec": "mpeg1video"} if name == "a.mpg" else {"options": _X264}
    clip = clips.write(tmp_path / name, frames=75, sound=name != "a.mpg", **how)
    if name == "a.mpg":
        clip = _with_mp2(clips, tmp_path)
    file = _write(clips, tmp_path / "out.mp4", 25, audio_from=(clip, 1.0, 2.0))
    codec, start, stop, samples = _sound(file)
    assert codec == "aac"
    assert -0.07 <= start <= 0.07
    assert stop == pytest.approx(1.0, abs=0.15)
    middle = samples[len(samples) // 4 : len(samples) // 2]
    assert 0.1 < np.sqrt((middle.astype(float) ** 2).mean()) < 0.5  # the tone is there
    with VideoReader(file, tmp_path) as reader:
        assert reader.info.has_audio
        assert reader.info.frames == 25


def _with_mp2(clips, folder):
    """An MPEG programme stream with MP2 sound, which MP4 players do not take: re-encoded."""
    path = folder / "mp2.mpg"
    with av.open(str(path), "w") as output:
        video = output.add_stream("mpeg1video", rate=25)
        video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
        audio = output.add_stream("mp2", rate=32000)
        audio.layout = "mono"
        tone = np.sin(np.arange(96000) * 2 * np.pi * 440 / 32000) * 0.3 * 32767
        for k in range(75):
            frame = av.VideoFrame.from_ndarray(clips.picture(k), format="rgb24")
            output.mux(video.encode(frame))
        sound = av.AudioFrame.from_ndarray(tone.astype(np.int16)[None], format="s16", layout="mono")
        sound.sample_rate = 32000
        for stream, last in ((audio, sound), (video, None), (audio, None)):
            output.mux(stream.encode(last))
    return path


def test_a_silent_clip_gives_a_silent_file(clips, tmp_path):
    clip = clips.write(tmp_path / "a.mp4", options=_X264)
    file = _write(clips, tmp_path / "out.mp4", audio_from=(clip, 0.0, 1.0))
    with VideoReader(file, tmp_path) as reader:
        assert not reader.info.has_audio


def test_an_error_inside_leaves_what_was_there(clips, tmp_path):
    (tmp_path / "a.mp4").write_bytes(b"an older film")
    with pytest.raises(KeyError), VideoWriter(tmp_path / "a.mp4", 64, 48, 25) as writer:  # noqa: PT012
        writer.write(clips.picture(0))
        raise KeyError("something of the caller's")
    assert (tmp_path / "a.mp4").read_bytes() == b"an older film"
    assert [f.name for f in tmp_path.iterdir()] == ["a.mp4"]


def test_a_finished_file_replaces_the_older(clips, tmp_path):
    (tmp_path / "a.mp4").write_bytes(b"an older film")
    _write(clips, tmp_path / "a.mp4")
    with VideoReader(tmp_path / "a.mp4", tmp_path / "cache") as reader:
        assert reader.info.frames == 30


def test_no_frame_no_file(tmp_path):
    with (
        pytest.raises(InputError, match="no frame was written"),
        VideoWriter(tmp_path / "a.mp4", 64, 48, 25),
    ):
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_leaves_no_half_file(tmp_path):
    """The system refuses to let files grow past 64 KiB, as a full disk would."""
    noise = np.random.default_rng(0).integers(0, 256, (240, 320, 3), dtype=np.uint8)
    old = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (65536, old[1]))

    def write_much():
        with VideoWriter(tmp_path / "a.mp4", 320, 240, 25, quality=1) as writer:
            for k in range(60):
                writer.write(np.roll(noise, 7 * k, axis=1))

    try:
        with pytest.raises(ResourceError, match="the disk is full; free some space"):
            write_much()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, old)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("how", "error", "sentence"),
    [
        ({"path": "a.txt"}, InputError, "videos are written as"),
        ({"path": "none/a.mp4"}, ResourceError, "no such folder"),
        ({"width": 0}, InputError, "0×48"),
        ({"fps": 0}, InputError, "frames a second"),
        ({"fps": float("nan")}, InputError, "frames a second"),
        ({"quality": 99}, InputError, "quality"),
    ],
)
def test_what_cannot_be_written(tmp_path, how, error, sentence):
    arguments = {"path": "a.mp4", "width": 64, "height": 48, "fps": 25} | how
    arguments["path"] = tmp_path / arguments["path"]
    with pytest.raises(error, match=sentence):
        VideoWriter(**arguments)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_is_not_overwritten(tmp_path):
    (tmp_path / "a.mp4").mkdir()
    with pytest.raises(ResourceError, match="is a folder"):
        VideoWriter(tmp_path / "a.mp4", 64, 48, 25)


def test_frames_of_another_size_are_a_mistake(clips, tmp_path):
    with VideoWriter(tmp_path / "a.mp4", 64, 48, 25) as writer:
        writer.write(clips.picture(0))
        with pytest.raises(ValueError, match="a frame is 48×64×3"):
            writer.write(clips.picture(0, 80, 48))


def test_without_x264_another_encoder_serves(clips, tmp_path, monkeypatch):
    monkeypatch.setattr(writer_module.av, "codecs_available", {"mpeg4"})
    file = _write(clips, tmp_path / "a.mp4", quality=10)
    monkeypatch.undo()
    with VideoReader(file, tmp_path) as reader:
        assert reader.info.codec == "mpeg4"
        assert clips.number_of(reader.frame(20)) == 20


def test_two_writers_side_by_side(clips, tmp_path):
    threads = [
        threading.Thread(target=_write, args=(clips, tmp_path / f"{k}.mp4")) for k in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(f.name for f in tmp_path.iterdir()) == ["0.mp4", "1.mp4"]
