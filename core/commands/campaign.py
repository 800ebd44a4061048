"""Ablation campaigns: rows × seeds of short trainings, each scored on held-out subjects.

A campaign may be stopped at any time and goes on where it was: a training from its last
checkpoint, a finished run is passed over because its record is there. One seed of every row comes
before the second seed, so that an unfinished campaign already shows the order of its rows.
"""

from __future__ import annotations

import argparse
import dataclasses
import hashlib
import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.commands.console import Console
from core.errors import InputError, JobCancelled
from core.progress import check

if TYPE_CHECKING:
    from core.training.recipe import Recipe

SEED = 3001
"""Of the rendered subjects."""
_PATIENCE_S = 5.0
"""Between two looks at what other commands are doing."""


@dataclass(frozen=True)
class Row:
    """One variant of a table."""

    name: str
    """In file names."""
    title: str
    recipe: str
    """A recipe's name; `{preset}` stands for the preset."""
    changes: tuple[str, ...] = ()
    """As `train --set`."""
    after: str = ""
    """The row whose weights (of the same seed) it starts from."""
    against: str = ""
    """The row it is compared with, subject by subject."""


@dataclass(frozen=True)
class Plan:
    """What to run, and where things lie."""

    kind: str
    """Of the records: "ffld", "parts"."""
    rows: tuple[Row, ...]
    seeds: tuple[int, ...]
    wanted: tuple[str, ...]
    """Names of the rows to run; empty = all. Rows that these start from are trained as well."""
    preset: str
    changes: tuple[str, ...]
    """`--set` for every run."""
    folder: Path
    """Jobs and caches."""
    records: Path
    judged_on: str = ""
    """Digest of the judging faces' points: a world that changed since is another data set."""

    def row(self, name: str) -> Row:
        """A row by its name.

        Raises:
            InputError: If there is none.
        """
        for row in self.rows:
            if row.name == name:
                return row
        known = ", ".join(row.name for row in self.rows)
        raise InputError(f"study {self.kind} has no row {name!r}; its rows are {known}.")

    def job(self, row: Row, seed: int) -> Path:
        """The job folder of one run."""
        return self.folder / f"{self.kind}-{self.preset}" / f"{row.name}-seed{seed}"

    def record(self, row: Row, seed: int) -> Path:
        """The record of one run."""
        return self.records / f"{self.kind}-{self.preset}-{row.name}-seed{seed}.json"


Score = Callable[[Path], dict[str, Any]]
"""From a model file to JSON-ready figures."""


class Busy(Exception):
    """Another command is at this run."""


def run_campaign(plan: Plan, device: str, score: Score, console: Console) -> list[Path]:
    """Train and score what has no record yet; several commands at once share the work.

    Returns:
        The records of all wanted runs, old and new.

    Raises:
        InputError: If a row is unknown, or a record was made with other settings.
        JobCancelled: If it was stopped; the same command goes on.
    """
    rows = [plan.row(name) for name in plan.wanted] or list(plan.rows)
    todo = [(row, seed) for seed in plan.seeds for row in rows]
    left = todo
    while left:
        busy = []
        for row, seed in left:
            check(console.cancelled)
            try:
                _finish(plan, row, seed, device, score, console)
            except Busy:
                busy.append((row, seed))
        if len(busy) == len(left):
            time.sleep(_PATIENCE_S)
        left = busy
    return [plan.record(row, seed) for row, seed in todo]


def _finish(plan: Plan, row: Row, seed: int, device: str, score: Score, console: Console) -> None:
    """Bring one run to its record."""
    path = plan.record(row, seed)
    recipe = recipe_of(plan, row, seed)
    if path.is_file():
        check_same(path, settings_of(plan, recipe))
        return
    with claimed(plan.job(row, seed)):
        model = trained(plan, row, seed, device, console)
        if not path.is_file():
            write(plan, row, seed, recipe, score(model))
            console.say(f"wrote {path}")


@contextmanager
def claimed(folder: Path) -> Iterator[None]:
    """Keep other commands from a run's folder; one whose owner died is free.

    Raises:
        Busy: If a living process is at it.
    """
    from core.annotations.lock import ProjectLock

    folder.mkdir(parents=True, exist_ok=True)
    lock = ProjectLock.take(folder)
    if not isinstance(lock, ProjectLock):
        raise Busy
    try:
        yield
    finally:
        lock.release()


def recipe_of(plan: Plan, row: Row, seed: int) -> Recipe:
    """The recipe of one run, its data and starting weights filled in."""
    from core.training.recipe import load_recipe

    changes = [*row.changes, *plan.changes, f"seed={seed}"]
    if row.after:
        start = plan.job(plan.row(row.after), seed) / "model.safetensors"
        changes.append(f'net.start_from="{start.as_posix()}"')
    return load_recipe(row.recipe.format(preset=plan.preset), changes)


def trained(plan: Plan, row: Row, seed: int, device: str, console: Console) -> Path:
    """The model file of one run, trained, finished or only found.

    Raises:
        JobCancelled: If the training was stopped before its end.
        Busy: If another command trains what it starts from.
    """
    from core.training.loop import train

    recipe = recipe_of(plan, row, seed)
    if row.after:
        before = plan.row(row.after)
        with claimed(plan.job(before, seed)):
            trained(plan, before, seed, device, console)
    folder = plan.job(row, seed)
    model, finished = folder / "model.safetensors", folder / "finished"
    if finished.is_file() and model.is_file():
        return model
    console.say(f"{plan.kind}: {row.title}, seed {seed}")
    begun = (folder / "checkpoints" / "last.pt").is_file()
    train(
        recipe, folder, resume=begun, device=device,
        report=console.report, cancelled=console.cancelled,
    )  # fmt: skip
    if console.cancelled() or (folder / "stop").exists():  # it kept its best and ended early
        raise JobCancelled(f"Stopped in {row.name}, seed {seed}; the same command goes on there.")
    finished.touch()
    return model


