"""The job of dense-from-sparse training: data, three stages, a model file."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np

from core.datasets.held_out import note_held_out
from core.devices import ran_out_of_memory
from core.errors import InputError, ResourceError
from core.progress import Cancelled, Report, ignore, never
from core.training.fabric import make_fabric
from core.training.job import JobFolder, Stop
from core.training.recipe import Recipe
from core.training.sources import open_training_data
from core.training.weak.data import weak_faces
from core.training.weak.result import export_weak
from core.training.weak.run import WeakRun

HELD_OUT = "held-out.npy"
"""In the job folder: errors (N, M) of the trained net on the held-out faces."""


def train_weak(
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
    """Train dense landmarks from sparse annotation and write the model file.

    Args:
        recipe: With `task = "weak"`; `recipe.weak` says how much is annotated how.
        folder: The job folder.
        resume: Go on from its last checkpoint.
        device: Fabric's accelerator: "auto", "cpu", "cuda", "mps".
        report: Told of every record; its values hold `weak_stage` 1, 2 or 3.
        cancelled: A signal's wish to stop: ends early with a checkpoint and a model file.
        asked: What a watcher asks for: "early" the same, "cancel" without a model file.
        tell: Told what the log is told.

    Returns:
        The model file.

    Raises:
        InputError: If recipe, format, data or folder cannot be used.
        ResourceError: If memory ran out or the loss is no number any more.
        JobCancelled: If the folder's stop file says `cancel`.
    """
    if int(os.environ.get("WORLD_SIZE", "1")) > 1:
        raise InputError("Training from sparse points runs in one process; start it once.")
    fabric = make_fabric(recipe.optimise, device)
    with JobFolder(
        folder, recipe.as_record(), resume=resume, report=report, cancelled=cancelled,
        asked=asked, tell=tell,
    ) as job:  # fmt: skip
        cache, other = open_training_data(recipe, job.report, cancelled)
        if other is not None:
            raise InputError("data.validation is not read here; the last faces are held out.")
        weak = recipe.weak
        faces = weak_faces(
            cache, recipe.scheme, weak.sparse, weak.dense, recipe.data.validation_faces, recipe.seed
        )
        note_held_out(folder, cache.folder, faces.held_out)
        run = WeakRun(recipe, fabric, job, faces)
        if resume:
            run.resume()
        try:
            run.train()
        except (RuntimeError, MemoryError) as error:
            if not ran_out_of_memory(error):
                raise
            raise ResourceError(
                "Out of memory even with one face at a time; choose a smaller net or input."
            ) from error
        if len(faces.held_out):
            np.save(folder / HELD_OUT, run.judge().errors.astype(np.float32))
        return export_weak(recipe, run.net, run.scores, faces, folder, job)
