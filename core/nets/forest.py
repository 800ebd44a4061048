"""A cascade of regression forests: ERT (Kazemi & Sullivan, CVPR 2014) as a net that predicts.

A shape starts at the mean and is corrected stage by stage. A stage looks at P pixels, each tied to
a landmark by an offset in the frame of the mean shape, so that the pixels turn and grow with the
shape; its trees compare pairs of them and add up what their leaves say, again in that frame. A
shape and picture turned together therefore give the answer turned (a law the tests hold).

Forests are grown by `core.training.forest`; here they only answer, in plain tensor operations, so
that every backend runs them. Every stored number is a half-precision one, as model files keep them.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

GREY = (0.299, 0.587, 0.114)
OUTSIDE = 0.0
"""What a pixel beyond the picture reads."""


class RegressionForest(nn.Module):
    """Landmarks by boosted regression trees.

    The card must not shift or scale the input: images are in 0 … 1.

    Args:
        num_points: M.
        input_size: Side of the square input in pixels.
        stages: How many corrections.
        trees: A stage.
        depth: Comparisons from root to leaf.
        pixels: P, a stage.

    Raises:
        ValueError: If a number is below 1.
    """

    def __init__(
        self,
        num_points: int = 68,
        input_size: int = 112,
        stages: int = 10,
        trees: int = 500,
        depth: int = 5,
        pixels: int = 400,
    ) -> None:
        super().__init__()
        if min(num_points, input_size, stages, trees, depth, pixels) < 1:
            raise ValueError("points, input, stages, trees, depth and pixels are 1 or more")
        self.num_points, self.input_size = num_points, input_size
        self.num_stages, self.trees, self.depth = stages, trees, depth
        nodes, leaves = 2**depth - 1, 2**depth
        self.mean_shape = nn.Buffer(torch.zeros(num_points, 2))
        self.anchors = nn.Buffer(torch.zeros(stages, pixels, dtype=torch.int32))
        self.offsets = nn.Buffer(torch.zeros(stages, pixels, 2))
        self.first = nn.Buffer(torch.zeros(stages, trees, nodes, dtype=torch.int32))
        self.second = nn.Buffer(torch.zeros(stages, trees, nodes, dtype=torch.int32))
        self.thresholds = nn.Buffer(torch.zeros(stages, trees, nodes))
        self.leaves = nn.Buffer(torch.zeros(stages, trees * leaves, 2 * num_points))
        self.register_buffer("grey", torch.tensor(GREY).reshape(1, 3, 1, 1), persistent=False)
        self.grey: Tensor

    def forward(self, images: Tensor) -> Tensor:
        """(B, 3, H, W) in 0 … 1 to landmarks (B, M, 2) in input pixels."""
        return self.stage_landmarks(images)[-1]

    def stage_landmarks(self, images: Tensor) -> tuple[Tensor, ...]:
        """Landmarks after every stage, see `core.nets.staged`."""
        start = self.mean_shape.expand(len(images), -1, -1)
        return self.from_shape(images, start)

    def from_shape(self, images: Tensor, shape: Tensor) -> tuple[Tensor, ...]:
        """The same from other starting shapes, (B, M, 2) input pixels."""
        pictures = torch.floor((images.float() * self.grey).sum(dim=1) * 255.0 + 0.5)
        found = []
        for stage in range(self.num_stages):
            turn = self._turn(shape)
            features = self._features(pictures, shape, turn, stage)
            shape = shape + _turned(self._answer(features, stage), turn)
            found.append(shape)
        return tuple(found)

    def _turn(self, shape: Tensor) -> Tensor:
        """Scale and rotation (a, b) that lay the mean shape over each shape best, (B, 1, 2)."""
        mean = self.mean_shape - self.mean_shape.mean(dim=0)
        own = shape - shape.mean(dim=1, keepdim=True)
        a = (own * mean).sum(dim=(1, 2))
        b = (own[..., 1] * mean[..., 0] - own[..., 0] * mean[..., 1]).sum(dim=1)
        return (torch.stack([a, b], dim=1) / mean.square().sum())[:, None]

    def _features(self, pictures: Tensor, shape: Tensor, turn: Tensor, stage: int) -> Tensor:
        """Grey values of the stage's pixels, (B, P)."""
        place = shape.index_select(1, self.anchors[stage].long())
        place = place + _turned(self.offsets[stage][None], turn)
        height, width = pictures.shape[1:]
        cell = torch.floor(place + 0.5).long()
        x, y = cell[..., 0], cell[..., 1]
        inside = (x >= 0) & (x < width) & (y >= 0) & (y < height)
        flat = y.clamp(0, height - 1) * width + x.clamp(0, width - 1)
        grey = pictures.flatten(1).gather(1, flat)
        return torch.where(inside, grey, torch.full_like(grey, OUTSIDE))

    def _answer(self, features: Tensor, stage: int) -> Tensor:
        """The sum of what the stage's trees say, (B, M, 2) in the mean shape's frame."""
        first, second = (pairs[stage].long().flatten() for pairs in (self.first, self.second))
        difference = features.index_select(1, first) - features.index_select(1, second)
        bits = difference.unflatten(1, (self.trees, -1)) > self.thresholds[stage]
        bits = bits.long()
        node = torch.zeros_like(bits[:, :, :1])
        for _ in range(self.depth):
            node = 2 * node + 1 + bits.gather(2, node)
        leaf = node.squeeze(2) - (2**self.depth - 1)
        leaf = leaf + torch.arange(self.trees, device=leaf.device) * 2**self.depth
        said = self.leaves[stage].index_select(0, leaf.flatten())
        return said.unflatten(0, leaf.shape).sum(dim=1).unflatten(1, (self.num_points, 2))


def _turned(xy: Tensor, turn: Tensor) -> Tensor:
    """Vectors (B, K, 2) scaled and rotated by (a, b), (B, 1, 2)."""
    a, b = turn[..., 0], turn[..., 1]
    x, y = xy[..., 0], xy[..., 1]
    return torch.stack([a * x - b * y, b * x + a * y], dim=-1)
