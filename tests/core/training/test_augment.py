"""Laws of augmentation: points follow pixels, flips swap pairs, equal seeds give equal samples."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
import torch

from core.datasets.face_cache import FaceCache
from core.faces.crops import crop_matrix, eye_line_angle
from core.nets.model_card import BoxRule
from core.schemes import load_landmark_scheme
from core.training import augment
from core.training.batches import FaceSamples, epoch_order, stack, to_input
from core.training.recipe import AugmentRecipe

PAIR = (36, 45)
WILD = AugmentRecipe(aspect=0.1)


def _spotted(xy: np.ndarray, size: int) -> np.ndarray:
    """A picture with a Gaussian spot at each of a few points, one a colour channel."""
    y, x = np.mgrid[:size, :size]
    image = np.zeros((size, size, 3))
    for channel, (cx, cy) in enumerate(xy):
        image[..., channel] = 250 * np.exp(-((x - cx) ** 2 + (y - cy) ** 2) / 30)
    return image.astype(np.uint8)


@pytest.mark.parametrize("seed", range(12))
def test_points_follow_pixels(seed: int, toy_cache: FaceCache):
    rng = np.random.default_rng(seed)
    xy = toy_cache.landmarks[seed] * 2.5
    spots = np.array([[70.3, 75.1], [92.8, 66.4], [80.0, 99.7]])
    placement = augment.random_placement(rng, xy, 112, PAIR, WILD)
    image = augment.warp(_spotted(spots, 160), placement.matrix, 112)
    moved = spots @ placement.matrix[:, :2].T + placement.matrix[:, 2]
    y, x = np.mgrid[:112, :112]
    for channel in range(3):
        light = image[..., channel].astype(float)
        where = np.array([(x * light).sum(), (y * light).sum()]) / light.sum()
        if (np.abs(moved[channel] - 55.5) < 40).all():  # the whole spot is inside
            np.testing.assert_allclose(where, moved[channel], atol=0.1)


def test_flips_swap_mirror_pairs(toy_cache: FaceCache):
    scheme = load_landmark_scheme("ibug68")
    xy = toy_cache.landmarks[0]
    matrix = augment.base_matrix(xy, 64, 1.2, 0.0)
    flipped = np.array([[0.0, 0, 63], [0, 0, 0]]) + matrix * [[-1.0], [1.0]]
    plain = augment.move_points(xy, augment.Placement(matrix, False), scheme.mirror)
    swapped = augment.move_points(xy, augment.Placement(flipped, True), scheme.mirror)
    # The person's right eye corner (36) comes to lie where the left one (45) was, mirrored.
    np.testing.assert_allclose(swapped[36], [63 - plain[45, 0], plain[45, 1]])
    np.testing.assert_allclose(swapped[0], [63 - plain[16, 0], plain[16, 1]])
    np.testing.assert_allclose(swapped[8], [63 - plain[8, 0], plain[8, 1]])
    assert swapped[36, 0] < swapped[45, 0]


def test_flipped_placements_really_mirror(toy_cache: FaceCache):
    flipping = AugmentRecipe(flip=1.0, roll_deg=0.0, shift=0.0, zoom=(1.0, 1.0))
    staying = AugmentRecipe(flip=0.0, roll_deg=0.0, shift=0.0, zoom=(1.0, 1.0))
    xy = toy_cache.landmarks[1]
    one, other = (
        augment.random_placement(np.random.default_rng(0), xy, 64, PAIR, r)
        for r in (flipping, staying)
    )
    image = toy_cache.image(1)
    a, b = augment.warp(image, one.matrix, 64), augment.warp(image, other.matrix, 64)
    assert one.flipped
    assert np.abs(a[:, ::-1].astype(int) - b.astype(int)).mean() < 1.0


def test_the_undisturbed_crop_is_the_predictors_crop(toy_cache: FaceCache):
    for index in range(10):
        xy = toy_cache.landmarks[index].astype(float)
        angle = eye_line_angle(xy, PAIR)
        np.testing.assert_allclose(
            augment.base_matrix(xy, 112, 1.2, angle),
            crop_matrix(BoxRule(scale=1.2), xy, angle, (112, 112)),
            atol=1e-9,
        )


@pytest.mark.parametrize(
    "change",
    [
        augment.occlude,
        augment.shift_colours,
        augment.change_gamma,
        augment.to_grey,
        augment.blur,
        augment.lower_resolution,
        augment.add_noise,
        augment.compress,
    ],
)
def test_pixel_changes_change_pixels_and_keep_the_form(change, toy_cache: FaceCache):
    image = toy_cache.image(2)
    before = image.copy()
    changed = change(image, np.random.default_rng(3))
    assert changed.shape == image.shape
    assert changed.dtype == np.uint8
    assert (changed != before).any()
    np.testing.assert_array_equal(image, before)  # the cache's copy stays
    np.testing.assert_array_equal(changed, change(image, np.random.default_rng(3)))


def test_crops_without_a_face_have_the_inputs_size(toy_cache: FaceCache):
    for seed in range(30):
        crop = augment.no_face(toy_cache.image(seed), np.random.default_rng(seed), 48)
        assert crop.shape == (48, 48, 3)
        assert crop.dtype == np.uint8


def _samples(cache: FaceCache, epoch: int | None, **changes: object) -> FaceSamples:
    recipe = AugmentRecipe(**changes)  # type: ignore[arg-type]
    scheme = load_landmark_scheme("ibug68")
    return FaceSamples(cache, np.arange(20), scheme, 48, recipe, 5, epoch)


def test_a_sample_is_a_function_of_seed_epoch_and_index(toy_cache: FaceCache):
    first, again, later = (_samples(toy_cache, epoch)[3] for epoch in (2, 2, 3))
    for one, other in zip(first, again, strict=True):
        assert torch.equal(one, other)
    assert not torch.equal(first.images, later.images)


def test_backgrounds_have_no_points(toy_cache: FaceCache):
    batch = stack([_samples(toy_cache, 0, background=1.0)[i] for i in range(4)])
    assert batch.has_face.sum() == 0
    assert batch.weights.sum() == 0
    assert batch.images.shape == (4, 48, 48, 3)


def test_validation_samples_are_never_mirrored_nor_disturbed(toy_cache: FaceCache):
    batch = stack([_samples(toy_cache, None)[i] for i in range(20)])
    assert batch.has_face.sum() == 20
    assert (batch.landmarks[:, 36, 0] < batch.landmarks[:, 45, 0]).all()


def test_an_epoch_sees_every_face_at_most_once():
    order = epoch_order(100, 1, 4, 16)
    assert len(order) == 96
    assert len(set(order.tolist())) == 96
    assert (order != epoch_order(100, 1, 5, 16)).any()


def test_input_is_normalised_and_channels_first():
    images = torch.zeros(1, 4, 4, 3, dtype=torch.uint8)
    images[..., 1] = 255
    out = to_input(images, (0.5, 0.5, 0.5), (0.25, 0.5, 1.0))
    assert out.shape == (1, 3, 4, 4)
    assert out[0, :, 0, 0].tolist() == [-2.0, 1.0, -0.5]


def test_the_spot_test_would_see_half_a_pixel(toy_cache: FaceCache):
    """The law test is sharp: a map off by half a pixel moves the spot by half a pixel."""
    image = _spotted(np.array([[30.0, 30.0]] * 3), 64)
    moved = cv2.warpAffine(image, np.array([[1.0, 0, 0.5], [0, 1.0, 0]]), (64, 64))
    light = moved[..., 0].astype(float)
    x = np.arange(64)
    assert (light.sum(axis=0) * x).sum() / light.sum() == pytest.approx(30.5, abs=0.02)


def test_light_from_one_side_darkens_a_side_and_moves_nothing():
    grey = np.full((64, 64, 3), 120, np.uint8)
    for seed in range(10):
        lit = augment.shade(grey, np.random.default_rng(seed)).astype(float)
        assert lit.max() <= 120 * 1.4 + 1
        assert lit.min() < 0.98 * lit.max()
        assert (lit[..., 0] == lit[..., 2]).all()


def test_sharpening_keeps_flat_places_and_steepens_edges():
    step = np.full((32, 32, 3), 80, np.uint8)
    step[:, 16:] = 160
    sharp = augment.sharpen(step, np.random.default_rng(0))
    assert (sharp[:, :8] == 80).all()
    assert (sharp[:, 15] < 80).all()
    assert (sharp[:, 16] > 160).all()
