"""One entry for every kind of training a recipe may ask for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from core.progress import Cancelled, Report, ignore, never
from core.training.job import Stop
from core.training.recipe import Recipe


def train_recipe(
    recipe: Recipe,
    folder: Path,
    *,
    resume: bool = False,
    device: str = "auto",
    report: Report = ignore,
    cancelled: Cancelled = never,
    asked: Callable[[], Stop | None] = lambda: None,
    tell: Callable[[str], None] = lambda _line: None,
) -> Path:
    """Train what the recipe's task says; see `core.training.loop.train` for the arguments.

    Returns:
        The model file.
    """
    return _trainer(recipe.task)(
        recipe,
        folder,
        resume=resume,
        device=device,
        report=report,
        cancelled=cancelled,
        asked=asked,
        tell=tell,
    )


def _trainer(task: str) -> Callable[..., Path]:
    if task == "weak":
        from core.training.weak.job import train_weak

        return train_weak
    if task == "forest":
        from core.training.forest.job import train_forest

        return train_forest
    from core.training.loop import train

    return train
