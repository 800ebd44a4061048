"""Flicker: zero for steady errors and steady movement, exact for a point that jumps."""

from __future__ import annotations

import numpy as np
import pytest

from core.metrics.flicker import (
    normalised_mean_flicker,
    second_difference_flicker,
    still_stretches,
)

SIZES = np.full(20, 50.0)


def _moving(speed: float) -> np.ndarray:
    """20 frames of three points that move steadily."""
    start = np.array([[0.0, 0.0], [50, 0], [25, 40]])
    return start + speed * np.arange(20)[:, None, None]


def test_a_constant_error_does_not_flicker():
    truth = _moving(1.5)
    assert normalised_mean_flicker(truth + 7.0, truth, SIZES) == pytest.approx(0.0)


def test_steady_movement_has_no_second_difference():
    assert second_difference_flicker(_moving(3.0), SIZES) == pytest.approx(0.0, abs=1e-12)


def test_an_alternating_error_is_counted_exactly():
    truth = _moving(1.0)
    shake = np.where(np.arange(20) % 2, 2.0, 0.0)[:, None, None] * [1.0, 0.0]
    assert normalised_mean_flicker(truth + shake, truth, SIZES) == pytest.approx(2 / 50)
    assert second_difference_flicker(truth + shake, SIZES) == pytest.approx(4 / 50)


def test_missing_frames_are_left_out():
    truth = _moving(1.0)
    predicted = truth.copy()
    predicted[7] = np.nan
    assert normalised_mean_flicker(predicted, truth, SIZES) == pytest.approx(0.0)
    assert np.isnan(second_difference_flicker(np.full((20, 3, 2), np.nan), SIZES))


def test_still_stretches_are_those_whose_box_stays():
    boxes = np.tile([10.0, 10, 110, 110], (5, 1))
    boxes[3] += 5
    assert still_stretches(boxes).tolist() == [True, True, True, False, False]
