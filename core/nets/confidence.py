"""How sure a landmark net is of every point: a head that learns the size of its own errors.

The distance e between a predicted and a true point is taken as exponential with scale b, which the
head predicts from features it cannot change: −log p = e/b + log b (a Laplace likelihood of the
radius). The confidence handed out is P(e < t) = 1 − exp(−t/b), with t a fixed share of the input's
side, as a logit. Crops without a face are taught as errors of half the input.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

TOLERANCE = 0.05
"""t: a point counts as found when it is nearer than this share of the input's side (about a tenth
of the distance between the eyes)."""
_LOG_RANGE = (-3.0, 3.5)


class ConfidenceHead(nn.Module):
    """Pooled features and the predicted shape to log(b / t) of every landmark.

    Args:
        num_points: M.
        features: Channels of the pooled features.
        hidden: Units of the one hidden layer.
    """

    def __init__(self, num_points: int, features: int, hidden: int = 96) -> None:
        super().__init__()
        self.hidden = nn.Linear(features + 2 * num_points, hidden)
        self.out = nn.Linear(hidden, num_points)

    def forward(self, features: Tensor, shape: Tensor) -> Tensor:
        """Features (B, F), shape (B, M, 2) in −0.5 … 0.5 of the input, to (B, M) log(b / t)."""
        x = torch.cat([features.detach().float(), 4.0 * shape.detach().flatten(1)], dim=1)
        return self.out(functional.relu(self.hidden(x))).float().clamp(*_LOG_RANGE)


def confidence_logits(log_scale: Tensor) -> Tensor:
    """Logit P(e < t) = log(exp(t/b) − 1) from log(b / t), any shape."""
    ratio = torch.exp(-log_scale)
    # log(expm1(u)) = u + log(1 − exp(−u)), which neither overflows nor cancels for u in 0.03 … 20.
    return ratio + torch.log(1.0 - torch.exp(-ratio))
