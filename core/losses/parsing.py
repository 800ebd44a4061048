"""Losses of label maps."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional


def cross_entropy(
    logits: Tensor, labels: Tensor, weights: Tensor | None = None, unknown: int = 255
) -> Tensor:
    """Softmax cross-entropy, the mean over pixels whose class is known ([Yan20] section 7.5).

    Args:
        logits: (B, K, H, W).
        labels: (B, H, W) integer classes, `unknown` where a pixel does not count.
        weights: (K,) weight of each class's pixels, taken out of the mean again; None = all 1.
        unknown: See `labels`.

    Returns:
        A scalar; 0 if no pixel is known.
    """
    total = functional.cross_entropy(
        logits, labels.long(), weight=weights, ignore_index=unknown, reduction="sum"
    )
    counts = (labels != unknown).sum() if weights is None else _weight(labels, weights, unknown)
    return total / counts.clamp(min=1)


def _weight(labels: Tensor, weights: Tensor, unknown: int) -> Tensor:
    known = labels != unknown
    return weights[labels[known].long()].sum()
