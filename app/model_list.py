"""Models a person can choose from: those found by name, by task."""

from __future__ import annotations

import os
import shutil
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


def models_folder(project: Path | None) -> Path:
    """Where a model a person wants to use goes: into the project, else to the user's models."""
    return model_folders(project if project is None or os.access(project, os.W_OK) else None)[0]


def installed_as(model: Path, project: Path | None) -> str:
    """The name a model file can be chosen by already; empty where it is not in the list."""
    stat = model.stat()
    for path in models_folder(project).glob("*.safetensors"):
        there = path.stat()
        if (there.st_size, there.st_mtime_ns) == (stat.st_size, stat.st_mtime_ns):
            return path.stem
    return ""


def install_model(model: Path, project: Path | None) -> str:
    """Put a copy of a model file where models are looked for by name.

    Returns:
        The name it has in the lists: its own, with a number where another has that.

    Raises:
        StoreError: If it is no model file.
        OSError: If it cannot be copied.
    """
    folder, name = models_folder(project), read_card(model).name
    folder.mkdir(parents=True, exist_ok=True)
    number, free = 2, name
    while (folder / f"{free}.safetensors").exists():
        number, free = number + 1, f"{name}-{number}"
    part = folder / f".{free}.part"
    shutil.copy2(model, part)
    part.replace(folder / f"{free}.safetensors")
    return free


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
