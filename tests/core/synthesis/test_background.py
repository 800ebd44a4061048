"""Backgrounds: by formula and from a folder."""

import cv2
import numpy as np
import pytest

from core.errors import InputError
from core.synthesis.background import sample_background


def test_backgrounds_vary_and_repeat():
    first = sample_background(np.random.default_rng(1), (48, 64))
    again = sample_background(np.random.default_rng(1), (48, 64))
    other = sample_background(np.random.default_rng(2), (48, 64))
    assert first.shape == (48, 64, 3)
    assert first.dtype == np.uint8
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_pictures_of_a_folder_are_cut_to_size(tmp_path):
    cv2.imwrite(str(tmp_path / "red.png"), np.full((20, 90, 3), (0, 0, 200), np.uint8))
    image = sample_background(np.random.default_rng(0), (48, 64), tmp_path)
    assert image.shape == (48, 64, 3)
    assert np.all(image == (200, 0, 0))


def test_an_empty_folder_is_named(tmp_path):
    with pytest.raises(InputError, match="holds no picture"):
        sample_background(np.random.default_rng(0), (8, 8), tmp_path)
