"""Frames and label maps on their way to Qt."""

import numpy as np
import pytest

from app import convert


def some_frame(height=5, width=7):
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)


@pytest.mark.parametrize("size", [(5, 7), (1, 1), (33, 1), (1080, 1921)])
def test_a_frame_comes_back_as_it_went(size):
    rgb = some_frame(*size)
    assert np.array_equal(convert.rgb_from_image(convert.image_from_rgb(rgb)), rgb)


def test_an_image_owns_its_pixels():
    rgb = some_frame()
    image = convert.image_from_rgb(rgb)
    before = convert.rgb_from_image(image)
    rgb[:] = 0
    assert np.array_equal(convert.rgb_from_image(image), before)


def test_rows_of_a_view_are_read_in_order():
    rgb = some_frame(20, 30)[::2, ::3]
    assert np.array_equal(convert.rgb_from_image(convert.image_from_rgb(rgb)), rgb)


@pytest.mark.parametrize("wrong", [np.zeros((4, 4), np.uint8), np.zeros((4, 4, 3), np.float32)])
def test_what_is_no_frame_is_refused(wrong):
    with pytest.raises(ValueError, match="a frame is"):
        convert.image_from_rgb(wrong)


def test_labels_take_the_colours_of_their_classes():
    colours = np.zeros(256, np.uint32)
    colours[3] = convert.premultiplied((255, 0, 0), 1.0)
    image = convert.image_from_labels(np.array([[0, 3]], np.uint8), colours)
    assert image.pixelColor(0, 0).alpha() == 0
    assert image.pixelColor(1, 0).getRgb() == (255, 0, 0, 255)


def test_premultiplied_scales_the_channels_with_opacity():
    assert convert.premultiplied((255, 128, 0), 0.5) == 0x80 << 24 | 128 << 16 | 64 << 8


def test_pixel_centres_are_integers_in_the_image_and_halves_in_the_scene():
    xy = np.array([[0.0, 3.0]])
    assert np.array_equal(convert.scene_from_image(xy), [[0.5, 3.5]])
    assert np.array_equal(convert.image_from_scene(convert.scene_from_image(xy)), xy)


def test_tone_leaves_mid_grey_under_contrast_and_shifts_it_under_brightness():
    image = convert.image_from_rgb(np.full((2, 2, 3), 128, np.uint8))
    contrasty = convert.rgb_from_image(convert.toned(image, 0.0, 1.0))
    assert abs(int(contrasty[0, 0, 0]) - 128) <= 2
    brighter = convert.rgb_from_image(convert.toned(image, 0.25, 0.0))
    assert abs(int(brighter[0, 0, 0]) - 192) <= 1


def test_no_tone_changes_nothing():
    rgb = some_frame()
    image = convert.image_from_rgb(rgb)
    assert np.array_equal(convert.rgb_from_image(convert.toned(image, 0.0, 0.0)), rgb)
