"""Batches for parsing: a picture, its labels, and a made-up mask of the frame before.

There is no video to learn from, so the last frame's mask is the truth itself, moved at random,
with torn borders, at times missing and at times wrong ([Yan20] section 7.4.2; METHODS H). As in
`batches`, a sample is a function of (seed, epoch, index) alone.
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional
from torch.utils.data import Dataset

from core.datasets.face_cache import UNKNOWN, FaceCache
from core.geometry import Array, compose_affine, similarity
from core.schemes import LandmarkScheme, MaskScheme
from core.training import augment
from core.training.recipe import AugmentRecipe, PreviousRecipe

Labels = NDArray[np.uint8]


class ParsingBatch(NamedTuple):
    """One step's worth of samples."""

    images: Tensor
    """(B, S, S, 3) uint8 RGB, as they come from the workers."""
    labels: Tensor
    """(B, S, S) uint8 classes; UNKNOWN where nobody knows."""
    previous: Tensor
    """(B, S, S) uint8 classes of the last frame's mask; all UNKNOWN = there is none."""
    earlier: Tensor
    """(B, S, S, 3) uint8: the picture an instant before, for samples that are to be fed the net's
    own answer to it; (B, 0) where the recipe wants none."""
    fed_own: Tensor
    """(B,) bool: those samples."""


class ParsingSamples(Dataset[ParsingBatch]):
    """Augmented crops of one epoch.

    Args:
        cache: Where crops and label maps lie.
        indices: Which of them, in the order they are drawn.
        schemes: Of landmarks (its normalising pair turns faces upright) and of masks.
        input_size: Side of the net's input.
        recipes: How to vary pictures, and the last frame's mask.
        seed: (seed, epoch) of the run; a None epoch means validation: placed but not disturbed,
            and without a last mask.
        epoch: See `seed`.
    """

    def __init__(
        self,
        cache: FaceCache,
        indices: NDArray[np.integer],
        schemes: tuple[LandmarkScheme, MaskScheme],
        input_size: int,
        recipes: tuple[AugmentRecipe, PreviousRecipe],
        seed: int,
        epoch: int | None,
    ) -> None:
        self._cache, self._indices = cache, indices
        self._landmarks, self._masks = schemes
        self._size = input_size
        self._augment, self._previous = recipes
        self._still = replace(self._augment, shift=0.03, zoom=(0.95, 1.05), roll_deg=5.0, flip=0.0)
        self._seed, self._epoch = seed, epoch

    def __len__(self) -> int:
        return len(self._indices)

    def __getitem__(self, row: int) -> ParsingBatch:
        index = int(self._indices[row])
        image, labels = self._cache.image(index), self._cache.label_map(index)
        xy, pair = self._cache.landmarks[index], self._landmarks.normalising_pair
        if self._epoch is None:
            rng = np.random.default_rng([self._seed, index])
            placement = augment.random_placement(rng, xy, self._size, pair, self._still)
            picture = augment.warp(image, placement.matrix, self._size)
            return self._batch(picture, self._moved(labels, placement), self._empty(), None)
        rng = np.random.default_rng([self._seed, self._epoch + 1, index])
        placement = augment.random_placement(rng, xy, self._size, pair, self._augment)
        truth = self._moved(labels, placement)
        picture = augment.warp(image, placement.matrix, self._size, rng)
        if rng.random() < self._augment.occlusion:
            covered = augment.occlude(picture, rng)
            truth[(covered != picture).any(axis=2)] = 0  # occluders are background in every scheme
            picture = covered
        plain, calm = picture, replace(self._augment, occlusion=0.0)
        picture = augment.disturb(plain, rng, calm)
        previous, earlier = self._made_up(truth, rng), None
        if self._previous.own and (previous != UNKNOWN).any():
            # Before the light and camera of this picture, and with others of its own.
            moved = warp_picture(plain, nudge(rng, self._size, _INSTANT))
            if rng.random() < self._previous.own:
                earlier = augment.disturb(moved, rng, calm)
        return self._batch(picture, truth, previous, earlier)

    def _moved(self, labels: Labels, placement: augment.Placement) -> Labels:
        return move_labels(labels, placement, self._size, self._masks.mirror)

    def _empty(self) -> Labels:
        return np.full((self._size, self._size), UNKNOWN, np.uint8)

    def _made_up(self, truth: Labels, rng: np.random.Generator) -> Labels:
        draw, recipe = rng.random(), self._previous
        if draw < recipe.empty:
            return self._empty()
        if draw < recipe.empty + recipe.wrong:
            far = replace(recipe, shift=0.4, zoom=0.4, roll_deg=40.0)
            return disturb_mask(self._masks.mirrored(_known(truth)), rng, far)
        if recipe.calm and rng.random() < recipe.calm:
            return disturb_mask(_known(truth), rng, _calmed(recipe), tear=0.1)
        return disturb_mask(_known(truth), rng, recipe)

    def _batch(
        self,
        picture: NDArray[np.uint8],
        truth: Labels,
        previous: Labels,
        earlier: NDArray[np.uint8] | None,
    ) -> ParsingBatch:
        nothing = np.zeros(picture.shape if self._previous.own else 0, np.uint8)
        images, labels, last, before = (
            torch.from_numpy(np.ascontiguousarray(part))
            for part in (picture, truth, previous, nothing if earlier is None else earlier)
        )
        return ParsingBatch(images, labels, last, before, torch.tensor(earlier is not None))


