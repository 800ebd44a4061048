"""Optimisers, learning-rate schedules, averaged weights."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor, nn

from core.errors import InputError
from core.training.recipe import OptimiseRecipe


def make_optimiser(net: nn.Module, recipe: OptimiseRecipe) -> torch.optim.Optimizer:
    """The recipe's optimiser; vectors (biases, BatchNorm) get no weight decay under "adamw".

    Raises:
        InputError: If its name is unknown.
    """
    if recipe.optimiser == "adam":
        return torch.optim.Adam(net.parameters(), lr=recipe.lr, weight_decay=recipe.weight_decay)
    if recipe.optimiser == "rmsprop":
        return torch.optim.RMSprop(net.parameters(), lr=recipe.lr, weight_decay=recipe.weight_decay)
    if recipe.optimiser == "sgd":
        return torch.optim.SGD(
            net.parameters(), lr=recipe.lr, momentum=0.9, weight_decay=recipe.weight_decay
        )
    if recipe.optimiser == "adamw":
        groups: list[dict[str, Any]] = [
            {"params": [p for p in net.parameters() if p.ndim > 1]},
            {"params": [p for p in net.parameters() if p.ndim <= 1], "weight_decay": 0.0},
        ]
        return torch.optim.AdamW(groups, lr=recipe.lr, weight_decay=recipe.weight_decay)
    raise InputError(
        f"optimise.optimiser must be adam, adamw, rmsprop or sgd, not {recipe.optimiser!r}."
    )


def learning_rate(recipe: OptimiseRecipe, progress: float) -> float:
    """The learning rate at a share of the training, 0 … 1.

    Raises:
        InputError: If the schedule is unknown.
    """
    if recipe.schedule == "step":
        epoch = int(progress * recipe.epochs)
        return recipe.lr * recipe.step_factor ** (epoch // recipe.step_epochs)
    if recipe.schedule != "cosine":
        raise InputError(f"optimise.schedule must be cosine or step, not {recipe.schedule!r}.")
    if progress < recipe.warmup:
        return recipe.lr * max(progress / recipe.warmup, 0.01)
    rest = (min(progress, 1.0) - recipe.warmup) / (1.0 - recipe.warmup)
    return recipe.lr * max(0.5 * (1.0 + math.cos(math.pi * rest)), 1e-3)


def set_learning_rate(optimiser: torch.optim.Optimizer, lr: float) -> None:
    """Give every parameter group this rate."""
    for group in optimiser.param_groups:
        group["lr"] = lr


class Average:
    """Exponentially averaged weights and BatchNorm statistics.

    The decay grows with the steps taken, (1 + n) / (10 + n) at first, to forget the start.

    Args:
        net: Where to start.
        decay: Largest decay; 0 = always the net's own weights.
    """

    def __init__(self, net: nn.Module, decay: float) -> None:
        self._decay = decay
        self._steps = 0
        self._values = {k: v.detach().clone() for k, v in net.state_dict().items()}

    @torch.no_grad()
    def update(self, net: nn.Module) -> None:
        """Move towards the net by one step."""
        self._steps += 1
        decay = min(self._decay, (1 + self._steps) / (10 + self._steps)) if self._decay else 0.0
        mine, theirs = [], []
        for name, value in net.state_dict().items():
            if value.is_floating_point():
                mine.append(self._values[name])
                theirs.append(value)
            else:
                self._values[name].copy_(value)
        torch._foreach_lerp_(mine, theirs, 1.0 - decay)

    def weights(self) -> dict[str, Tensor]:
        """The averaged state dict."""
        return self._values

    def state(self) -> dict[str, object]:
        """What a checkpoint keeps."""
        return {"steps": self._steps, "values": self._values}

    def load_state(self, state: dict[str, object]) -> None:
        """Take up a checkpoint's state."""
        steps, values = state["steps"], state["values"]
        assert isinstance(steps, int)
        assert isinstance(values, dict)
        self._steps = steps
        for name, value in values.items():
            self._values[name].copy_(value)


def all_finite(values: Iterable[Tensor]) -> bool:
    """Whether every tensor is free of NaN and infinity."""
    return all(bool(torch.isfinite(v).all()) for v in values)
