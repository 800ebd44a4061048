"""What training stacked hourglasses means: every stack's maps against Gaussians."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from core.datasets.face_cache import FaceCache
from core.errors import InputError
from core.losses.heatmaps import gaussian_maps, heatmap_l2
from core.nets.registry import build_net
from core.nets.stacked_hourglass import HeatmapStages, StackedHourglass
from core.training.batches import Batch, to_input
from core.training.landmark_task import LandmarkTask
from core.training.recipe import Recipe
from core.training.start import load_start


class HeatmapTask(LandmarkTask):
    """Landmarks by heat-maps; validated and described as any landmark net.

    Raises:
        InputError: If σ is not positive.
    """

    outputs: tuple[str, ...] = ("landmarks",)

    def __init__(self, recipe: Recipe) -> None:
        super().__init__(recipe)
        if recipe.heatmaps.sigma <= 0:
            raise InputError(f"heatmaps.sigma must be positive, not {recipe.heatmaps.sigma}.")

    def build(self) -> StackedHourglass:  # type: ignore[override]
        """The recipe's net.

        Raises:
            InputError: If it is none of heat-maps.
        """
        net = build_net(self.recipe.net.architecture, self.arguments())
        if not isinstance(net, StackedHourglass):
            raise InputError(f"The net {self.recipe.net.architecture!r} gives no heat-maps.")
        return net

    def start(self, net: StackedHourglass, cache: FaceCache) -> None:  # type: ignore[override]
        """Give a fresh net its starting weights."""
        load_start(net, self.recipe)

    def loss(self, net: Any, batch: Batch, progress: float) -> tuple[Tensor, dict[str, Tensor]]:
        """The sum over the stacks, and each stack's part for the report."""
        images = to_input(batch.images, self.recipe.mean, self.recipe.std)
        found: HeatmapStages = net.stages(images)
        hw = found.maps[0].shape[2], found.maps[0].shape[3]
        target = gaussian_maps(batch.landmarks / found.stride, hw, self.recipe.heatmaps.sigma)
        # A crop without a face wants empty maps.
        target = target * batch.has_face[:, None, None, None]
        counts = torch.where(
            batch.has_face[:, None] > 0, batch.weights, torch.ones_like(batch.weights)
        )
        parts = {
            f"s{number}": heatmap_l2(maps, target, counts) for number, maps in enumerate(found.maps)
        }
        return torch.stack(list(parts.values())).sum(), {k: v.detach() for k, v in parts.items()}

    def predict(
        self, net: nn.Module, batches: Iterable[Batch]
    ) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any], np.ndarray[Any, Any]]:
        """Points; the heights of their maps stand for their confidences."""
        predicted, truth, heights = [], [], []
        for batch in batches:
            images = to_input(batch.images, self.recipe.mean, self.recipe.std)
            maps = net.stages(images).maps[-1].float()  # type: ignore[operator]
            predicted.append(net.points(maps).cpu().numpy())  # type: ignore[operator]
            truth.append(
                np.where(batch.weights.cpu().numpy()[..., None] > 0, batch.landmarks.cpu(), np.nan)
            )
            heights.append(maps.amax(dim=(2, 3)).clamp(0, 1).cpu().numpy())
        return np.concatenate(predicted), np.concatenate(truth), np.concatenate(heights)
