"""Faces for dense-from-sparse training: who is annotated how, and where their crops lie.

A sparsely annotated face shows only m points, so its hull is smaller than a dense one's and the box
rule would cut another crop. Its missing points are therefore filled in by the mean dense shape laid
over the known ones; that completed shape places the crop and is never a target.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset

from core.datasets.face_cache import FaceCache
from core.errors import InputError
from core.schemes import LandmarkScheme, load_landmark_scheme
from core.training import augment
from core.training.batches import TRACKED
from core.training.recipe import AugmentRecipe

Floats = NDArray[np.float64]
_KEY = 7919
"""Keeps the draw of dense faces apart from every other use of the seed."""


@dataclass(frozen=True)
class WeakFaces:
    """The faces of a run, in crops of a face cache."""

    cache: FaceCache
    scheme: LandmarkScheme
    xy: Floats
    """(all of the cache, M, 2) crop pixels, NaN where a point is not annotated."""
    placing: Floats
    """The same completed, for placing crops."""
    faces: NDArray[np.int64]
    """Rows of the N faces."""
    dense: NDArray[np.int64]
    """Rows of the n densely annotated ones."""
    held_out: NDArray[np.int64]
    """Rows that are never trained on and complete."""


class WeakBatch(NamedTuple):
    """One step's worth of crops."""

    images: Tensor
    """(B, S, S, 3) uint8 RGB."""
    landmarks: Tensor
    """(B, M, 2) float32 input pixels; 0 where the weight is 0."""
    weights: Tensor
    """(B, M) float32: 1 where annotated."""


def weak_faces(
    cache: FaceCache, scheme_name: str, sparse: int, dense: int, held_out: int, seed: int
) -> WeakFaces:
    """Choose N faces, n of them dense, and those held out.

    The dense faces of a smaller n are among those of a larger one (same seed).

    Args:
        cache: The crops.
        scheme_name: The dense format.
        sparse: N; 0 = all that are not held out.
        dense: n; 0 = all that are complete.
        held_out: The last so many complete faces of the cache, a fifth of them at most, are never
            trained on.
        seed: Draws the dense faces.

    Raises:
        InputError: If there are fewer faces than asked for, or none is dense.
    """
    scheme = load_landmark_scheme(scheme_name)
    own = load_landmark_scheme(cache.scheme)
    xy = np.asarray(own.convert(cache.landmarks, scheme), np.float64)
    known = np.asarray(np.isfinite(xy).all(axis=2))
    complete = np.asarray(known.all(axis=1))
    if not complete.any():
        raise InputError(
            f"{cache.folder}: no face has all {scheme.num_points} points of {scheme.name}; dense "
            "points can only be learnt from some densely annotated faces."
        )
    usable = np.flatnonzero(known.sum(axis=1) >= 2)
    whole = np.flatnonzero(complete)
    held = whole[len(whole) - min(held_out, len(whole) // 5) :]
    free = np.setdiff1d(usable, held)
    faces = _first(free, sparse, "faces", cache)
    candidates = np.random.default_rng([seed, _KEY]).permutation(faces[complete[faces]])
    chosen = np.sort(_first(candidates, dense, "densely annotated faces", cache))
    if not len(chosen):
        raise InputError(f"{cache.folder}: no densely annotated face is left to train on.")
    mean = _mean_shape(xy[chosen])
    placing = np.where(known[..., None], xy, 0.0)
    for row in np.flatnonzero(~complete):
        if known[row].sum() >= 2:
            placing[row] = completed(xy[row], mean)
    return WeakFaces(cache, scheme, xy, placing, faces, chosen, held)


def completed(xy: Floats, mean: Floats) -> Floats:
    """A shape whose missing points come from the mean shape, laid over the known ones.

    Args:
        xy: (M, 2), NaN = missing, at least two known.
        mean: (M, 2), complete.
    """
    known = np.asarray(np.isfinite(xy).all(axis=1))
    source, target = mean[known] @ [1, 1j], xy[known] @ [1, 1j]
    a = source - source.mean()
    turn = np.vdot(a, target - target.mean()) / max(np.vdot(a, a).real, 1e-12)
    laid = turn * (mean @ [1, 1j] - source.mean()) + target.mean()
    return np.where(known[:, None], xy, np.stack([laid.real, laid.imag], axis=1))


class WeakSamples(Dataset[WeakBatch]):
    """Crops of chosen faces: augmented, undisturbed, or placed as a tracker would place them.

    Args:
        faces: The run's faces.
        rows: Which of them, in order.
        input_size: Side of the net's input.
        recipe: How to vary them.
        key: (seed, stage, epoch): with the row it decides an augmented sample; None = `placed`.
        placed: Without a key: as a tracker would, the same each time; else by the box rule alone.
    """

    def __init__(
        self,
        faces: WeakFaces,
        rows: NDArray[np.int64],
        input_size: int,
        recipe: AugmentRecipe,
        key: tuple[int, int, int] | None,
        placed: bool = False,
    ) -> None:
        self._faces, self._rows, self._size = faces, rows, input_size
        self._key = key
        self._recipe = recipe if key is not None else _quiet(recipe, placed)

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, number: int) -> WeakBatch:
        row = int(self._rows[number])
        faces, recipe = self._faces, self._recipe
        pair = faces.scheme.normalising_pair
        image = faces.cache.image(row)
        rng = np.random.default_rng([*(self._key or (0,)), row])
        placement = augment.random_placement(rng, faces.placing[row], self._size, pair, recipe)
        if self._key is None:
            picture = augment.warp(image, placement.matrix, self._size)
        else:
            picture = augment.warp(image, placement.matrix, self._size, rng)
            picture = augment.disturb(picture, rng, recipe)
        moved = augment.move_points(faces.xy[row], placement, faces.scheme.mirror)
        known = np.asarray(np.isfinite(moved).all(axis=1))
        return WeakBatch(
            torch.from_numpy(np.ascontiguousarray(picture)),
            torch.from_numpy(np.where(known[:, None], moved, 0.0).astype(np.float32)),
            torch.from_numpy(known.astype(np.float32)),
        )


def _quiet(recipe: AugmentRecipe, placed: bool) -> AugmentRecipe:
    """The box rule's crop: exactly, or within what trackers are off (`batches` validates so)."""
    rule = {"crop_scale": recipe.crop_scale, "crop_shift": recipe.crop_shift, "flip": 0.0}
    if placed:
        return replace(TRACKED, **rule)  # type: ignore[arg-type]
    return replace(TRACKED, shift=0.0, zoom=(1.0, 1.0), roll_deg=0.0, **rule)  # type: ignore[arg-type]


def _first(rows: NDArray[np.int64], wanted: int, what: str, cache: FaceCache) -> NDArray[np.int64]:
    if wanted > len(rows):
        raise InputError(f"{cache.folder}: {wanted} {what} asked for, {len(rows)} are there.")
    return rows[:wanted] if wanted else rows


def _mean_shape(shapes: Floats) -> Floats:
    """Mean of the shapes about their centres: crops are alike in size and turn already."""
    return np.asarray((shapes - shapes.mean(axis=1, keepdims=True)).mean(axis=0))
