"""Trembling of label maps on cases counted by hand."""

from __future__ import annotations

import numpy as np
import pytest

from core.metrics import label_flicker


def _clip(*rows: list[int]) -> np.ndarray:
    """Frames of one row of pixels, (T, 1, W)."""
    return np.array(rows, np.uint8)[:, None]


def test_changes_count_face_pixels_only():
    # Four pixels; the last is background throughout, one of the other three changes.
    labels = _clip([1, 1, 2, 0], [1, 2, 2, 0])
    assert label_flicker.changes(labels) == pytest.approx(1 / 3)


def test_a_steady_map_never_trembles():
    labels = np.broadcast_to(np.arange(16, dtype=np.uint8).reshape(4, 4) % 5, (6, 4, 4))
    assert label_flicker.changes(labels) == label_flicker.blinks(labels) == 0.0
    assert label_flicker.false_changes(labels, labels) == 0.0


def test_true_motion_is_no_false_change():
    truth = _clip([1, 2, 0, 0], [0, 1, 2, 0], [0, 0, 1, 2])
    assert label_flicker.changes(truth) > 0.5
    assert label_flicker.false_changes(truth, truth) == 0.0


def test_false_changes_are_those_where_the_truth_stays():
    truth = _clip([1, 1, 1, 1], [1, 1, 1, 2])
    labels = _clip([1, 1, 1, 1], [1, 2, 1, 2])
    assert label_flicker.false_changes(labels, truth) == pytest.approx(1 / 4)


def test_unknown_pixels_do_not_count():
    truth = _clip([1, 1, 255, 255], [1, 1, 1, 255])
    labels = _clip([1, 1, 1, 1], [1, 1, 2, 2])
    assert label_flicker.false_changes(labels, truth) == 0.0


def test_a_blink_comes_back_and_a_change_does_not():
    assert label_flicker.blinks(_clip([1, 1], [2, 1], [1, 1])) == pytest.approx(1 / 2)
    assert label_flicker.blinks(_clip([1, 1], [2, 1], [2, 1])) == 0.0


def test_nothing_shown_is_not_a_number():
    assert np.isnan(label_flicker.changes(np.zeros((3, 2, 2), np.uint8)))
    assert np.isnan(label_flicker.blinks(np.ones((2, 2, 2), np.uint8)))
