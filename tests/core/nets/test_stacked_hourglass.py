"""Stacked hourglasses: sub-pixel read-out, an answer a stack, cells where pixels are."""

from __future__ import annotations

import pytest
import torch

from core.errors import InputError
from core.losses.heatmaps import gaussian_maps, heatmap_l2
from core.nets.heatmaps import READ_OUTS, read_barycentre, read_maximum, read_soft
from core.nets.registry import build_net
from core.nets.stacked_hourglass import StackedHourglass
from core.nets.staged import StagedNet


def _points(count: int = 400) -> torch.Tensor:
    """Points anywhere in a 32×32 map but within 5 of its edge, (1, count, 2)."""
    generator = torch.Generator().manual_seed(1)
    return 5 + 21 * torch.rand(1, count, 2, generator=generator)


@pytest.mark.parametrize(
    ("name", "worst"), [("maximum", 0.26), ("soft", 0.08), ("barycentre", 0.01)]
)
def test_read_outs_find_the_centre_of_a_gaussian(name: str, worst: float):
    points = _points()
    found = READ_OUTS[name](gaussian_maps(points, (32, 32), 1.0))
    assert (found - points).abs().max() < worst


def test_the_quarter_step_halves_the_error_of_whole_cells():
    points = _points()
    maps = gaussian_maps(points, (32, 32), 1.0)
    whole = (points - points.round()).abs().mean()
    assert (read_maximum(maps) - points).abs().mean() < 0.6 * whole


def test_a_far_ghost_moves_the_barycentre_but_not_the_soft_read_out():
    points = torch.tensor([[[8.0, 8.0]]])
    maps = gaussian_maps(points, (32, 32), 1.0) + 0.3 * gaussian_maps(points + 15, (32, 32), 1.0)
    assert (read_soft(maps) - points).abs().max() < 1e-3
    assert (read_barycentre(maps) - points).abs().max() > 2


@pytest.mark.parametrize("corner", [(0.0, 0.0), (31.0, 0.0), (0.0, 31.0), (31.0, 31.0)])
def test_points_at_the_edge_stay_inside(corner: tuple[float, float]):
    maps = gaussian_maps(torch.tensor([[corner]]), (32, 32), 1.0)
    for read in (read_maximum, read_soft):
        assert (read(maps)[0, 0] - torch.tensor(corner)).abs().max() < 1.0


def test_an_empty_map_reads_its_middle():
    found = read_barycentre(torch.full((1, 1, 9, 9), -1.0))
    torch.testing.assert_close(found[0, 0], torch.tensor([4.0, 4.0]))


def test_the_loss_is_the_squared_distance_of_maps_that_count():
    target = gaussian_maps(_points(3), (32, 32), 1.0)
    predicted = target.clone()
    predicted[0, 1] += 0.5
    predicted[0, 2] += 9.0
    loss = heatmap_l2(predicted, target, torch.tensor([[1.0, 1.0, 0.0]]))
    assert loss == pytest.approx(0.25 * 32 * 32 / 2)


def _net(**changes: object) -> StackedHourglass:
    torch.manual_seed(0)
    arguments = {"num_points": 5, "input_size": 64, "stacks": 3, "channels": 8, "stem_stride": 2}
    return StackedHourglass(**(arguments | changes)).eval()  # type: ignore[arg-type]


def test_every_stack_answers_and_the_last_is_the_answer():
    net = _net()
    assert isinstance(net, StagedNet)
    images = torch.randn(2, 3, 64, 64)
    found = net.stage_landmarks(images)
    assert [points.shape for points in found] == [(2, 5, 2)] * 3
    assert torch.equal(found[-1], net(images))


@pytest.mark.parametrize(("stride", "side"), [(2, 64), (4, 128)])
def test_maps_are_an_eighth_or_quarter_and_points_are_pixels(stride: int, side: int):
    net = _net(stem_stride=stride, input_size=side)
    maps = net.stages(torch.randn(1, 3, side, side)).maps[-1]
    assert maps.shape[2:] == (32, 32)
    points = _points(5)
    found = net.points(gaussian_maps(points, (32, 32), 1.0))
    assert (found - stride * points).abs().max() < stride * 0.26


def test_it_learns_one_picture():
    net = _net(stacks=2).train()
    images, points = torch.randn(1, 3, 64, 64), _points(5)
    target = gaussian_maps(points, (32, 32), 1.0)
    optimiser = torch.optim.Adam(net.parameters(), lr=1e-2)
    steps = 160
    slower = torch.optim.lr_scheduler.LinearLR(optimiser, 1.0, 0.05, steps)
    losses = []
    for _ in range(steps):
        optimiser.zero_grad()
        maps = net.stages(images).maps
        loss = torch.stack([heatmap_l2(m, target, torch.ones(1, 5)) for m in maps]).sum()
        loss.backward()
        losses.append(float(loss.detach()))
        optimiser.step()
        slower.step()
    assert losses[-1] < 0.2 * losses[0]
    assert (net.points(maps[-1]) - 2 * points).abs().mean() < 2.0


@pytest.mark.parametrize(
    "changes", [{"stem_stride": 3}, {"input_size": 60}, {"stacks": 0}, {"read_out": "guess"}]
)
def test_what_cannot_be_built_is_a_sentence(changes: dict):
    with pytest.raises(InputError, match="cannot be built"):
        build_net(
            "stacked-hourglass", {"num_points": 5, "input_size": 64, "stem_stride": 2} | changes
        )
