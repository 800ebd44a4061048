"""Train a net by a recipe, in a job folder that can be watched, stopped and resumed."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from core.commands.console import Console


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `train`."""
    parser.add_argument("recipe", metavar="RECIPE", help="a bundled recipe's name or a TOML file")
    parser.add_argument(
        "--set", action="append", default=[], metavar="K=V", dest="changes",
        help="change a field, as optimise.lr=1e-3; may be given several times",
    )  # fmt: skip
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="the job folder")
    parser.add_argument("--resume", action="store_true", help="go on from its last checkpoint")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or mps (default: auto)")


def run(args: argparse.Namespace, console: Console) -> int:
    """Train, then say where the model file is and how it scored."""
    from core.training.recipe import load_recipe

    recipe = load_recipe(args.recipe, args.changes)

    from core.training.loop import train

    path = train(
        recipe,
        args.out,
        resume=args.resume,
        device=args.device,
        report=console.report,
        cancelled=console.cancelled,
    )

    if os.environ.get("RANK", "0") != "0":  # under torchrun the first process speaks
        return 0

    from core.nets.model_file import read_card

    results = read_card(path).results
    console.result({"model": str(path), "results": results}, f"{path}  {results}")
    return 0
