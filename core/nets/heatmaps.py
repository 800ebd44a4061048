"""How points are read out of heat-maps. Maps are (B, M, H, W), points (B, M, 2) map pixels."""

from __future__ import annotations

import torch
from torch import Tensor

_RADIUS = 2
"""Of the window of `read_soft`: where a Gaussian of σ = 1 has nearly all its mass."""


def read_maximum(maps: Tensor) -> Tensor:
    """GET_MAX ([Yan20] 4.4): the highest cell, moved a quarter cell to its higher neighbour."""
    x, y, at = _highest(maps)
    step_x = torch.sign(at(x + 1, y) - at(x - 1, y))
    step_y = torch.sign(at(x, y + 1) - at(x, y - 1))
    return torch.cat([x + 0.25 * step_x, y + 0.25 * step_y], dim=2)


def read_soft(maps: Tensor) -> Tensor:
    """The centre of mass of the 5×5 cells round the highest: a soft argmax without far ghosts."""
    x, y, at = _highest(maps)
    height, width = maps.shape[2], maps.shape[3]
    steps = torch.arange(-_RADIUS, _RADIUS + 1, device=maps.device)
    around_y, around_x = (s.flatten() for s in torch.meshgrid(steps, steps, indexing="ij"))
    cell_x, cell_y = x + around_x, y + around_y
    inside = (cell_x >= 0) & (cell_x < width) & (cell_y >= 0) & (cell_y < height)
    mass = at(cell_x, cell_y).clamp(min=0.0) * inside + 1e-9
    total = mass.sum(dim=2, keepdim=True)
    return torch.cat(
        [(mass * cell).sum(dim=2, keepdim=True) / total for cell in (cell_x, cell_y)], dim=2
    )


def read_barycentre(maps: Tensor) -> Tensor:
    """GET_BC ([Yan20] 4.4): the centre of mass of all that is positive; the middle of nothing."""
    height, width = maps.shape[2], maps.shape[3]
    mass = maps.float().clamp(min=0.0) + 1e-9
    x = torch.arange(width, device=maps.device, dtype=torch.float32)
    y = torch.arange(height, device=maps.device, dtype=torch.float32)
    total = mass.sum(dim=(2, 3))
    return torch.stack(
        [(mass.sum(dim=2) * x).sum(dim=2) / total, (mass.sum(dim=3) * y).sum(dim=2) / total], dim=2
    )


READ_OUTS = {"maximum": read_maximum, "soft": read_soft, "barycentre": read_barycentre}


class _Cells:
    """Values of maps at cells; cells beyond the edge read the edge."""

    def __init__(self, maps: Tensor) -> None:
        self._height, self._width = maps.shape[2], maps.shape[3]
        self._flat = maps.float().flatten(2)

    def __call__(self, x: Tensor, y: Tensor) -> Tensor:
        place = y.clamp(0, self._height - 1) * self._width + x.clamp(0, self._width - 1)
        return self._flat.gather(2, place)


def _highest(maps: Tensor) -> tuple[Tensor, Tensor, _Cells]:
    """Column and row of the highest cell, (B, M, 1) each, and access to all cells."""
    width = maps.shape[3]
    place = maps.float().flatten(2).argmax(dim=2, keepdim=True)
    y = torch.div(place, width, rounding_mode="floor")
    return place - y * width, y, _Cells(maps)
