"""Training recipes a person can choose from, and what a training needs to know of a project."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from app.model_list import ModelChoice, model_choices
from core import paths
from core.annotations.records import ReviewState
from core.errors import CoreError
from core.nets.model_file import read_card
from core.training.recipe import Recipe, load_recipe

_SHARE_HELD_OUT = 0.1


@dataclass(frozen=True)
class RecipeChoice:
    """One recipe of the list."""

    name: str
    """As the command takes it: a bundled recipe's name or a file."""
    title: str
    recipe: Recipe | None
    """None where it cannot be read."""
    about: str
    """A line for the tooltip: why it cannot be read, or what it is."""


def recipe_choices() -> list[RecipeChoice]:
    """The bundled recipes."""
    files = sorted((paths.resources() / "recipes").glob("*.toml"))
    return [recipe_choice(file.stem) for file in files]


def recipe_choice(name_or_file: str) -> RecipeChoice:
    """A recipe by name or file."""
    stem = Path(name_or_file).stem
    try:
        recipe = load_recipe(name_or_file)
    except (CoreError, OSError) as error:
        return RecipeChoice(name_or_file, f"{stem} (cannot be read)", None, str(error))
    return RecipeChoice(name_or_file, stem, recipe, recipe.title or name_or_file)


def starting_models(recipe: Recipe, project: Path | None) -> list[ModelChoice]:
    """Models whose net is the recipe's, so that a training can start from their weights."""
    return [
        model
        for model in model_choices(project)
        if model.task == recipe.task
        and model.path.suffix == ".safetensors"
        and read_card(model.path).architecture == recipe.net.architecture
    ]


def fitting_sizes(recipe: Recipe, faces: int) -> tuple[int, int]:
    """Validation faces and batch for a data set that may be smaller than the recipe's.

    Args:
        recipe: Its numbers are kept where the data set is large enough.
        faces: Number of faces in all; at least 2.
    """
    held_out = min(recipe.data.validation_faces, max(1, round(_SHARE_HELD_OUT * faces)))
    return held_out, min(recipe.optimise.batch, faces - held_out)


def reviewed_faces(project: Path) -> tuple[int, int]:
    """How many faces of a project are approved, and how many approved or edited.

    Raises:
        CoreError: If the project cannot be read.
    """
    from core.annotations.project import Project
    from core.datasets.project import review_states

    counts = np.zeros(len(ReviewState), np.int64)
    with Project.open(project, read_only=True) as opened:
        for clip in opened.clips():
            states = review_states(opened, clip)
            counts += np.bincount(states.reshape(-1), minlength=len(counts))[: len(counts)]
    approved = int(counts[ReviewState.APPROVED])
    return approved, approved + int(counts[ReviewState.EDITED])