def write(plan: Plan, row: Row, seed: int, recipe: Recipe, figures: dict[str, Any]) -> None:
    """Keep one run's record."""
    from core.evaluation import records

    about = {
        "row": row.name, "order": plan.rows.index(row), "against": row.against, "seed": seed,
        "preset": plan.preset, "settings": settings_of(plan, recipe),
    }  # fmt: skip
    record = records.make_record(plan.kind, row.title, about | figures)
    path = plan.record(row, seed)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    part.write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    part.replace(path)


def settings_of(plan: Plan, recipe: Recipe) -> dict[str, Any]:
    """What decides a run's outcome, without this machine's folders and without names."""
    record = recipe.as_record() | {"judged_on": plan.judged_on}
    for name in ("name", "title", "licence"):
        del record[name]
    del record["data"]["folder"], record["data"]["workers"], record["optimise"]["threads"]
    for name in ("train", "validation"):
        record["data"][name] = [Path(spec).name for spec in record["data"][name]]
    start = record["net"]["start_from"]
    record["net"]["start_from"] = Path(start).parent.name if start else ""
    plain: dict[str, Any] = json.loads(json.dumps(record))
    return plain


def check_same(path: Path, settings: dict[str, Any]) -> None:
    """Refuse to mix a record with runs of other settings.

    Raises:
        InputError: If the settings differ.
    """
    try:
        then = json.loads(path.read_text(encoding="utf-8"))["figures"]["settings"]
    except (ValueError, KeyError) as error:
        raise InputError(f"{path}: not a readable record of a study ({error}).") from error
    before, now = _flat(then), _flat(settings)
    # Fields that came or went since say nothing: their defaults are what was always done.
    differ = sorted(name for name in before.keys() & now.keys() if before[name] != now[name])
    if differ:
        raise InputError(
            f"{path}: recorded with other settings ({', '.join(differ)}); move it away or name "
            "another folder (--record)."
        )


def _flat(values: dict[str, Any], prefix: str = "") -> dict[str, str]:
    found: dict[str, str] = {}
    for key, value in values.items():
        name = f"{prefix}{key}"
        found |= _flat(value, f"{name}.") if isinstance(value, dict) else {name: json.dumps(value)}
    return found


def with_data(plan: Plan, row: Row, args: argparse.Namespace, console: Console) -> tuple[Plan, Any]:
    """The plan with what teaches, and the open cache of what judges.

    Data sets named by `--data` and `--test-data`, else rendered subjects, made where they are not
    there yet.

    Raises:
        InputError: If only one of the two is named, or neither can be read.
    """
    from core.training.sources import open_training_data

    if bool(args.data) != bool(args.test_data):
        raise InputError("Name both --data (what teaches) and --test-data (what judges), or none.")
    recipe = recipe_of(plan, row, 1)
    if not args.data:
        teach, judge = rendered(plan, recipe, args.held_out, console)
    else:
        teach, judge = args.data, args.test_data
    folder = f'data.folder="{(plan.folder / "faces").as_posix()}"'
    plan = dataclasses.replace(plan, changes=(*plan.changes, f"data.train={teach}", folder))
    data = dataclasses.replace(recipe.data, train=tuple(judge), validation=())
    judging = dataclasses.replace(recipe, data=data)
    cache = open_training_data(judging, console.report, console.cancelled)[0]
    digest = hashlib.sha256(cache.landmarks.tobytes()).hexdigest()[:16]
    return dataclasses.replace(plan, judged_on=digest), cache


def rendered(
    plan: Plan, recipe: Recipe, judging: int, console: Console
) -> tuple[list[str], list[str]]:
    """SPECs of rendered subjects that teach and of others that judge, dealt from one cache."""
    from core.datasets.deal import deal
    from core.datasets.render_cache import MASK_SCHEME, WORLD, WORLD_PARTS, render_cache

    parsing, size = recipe.task == "parsing", recipe.data.stored_size
    kind = "heads" if parsing else "rendered"
    cache = render_cache(
        plan.folder / "faces" / f"{kind}-{SEED}-{size}", recipe.data.faces, SEED, size,
        renderer=WORLD_PARTS if parsing else WORLD,
        mask_scheme=MASK_SCHEME if parsing else None,
        report=console.report, cancelled=console.cancelled,
    )  # fmt: skip
    teach, judge = ([f"synthetic:{c.folder.as_posix()}"] for c in deal(cache.folder, judging))
    return teach, judge


def plan_of(
    kind: str, rows: tuple[Row, ...], presets: Sequence[str], args: argparse.Namespace
) -> Plan:
    """The plan the command line describes.

    Raises:
        InputError: If the preset, a row or the number of seeds cannot be used.
    """
    if args.preset not in presets:
        raise InputError(
            f"study {kind} has no preset {args.preset!r}; it has {', '.join(presets)}."
        )
    if args.seeds < 1:
        raise InputError(f"--seeds must be 1 or more, not {args.seeds}.")
    plan = Plan(
        kind, rows, tuple(range(1, args.seeds + 1)), tuple(args.row), args.preset,
        tuple(args.changes), work_folder(args), args.record,
    )  # fmt: skip
    for name in plan.wanted:
        plan.row(name)
    return plan


def work_folder(args: argparse.Namespace) -> Path:
    """Where jobs, rendered faces and clips lie."""
    if args.out is not None:
        return Path(args.out)
    from core import paths

    return paths.user_cache() / "studies"
