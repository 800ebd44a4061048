"""Train a net by a recipe, in a job folder that can be watched, stopped and resumed."""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path

from core.commands.console import Console
from core.errors import InputError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `train`."""
    parser.add_argument(
        "recipe", metavar="RECIPE",
        help="a bundled recipe's name, a TOML file, or `weak`: dense landmarks from sparse ones",
    )  # fmt: skip
    parser.add_argument(
        "--set", action="append", default=[], metavar="K=V", dest="changes",
        help="change a field, as optimise.lr=1e-3; may be given several times",
    )  # fmt: skip
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="the job folder")
    parser.add_argument("--resume", action="store_true", help="go on from its last checkpoint")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or mps (default: auto)")
    weak = parser.add_argument_group("train weak", "shorthands of --set for `train weak`")
    weak.add_argument("--preset", choices=("small", "paper"), default="small")
    for option, field in _WEAK.items():
        weak.add_argument(option, metavar=_METAVAR.get(option, "N"), help=field[1])


_WEAK = {
    "--data": ("data.train", "faces to learn from, a SPEC (default: rendered ones)"),
    "--scheme": ("scheme", "the dense format (default: ibug68)"),
    "--format": (
        "weak.format",
        "the sparse points: a named format, 0,5,8, a JSON file of sparse-format, searched, random",
    ),
    "--budget": ("weak.budget", "m, for searched and random"),
    "--sparse": ("weak.sparse", "N, faces whose sparse points are used; 0 = all"),
    "--dense": ("weak.dense", "n of them whose dense points are used; 0 = all that have them"),
    "--seed": ("seed", "draws the dense faces, the random format and the first weights"),
}
_METAVAR = {"--data": "SPEC", "--scheme": "NAME", "--format": "FORMAT"}


def _weak_changes(args: argparse.Namespace) -> list[str]:
    """The shorthands as `--set` changes.

    Raises:
        InputError: If one is given with another recipe, which would not read it.
    """
    given = {o: getattr(args, o[2:]) for o in _WEAK if getattr(args, o[2:]) is not None}
    if given and args.recipe != "weak":
        raise InputError(f"{', '.join(given)}: only for `train weak`; use --set elsewhere.")
    if "--data" in given:  # the presets' numbers are of rendered faces
        given = {"--sparse": "0", "--dense": "0"} | given
    texts = {o: json.dumps([v]) if o == "--data" else _toml(v) for o, v in given.items()}
    return [f"{_WEAK[option][0]}={text}" for option, text in texts.items()]


def _toml(value: str) -> str:
    """Numbers as they are, everything else as text (0,5,8 would be no TOML)."""
    return value if value.lstrip("-").isdigit() else json.dumps(value)


def run(args: argparse.Namespace, console: Console) -> int:
    """Train, then say where the model file is and how it scored."""
    from core.training.recipe import load_recipe

    name, changes = args.recipe, _weak_changes(args) + args.changes
    recipe = load_recipe(f"weak-{args.preset}" if name == "weak" else name, changes)

    from core.training.dispatch import train_recipe

    path = train_recipe(
        recipe,
        args.out,
        resume=args.resume,
        device=args.device,
        report=console.report,
        cancelled=console.cancelled,
        asked=console.stop_wanted,
        tell=console.say,
    )

    if os.environ.get("RANK", "0") != "0":  # under torchrun the first process speaks
        return 0

    from core.nets.model_file import read_card

    results = read_card(path).results
    console.result({"model": str(path), "results": results}, f"{path}  {results}")
    return 0
