"""Frame indexes are kept between sessions, and nothing depends on them."""

from __future__ import annotations

import os
from dataclasses import fields, replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.video import index_cache
from core.video.content_id import content_id
from core.video.index import SEEK_DTYPE, FrameIndex
from core.video.index_cache import index_folder, load_index, save_index
from core.video.indexing import build_index
from core.video.reader import VideoReader

_X264 = {"preset": "veryfast", "bf": "2"}
ID = "ab" * 32


def _same(a: FrameIndex, b: FrameIndex) -> bool:
    return all(np.array_equal(getattr(a, f.name), getattr(b, f.name)) for f in fields(a))


@st.composite
def indexes(draw):
    """Any valid index."""
    frames = draw(st.integers(1, 60))
    steps = draw(st.lists(st.integers(1, 2**40), min_size=frames, max_size=frames))
    points = np.zeros(draw(st.integers(1, frames)), dtype=SEEK_DTYPE)
    points["frame"] = np.arange(len(points))
    for name in ("pts", "dts", "pos", "size", "crc"):
        points[name] = draw(st.integers(-(2**63), 2**63 - 1))
    decoded = draw(st.booleans())
    return FrameIndex(
        pts=np.cumsum(np.array(steps, dtype=np.int64)) - 2**30,
        time_base=Fraction(draw(st.integers(1, 1001)), draw(st.integers(1, 90000))),
        last_duration=draw(st.integers(0, 2**31)),
        seek_points=points,
        checksums=np.arange(frames if decoded else 0, dtype=np.uint32),
        origins=np.arange(frames if decoded else 0, dtype=np.int64),
        warm_up=draw(st.integers(0, 1000)),
        damage=draw(st.none() | st.text(max_size=20)),
    )


@settings(max_examples=40, deadline=None)
@given(index=indexes())
def test_an_index_is_read_back_as_written(tmp_path_factory, index):
    folder = tmp_path_factory.mktemp("index")
    save_index(folder, ID, index)
    kept = load_index(folder, ID)
    assert kept is not None
    assert _same(kept, index)
    assert [f.name for f in folder.iterdir()] == [f"{ID}.index"]


def _index(clips, tmp_path) -> FrameIndex:
    return build_index(clips.write(tmp_path / "a.mp4", options=_X264))


def test_the_second_opening_does_not_index(clips, tmp_path):
    file = clips.write(tmp_path / "a.h264", options=_X264)
    seen = []
    for _ in range(2):
        with VideoReader(file, tmp_path / "cache", report=seen.append) as reader:
            assert reader.info.frames == 40
        seen.append("opened")
    assert len(seen) > 2
    assert seen[-2:] == ["opened", "opened"]


def test_the_users_cache_is_the_default(clips, tmp_path):
    file = clips.write(tmp_path / "a.mp4", options=_X264)
    VideoReader(file).close()
    assert (index_folder() / f"{content_id(file)}.index").is_file()


@pytest.mark.parametrize("keep", [0, 10, 200, -1])
def test_a_cut_cache_is_rebuilt(clips, tmp_path, keep):
    file = clips.write(tmp_path / "a.mp4", options=_X264)
    VideoReader(file, tmp_path).close()
    kept = tmp_path / f"{content_id(file)}.index"
    whole = kept.read_bytes()
    kept.write_bytes(whole[:keep])
    with VideoReader(file, tmp_path) as reader:
        assert clips.number_of(reader.frame(33)) == 33
    assert load_index(tmp_path, content_id(file)) is not None


@settings(max_examples=150, deadline=None)
@given(at=st.floats(0, 1, exclude_max=True), value=st.integers(0, 255))
def test_a_damaged_cache_is_never_fatal(damaged_cache, at, value):
    folder, whole = damaged_cache
    data = bytearray(whole)
    data[int(at * len(data))] = value
    (folder / f"{ID}.index").write_bytes(data)
    index = load_index(folder, ID)
    assert index is None or index.is_valid()


@pytest.fixture(scope="module")
def damaged_cache(clips, tmp_path_factory):
    """A folder and the bytes of a good cache file in it."""
    folder = tmp_path_factory.mktemp("cache")
    save_index(folder, ID, _index(clips, folder))
    return folder, (folder / f"{ID}.index").read_bytes()


def test_an_index_that_contradicts_itself_is_not_used(clips, tmp_path):
    index = _index(clips, tmp_path)
    save_index(tmp_path, ID, replace(index, pts=index.pts[::-1].copy()))
    assert load_index(tmp_path, ID) is None


def test_another_clips_index_is_not_used(clips, tmp_path):
    save_index(tmp_path, ID, _index(clips, tmp_path))
    (tmp_path / f"{ID}.index").rename(tmp_path / f"{'cd' * 32}.index")
    assert load_index(tmp_path, "cd" * 32) is None


@pytest.mark.parametrize(
    ("name", "value"), [("FORMAT_VERSION", 2), ("decoder_version", lambda: [1, 2, 3])]
)
def test_other_versions_are_rebuilt(clips, tmp_path, monkeypatch, name, value):
    with monkeypatch.context() as patch:
        patch.setattr(index_cache, name, value)
        save_index(tmp_path, ID, _index(clips, tmp_path))
    assert load_index(tmp_path, ID) is None


def test_an_unwritable_cache_does_not_matter(clips, tmp_path):
    file = clips.write(tmp_path / "a.mp4", options=_X264)
    (tmp_path / "plain").write_text("a file where a folder is expected")
    with VideoReader(file, tmp_path / "plain" / "cache") as reader:
        assert clips.number_of(reader.frame(12)) == 12


def test_a_wrong_cached_index_is_found_out(clips, tmp_path):
    """An index that misses frames (as of another file with the same id) is replaced by a pass."""
    file = clips.write(tmp_path / "a.mp4", options=_X264)
    index = build_index(file)
    wrong = replace(index, pts=np.delete(index.pts, [13, 14, 25]))
    points = wrong.seek_points.copy()
    points["frame"] = np.searchsorted(wrong.pts, points["pts"])
    save_index(tmp_path, content_id(file), replace(wrong, seek_points=points))
    with VideoReader(file, tmp_path) as reader:
        assert reader.info.frames == 37
        assert clips.number_of(reader.frame(5)) == 5
        assert clips.number_of(reader.frame(15)) == 15  # decoding meets frame 13
        assert reader.info.frames == 40
        assert reader.info.index == "decoded"
        assert [clips.number_of(rgb) for _, rgb in reader.frames()] == list(range(40))


def test_a_cancelled_index_leaves_no_file(clips, tmp_path):
    from core.errors import JobCancelled

    file = clips.write(tmp_path / "a.h264", options=_X264)
    with pytest.raises(JobCancelled):
        VideoReader(file, tmp_path / "cache", cancelled=lambda: True)
    assert not (tmp_path / "cache").exists() or os.listdir(tmp_path / "cache") == []
