"""Compare sparse formats by dense-from-sparse training: searched, existing, random, all points."""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.commands.console import Console
from core.errors import InputError, JobCancelled
from core.progress import Progress

if TYPE_CHECKING:
    from core.training.weak.study import Plan, Unit

FACES_SEED = 5001
"""Of the rendered faces."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `weak-study`."""
    parser.add_argument("--preset", choices=("small", "paper"), default="small")
    parser.add_argument(
        "--seeds", type=int, default=3, help="trainings of every format (default 3)"
    )
    parser.add_argument(
        "--only", action="append", default=[], metavar="TEXT",
        help="only units whose name begins so: M68-m19, M98-m29-searched (several)",
    )  # fmt: skip
    parser.add_argument(
        "--set", action="append", default=[], metavar="K=V", dest="changes",
        help="change a recipe's field in every training",
    )  # fmt: skip
    parser.add_argument(
        "--workers", type=int, default=0, metavar="N",
        help="trainings side by side, one thread each (default: one a core; on a GPU give 1)",
    )  # fmt: skip
    parser.add_argument(
        "--out", type=Path, metavar="FOLDER",
        help="jobs and rendered faces (default: the user's cache folder); the same one goes on",
    )  # fmt: skip
    parser.add_argument(
        "--record", type=Path, default=Path("docs/results"), metavar="FOLDER",
        help="where records go, one a unit (default: docs/results)",
    )  # fmt: skip
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or mps (default: auto)")


def run(args: argparse.Namespace, console: Console) -> int:
    """Run what has no record yet."""
    from core.training.weak.study import units

    if args.seeds < 1:
        raise InputError(f"--seeds must be 1 or more, not {args.seeds}.")
    wanted = [u for u in units(args.seeds) if not args.only or u.name.startswith(tuple(args.only))]
    if not wanted:
        raise InputError(f"No unit is called {' or '.join(args.only)} …; try M68-m19-searched.")
    left = [u for u in wanted if not _record(args, u).is_file()]
    plan = _plan(args, left, console)
    console.say(f"{len(wanted) - len(left)} of {len(wanted)} units have a record")
    for number, (unit, figures) in enumerate(_run_all(plan, left, args.workers, console)):
        console.say(f"wrote {_write(args, unit, figures)}")
        console.report(Progress("units", len(wanted) - len(left) + number + 1, len(wanted)))
    records = [str(_record(args, unit)) for unit in wanted]
    console.result({"records": records}, f"{len(records)} units recorded")
    return 0


def _record(args: argparse.Namespace, unit: Unit) -> Path:
    folder: Path = args.record
    return folder / f"weak-{args.preset}-{unit.name}.json"


def _plan(args: argparse.Namespace, units: list[Unit], console: Console) -> Plan:
    from core import paths
    from core.training.weak.study import Plan

    folder = args.out or paths.user_cache() / "studies"
    folder = folder.absolute()
    plan = Plan(args.preset, tuple(args.changes), {}, folder / f"weak-{args.preset}", args.device)
    for scheme in dict.fromkeys(unit.column.scheme for unit in units):
        plan.caches[scheme] = str(_faces(plan, scheme, folder / "faces", console))
    return plan


def _faces(plan: Plan, scheme: str, folder: Path, console: Console) -> Path:
    """The rendered faces of a scheme; the 41 points are some of the 68."""
    from core.datasets.render_cache import SCHEME, WORLD, WORLD_98, render_cache
    from core.training.recipe import load_recipe

    own = "wflw98" if scheme == "wflw98" else SCHEME
    data = load_recipe(f"weak-{plan.preset}", plan.changes).data
    cache = render_cache(
        folder / f"{own}-{FACES_SEED}-{data.stored_size}",
        data.faces,
        FACES_SEED,
        data.stored_size,
        renderer=WORLD_98 if own == "wflw98" else WORLD,
        scheme=own,
        report=console.report,
        cancelled=console.cancelled,
    )
    return cache.folder


def _run_all(
    plan: Plan, units: list[Unit], workers: int, console: Console
) -> Iterator[tuple[Unit, dict[str, Any]]]:
    """Every unit with its figures, as they are done."""
    from core.training.weak.study import run_unit

    count = min(workers or os.cpu_count() or 1, len(units))
    if count <= 1:
        for unit in units:
            yield unit, run_unit(plan, unit, console.report, console.cancelled)
        return
    # spawn: children of a process that has used threads must not be forked.
    with multiprocessing.get_context("spawn").Pool(count) as pool:
        done = pool.imap_unordered(_run_one, [(plan, unit) for unit in units])
        for _ in units:
            while True:
                try:
                    yield done.next(timeout=1.0)
                    break
                except multiprocessing.TimeoutError:
                    if console.cancelled():  # checkpoints are whole; the pool may be ended
                        raise JobCancelled("Stopped; the same command goes on.") from None


def _run_one(job: tuple[Plan, Unit]) -> tuple[Unit, dict[str, Any]]:
    from core.training.weak.study import run_unit

    plan, unit = job
    return unit, run_unit(plan, unit)


def _write(args: argparse.Namespace, unit: Unit, figures: dict[str, Any]) -> Path:
    from core.evaluation import records

    path = _record(args, unit)
    path.parent.mkdir(parents=True, exist_ok=True)
    record = records.make_record("weak", unit.name, figures)
    part = path.with_name(path.name + ".part")
    part.write_text(json.dumps(record, ensure_ascii=False) + "\n", encoding="utf-8")
    part.replace(path)
    return path
