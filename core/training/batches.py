"""From face caches to batches. A sample is a function of (seed, epoch, index) alone."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import NamedTuple, TypeVar

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from core.datasets.face_cache import FaceCache
from core.schemes import LandmarkScheme
from core.training import augment
from core.training.recipe import AugmentRecipe

AnyBatch = TypeVar("AnyBatch", bound=tuple[Tensor, ...])
"""A NamedTuple of tensors, one a sample or stacked."""


class Batch(NamedTuple):
    """One step's worth of samples."""

    images: Tensor
    """(B, S, S, 3) uint8 RGB, as they come from the workers."""
    landmarks: Tensor
    """(B, M, 2) float32 input pixels; 0 where the weight is 0."""
    weights: Tensor
    """(B, M) float32: 1 for points that count."""
    has_face: Tensor
    """(B,) float32: 0 for crops without a face."""


class FaceSamples(Dataset[Batch]):
    """Augmented crops of one epoch.

    Args:
        cache: Where the crops lie.
        indices: Which of them, in the order they are drawn.
        scheme: Gives mirror and normalising pair.
        input_size: Side of the net's input.
        recipe: How to vary them.
        seed: (seed, epoch) of the run; a None epoch means validation: placed but not disturbed.
        epoch: See `seed`.
    """

    def __init__(
        self,
        cache: FaceCache,
        indices: NDArray[np.integer],
        scheme: LandmarkScheme,
        input_size: int,
        recipe: AugmentRecipe,
        seed: int,
        epoch: int | None,
    ) -> None:
        self._cache = cache
        self._indices = indices
        self._scheme = scheme
        self._size = input_size
        self._recipe = recipe
        self._seed = seed
        self._epoch = epoch

    def __len__(self) -> int:
        return len(self._indices)

    def __getitem__(self, row: int) -> Batch:
        index = int(self._indices[row])
        image, xy = self._cache.image(index), self._cache.landmarks[index]
        if self._epoch is None:
            rng = np.random.default_rng([self._seed, index])
            return self._validation(image, xy, rng)
        rng = np.random.default_rng([self._seed, self._epoch + 1, index])
        if rng.random() < self._recipe.background:
            return self._background(image, rng)
        placement = augment.random_placement(
            rng, xy, self._size, self._scheme.normalising_pair, self._recipe
        )
        picture = augment.warp(image, placement.matrix, self._size, rng)
        return self._batch(augment.disturb(picture, rng, self._recipe), xy, placement)

    def _validation(
        self, image: NDArray[np.uint8], xy: NDArray[np.float32], rng: np.random.Generator
    ) -> Batch:
        placement = augment.random_placement(
            rng, xy, self._size, self._scheme.normalising_pair, TRACKED
        )
        return self._batch(augment.warp(image, placement.matrix, self._size), xy, placement)

    def _background(self, image: NDArray[np.uint8], rng: np.random.Generator) -> Batch:
        picture = augment.no_face(image, rng, self._size)
        picture = augment.disturb(picture, rng, self._recipe)
        points = self._scheme.num_points
        return Batch(
            torch.from_numpy(picture),
            torch.zeros(points, 2),
            torch.zeros(points),
            torch.tensor(0.0),
        )

    def _batch(
        self, picture: NDArray[np.uint8], xy: NDArray[np.float32], placement: augment.Placement
    ) -> Batch:
        moved = augment.move_points(xy, placement, self._scheme.mirror)
        known = np.isfinite(moved).all(axis=1)
        moved[~known] = 0.0
        return Batch(
            torch.from_numpy(np.ascontiguousarray(picture)),
            torch.from_numpy(moved.astype(np.float32)),
            torch.from_numpy(known.astype(np.float32)),
            torch.tensor(1.0),
        )


TRACKED = AugmentRecipe(shift=0.04, zoom=(0.92, 1.08), roll_deg=10.0, flip=0.0)
"""How validation crops are placed: as a tracker would, never mirrored."""


def epoch_order(count: int, seed: int, epoch: int, batch: int) -> NDArray[np.int64]:
    """The order of an epoch, (count rounded down to whole batches,)."""
    order = np.random.default_rng([seed, 0, epoch]).permutation(count)
    return order[: max(batch, count - count % batch)]


def load_batches(samples: Dataset[AnyBatch], batch: int, workers: int) -> Iterator[AnyBatch]:
    """Batches in order, prepared by `workers` processes (0 = here)."""
    loader: DataLoader[AnyBatch] = DataLoader(
        samples,
        batch_size=batch,
        num_workers=workers,
        collate_fn=stack,
        worker_init_fn=_start_worker if workers else None,
        prefetch_factor=4 if workers else None,
    )
    return iter(loader)


def stack(samples: Sequence[AnyBatch]) -> AnyBatch:
    """Samples to a batch."""
    return type(samples[0])(*(torch.stack(parts) for parts in zip(*samples, strict=True)))


def to_input(images: Tensor, mean: Sequence[float], std: Sequence[float]) -> Tensor:
    """(B, S, S, 3) uint8 to (B, 3, S, S) float32 in the card's normalisation, channels last."""
    scale = torch.tensor(std, device=images.device) * 255.0
    shift = torch.tensor(mean, device=images.device) * 255.0
    return ((images.float() - shift) / scale).permute(0, 3, 1, 2)


def _start_worker(number: int) -> None:
    # A group of its own: what a terminal or a scheduler sends to the whole group reaches only the
    # loop, which stops at its next step. Workers end with it (the loader's watchdog).
    os.setpgid(0, 0)
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
