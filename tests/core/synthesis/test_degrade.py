"""The camera: a good one changes nothing, and none moves a point."""

import numpy as np
import pytest

from core.synthesis.degrade import CameraFaults, develop, sample_faults, streak
from core.synthesis.shading import linear_table


@pytest.fixture
def spot():
    """A bright soft spot at (40, 25) on grey, linear light, 64×80."""
    y, x = np.mgrid[:64, :80]
    light = 0.05 + 0.8 * np.exp(-((x - 40) ** 2 + (y - 25) ** 2) / (2 * 4.0**2))
    return np.repeat(light[..., None], 3, 2).astype(np.float32)


def centre(image):
    """Brightness centre (x, y) above the ground."""
    weight = np.maximum(image.astype(float).mean(-1) - np.median(image) - 8, 0)
    y, x = np.mgrid[: weight.shape[0], : weight.shape[1]]
    return np.array([(x * weight).sum(), (y * weight).sum()]) / weight.sum()


def test_a_good_camera_returns_the_srgb_values():
    values = np.arange(20, 190, 5, dtype=np.uint8)
    light = np.repeat(linear_table()[values][None, :, None], 3, 2)
    image = develop(np.repeat(light, 4, 0), CameraFaults(), np.random.default_rng(0))
    assert np.abs(image[0, :, 0].astype(int) - values).max() <= 1


@pytest.mark.parametrize(
    "faults",
    [
        CameraFaults(defocus_px=2.0),
        CameraFaults(motion_px=9.0, motion_rad=0.7),
        CameraFaults(scale=0.37),
        CameraFaults(jpeg=30),
        CameraFaults(sharpen=1.0),
        CameraFaults(noise=4.0),
        CameraFaults(video=30),
    ],
)
def test_faults_move_nothing(spot, faults):
    image = develop(spot, faults, np.random.default_rng(1))
    assert np.abs(centre(image) - [40, 25]).max() < 0.2


def test_no_saturation_is_grey(spot):
    spot[..., 0] *= 0.4
    grey = develop(spot, CameraFaults(saturation=0.0), np.random.default_rng(0))
    assert np.ptp(grey.astype(int), axis=2).max() <= 1


@pytest.mark.parametrize("length", [2.0, 5.5, 13.0])
def test_streaks_are_centred_and_keep_brightness(length):
    kernel = streak(length, 0.4)
    assert kernel.sum() == pytest.approx(1.0, abs=1e-5)
    y, x = np.mgrid[: kernel.shape[0], : kernel.shape[1]]
    half = kernel.shape[0] // 2
    assert (kernel * x).sum() == pytest.approx(half, abs=1e-4)
    assert (kernel * y).sum() == pytest.approx(half, abs=1e-4)


def test_small_faces_keep_twenty_pixels():
    for seed in range(200):
        faults = sample_faults(np.random.default_rng(seed), 40.0)
        assert 40.0 * faults.scale >= 19.9


def test_video_coding_loses_detail_where_nothing_moves_and_keeps_what_does(spot):
    """Faint texture is left to the prediction; a bright spot that moved is coded anew."""
    rng = np.random.default_rng(2)
    texture = spot + 0.01 * rng.random(spot.shape, dtype=np.float32)
    plain = develop(texture, CameraFaults(), rng).astype(int)
    coded = develop(texture, CameraFaults(video=20, video_px=(1.5, 0.0)), rng).astype(int)
    assert np.abs(centre(coded) - [40, 25]).max() < 0.5  # less than the prediction was off
    flat = np.s_[48:, 56:]
    assert coded[flat].std() < 0.8 * plain[flat].std()


def test_equal_seeds_give_equal_bytes(spot):
    faults = CameraFaults(noise=9.0, jpeg=40)
    a, b = (develop(spot, faults, np.random.default_rng(5)) for _ in range(2))
    assert np.array_equal(a, b)
