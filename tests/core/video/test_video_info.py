"""What a clip says of itself is measured on its frames."""

from __future__ import annotations

import numpy as np
import pytest

from core.video.reader import VideoReader, open_clip

_X264 = {"preset": "veryfast", "bf": "2"}


def test_a_plain_clip(clips, tmp_path):
    file = clips.write(tmp_path / "a.mp4", options=_X264, sound=True)
    with open_clip(file, tmp_path) as reader:
        info = reader.info
    assert (info.frames, info.fps, info.vfr) == (40, 25.0, False)
    assert (info.width, info.height, info.duration_s) == (64, 48, pytest.approx(1.6))
    assert (info.codec, info.pix_fmt, info.kind) == ("h264", "yuv420p", "video")
    assert (info.rotation, info.mirrored, info.truncated) == (0, False, None)
    assert info.has_audio
    assert info.record()["frames"] == 40


def test_a_varying_rate(clips, tmp_path):
    pts = [0, 40, 80, 300, 340, 380]
    file = clips.write(tmp_path / "a.mkv", frames=6, options=_X264, pts=pts)
    with VideoReader(file, tmp_path) as reader:
        assert reader.info.vfr
        assert reader.info.fps == pytest.approx(5 / 0.38, rel=1e-3)
        assert [reader.time_s(i) for i in range(6)] == pytest.approx([p / 1000 for p in pts])
        assert [reader.pts(i) for i in range(6)] == pts


def test_rounding_to_milliseconds_is_no_varying_rate(clips, tmp_path):
    file = clips.write(tmp_path / "a.mkv", frames=50, options=_X264, rate=30)
    with VideoReader(file, tmp_path) as reader:
        assert not reader.info.vfr
        assert reader.info.fps == 30.0


def test_a_wrong_count_in_the_header_is_not_believed(clips, tmp_path):
    file = clips.write(tmp_path / "a.avi", codec="mpeg4")
    data = bytearray(file.read_bytes())
    for name, offset in ((b"avih", 24), (b"strh", 40)):
        at = data.index(name) + offset
        data[at : at + 4] = (4000).to_bytes(4, "little")
    file.write_bytes(data)
    with VideoReader(file, tmp_path) as reader:
        assert reader.info.frames == 40
        assert reader.info.truncated is None


TURNS = {
    (0, False, False): (lambda a: a, 0, False),
    (90, False, False): (lambda a: np.rot90(a), 270, False),
    (-90, False, False): (lambda a: np.rot90(a, -1), 90, False),
    (180, False, False): (lambda a: np.rot90(a, 2), 180, False),
    (0, True, False): (lambda a: a[:, ::-1], 0, True),
    (0, False, True): (lambda a: a[::-1], 180, True),
    (90, True, False): (lambda a: np.rot90(a)[:, ::-1], 270, True),
    (-90, True, False): (lambda a: np.rot90(a, -1)[:, ::-1], 90, True),
}


@pytest.mark.parametrize("turn", list(TURNS))
def test_the_display_matrix_is_applied(clips, tmp_path, turn):
    """All eight orientations, on top of PyAV's own conversion."""
    file = clips.write(tmp_path / "a.mp4", options=_X264, rotation=turn)
    applied, degrees, mirrored = TURNS[turn]
    expected = [applied(frame) for frame in clips.decode_all(file)]
    with VideoReader(file, tmp_path) as reader:
        assert (reader.info.rotation, reader.info.mirrored) == (degrees, mirrored)
        assert (reader.info.height, reader.info.width) == expected[0].shape[:2]
        for i in (0, 25, 13):
            assert np.array_equal(reader.frame(i), expected[i])
            assert reader.frame(i).flags.c_contiguous
        assert np.array_equal(next(reader.frames(7))[1], expected[7])


def test_an_odd_angle_is_left_alone(clips, tmp_path):
    file = clips.write(tmp_path / "a.mp4", options=_X264, rotation=(30, False, False))
    with VideoReader(file, tmp_path) as reader:
        assert reader.info.rotation == 0
        assert np.array_equal(reader.frame(5), clips.decode_all(file)[5])


def test_a_cover_picture_is_not_the_clip(clips, tmp_path):
    """A file whose first video stream is an attached picture: the film is read."""
    import av

    path = tmp_path / "a.mp4"
    with av.open(str(path), "w") as output:
        cover = output.add_stream("mjpeg", rate=1)
        cover.width, cover.height, cover.pix_fmt = 32, 32, "yuvj420p"
        cover.codec_context.color_range = 2
        cover.disposition = av.stream.Disposition.attached_pic
        film = output.add_stream("libx264", rate=25, options=_X264)
        film.width, film.height, film.pix_fmt = 64, 48, "yuv420p"
        picture = av.VideoFrame.from_ndarray(np.zeros((32, 32, 3), np.uint8), format="rgb24")
        output.mux(cover.encode(picture.reformat(format="yuvj420p", dst_color_range="JPEG")))
        for k in range(10):
            frame = av.VideoFrame.from_ndarray(clips.picture(k), format="rgb24")
            output.mux(film.encode(frame))
        output.mux(cover.encode(None))
        output.mux(film.encode(None))
    with VideoReader(path, tmp_path) as reader:
        assert (reader.info.width, reader.info.frames) == (64, 10)
        assert clips.number_of(reader.frame(9)) == 9
