"""Heat-map targets and their L2 loss."""

from __future__ import annotations

import torch
from torch import Tensor


def gaussian_maps(points: Tensor, hw: tuple[int, int], sigma: float) -> Tensor:
    """A Gaussian of height 1 round every point.

    Args:
        points: (B, M, 2) heat-map pixels.
        hw: Height and width of the maps.
        sigma: Standard deviation, heat-map pixels.

    Returns:
        (B, M, H, W) float32.
    """
    y = torch.arange(hw[0], device=points.device, dtype=torch.float32)
    x = torch.arange(hw[1], device=points.device, dtype=torch.float32)
    dx = (x - points[..., 0:1].float()).square()  # (B, M, W)
    dy = (y - points[..., 1:2].float()).square()  # (B, M, H)
    return torch.exp(-(dy[..., :, None] + dx[..., None, :]) / (2.0 * sigma * sigma))


def heatmap_l2(predicted: Tensor, target: Tensor, weights: Tensor) -> Tensor:
    """Σ over a map of (h − ĥ)², mean over the points that count.

    Args:
        predicted: (B, M, H, W).
        target: Likewise.
        weights: (B, M), 0 for points that do not count.
    """
    squared = (predicted.float() - target).square().sum(dim=(2, 3))
    return (squared * weights).sum() / weights.sum().clamp(min=1.0)
