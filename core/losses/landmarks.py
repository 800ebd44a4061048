"""Losses of landmark nets, functions first.

Shapes: predictions and truth (B, M, 2) input pixels, sizes (B,) input pixels (the normaliser d:
distance between the outer eye corners, or the face's size), weights (B, M) with 0 for points that
do not count. Every loss is a mean over the points that count; 0 where none does.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional

PointLoss = Callable[[Tensor, Tensor, Tensor, Tensor], Tensor]


def weighted_mean(values: Tensor, weights: Tensor) -> Tensor:
    """Σ wv / Σ w, and 0 (with a gradient of 0) where no weight is positive."""
    return (values * weights).sum() / weights.sum().clamp(min=1.0)


def l2_loss(predicted: Tensor, truth: Tensor, sizes: Tensor, weights: Tensor) -> Tensor:
    """‖S − Ŝ‖² / d with d to the first power (the IOD-normalised L2 of [Yan20] 3.4.3)."""
    squared = (predicted - truth).square().sum(dim=-1)
    return weighted_mean(squared / sizes[:, None], weights)


def plain_l2_loss(predicted: Tensor, truth: Tensor, sizes: Tensor, weights: Tensor) -> Tensor:
    """‖S − Ŝ‖² in px², not normalised: the ablation of [Yan20]."""
    return weighted_mean((predicted - truth).square().sum(dim=-1), weights)


def l1_loss(predicted: Tensor, truth: Tensor, sizes: Tensor, weights: Tensor) -> Tensor:
    """|Δx| + |Δy| over d, in percent."""
    error = (predicted - truth).abs().sum(dim=-1)
    return weighted_mean(100.0 * error / sizes[:, None], weights)


def radial_loss(predicted: Tensor, truth: Tensor, sizes: Tensor, weights: Tensor) -> Tensor:
    """‖S − Ŝ‖ over d, in percent: what NME measures, smooth within 0.1 % of d."""
    squared = ((predicted - truth) / sizes[:, None, None]).square().sum(dim=-1)
    return weighted_mean(100.0 * torch.sqrt(squared + 1e-6), weights)


def gap_loss(
    predicted: Tensor, truth: Tensor, sizes: Tensor, weights: Tensor, pairs: Tensor
) -> Tensor:
    """How wrong the way from one point to its opposite is, over d, in percent.

    Errors that both lids share cost nothing: this asks for how far eyes and mouths are open.

    Args:
        predicted: (B, M, 2).
        truth: (B, M, 2).
        sizes: (B,).
        weights: (B, M); a gap counts where both its points do.
        pairs: (n, 2) point numbers.
    """
    ends = pairs.unbind(dim=1)
    wanted, found = (xy[:, ends[0]] - xy[:, ends[1]] for xy in (truth, predicted))
    return radial_loss(found, wanted, sizes, weights[:, ends[0]] * weights[:, ends[1]])


def wing_loss(
    predicted: Tensor,
    truth: Tensor,
    sizes: Tensor,
    weights: Tensor,
    w: float = 10.0,
    epsilon: float = 2.0,
) -> Tensor:
    """Wing loss (Feng et al., CVPR 2018, Eq. 5) of coordinate errors in percent of d.

    w ln(1 + |x|/ε) for |x| < w, else |x| − C, with C joining the two.
    """
    error = 100.0 * (predicted - truth).abs() / sizes[:, None, None]
    constant = w - w * math.log(1.0 + w / epsilon)
    wing = torch.where(error < w, w * torch.log1p(error / epsilon), error - constant)
    return weighted_mean(wing.sum(dim=-1), weights)


def radius_nll(log_scale: Tensor, error: Tensor, tolerance: float) -> Tensor:
    """Negative log-likelihood of exponential radii: e/b + log b, b = tolerance · exp(log_scale).

    Args:
        log_scale: log(b / tolerance), (B, M).
        error: Distances e ≥ 0, (B, M), in units of `tolerance`.
        tolerance: Only its logarithm enters, as a constant.

    Returns:
        The mean, a scalar.
    """
    return (error * torch.exp(-log_scale) + log_scale).mean() + math.log(tolerance)


def align_loss(
    predicted_patches: Tensor, truth_patches: Tensor, weights: Tensor, smoothed: bool = True
) -> Tensor:
    """Σ ‖G∗P_GT − G∗P_pred‖² over pixels and channels, mean over landmarks ([Yan20] 3.3.3).

    Args:
        predicted_patches: (B, M, C, P, P) cropped at the predicted points.
        truth_patches: Likewise at the true points.
        weights: (B, M).
        smoothed: Whether G is applied; the thesis leaves it off at the end, for precision.
    """
    difference = predicted_patches - truth_patches  # the convolution is linear: one is enough
    shape = difference.shape
    if not smoothed:
        return weighted_mean(difference.square().sum(dim=(2, 3, 4)), weights)
    smooth = functional.conv2d(
        functional.pad(difference.reshape(-1, 1, *shape[-2:]), (1, 1, 1, 1), mode="replicate"),
        gaussian_kernel(difference),
    )
    return weighted_mean(smooth.reshape(shape).square().sum(dim=(2, 3, 4)), weights)


def gaussian_kernel(like: Tensor, sigma: float = 1.0) -> Tensor:
    """The 3×3 Gaussian of the align loss, (1, 1, 3, 3), summing to 1."""
    steps = torch.arange(-1.0, 2.0, device=like.device, dtype=like.dtype)
    line = torch.exp(-steps.square() / (2 * sigma**2))
    line = line / line.sum()
    return (line[:, None] * line[None, :])[None, None]


LOSSES: dict[str, PointLoss] = {
    "l2": l2_loss,
    "plain_l2": plain_l2_loss,
    "l1": l1_loss,
    "radial": radial_loss,
    "wing": wing_loss,
}
"""Point losses a recipe may name; "align" is the net's own (it needs the maps)."""
