"""Say what a data set holds: faces, people, splits, points off their pictures, damage."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from core.commands.console import Console

if TYPE_CHECKING:
    from core.datasets.survey import Survey


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `data`."""
    parser.add_argument(
        "data", metavar="SPEC", help="name:path[:split], split = train, validation, test[@FILE]"
    )
    parser.add_argument(
        "--labels", action="store_true", help="also read every label picture, to check it"
    )
    parser.add_argument(
        "--write-splits", type=Path, metavar="FILE",
        help="draw splits by subject and write them there, to be named in a SPEC as split@FILE",
    )  # fmt: skip
    parser.add_argument("--seed", type=int, default=0, help="of the drawn splits (default: 0)")


def run(args: argparse.Namespace, console: Console) -> int:
    """Print the counts; exit code 2 if a picture or a label map cannot be used."""
    from core.datasets.registry import read_samples
    from core.datasets.splits import write_splits
    from core.datasets.survey import survey

    samples = read_samples(args.data)
    found = survey(samples, args.labels, console.report, console.cancelled)
    if args.write_splits is not None:
        counts = write_splits(args.write_splits, samples, args.seed)
        console.say(f"wrote {args.write_splits}: {_counted(counts)} subjects")
    console.result({"data": args.data, **found.record()}, describe(args.data, found))
    return 2 if found.problems else 0


def describe(spec: str, found: Survey) -> str:
    """The counts as lines for people."""
    rows = [
        ("samples", f"{found.samples:,}, {found.pictures:,} with a picture"),
        ("subjects", f"{found.subjects:,}"),
        ("splits", _counted(found.splits)),
        ("landmarks", _counted(found.schemes)),
        ("masks", _counted(found.mask_schemes)),
        (
            "points",
            f"{found.points:,}: {found.missing:,} not located, {found.hidden:,} hidden, "
            f"{found.outside:,} outside their picture (kept)"
            if found.points
            else "",
        ),
        ("problems", f"{found.problems:,}"),
    ]
    lines = [f"  {name:<9}  {value}" for name, value in rows if value]
    return "\n".join([spec, *lines, *(f"    {text}" for text in found.first_problems)])


def _counted(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in counts.items())
