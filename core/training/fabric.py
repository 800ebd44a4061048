"""Devices, precision and processes, by lightning-fabric."""

from __future__ import annotations

import os
from typing import Any

import torch

from core.errors import InputError
from core.training.recipe import OptimiseRecipe


def make_fabric(recipe: OptimiseRecipe, device: str) -> Any:
    """A launched Fabric; under `torchrun` one of its processes, synchronised by DDP.

    Raises:
        InputError: If the device or precision cannot be had.
    """
    try:
        from lightning_fabric import Fabric
    except ImportError:  # the all-in-one package has it under another name
        from lightning.fabric import Fabric  # type: ignore[no-redef]

    processes = int(os.environ.get("WORLD_SIZE", "1"))
    try:
        fabric = Fabric(
            accelerator=device,
            devices=int(os.environ.get("LOCAL_WORLD_SIZE", "1")),
            num_nodes=max(1, processes // int(os.environ.get("LOCAL_WORLD_SIZE", "1"))),
            strategy="ddp" if processes > 1 else "auto",
            precision=recipe.precision,  # type: ignore[arg-type]
        )
    except (ValueError, RuntimeError) as error:
        raise InputError(
            f"Cannot train on {device!r} in precision {recipe.precision!r}: {error}"
        ) from error
    if fabric.device.type == "cpu":
        torch.set_num_threads(recipe.threads or max(1, (os.cpu_count() or 2) - 1))
    fabric.launch()
    return fabric
