"""Nets that can be looked into: what a net says after each of its stages ([Yan20] 5.4).

A cascade corrects its answer stage by stage, stacked hourglasses repeat it, a forest boosts it.
Every landmark net here gives all those answers by one method, so that affinity by stage needs to
know none of them.
"""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from torch import Tensor


@runtime_checkable
class StagedNet(Protocol):
    """A landmark net whose stages can be seen."""

    num_points: int
    """M."""

    def stage_landmarks(self, images: Tensor) -> tuple[Tensor, ...]:
        """Landmarks after each stage, first to last.

        Args:
            images: (B, 3, H, W) in the card's normalisation.

        Returns:
            (B, M, 2) input pixels each; the last is what the net answers.
        """
        ...
