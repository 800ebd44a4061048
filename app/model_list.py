"""Models a person can choose from: those found by name, by task."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from core.errors import CoreError
from core.inference.model_source import known_models, model_folders, read_card_file
from core.nets.model_card import ModelCard
from core.nets.model_file import read_card


@dataclass(frozen=True)
class ModelChoice:
    """One model of the list."""

    name: str
    path: Path
    task: str
    """"landmarks" or "parsing"; "" where its card cannot be read."""
    about: str
    """A line for the tooltip."""


def model_choices(project: Path | None) -> list[ModelChoice]:
    """The known models; reads only their cards."""
    found = known_models(model_folders(project))
    return [_choice(name, path) for name, path in sorted(found.items())]


def _choice(name: str, path: Path) -> ModelChoice:
    try:
        card = _card(path)
    except (CoreError, OSError) as error:
        return ModelChoice(name, path, "", str(error))
    made = f", {card.created[:10]}" if card.created else ""
    return ModelChoice(name, path, card.task, f"{card.architecture}{made}\n{path}")


def _card(path: Path) -> ModelCard:
    if path.suffix.lower() != ".onnx":
        return read_card(path)
    # Its hash, which finds a bundled card, takes too long for a list.
    beside = path.with_suffix(".json")
    return read_card_file(beside)
