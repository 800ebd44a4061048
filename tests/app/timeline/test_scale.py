"""Zoom and scroll of the timeline stay inside the clip and keep the frame under the mouse."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.timeline.scale import Scale


@given(st.integers(1, 300_000), st.floats(0.2, 5), st.floats(0, 1000), st.floats(-1e5, 1e5))
def test_whatever_is_done_the_view_stays_inside_the_clip(frames, factor, x, frames_on):
    scale = Scale.whole(frames, 1000.0).zoomed(factor, x).scrolled(frames_on).zoomed(factor, x)
    assert scale.first >= 0
    assert scale.first + scale.span <= frames * (1 + 1e-12) + 1e-6
    assert 0 <= scale.frame_at(x) < frames


@pytest.mark.parametrize("x", [0.0, 300.0, 999.0])
def test_zooming_keeps_the_frame_under_the_mouse(x):
    scale = Scale.whole(200_000, 1000.0)
    closer = scale.zoomed(50.0, x)
    assert closer.frame_at(x) == pytest.approx(scale.frame_at(x), abs=1)


def test_frames_and_pixels_are_inverse():
    scale = Scale.whole(500, 1000.0).zoomed(4.0, 400.0)
    for frame in (250, 251, 300):
        assert scale.frame_at(scale.x_of(frame) + 0.01) == frame


def test_the_page_turns_only_when_the_cursor_leaves_it():
    scale = Scale.whole(1000, 100.0).zoomed(10.0, 0.0)
    assert scale.showing(99) is scale
    turned = scale.showing(150)
    assert turned.first <= 150 < turned.first + turned.span


@pytest.mark.parametrize(("frames", "step"), [(100, 10), (1000, 100), (200_000, 20_000)])
def test_ticks_are_round_numbers_far_enough_apart(frames, step):
    assert Scale.whole(frames, 1000.0).tick_step(80.0) == step
