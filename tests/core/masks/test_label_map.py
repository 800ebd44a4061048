"""A cropped label map lands where it belongs."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.masks.label_map import LabelMap


def ramp(height: int, width: int) -> np.ndarray:
    return (np.arange(height * width, dtype=np.uint8) + 1).reshape(height, width)


@given(st.integers(0, 6), st.integers(0, 6), st.integers(-9, 12), st.integers(-9, 12))
def test_paste_equals_the_slow_loop(height, width, x0, y0):
    crop = LabelMap(ramp(height, width), x0, y0)
    expected = np.zeros((7, 9), np.uint8)
    for y in range(height):
        for x in range(width):
            if 0 <= y + y0 < 7 and 0 <= x + x0 < 9:
                expected[y + y0, x + x0] = crop.labels[y, x]
    np.testing.assert_array_equal(crop.paste((7, 9)), expected)


def test_background_covers_nothing_when_faces_share_a_frame():
    frame = LabelMap(np.full((2, 2), 5, np.uint8), 1, 1).paste((4, 4))
    LabelMap(np.array([[0, 3], [0, 0]], np.uint8), 1, 1).paste_over(frame)
    np.testing.assert_array_equal(frame[1:3, 1:3], [[5, 3], [5, 5]])


def test_trimming_keeps_what_is_painted():
    labels = np.zeros((8, 9), np.uint8)
    labels[2:4, 3:7] = 1
    crop = LabelMap(labels, 10, 20)
    assert crop.trimmed().box_xyxy == (13, 22, 17, 24)
    np.testing.assert_array_equal(crop.trimmed().paste((40, 40)), crop.paste((40, 40)))


def test_nothing_painted_trims_to_nothing():
    assert LabelMap(np.zeros((3, 3), np.uint8), 4, 5).trimmed().labels.shape == (0, 0)


def test_equality_looks_at_labels_and_place():
    crop = LabelMap(ramp(2, 2), 1, 2)
    assert crop == LabelMap(ramp(2, 2), 1, 2)
    assert crop != LabelMap(ramp(2, 2), 1, 3)
    assert crop != LabelMap(ramp(2, 2)[:, :1], 1, 2)
    assert crop != "a label map"
    with pytest.raises(TypeError):
        hash(crop)
