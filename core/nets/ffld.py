"""FFLD: coordinate regression refined three times from ever finer patches ([Yan20] chapter 3).

A ResNet of 25 % width gives all coordinates S₀ at once; CropNets look at 8×8 patches of level 3, 2
and 1 round the points and add corrections ΔS. Both gradient paths of section 3.5 can be cut,
`low_level_gradient` (into the maps) and `crop_location_gradient` (into S_{k−1}, as crop centre and
as summand). With `stages=0` it is the baseline net.

Ours: `pool="grid"` keeps the last map's layout in the fully connected layer (small inputs leave
only 4×4 cells), and a confidence head beside it that sends no gradient back.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from core.nets.confidence import ConfidenceHead, confidence_logits
from core.nets.crop_net import CropNet
from core.nets.resnet import Maps, ResNetBody


class FFLDStages(NamedTuple):
    """Everything training looks at."""

    landmarks: tuple[Tensor, ...]
    """S₀ … S₃, each (B, M, 2) input pixels; one entry a stage that exists, plus the baseline."""
    log_scale: Tensor
    """log(b / t) of the confidence head, (B, M)."""
    level1: Tensor
    """The finest map, for the align loss, (B, C, H/2, W/2)."""


class FFLD(nn.Module):
    """Fine-grained landmark detection.

    Args:
        num_points: M.
        input_size: Side of the square input in pixels.
        depth: ResNet depth, 18 or 50.
        width: Share of ResNet's channels.
        stages: How many refinements, 0 to 3 (level 3 first).
        crop_width: Channels of a CropNet's block.
        stem_pool: The stem's max-pooling.
        pool: "average" (the thesis) or "grid" (no pooling before the fully connected layer).
        low_level_gradient: Let refinement train the feature maps.
        crop_location_gradient: Let refinement train the points it starts from.

    Raises:
        ValueError: If an argument is outside its range.
    """

    def __init__(
        self,
        num_points: int = 68,
        input_size: int = 224,
        depth: int = 18,
        width: float = 0.25,
        stages: int = 3,
        crop_width: int = 128,
        stem_pool: bool = True,
        pool: str = "average",
        low_level_gradient: bool = True,
        crop_location_gradient: bool = True,
    ) -> None:
        super().__init__()
        if not 0 <= stages <= 3:
            raise ValueError(f"FFLD has 0 to 3 refinement stages, not {stages}")
        if pool not in ("average", "grid"):
            raise ValueError(f"pool is 'average' or 'grid', not {pool!r}")
        self.num_points = num_points
        self.input_size = input_size
        self.pool = pool
        self.low_level_gradient = low_level_gradient
        self.crop_location_gradient = crop_location_gradient
        self.body = ResNetBody(depth, width, stem_pool)
        side = -(-input_size // self.body.strides[-1])
        cells = side * side if pool == "grid" else 1
        last = self.body.channels[-1]
        self.fc = nn.Linear(last * cells, 2 * num_points)
        nn.init.normal_(self.fc.weight, std=0.1 / (last * cells) ** 0.5)
        nn.init.zeros_(self.fc.bias)
        # Positions of level 3, 2, 1 in Maps; `body.channels` lists the maps' channels likewise.
        self._levels = tuple(range(2, 2 - stages, -1))
        self.crop_nets = nn.ModuleList(
            CropNet(num_points, self.body.channels[level], crop_width) for level in self._levels
        )
        self.confidence = ConfidenceHead(num_points, last + self.body.channels[-2])

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """(B, 3, H, W) to landmarks (B, M, 2) in input pixels and confidence logits (B, M)."""
        found = self.stages(images)
        return found.landmarks[-1], confidence_logits(found.log_scale)

    def stage_landmarks(self, images: Tensor) -> tuple[Tensor, ...]:
        """Landmarks of every stage, see `core.nets.staged`."""
        return self.stages(images).landmarks

    def stages(self, images: Tensor) -> FFLDStages:
        """Every stage's landmarks, see FFLDStages."""
        maps = self.body(images)
        points = self.baseline(maps)
        found = [points]
        for level, crop_net in zip(self._levels, self.crop_nets, strict=True):
            points = self._refine(maps, level, crop_net, points)
            found.append(points)
        pooled = torch.cat([maps.level4.mean((2, 3)), maps.level5.mean((2, 3))], dim=1)
        shape = points / self.input_size - 0.5
        return FFLDStages(tuple(found), self.confidence(pooled, shape), maps.level1)

    def baseline(self, maps: Maps) -> Tensor:
        """S₀ from the coarsest map, (B, M, 2) input pixels."""
        last = maps.level5
        flat = last.flatten(1) if self.pool == "grid" else last.mean((2, 3))
        shape = self.fc(flat).float().reshape(-1, self.num_points, 2)
        return (shape + 0.5) * self.input_size

    def set_mean_shape(self, mean_xy: Tensor) -> None:
        """Start S₀ at a mean shape: (M, 2) in input pixels."""
        with torch.no_grad():
            self.fc.bias.copy_((mean_xy / self.input_size - 0.5).flatten())

    def _refine(self, maps: Maps, level: int, crop_net: nn.Module, points: Tensor) -> Tensor:
        if not self.crop_location_gradient:
            points = points.detach()
        features = maps[level] if self.low_level_gradient else maps[level].detach()
        stride = self.body.strides[level]
        return points + stride * crop_net(features, points, stride)
