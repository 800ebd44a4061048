"""Class colours laid over pictures."""

import numpy as np
import pytest

from core.masks.colouring import blend, colourise, stain
from core.masks.label_map import LabelMap

PALETTE = np.array([[0, 0, 0], [200, 100, 0], [0, 0, 255]], np.uint8)


def test_each_class_has_its_colour():
    np.testing.assert_array_equal(
        colourise(np.array([[2, 0]], np.uint8), PALETTE), [[[0, 0, 255], [0, 0, 0]]]
    )


@pytest.mark.parametrize("opacity", [0.0, 0.3, 0.5, 1.0])
def test_blending_is_the_weighted_mean_and_background_stays(opacity):
    rgb = np.random.default_rng(1).integers(0, 256, (6, 7, 3), dtype=np.uint8)
    crop = LabelMap(np.array([[1, 0, 2], [2, 1, 0]], np.uint8), -1, 4)
    expected = rgb.astype(float)
    labels = crop.paste((6, 7))
    painted = labels != 0
    colours = PALETTE[labels].astype(float)
    expected[painted] += opacity * (colours - expected)[painted]
    before = rgb.copy()
    blend(rgb, crop, PALETTE, opacity)
    np.testing.assert_allclose(rgb, expected, atol=1.0)
    np.testing.assert_array_equal(rgb[~painted], before[~painted])


def test_a_label_without_a_colour_is_refused():
    with pytest.raises(ValueError, match="no colour"):
        blend(
            np.zeros((3, 3, 3), np.uint8), LabelMap(np.full((3, 3), 3, np.uint8), 0, 0), PALETTE, 1
        )


def test_staining_follows_coverage_and_opacity():
    rgb = np.full((1, 3, 3), 100, np.uint8)
    stain(rgb, np.array([[0, 128, 255]], np.uint8), (200, 0, 100), 0.5)
    np.testing.assert_array_equal(rgb[0], [[100, 100, 100], [125, 75, 100], [150, 50, 100]])
