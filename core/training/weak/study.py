"""The comparison of sparse formats ([Yan20] Table 5.1): searched, existing, random, and all points.

A *unit* is one format of one column with one seed: stage 1 is trained once, then stages 2 and 3
from it for every share of dense faces. Units do not know each other, so they run side by side, and
each is as resumable as its trainings are. Seeds pair the units: the same seed means the same dense
faces, the same order of batches and the same held-out faces for every format.

The searched format is found from the affinity of the fewest dense faces of its seed, which all
larger draws contain: one annotates the dense faces first, then decides on the sparse points. The
bound has all points in the main branch on all N faces; its stage 3 takes as many steps as that of
the largest share.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from core.correlation.affinity import affinity_of
from core.correlation.sparse_format import coverage
from core.datasets import face_cache
from core.errors import InputError, JobCancelled
from core.progress import Cancelled, Report, ignore, never
from core.training.recipe import Recipe, load_recipe
from core.training.weak.data import WeakFaces, weak_faces
from core.training.weak.formats import ALL, RANDOM, SEARCHED, sparse_points
from core.training.weak.job import HELD_OUT, train_weak

SHARES = (0.05, 0.10, 0.25)
"""N / n of the reported table."""
BOUND = "bound"
FORMATS = (SEARCHED, "existing", RANDOM, BOUND)


@dataclass(frozen=True)
class Column:
    """One column pair of the table."""

    name: str
    scheme: str
    budget: int
    """The number m of sparse points."""
    existing: str
    """The known format it is compared with."""
    crop_scale: float = 1.2
    """The 41 points are the inner face; their crop takes the outer face in as well."""


COLUMNS = (
    Column("M68-m19", "ibug68", 19, "AFLW-19"),
    Column("M98-m29", "wflw98", 29, "COFW-29"),
    Column("M41-m5", "inner41", 5, "MAFL-5", 1.6),
    Column("M41-m10", "inner41", 10, "LFW-10", 1.6),
)


@dataclass(frozen=True)
class Unit:
    """One format of one column with one seed."""

    column: Column
    format: str
    """One of `FORMATS`."""
    seed: int

    @property
    def name(self) -> str:
        """In folders and records."""
        column = self.column.scheme if self.format == BOUND else self.column.name
        return f"{column}-{self.format}-seed{self.seed}"


@dataclass(frozen=True)
class Plan:
    """What every unit shares."""

    preset: str
    changes: tuple[str, ...]
    """As `train --set`, for every training."""
    caches: dict[str, str]
    """Face cache by dense scheme."""
    folder: Path
    """Of the jobs."""
    device: str = "auto"

    def recipe(self, unit: Unit, *more: str) -> Recipe:
        """The recipe of one training."""
        column = unit.column
        return load_recipe(
            f"weak-{self.preset}",
            [
                f"name=weak-{unit.name}",
                f"scheme={column.scheme}",
                f"augment.crop_scale={column.crop_scale}",
                f"data.train={json.dumps(['synthetic:' + self.caches[column.scheme]])}",
                *self.changes,
                f"seed={unit.seed}",
                *more,
            ],
        )


def units(seeds: int, columns: tuple[Column, ...] = COLUMNS) -> list[Unit]:
    """All units; a seed is finished before the next begins, and one bound serves a scheme."""
    found = []
    for seed in range(1, seeds + 1):
        for kind in FORMATS:
            schemes = set()
            for column in columns:
                if kind != BOUND or column.scheme not in schemes:
                    found.append(Unit(column, kind, seed))
                schemes.add(column.scheme)
    return found


def run_unit(
    plan: Plan, unit: Unit, report: Report = ignore, cancelled: Cancelled = never
) -> dict[str, Any]:
    """Train one unit, or what is left of it, and say how it did, JSON-ready.

    Raises:
        JobCancelled: If it was stopped; the same call goes on.
    """
    recipe = plan.recipe(unit)
    cache = face_cache.open_cache(Path(plan.caches[unit.column.scheme]))
    faces_wanted = recipe.weak.sparse
    few = round(SHARES[0] * faces_wanted)
    held = recipe.data.validation_faces
    faces = weak_faces(cache, recipe.scheme, faces_wanted, few, held, recipe.seed)
    points = _points(unit, faces)
    form = f'weak.format="{",".join(map(str, points))}"'
    folder = plan.folder / unit.name
    train: Callable[..., Path] = _Trainer(plan.device, report, cancelled)
    e1, e2, e3 = recipe.weak.epochs
    first = train(
        plan.recipe(unit, form, f"weak.epochs=[{e1}, 0, 0]", _dense(few)), folder / "stage1"
    )
    start = f"weak.stage1={json.dumps(str(first))}"
    shares = {}
    for share in (1.0,) if unit.format == BOUND else SHARES:
        n = round(share * faces_wanted)
        last = round(SHARES[-1] * e3) if unit.format == BOUND else e3
        more = (form, start, f"weak.epochs=[{e1}, {e2}, {last}]", _dense(n))
        job = train(plan.recipe(unit, *more), folder / f"n{n}")
        errors = np.load(job / HELD_OUT)
        faces_nme = np.full(len(errors), np.nan)
        front = np.isfinite(errors).all(axis=1)
        faces_nme[front] = errors[front].mean(axis=1)
        shares[f"{share:g}"] = {
            "n": n,
            "nme": float(np.nanmean(faces_nme)),
            "faces": [None if np.isnan(v) else round(float(v), 4) for v in faces_nme],
        }
    matrix = affinity_of(faces.xy[faces.dense], faces.scheme).matrix
    others = np.setdiff1d(faces.faces, faces.dense)
    unseen = affinity_of(faces.xy[others], faces.scheme).matrix
    figures = {
        "preset": plan.preset,
        "column": unit.column.name,
        "scheme": unit.column.scheme,
        "format": unit.format,
        "seed": unit.seed,
        "points": list(points),
        "m": len(points),
        "N": len(faces.faces),
        "held_out": len(faces.held_out),
        "shares": shares,
        "settings": _settings(recipe),
        "faces_from": dict(cache.origin),
    }
    if unit.format != BOUND:
        figures |= {"c": coverage(matrix, points), "c_other_faces": coverage(unseen, points)}
    return figures


def _points(unit: Unit, faces: WeakFaces) -> tuple[int, ...]:
    text = {"existing": unit.column.existing, BOUND: ALL}.get(unit.format, unit.format)
    dense = faces.xy[faces.dense]
    return sparse_points(text, unit.column.budget, faces.scheme, dense, unit.seed)


def _dense(dense: int) -> str:
    return f"weak.dense={dense}"


class _Trainer:
    """Trains in a folder once; a finished job is only found."""

    def __init__(self, device: str, report: Report, cancelled: Cancelled) -> None:
        self._device, self._report, self._cancelled = device, report, cancelled

    def __call__(self, recipe: Recipe, folder: Path) -> Path:
        finished = folder / "finished"
        if finished.is_file():
            _check_same(folder, recipe)
            return folder
        train_weak(
            recipe,
            folder,
            resume=(folder / "checkpoints" / "last.pt").is_file(),
            device=self._device,
            report=self._report,
            cancelled=self._cancelled,
        )
        if self._cancelled() or (folder / "stop").exists():
            raise JobCancelled(f"Stopped in {folder.name}; the same command goes on there.")
        finished.touch()
        return folder


def _check_same(folder: Path, recipe: Recipe) -> None:
    before = json.loads((folder / "job.json").read_text(encoding="utf-8"))["recipe"]
    now = json.loads(json.dumps(recipe.as_record()))
    differ = [name for name in ("scheme", "weak", "net", "input_size") if before[name] != now[name]]
    if differ:
        raise InputError(
            f"{folder}: trained with other settings ({', '.join(differ)}); choose another folder."
        )


def _settings(recipe: Recipe) -> dict[str, Any]:
    weak, optimise = recipe.weak, recipe.optimise
    return {
        "input": recipe.input_size,
        "net": dict(recipe.net.arguments),
        "epochs": list(weak.epochs),
        "lr": list(weak.lr),
        "patience": weak.patience,
        "batch": optimise.batch,
        "precision": optimise.precision,
    }