def move_labels(
    labels: Labels, placement: augment.Placement, size: int, mirror: NDArray[np.integer]
) -> Labels:
    """A label map in the net's input, (size, size); flips also swap left and right classes."""
    moved = warp_labels(labels, placement.matrix, size, UNKNOWN)
    if not placement.flipped:
        return moved
    table = np.full(256, UNKNOWN, np.uint8)
    table[: len(mirror)] = mirror
    return np.asarray(table[moved], np.uint8)


def warp_labels(labels: Labels, matrix: Array, size: int, outside: int) -> Labels:
    """Nearest labels, (size, size)."""
    moved = cv2.warpAffine(
        labels, matrix, (size, size), flags=cv2.INTER_NEAREST,
        borderMode=cv2.BORDER_CONSTANT, borderValue=(outside,),
    )  # fmt: skip
    return np.asarray(moved, np.uint8)


_INSTANT = PreviousRecipe(shift=0.012, zoom=0.01, roll_deg=1.0)
"""How far a face moves in its crop from one frame to the next."""


def _calmed(recipe: PreviousRecipe) -> PreviousRecipe:
    return replace(
        recipe, shift=recipe.shift / 10, zoom=recipe.zoom / 10, roll_deg=recipe.roll_deg / 10
    )


def nudge(rng: np.random.Generator, size: int, recipe: PreviousRecipe) -> Array:
    """A small motion about the middle, within the recipe's ranges, (2, 3)."""
    middle = np.full(2, (size - 1) / 2)
    angle = np.deg2rad(rng.uniform(-recipe.roll_deg, recipe.roll_deg))
    linear = similarity(1.0 + rng.uniform(-recipe.zoom, recipe.zoom), angle, np.zeros(2))
    offset = middle + rng.uniform(-recipe.shift, recipe.shift, 2) * size
    matrix = compose_affine(linear, np.hstack([np.eye(2), -middle[:, None]]))
    matrix[:, 2] += offset
    return matrix


def warp_picture(image: NDArray[np.uint8], matrix: Array) -> NDArray[np.uint8]:
    """A picture moved within its own size; its edge is repeated."""
    size = (image.shape[1], image.shape[0])
    moved = cv2.warpAffine(
        image, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(moved, np.uint8)


def disturb_mask(
    labels: Labels, rng: np.random.Generator, recipe: PreviousRecipe, tear: float = 1.0
) -> Labels:
    """What a net might have said a frame earlier: moved, turned, scaled, with torn borders.

    Args:
        labels: (S, S) classes.
        rng: Decides.
        recipe: The ranges, and the share that is torn.
        tear: Factor on how far borders are torn.
    """
    size = labels.shape[0]
    moved = warp_labels(labels, nudge(rng, size, recipe), size, 0)
    return moved if rng.random() >= recipe.ragged else _torn(moved, rng, tear)


def _torn(labels: Labels, rng: np.random.Generator, tear: float) -> Labels:
    """Pull every pixel's label from a place nearby, by a smooth random field of a few pixels."""
    size = labels.shape[0]
    cells = int(rng.integers(6, 17))
    strength = rng.uniform(0.01, 0.04) * size * tear
    coarse = rng.normal(0.0, strength, (cells, cells, 2)).astype(np.float32)
    field = cv2.resize(coarse, (size, size), interpolation=cv2.INTER_LINEAR)
    y, x = np.mgrid[:size, :size].astype(np.float32)
    torn = cv2.remap(
        labels, x + field[..., 0], y + field[..., 1], cv2.INTER_NEAREST,
        borderMode=cv2.BORDER_REPLICATE,
    )  # fmt: skip
    return np.asarray(torn, np.uint8)


def _known(labels: Labels) -> Labels:
    """Labels with background where nobody knows: a net never says UNKNOWN."""
    return np.where(labels == UNKNOWN, np.uint8(0), labels)


def mask_planes(previous: Tensor, num_classes: int) -> Tensor:
    """(B, S, S) uint8 to (B, K, S, S) float32 one-hot planes; UNKNOWN gives all zeros."""
    planes = functional.one_hot(previous.long().clamp(max=num_classes), num_classes + 1)
    return planes[..., :num_classes].permute(0, 3, 1, 2).float()
