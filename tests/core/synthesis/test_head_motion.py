"""Clips move smoothly between cuts and are the same every time."""

import numpy as np
import pytest

from core.synthesis.motion import Motion, MotionSettings
from core.synthesis.signals import blinks, episodes, saccades, smooth_noise, syllables
from core.synthesis.template import EXPRESSION_INDEX


def track(motion, value):
    return np.array([value(motion.pose(i)) for i in range(motion.frames)])


def within_shots(motion, values):
    """Differences between neighbouring frames of the same shot."""
    cuts = {shot.start for shot in motion.shots}
    steps = np.abs(np.diff(values, axis=0))
    return steps[[i for i in range(len(steps)) if i + 1 not in cuts]]


def test_the_same_seed_is_the_same_clip():
    a, b = Motion(5, 300), Motion(5, 300)
    for frame in (0, 17, 299):
        np.testing.assert_array_equal(a.pose(frame).expression, b.pose(frame).expression)
        assert a.pose(frame).yaw == b.pose(frame).yaw
    assert Motion(6, 300).pose(17).yaw != a.pose(17).yaw


def test_shots_cover_the_clip_without_gaps():
    motion = Motion(1, 5000)
    assert motion.shots[0].start == 0
    assert motion.shots[-1].stop == 5000
    for a, b in zip(motion.shots, motion.shots[1:], strict=False):
        assert a.stop == b.start
        assert b.subject - a.subject in (0, 1)
    assert {s.hard for s in motion.shots} == {True, False}
    assert motion.shot(motion.shots[1].start) is motion.shots[1]
    assert motion.shot(motion.shots[1].start - 1) is motion.shots[0]


def test_heads_turn_smoothly_and_within_limits():
    motion = Motion(2, 3000)
    yaw = np.degrees(track(motion, lambda p: p.yaw))
    assert np.abs(yaw).max() < 75.0
    assert within_shots(motion, yaw).max() < 15.0  # degrees a frame: 375°/s is a fast turn


def test_hard_shots_move_more():
    easy = Motion(3, 3000, settings=MotionSettings(hard_share=0.0))
    hard = Motion(3, 3000, settings=MotionSettings(hard_share=1.0))
    speed = [within_shots(m, track(m, lambda p: p.yaw)).mean() for m in (easy, hard)]
    assert speed[1] > 2.0 * speed[0]


def test_mouths_open_and_shut_while_speaking():
    jaw = track(Motion(4, 2000), lambda p: p.expression[EXPRESSION_INDEX["mouth-open"]])
    assert (jaw > 0.15).mean() > 0.05
    assert (jaw < 0.02).mean() > 0.2


@pytest.mark.parametrize("frame", [-1, 100])
def test_frames_outside_the_clip_are_refused(frame):
    with pytest.raises(IndexError, match="100 frames"):
        Motion(0, 100).pose(frame)


def test_an_empty_clip_is_refused():
    with pytest.raises(ValueError, match="at least one"):
        Motion(0, 0)


def test_a_single_frame_is_a_clip():
    assert Motion(0, 1).shots[0].stop == 1


def test_noise_has_unit_variance_and_its_correlation_time():
    noise = smooth_noise(np.random.default_rng(0), 100_000, 25.0, 1.0)
    assert noise.std() == pytest.approx(1.0, abs=0.05)
    # a twice low-passed process: autocorrelation (1 + t/τ) e^{−t/τ}
    measured = np.corrcoef(noise[:-25], noise[25:])[0, 1]
    assert measured == pytest.approx(2.0 / np.e, abs=0.06)


def test_blinks_come_at_their_rate_and_last_as_long_as_blinks():
    left, right = blinks(np.random.default_rng(1), 60_000, 100.0, 0.3)
    shut = left > 0.5
    starts = np.flatnonzero(np.diff(shut.astype(int)) == 1)
    assert len(starts) / 600.0 == pytest.approx(0.3 / (1 + 0.3 * 0.4), rel=0.2)
    assert 0.1 < shut.sum() / 100.0 / len(starts) < 0.3
    assert np.abs(left - right).max() < 0.5


def test_saccades_are_still_most_of_the_time():
    gaze = saccades(np.random.default_rng(2), 3000, 100.0)
    moving = np.abs(np.diff(gaze, axis=0)).max(axis=1) > 1e-9
    assert moving.mean() < 0.15
    assert gaze.std() > 0.05


def test_speech_stays_in_range():
    opening, lips = syllables(np.random.default_rng(3), 3000, 25.0, 0.6)
    assert opening.min() >= 0.0
    assert opening.max() <= 1.0
    assert np.abs(lips).max() <= 1.0


def test_episodes_rise_and_fall():
    for start, stop, envelope in episodes(np.random.default_rng(4), 2000, 25.0, 1.0, 1.0):
        assert 0 <= start < stop <= 2000
        assert len(envelope) == stop - start
        assert envelope[0] < 0.6
        assert envelope.max() <= 1.0
