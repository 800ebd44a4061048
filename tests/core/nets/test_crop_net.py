"""Patches round landmarks: equal to a slow loop, differentiable in maps and in place."""

from __future__ import annotations

import torch
from torch.nn import functional

from core.nets.crop_net import PATCH, CropNet, crop_patches


def _slow_patch(maps: torch.Tensor, point: torch.Tensor, stride: int) -> torch.Tensor:
    """One patch, cell by cell; (C, 8, 8)."""
    channels, height, width = maps.shape
    patch = torch.zeros(channels, PATCH, PATCH, dtype=maps.dtype)
    for row in range(PATCH):
        for column in range(PATCH):
            x = float(point[0]) / stride + column - 3.5
            y = float(point[1]) / stride + row - 3.5
            for dx in (0, 1):
                for dy in (0, 1):
                    i, j = int(torch.tensor(x).floor()) + dx, int(torch.tensor(y).floor()) + dy
                    weight = (1 - abs(x - i)) * (1 - abs(y - j))
                    cell = maps[:, min(max(j, 0), height - 1), min(max(i, 0), width - 1)]
                    patch[:, row, column] += weight * cell
    return patch


def test_patches_equal_a_loop_over_cells_also_at_the_border():
    torch.manual_seed(0)
    maps = torch.randn(2, 3, 14, 17)
    points = torch.tensor([[[20.3, 31.7], [0.0, 0.0]], [[65.2, 50.1], [33.0, 12.9]]])

    patches = crop_patches(maps, points, stride=4)

    for face in range(2):
        for point in range(2):
            expected = _slow_patch(maps[face], points[face, point], 4)
            torch.testing.assert_close(patches[face, point], expected, atol=1e-5, rtol=1e-5)


def test_patches_equal_torchs_grid_sample():
    torch.manual_seed(1)
    maps = torch.randn(1, 2, 20, 20)
    points = torch.tensor([[[38.4, 41.1]]])
    steps = torch.arange(PATCH) - 3.5
    grid = torch.stack(
        [(38.4 / 2 + steps).repeat(PATCH, 1), (41.1 / 2 + steps)[:, None].repeat(1, PATCH)], dim=-1
    )
    expected = functional.grid_sample(
        maps, grid[None] / 9.5 - 1.0, padding_mode="border", align_corners=True
    )
    torch.testing.assert_close(crop_patches(maps, points, 2)[:, 0], expected, atol=1e-4, rtol=0)


def test_gradients_reach_the_maps_and_the_crop_location():
    torch.manual_seed(2)
    # float64 would be cast to float32 inside, so finite differences are taken on a smooth map.
    y, x = torch.meshgrid(torch.arange(30.0), torch.arange(30.0), indexing="ij")
    maps = (torch.sin(x / 5) + torch.cos(y / 7))[None, None].requires_grad_()
    points = torch.tensor([[[27.3, 30.6]]], requires_grad=True)

    crop_patches(maps, points, 2).square().sum().backward()

    step = 1e-2
    for axis in range(2):
        shift = torch.zeros(1, 1, 2)
        shift[..., axis] = step
        higher = crop_patches(maps.detach(), points.detach() + shift, 2).square().sum()
        lower = crop_patches(maps.detach(), points.detach() - shift, 2).square().sum()
        numeric = float((higher - lower) / (2 * step))
        assert abs(numeric - float(points.grad[0, 0, axis])) < 0.02 * abs(numeric) + 0.01
    assert maps.grad.abs().sum() > 0


def test_reducing_before_blending_equals_a_grouped_convolution_after_it():
    torch.manual_seed(3)
    net = CropNet(num_points=5, in_channels=6, width=8)
    maps, points = torch.randn(2, 6, 12, 12), torch.rand(2, 5, 2) * 40
    weight = net.reduce.transpose(1, 2).reshape(20, 6, 1, 1)

    patches = crop_patches(maps, points, 4).reshape(2, 30, PATCH, PATCH)
    expected = functional.conv2d(patches, weight, groups=5)

    torch.testing.assert_close(net.reduced(maps, points, 4), expected, atol=1e-5, rtol=1e-5)
