"""Textures: tones, packing, hair colours, spaces of colour."""

import itertools

import numpy as np
import pytest

from core.synthesis import textures
from core.synthesis.look import skin_tone


def test_srgb_and_linear_are_inverse():
    value = np.linspace(0, 1, 300, dtype=np.float32)
    assert np.allclose(textures.to_srgb(textures.to_linear(value)), value, atol=1e-5)


def test_a_gain_multiplies_linear_light():
    table = textures.gain_table(np.array([0.5, 1.0, 2.0], np.float32))[:, 0]
    half = textures.to_srgb(textures.to_linear(np.float32([128 / 255])) * 0.5) * 255
    assert abs(int(table[128, 0]) - half[0]) <= 1
    assert table[128, 1] == 128
    assert table[255, 2] == 255


def test_tones_darken_along_the_scale():
    brightness = [float(skin_tone(t, 0.0).mean()) for t in np.linspace(0, 1, 21)]
    assert all(a > b for a, b in itertools.pairwise(brightness))
    assert brightness[0] / brightness[-1] > 9  # the darkest skins measured have L* of about 26


def test_warmth_moves_red_against_blue():
    cool, warm = skin_tone(0.3, -1.0), skin_tone(0.3, 1.0)
    assert warm[0] / warm[2] > cool[0] / cool[2]


def test_packed_textures_can_be_found_again():
    a = np.random.default_rng(0).integers(0, 255, (3, 5, 4)).astype(np.uint8)
    b = np.random.default_rng(1).integers(0, 255, (7, 2, 4)).astype(np.uint8)
    packed = textures.pack([a, b])
    start, rows, columns = packed.table[1]
    again = packed.texels[start : start + rows * columns].reshape(rows, columns, 4)
    assert np.array_equal(again, b)


@pytest.mark.parametrize("curly", [False, True])
def test_hair_takes_its_colour(curly):
    red = textures.bake_hair(None, 64, np.array([0.3, 0.05, 0.02], np.float32), 1.0, curly)
    mean = textures.to_linear(red[..., :3].astype(np.float32) / 255).mean((0, 1))
    assert mean[0] > 3 * mean[1]


def test_shrinking_does_not_bleed_transparent_colour():
    picture = np.zeros((64, 64, 4), np.uint8)
    picture[::2, :, 0] = 200
    picture[::2, :, 3] = 255  # opaque red lines on transparent black
    small = textures._shrink(picture, (16, 16))
    assert np.all(np.abs(small[..., 0].astype(int) - 200) <= 2)
    assert np.all(np.abs(small[..., 3].astype(int) - 128) <= 2)
