"""What the secondary branch sees in stage 2: features of a trunk that does not change."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor

from core.nets.two_branch import TwoBranchResNet
from core.training.weak.data import WeakBatch


class FrozenFeatures:
    """Features and other points of the dense faces' undisturbed crops, computed once.

    Args:
        net: Its trunk is frozen from now on.
        crops: The dense faces, in order.
        to_input: From a batch to the net's input.
        device: Where stage 2 is trained.
    """

    def __init__(
        self,
        net: TwoBranchResNet,
        crops: list[WeakBatch],
        to_input: Callable[[WeakBatch], Tensor],
        device: torch.device,
    ) -> None:
        net.eval()
        with torch.no_grad():
            self._features = torch.cat([net.features(to_input(batch)) for batch in crops])
        rest = list(net.rest)
        self._truth = torch.cat([batch.landmarks for batch in crops])[:, rest].to(device)
        self._weights = torch.cat([batch.weights for batch in crops])[:, rest].to(device)

    def batches(
        self, order: np.ndarray[Any, np.dtype[np.int64]], batch: int
    ) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
        """Features (B, F), points (B, M − m, 2) and weights (B, M − m), in an order of faces."""
        for start in range(0, len(order), batch):
            rows = torch.from_numpy(order[start : start + batch]).to(self._truth.device)
            yield self._features[rows], self._truth[rows], self._weights[rows]
