"""Patches round landmarks and the CropNet that refines from them ([Yan20] section 3.3)."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from core.nets.resnet import BasicBlock

PATCH = 8
"""Side of a patch in cells of the feature map."""


def crop_patches(maps: Tensor, landmarks: Tensor, stride: int, patch: int = PATCH) -> Tensor:
    """Sample a square patch round every landmark, bilinearly, differentiable in both arguments.

    Args:
        maps: (B, C, H, W); cell (i, j) lies at input pixel (stride · j, stride · i).
        landmarks: (B, M, 2) input pixels.
        stride: Input pixels a cell.
        patch: Cells a side.

    Returns:
        (B, M, C, patch, patch) float32; beyond the border the edge cell is repeated.
    """
    rows, fractions = _cells(maps, landmarks, stride, patch)
    batch, points = landmarks.shape[:2]
    found = _gather(maps, rows).reshape(points, batch, patch + 1, patch + 1, -1)
    return _blend(found.permute(1, 0, 4, 2, 3), fractions[:, :, None])


class CropNet(nn.Module):
    """Patches of one level to a correction of every landmark.

    A 1×1 convolution a landmark keeps 4 of the C channels (groups = M), then BatchNorm → basic
    ResNet block → max-pool → fully connected, started at zero so that a stage begins as identity.
    The 1×1 convolution is applied to the cells *before* they are blended to sub-pixel positions:
    both are linear, the result is the same, and four times fewer values are blended.

    Args:
        num_points: M.
        in_channels: C of the level's map.
        width: Channels of the ResNet block, 128 in the thesis (Table 3.6).
        kept: Channels kept a landmark.
    """

    def __init__(self, num_points: int, in_channels: int, width: int = 128, kept: int = 4) -> None:
        super().__init__()
        self.reduce = nn.Parameter(torch.empty(num_points, in_channels, kept))
        nn.init.normal_(self.reduce, std=in_channels**-0.5)
        self.norm = nn.BatchNorm2d(num_points * kept)
        self.block = BasicBlock(num_points * kept, width)
        self.pool = nn.MaxPool2d(PATCH)
        self.fc = nn.Linear(width, 2 * num_points)
        nn.init.zeros_(self.fc.weight)
        nn.init.zeros_(self.fc.bias)

    def forward(self, maps: Tensor, landmarks: Tensor, stride: int) -> Tensor:
        """Maps (B, C, H, W) and points (B, M, 2) to corrections (B, M, 2) in cells of the map."""
        x = self.pool(self.block(self.norm(self.reduced(maps, landmarks, stride))))
        return self.fc(x.flatten(1)).float().reshape(landmarks.shape)

    def reduced(self, maps: Tensor, landmarks: Tensor, stride: int) -> Tensor:
        """The patches after channel reduction, (B, 4M, 8, 8): what Fig. 3.5 of the thesis shows."""
        batch, points = landmarks.shape[:2]
        rows, fractions = _cells(maps, landmarks, stride, PATCH)
        kept = torch.bmm(_gather(maps, rows), self.reduce)  # (M, B · 81, 4)
        kept = kept.reshape(points, batch, PATCH + 1, PATCH + 1, -1).permute(1, 0, 4, 2, 3)
        return _blend(kept, fractions[:, :, None]).flatten(1, 2)


def _gather(maps: Tensor, rows: Tensor) -> Tensor:
    """The C values of every listed cell of (B, C, H, W) maps, rows.shape + (C,)."""
    flat = maps.permute(0, 2, 3, 1).reshape(-1, maps.shape[1])  # free where channels-last
    return functional.embedding(rows, flat)


def _cells(maps: Tensor, landmarks: Tensor, stride: int, patch: int) -> tuple[Tensor, Tensor]:
    """Which cells a patch needs, and how to blend them.

    Returns:
        Numbers of cells, (M, B · (patch + 1)²) int64, and the sub-cell position of every
        point (B, M, 2) float32, which carries the gradient of the crop location.
    """
    batch, _, height, width = maps.shape
    # float32 whatever the autocast: bf16 coordinates are off by up to half a pixel at 112.
    corner = landmarks.float() / stride - (patch - 1) / 2
    whole = torch.floor(corner.detach())
    steps = torch.arange(patch + 1, device=maps.device)
    x = (whole[..., 0, None].long() + steps).clamp(0, width - 1)  # (B, M, patch + 1)
    y = (whole[..., 1, None].long() + steps).clamp(0, height - 1)
    first = torch.arange(batch, device=maps.device)[:, None, None] * height
    rows = ((first + y)[..., :, None] * width + x[..., None, :]).transpose(0, 1)
    return rows.flatten(1), corner - whole


def _blend(cells: Tensor, fractions: Tensor) -> Tensor:
    """Bilinear blend of (…, P + 1, P + 1) cells at fractions (…, 2) to (…, P, P)."""
    x, y = fractions[..., 0, None, None], fractions[..., 1, None, None]
    rows = torch.lerp(cells[..., :-1, :].float(), cells[..., 1:, :].float(), y)
    return torch.lerp(rows[..., :-1], rows[..., 1:], x)
