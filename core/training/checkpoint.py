"""Checkpoints: tensors and plain values only, written whole or not at all."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from core.errors import StoreError

FORMAT_VERSION = 1


def save_checkpoint(path: Path, state: dict[str, Any]) -> None:
    """Write a checkpoint under a temporary name, then rename it."""
    part = path.with_name(path.name + ".part")
    torch.save({"format_version": FORMAT_VERSION, **state}, part)
    part.replace(path)


def load_checkpoint(path: Path) -> dict[str, Any]:
    """Read a checkpoint, weights only (a foreign file cannot run code).

    Raises:
        StoreError: If it is missing, damaged or of another version.
    """
    try:
        state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch.load raises half a dozen kinds for a damaged file
        raise StoreError(f"{path}: not a readable checkpoint ({error}).") from error
    if not isinstance(state, dict) or state.get("format_version") != FORMAT_VERSION:
        raise StoreError(f"{path}: written by another version of this program.")
    return state
