"""Stepping about: any pattern of access, backward play, read-ahead, threads, the frame cache."""

from __future__ import annotations

import itertools
import threading
import time

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import InputError
from core.video.frame_cache import FrameCache, frame_bytes
from core.video.priority_lock import PriorityLock
from core.video.read_ahead import next_stretch
from core.video.reader import VideoReader

FRAME_BYTES = 64 * 48 * 3 // 2
_X264 = {"preset": "veryfast", "bf": "2"}


@pytest.fixture(scope="module", params=["a.mp4", "a.h264"])
def clip(request, clips, tmp_path_factory):
    """A clip of 120 frames, indexed by packets (mp4) or by decoding (raw), with its frames
    and the bytes one of them takes in the cache."""
    folder = tmp_path_factory.mktemp("stepping")
    file = clips.write(folder / request.param, frames=120, gop=30, options=_X264)
    with VideoReader(file, folder) as reader:
        held = reader._source._cache
        file_frame_bytes = held.held_bytes // len(held)
    return file, folder, clips.decode_all(file), file_frame_bytes


_moves = st.lists(
    st.tuples(st.sampled_from(["seek", "step"]), st.integers(-40, 119)), min_size=1, max_size=25
)


@settings(max_examples=25, deadline=None)
@given(moves=_moves, budget=st.sampled_from([1, 4, 40, 500]), ahead=st.sampled_from([-1, 0, 1]))
def test_any_pattern_of_access(clip, moves, budget, ahead):
    file, folder, expected, size = clip
    at = 0
    with VideoReader(file, folder, cache_bytes=budget * size) as reader:
        reader.read_ahead(ahead)
        for kind, by in moves:
            at = by % 120 if kind == "seek" else min(max(at + by % 5 - 2, 0), 119)
            assert np.array_equal(reader.frame(at), expected[at])


def _counting(reader, monkeypatch):
    """Count the frames the stepping decoder hands out."""
    decoder = reader._source._decoder
    counted = []
    number = type(decoder)._number

    def counting(self, point, frames):
        for i, frame in number(self, point, frames):
            counted.append(i)
            yield i, frame

    monkeypatch.setattr(type(decoder), "_number", counting)
    return counted


@pytest.mark.parametrize("budget", [10, 20, 29, 1000])
def test_no_backward_step_decodes_more_than_one_group(clip, monkeypatch, budget):
    file, folder, expected, size = clip
    with VideoReader(file, folder, cache_bytes=budget * size) as reader:
        counted = _counting(reader, monkeypatch)
        worst = 0
        for i in reversed(range(120)):
            before = len(counted)
            assert np.array_equal(reader.frame(i), expected[i])
            worst = max(worst, len(counted) - before)
    assert worst <= 30
    if budget >= 20:  # two thirds of a group fit: a backward pass costs at most two forward ones
        assert len(counted) <= 2 * 120


def test_forward_steps_decode_each_frame_once(clip, monkeypatch):
    file, folder, _, _size = clip
    with VideoReader(file, folder, cache_bytes=1) as reader:
        counted = _counting(reader, monkeypatch)
        for i in range(120):
            reader.frame(i)
    assert len(counted) <= 120


def _wait_for(condition, seconds=5.0):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "nothing was read ahead"
        time.sleep(0.005)


@pytest.mark.parametrize("direction", [1, -1])
def test_read_ahead_brings_the_frames_before_they_are_asked_for(clip, direction):
    file, folder, expected, _size = clip
    with VideoReader(file, folder) as reader:
        cache = reader._source._cache
        reader.frame(60)
        reader.read_ahead(direction)
        wanted = range(60, 120) if direction > 0 else range(60, -1, -1)
        _wait_for(lambda: all(i in cache for i in wanted))
        for i in wanted:
            assert np.array_equal(reader.frame(i), expected[i])


def test_read_ahead_follows_a_jump_and_a_turn(clip):
    file, folder, expected, size = clip
    with VideoReader(file, folder, cache_bytes=45 * size) as reader:
        cache = reader._source._cache
        reader.read_ahead(1)
        reader.frame(5)
        _wait_for(lambda: 25 in cache)
        reader.frame(100)
        _wait_for(lambda: 115 in cache)
        reader.read_ahead(-1)
        _wait_for(lambda: 90 in cache)
        assert cache.held_bytes <= 45 * size
        assert np.array_equal(reader.frame(90), expected[90])


def test_read_ahead_backward_within_a_small_cache(clip):
    """Every step finds the right frame though a group does not fit the cache."""
    file, folder, expected, size = clip
    with VideoReader(file, folder, cache_bytes=12 * size) as reader:
        reader.frame(119)
        reader.read_ahead(-1)
        for i in reversed(range(120)):
            assert np.array_equal(reader.frame(i), expected[i])


def test_closing_ends_the_thread(clip):
    file, folder, _, _size = clip
    reader = VideoReader(file, folder)
    reader.read_ahead(1)
    assert any(t.name == "video-read-ahead" for t in threading.enumerate())
    reader.close()
    assert not any(t.name == "video-read-ahead" for t in threading.enumerate())
    reader.close()


