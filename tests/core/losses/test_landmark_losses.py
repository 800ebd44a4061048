"""Landmark losses: closed forms, weights, normalisers, gradients."""

from __future__ import annotations

import math

import pytest
import torch

from core.losses.landmarks import (
    LOSSES,
    align_loss,
    gap_loss,
    gaussian_kernel,
    l1_loss,
    l2_loss,
    plain_l2_loss,
    radial_loss,
    radius_nll,
    wing_loss,
)

ONE = torch.ones(1, 1)


def _at(dx: float, dy: float) -> tuple[torch.Tensor, torch.Tensor]:
    return torch.tensor([[[dx, dy]]], dtype=torch.float64), torch.zeros(
        1, 1, 2, dtype=torch.float64
    )


def test_l2_is_the_squared_distance_over_d_to_the_first_power():
    assert float(l2_loss(*_at(3, 4), torch.tensor([5.0]), ONE)) == pytest.approx(5.0)
    assert float(plain_l2_loss(*_at(3, 4), torch.tensor([5.0]), ONE)) == pytest.approx(25.0)


def test_l1_and_radial_are_in_percent_of_d():
    assert float(l1_loss(*_at(3, 4), torch.tensor([100.0]), ONE)) == pytest.approx(7.0)
    assert float(radial_loss(*_at(3, 4), torch.tensor([100.0]), ONE)) == pytest.approx(5.0, 1e-3)


@pytest.mark.parametrize("error", [0.5, 9.999, 10.001, 30.0])
def test_wing_is_logarithmic_inside_and_linear_outside(error: float):
    found = float(wing_loss(*_at(error, 0.0), torch.tensor([100.0]), ONE))
    inside = 10 * math.log1p(error / 2)
    outside = error - (10 - 10 * math.log(1 + 10 / 2))
    assert found == pytest.approx(inside if error < 10 else outside, abs=1e-9)


@pytest.mark.parametrize("name", sorted(LOSSES))
def test_points_without_weight_and_empty_batches_count_nothing(name: str):
    predicted = torch.tensor([[[1.0, 2.0], [500.0, 500.0]]], requires_grad=True)
    truth, sizes = torch.zeros(1, 2, 2), torch.tensor([10.0])
    with_one = LOSSES[name](predicted, truth, sizes, torch.tensor([[1.0, 0.0]]))
    alone = LOSSES[name](predicted[:, :1], truth[:, :1], sizes, torch.ones(1, 1))
    torch.testing.assert_close(with_one, alone)

    nothing = LOSSES[name](predicted, truth, sizes, torch.zeros(1, 2))
    nothing.backward()
    assert float(nothing.detach()) == 0.0
    assert float(predicted.grad.abs().sum()) == 0.0


@pytest.mark.parametrize("name", sorted(LOSSES))
def test_gradients_are_right(name: str):
    torch.manual_seed(0)
    predicted = (torch.randn(2, 3, 2, dtype=torch.float64) * 20).requires_grad_()
    truth = torch.zeros(2, 3, 2, dtype=torch.float64)
    sizes = torch.tensor([50.0, 80.0], dtype=torch.float64)
    weights = torch.ones(2, 3, dtype=torch.float64)
    assert torch.autograd.gradcheck(lambda p: LOSSES[name](p, truth, sizes, weights), predicted)


def test_the_radius_likelihood_is_least_where_the_scale_is_the_mean_error():
    error = torch.tensor([[0.5, 1.5, 4.0]])
    scales = torch.linspace(-3, 3, 601)
    values = torch.stack([radius_nll(s.expand(1, 3), error, 2.0) for s in scales])
    assert float(scales[values.argmin()].exp()) == pytest.approx(2.0, rel=0.01)


def test_align_loss_is_zero_for_equal_patches_and_smooths_differences():
    torch.manual_seed(1)
    patches = torch.rand(1, 2, 3, 8, 8)
    assert float(align_loss(patches, patches, torch.ones(1, 2))) == 0.0
    # A constant difference passes the Gaussian unchanged: 3 channels of 64 pixels each.
    shifted = align_loss(patches + 0.5, patches, torch.ones(1, 2))
    assert float(shifted) == pytest.approx(0.25 * 3 * 64, rel=1e-5)
    # A checkerboard hardly passes at all.
    board = (-1.0) ** (torch.arange(8)[:, None] + torch.arange(8)[None])
    assert float(align_loss(patches + 0.5 * board, patches, torch.ones(1, 2))) < 0.1 * float(
        shifted
    )
    # Unless it is not smoothed.
    sharp = align_loss(patches + 0.5 * board, patches, torch.ones(1, 2), smoothed=False)
    assert float(sharp) == pytest.approx(float(shifted), rel=1e-5)


def test_the_gaussian_sums_to_one_and_has_sigma_one():
    kernel = gaussian_kernel(torch.zeros(1, dtype=torch.float64))[0, 0]
    assert float(kernel.sum()) == pytest.approx(1.0)
    assert float(kernel[1, 2] / kernel[1, 1]) == pytest.approx(math.exp(-0.5))


def test_gap_loss_asks_only_how_far_two_points_are_apart():
    pairs = torch.tensor([[0, 1]])
    truth = torch.tensor([[[0.0, 0.0], [0.0, 4.0]]])
    size, known = torch.tensor([100.0]), torch.ones(1, 2)
    moved = truth + torch.tensor([7.0, -3.0])
    assert float(gap_loss(moved, truth, size, known, pairs)) == pytest.approx(0.1, abs=1e-3)
    shut = torch.tensor([[[0.0, 2.0], [0.0, 2.0]]])
    assert float(gap_loss(shut, truth, size, known, pairs)) == pytest.approx(4.0, 1e-2)
    assert float(gap_loss(shut, truth, size, torch.tensor([[1.0, 0.0]]), pairs)) == 0.0
