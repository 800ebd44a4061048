"""What is no clip, or only part of one, ends in a sentence or says how much can be read."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest

from core.errors import InputError
from core.video.reader import VideoReader

_X264 = {"preset": "veryfast", "bf": "2"}


def _sound_only(path: Path) -> Path:
    with av.open(str(path), "w") as output:
        stream = output.add_stream("aac", rate=16000)
        stream.layout = "mono"
        silence = np.zeros((1, 16000), np.float32)
        frame = av.AudioFrame.from_ndarray(silence, format="fltp", layout="mono")
        frame.sample_rate = 16000
        output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return path


def test_a_missing_file(tmp_path):
    with pytest.raises(InputError, match="there is no such file"):
        VideoReader(tmp_path / "none.mp4")


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "the file is empty"),
        (b"just some words, no pictures\n" * 50, "is not a video"),
        (b"\x00" * 4096, "is not a video"),
        (b"\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isomiso2", "moov"),
    ],
)
def test_files_that_are_no_video(tmp_path, content, sentence):
    file = tmp_path / "clip.mp4"
    file.write_bytes(content)
    with pytest.raises(InputError, match=sentence) as caught:
        VideoReader(file)
    assert str(file) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_mp4_cut_before_its_index(clips, tmp_path):
    file = clips.write(tmp_path / "a.mp4", options=_X264)
    file.write_bytes(file.read_bytes()[:2500])
    with pytest.raises(InputError, match=r"cut off before its index \(moov\)"):
        VideoReader(file)


def test_sound_without_picture(tmp_path):
    with pytest.raises(InputError, match="holds sound but no picture"):
        VideoReader(_sound_only(tmp_path / "a.m4a"))


def test_a_file_in_which_nothing_decodes(clips, tmp_path):
    file = clips.write(tmp_path / "a.mkv", frames=10, codec="ffv1", pix_fmt="bgr0")
    packets, source = clips.packets(file)
    data = bytearray(file.read_bytes())
    for packet in packets:
        at = data.index(bytes(packet))
        data[at : at + packet.size] = b"\xff" * packet.size
    source.close()
    file.write_bytes(data)
    with pytest.raises(InputError, match="not one frame can be decoded"):
        VideoReader(file, tmp_path)


def test_a_name_that_looks_like_a_protocol(clips, tmp_path):
    file = clips.write(tmp_path / "a.mp4", options=_X264)
    odd = file.rename(tmp_path / "concat:what? 100%.mp4")
    with VideoReader(odd, tmp_path) as reader:
        assert clips.number_of(reader.frame(7)) == 7


CUT = {
    "faststart.mp4": {"options": _X264, "container_options": {"movflags": "faststart"}},
    "fragments.mp4": {
        "options": _X264,
        "container_options": {"movflags": "frag_keyframe+empty_moov"},
    },
    "a.mkv": {"options": _X264},
    "a.webm": {"codec": "libvpx-vp9", "options": {"cpu-used": "8", "deadline": "realtime"}},
    "a.avi": {"codec": "mjpeg", "pix_fmt": "yuvj420p", "color_range": 2},
    "a.ts": {"options": _X264},
    "a.gif": {"codec": "gif", "pix_fmt": "rgb8"},
}


@pytest.mark.parametrize("name", list(CUT))
@pytest.mark.parametrize("share", [0.61, 0.9])
def test_a_cut_file_reads_what_decodes_and_says_so(clips, tmp_path, name, share):
    file = clips.write(tmp_path / name, **CUT[name])
    with VideoReader(file, tmp_path) as reader:
        assert reader.info.truncated is None
    data = file.read_bytes()
    file.write_bytes(data[: int(len(data) * share)])
    expected = clips.decode_all(file)
    with VideoReader(file, tmp_path) as reader:
        assert 0 < reader.info.frames == len(expected) <= 40
        assert str(reader.info.frames) in (reader.info.truncated or "")
        for i in reversed(range(len(expected))):
            assert np.array_equal(reader.frame(i), expected[i])


def test_damage_in_the_middle_shifts_no_frame(clips, tmp_path):
    """Zeroed packets decode to nothing or to concealment: sequence and seeking agree on which."""
    file = clips.write(tmp_path / "a.mp4", frames=60, options=_X264)
    packets, source = clips.packets(file)
    data = bytearray(file.read_bytes())
    for number in (13, 14, 30):
        at = packets[number].pos
        data[at : at + packets[number].size] = bytes(packets[number].size)
    source.close()
    file.write_bytes(data)
    expected = clips.decode_all(file)
    with VideoReader(file, tmp_path) as reader:
        for i in range(min(13, len(expected))):
            reader.frame(i)
        swept = [rgb for _, rgb in reader.frames(0, len(expected))]
        assert reader.info.frames == len(expected)
        assert reader.info.index == "decoded"
        assert "could not be decoded" in (reader.info.truncated or "")
        for i in reversed(range(len(expected))):
            assert np.array_equal(swept[i], expected[i])
            assert np.array_equal(reader.frame(i), expected[i])


@pytest.mark.parametrize("i", [-1, 40, 10**9])
def test_frames_that_are_not_there(clips, tmp_path, i):
    with VideoReader(clips.write(tmp_path / "a.mp4", options=_X264), tmp_path) as reader:
        with pytest.raises(InputError, match="there is no frame"):
            reader.frame(i)
        with pytest.raises(InputError, match="there is no frame"):
            reader.time_s(i)
