"""The L2 loss of dense-from-sparse training ([Yan20] 5.5.4)."""

from __future__ import annotations

import math

from torch import Tensor


def branch_l2(predicted: Tensor, truth: Tensor, weights: Tensor, side_px: float) -> Tensor:
    """Squared distances in shares of the input's side, 2 Σ_j ‖·‖² / √m, mean over faces.

    The text says L2 and gives no unit. A plain sum makes the trunk's steps at its learning rate of
    0.01 too large for many points, a mean trains the branch of many points too slowly; their middle
    served 5 as well as 68 points (DECISION).

    Args:
        predicted: (B, m, 2) input pixels.
        truth: Likewise.
        weights: (B, m), 0 where a point is not annotated.
        side_px: Of the input.
    """
    squared = ((predicted - truth) / side_px).square().sum(dim=-1)
    return 2.0 * (squared * weights).sum() / (len(predicted) * math.sqrt(predicted.shape[1]))
