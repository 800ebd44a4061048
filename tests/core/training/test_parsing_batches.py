"""Laws of parsing samples: labels follow pixels, flips swap classes, last masks are made up."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from core.datasets.face_cache import UNKNOWN, FaceCache
from core.schemes import load_landmark_scheme, load_mask_scheme
from core.training import augment
from core.training.parsing_batches import (
    ParsingSamples,
    disturb_mask,
    mask_planes,
    move_labels,
)
from core.training.recipe import AugmentRecipe, PreviousRecipe

SCHEMES = load_landmark_scheme("ibug68"), load_mask_scheme("parts14")
CLASSES = {name: index for index, name in enumerate(SCHEMES[1].class_names)}
PLAIN = AugmentRecipe(
    crop_scale=2.0, crop_shift=(0.0, -0.15), blur=0.0, low_resolution=0.0, jpeg=0.0, grey=0.0,
    gamma=0.0, colour=0.0, noise=0.0, occlusion=0.0,
)  # fmt: skip


def _samples(
    cache: FaceCache,
    epoch: int | None,
    recipe: AugmentRecipe = PLAIN,
    previous: PreviousRecipe | None = None,
) -> ParsingSamples:
    recipes = recipe, previous or PreviousRecipe()
    return ParsingSamples(cache, np.arange(40), SCHEMES, 48, recipes, 5, epoch)


def test_labels_follow_pixels(toy_heads: FaceCache):
    """A picture that *is* its label map stays so under every placement."""
    for seed in range(12):
        rng = np.random.default_rng(seed)
        labels = np.where(toy_heads.label_map(seed) == 1, 1, 0).astype(np.uint8)
        placement = augment.random_placement(rng, toy_heads.landmarks[seed], 48, (36, 45), PLAIN)
        image = augment.warp(np.repeat(labels[..., None] * 200, 3, axis=2), placement.matrix, 48)
        moved = move_labels(labels, placement, 48, SCHEMES[1].mirror)
        known = moved != UNKNOWN
        agree = (image[..., 0] > 100)[known] == (moved == 1)[known]
        assert agree.mean() > 0.97


def test_flips_swap_left_and_right_classes(toy_heads: FaceCache):
    staying = replace(PLAIN, flip=0.0, roll_deg=0.0, shift=0.0, zoom=(1.0, 1.0))
    xy = toy_heads.landmarks[1]
    plain, flipped = (
        augment.random_placement(np.random.default_rng(0), xy, 48, (36, 45), recipe)
        for recipe in (staying, replace(staying, flip=1.0))
    )
    labels = toy_heads.label_map(1)
    one = move_labels(labels, plain, 48, SCHEMES[1].mirror)
    other = move_labels(labels, flipped, 48, SCHEMES[1].mirror)
    eye = CLASSES["left_eye"]
    assert one[:, 24:][one[:, 24:] == eye].size > 0  # the person's left lies on the picture's right
    assert (one[:, :24] == eye).sum() == 0
    assert (other[:, :24] == eye).sum() == 0
    known = (one != UNKNOWN) & (other[:, ::-1] != UNKNOWN)
    mirrored = SCHEMES[1].mirrored(np.where(known, one, 0).astype(np.uint8))[:, ::-1]
    # Pixels on borders may round the other way.
    assert (mirrored[known] == other[:, ::-1][known]).mean() > 0.97


def test_flipping_twice_gives_the_same_labels(toy_heads: FaceCache):
    labels = toy_heads.label_map(2)
    size = labels.shape[0]
    mirror = augment.Placement(np.array([[-1.0, 0, size - 1], [0, 1, 0]]), True)
    once = move_labels(labels, mirror, size, SCHEMES[1].mirror)
    assert (once != labels).any()
    np.testing.assert_array_equal(move_labels(once, mirror, size, SCHEMES[1].mirror), labels)


def test_a_sample_is_a_function_of_seed_epoch_and_index(toy_heads: FaceCache):
    first, again, later = (_samples(toy_heads, epoch, AugmentRecipe())[3] for epoch in (2, 2, 3))
    for one, other in zip(first, again, strict=True):
        assert torch.equal(one, other)
    assert not torch.equal(first.images, later.images)


def test_validation_has_no_last_mask_and_is_never_mirrored(toy_heads: FaceCache):
    for row in range(10):
        sample = _samples(toy_heads, None)[row]
        assert (sample.previous == UNKNOWN).all()
        x = torch.arange(48)
        right, left = (
            (x * (sample.labels == CLASSES[f"{side}_eye"]).sum(dim=0)).sum()
            / (sample.labels == CLASSES[f"{side}_eye"]).sum()
            for side in ("right", "left")
        )
        assert right < left


def test_a_fifth_of_the_last_masks_is_missing(toy_heads: FaceCache):
    empty = [
        bool((_samples(toy_heads, epoch)[row].previous == UNKNOWN).all())
        for epoch in range(12)
        for row in range(40)
    ]
    assert np.mean(empty) == pytest.approx(0.2, abs=0.06)


def test_last_masks_are_near_the_truth_but_not_it(toy_heads: FaceCache):
    given = PreviousRecipe(empty=0.0, wrong=0.0)
    shares = []
    for row in range(20):
        sample = _samples(toy_heads, 0, previous=given)[row]
        known = sample.labels != UNKNOWN
        assert (sample.previous != UNKNOWN).all()
        shares.append(float((sample.previous == sample.labels)[known].float().mean()))
    assert 0.75 < np.mean(shares) < 0.98


def test_an_undisturbed_mask_is_itself():
    labels = np.random.default_rng(0).integers(0, 14, (32, 32)).astype(np.uint8)
    still = PreviousRecipe(shift=0.0, zoom=0.0, roll_deg=0.0, ragged=0.0)
    np.testing.assert_array_equal(disturb_mask(labels, np.random.default_rng(1), still), labels)


def test_what_covers_the_face_is_background(toy_heads: FaceCache):
    covered = replace(PLAIN, occlusion=1.0)
    bare, hidden = (
        sum(
            int((_samples(toy_heads, 1, recipe)[row].labels % UNKNOWN > 0).sum())
            for row in range(20)
        )
        for recipe in (PLAIN, covered)
    )
    assert 0.5 * bare < hidden < 0.95 * bare


def test_planes_are_one_hot_and_empty_where_there_is_no_mask():
    labels = torch.tensor([[[0, 3], [13, UNKNOWN]]], dtype=torch.uint8)
    planes = mask_planes(labels, 14)
    assert planes.shape == (1, 14, 2, 2)
    assert planes.sum(dim=1).tolist() == [[[1.0, 1.0], [1.0, 0.0]]]
    assert planes[0, 3, 0, 1] == 1
    assert planes[0, 13, 1, 0] == 1