def test_several_threads_read_one_clip(clip):
    file, folder, expected, size = clip
    wrong: list[int] = []

    def work(reader, seed):
        rng = np.random.default_rng(seed)
        for i in rng.integers(0, 120, 40):
            if not np.array_equal(reader.frame(int(i)), expected[i]):
                wrong.append(int(i))

    def sweep(reader):
        wrong.extend(i for i, rgb in reader.frames() if not np.array_equal(rgb, expected[i]))

    with VideoReader(file, folder, cache_bytes=20 * size) as reader:
        reader.read_ahead(1)
        threads = [threading.Thread(target=work, args=(reader, k)) for k in range(3)]
        threads.append(threading.Thread(target=sweep, args=(reader,)))
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert wrong == []


def test_frames_belong_to_the_caller(clip):
    file, folder, expected, _size = clip
    with VideoReader(file, folder) as reader:
        reader.frame(3)[:] = 0
        assert np.array_equal(reader.frame(3), expected[3])


def test_frames_stored_as_rgb_belong_to_the_caller_too(clips, tmp_path):
    """No conversion takes place there: without a copy the caller would hold the cache's memory."""
    file = clips.write(tmp_path / "a.mov", 6, "png", pix_fmt="rgb24", size=(128, 48))
    with VideoReader(file, tmp_path) as reader:
        reader.frame(3)[:] = 0
        assert clips.number_of(reader.frame(3)) == 3


def test_a_closed_clip_says_so(clip):
    file, folder, _, _ = clip
    reader = VideoReader(file, folder)
    reader.close()
    with pytest.raises(InputError, match="was closed"):
        reader.frame(0)
    with pytest.raises(InputError, match="was closed"):
        next(reader.frames())


def test_a_key_frame_stands_in_until_the_frame_is_decoded(clip):
    file, folder, _, _ = clip
    with VideoReader(file, folder) as reader:
        keys = reader.key_frames()
        far = max(a + 3 for a, b in itertools.pairwise([*keys, 120]) if b - a > 3)
        assert reader.quick_frame(far) == max(k for k in keys if k <= far)
        assert all(reader.quick_frame(k) == k for k in keys)
        reader.frame(far)
        assert reader.quick_frame(far) == far


def test_all_times_at_once(clip):
    file, folder, _, _ = clip
    with VideoReader(file, folder) as reader:
        assert np.allclose(reader.times_s(), [reader.time_s(i) for i in range(120)])


def test_the_frame_at_a_time(clip):
    file, folder, _, _ = clip
    with VideoReader(file, folder) as reader:
        assert [reader.frame_at(reader.time_s(i)) for i in range(120)] == list(range(120))
        assert [reader.frame_at(t) for t in (-1.0, 0.039, 0.041, 4.79, 99.0)] == [0, 0, 1, 119, 119]


def _cache(capacity: int, held=()) -> FrameCache:
    frame = av.VideoFrame(64, 48, "yuv420p")
    cache = FrameCache(capacity * frame_bytes(frame))
    for i in held:
        cache.put(i, frame)
    return cache


def test_the_farthest_frame_leaves_first():
    cache = _cache(4)
    cache.playhead = 10
    for i in (2, 8, 11, 13, 9):
        cache.put(i, av.VideoFrame(64, 48, "yuv420p"))
    assert [i for i in range(20) if i in cache] == [8, 9, 11, 13]
    assert cache.held_bytes <= cache.budget_bytes


def test_frames_behind_the_play_leave_before_those_ahead():
    cache = _cache(3)
    cache.playhead, cache.direction = 10, -1
    for i in (5, 7, 12, 9):
        cache.put(i, av.VideoFrame(64, 48, "yuv420p"))
    assert [i for i in range(20) if i in cache] == [5, 7, 9]


def test_one_frame_is_always_held():
    cache = FrameCache(1)
    cache.put(3, av.VideoFrame(64, 48, "yuv420p"))
    assert 3 in cache
    assert len(cache) == cache.capacity() == 1


@settings(max_examples=60, deadline=None)
@given(
    held=st.sets(st.integers(0, 99), min_size=1, max_size=60),
    here=st.integers(0, 99),
    direction=st.sampled_from([-1, 0, 1]),
    capacity=st.integers(1, 80),
)
def test_a_stretch_leads_to_a_missing_frame_ahead(held, here, direction, capacity):
    cache = _cache(100, held)
    cache.budget_bytes = capacity * FRAME_BYTES
    cache.playhead, cache.direction = here, direction
    stretch = next_stretch(cache, 100, lambda i: i // 30 * 30)
    if stretch is None:
        return
    last = stretch.stop - 1
    assert direction
    assert last not in held
    assert 0 <= stretch.start <= stretch.keep_from <= last < 100
    assert (last - here) * direction >= 0
    assert last - stretch.keep_from < max(1, capacity)


def test_urgent_work_goes_before_patient_work():
    lock, order = PriorityLock(), []

    def patient():
        with lock.patient():
            order.append("patient")

    def urgent():
        with lock.urgent():
            order.append("urgent")

    with lock.urgent():
        threads = [threading.Thread(target=f) for f in (patient, urgent)]
        for thread in threads:
            thread.start()
            time.sleep(0.05)
    for thread in threads:
        thread.join()
    assert order == ["urgent", "patient"]
