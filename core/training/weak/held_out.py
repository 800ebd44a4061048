"""Crops without augmentation, and how a two-branch net does on those held out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from core.geometry import Array
from core.metrics import nme
from core.nets.two_branch import TwoBranchResNet
from core.training.batches import load_batches
from core.training.recipe import Recipe
from core.training.weak.data import WeakBatch, WeakFaces, WeakSamples

Rows = np.ndarray[Any, np.dtype[np.int64]]
_BATCH = 64
_MEAN_OF = 500
"""Faces the mean shape is made from."""


class Judged(NamedTuple):
    """A net on the held-out faces."""

    predicted: Array
    """(N, M, 2) input pixels."""
    truth: Array
    """(N, M, 2)."""
    errors: Array
    """(N, M) over the distance of the eye corners; NaN for faces seen from the side, where that
    says nothing."""


class HeldOut:
    """The faces a run is judged on, placed as a tracker would place them.

    Args:
        faces: The run's faces.
        recipe: Gives size and box rule.
    """

    def __init__(self, faces: WeakFaces, recipe: Recipe) -> None:
        self._pair = faces.scheme.normalising_pair
        self._crops = crops(faces, faces.held_out, recipe, placed=True)

    def __len__(self) -> int:
        return sum(len(batch.images) for batch in self._crops)

    @torch.no_grad()
    def judge(self, net: TwoBranchResNet, to_input: Callable[[WeakBatch], Tensor]) -> Judged:
        """Run the net, in evaluation mode, on all of them."""
        net.eval()
        predicted = np.concatenate(
            [net(to_input(batch)).float().cpu().numpy() for batch in self._crops]
        )
        truth = np.concatenate([batch.landmarks.numpy() for batch in self._crops])
        front = nme.seen_from_front(truth, self._pair)
        sizes = np.where(front, nme.pair_distance(truth, self._pair), 1.0)
        errors = nme.point_errors(predicted, truth, sizes)
        return Judged(predicted, truth, np.where(front[:, None], errors, np.nan))


def crops(faces: WeakFaces, rows: Rows, recipe: Recipe, placed: bool = False) -> list[WeakBatch]:
    """Crops by the box rule alone, or as a tracker would place them, a batch at a time."""
    samples = WeakSamples(faces, rows, recipe.input_size, recipe.augment, None, placed)
    return list(load_batches(samples, _BATCH, 0))


def mean_shape(faces: WeakFaces, recipe: Recipe) -> Tensor:
    """Mean of the dense faces in undisturbed crops, (M, 2) input pixels."""
    found = crops(faces, faces.dense[:_MEAN_OF], recipe)
    return torch.cat([batch.landmarks for batch in found]).mean(dim=0)
