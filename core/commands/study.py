"""Run a named experiment and keep its record; rebuild the tables of docs/RESULTS.md."""

from __future__ import annotations

import argparse
from pathlib import Path

from core.commands.console import Console

STUDIES = ("realism", "tables")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `study`."""
    parser.add_argument("name", choices=STUDIES, help="realism: are rendered faces like real ones")
    parser.add_argument(
        "--real", metavar="SPEC", help="real shapes to compare with (merl-rav:FILE)"
    )
    parser.add_argument("--detector", action="append", default=[], help="cascade or yunet:FILE")
    parser.add_argument("--model", metavar="FILE", help="a landmark net that saw only photographs")
    parser.add_argument("-n", "--faces", type=int, default=3000, help="synthetic shapes")
    parser.add_argument("--renders", type=int, default=100, help="renders of the reverse test")
    parser.add_argument(
        "--record", type=Path, default=Path("docs/results"), metavar="FOLDER",
        help="where records lie (default: docs/results)",
    )  # fmt: skip
    parser.add_argument("--title", default="", help="what was changed, for the record")


def run(args: argparse.Namespace, console: Console) -> int:
    """Run the study."""
    if args.name == "tables":
        return _tables(args, console)
    return _realism(args, console)


def _realism(args: argparse.Namespace, console: Console) -> int:
    import numpy as np

    from core.datasets.registry import read_samples
    from core.evaluation import realism, records
    from core.faces.detection import make_detector
    from core.inference.landmark_predictor import LandmarkPredictor
    from core.inference.predictor import load_predictor

    figures: dict[str, object] = {}
    if args.real:
        real = realism.complete_shapes(read_samples(args.real))
        own = realism.synthetic_shapes(args.faces)
        figures["shapes"] = realism.compare_shapes(real, own).as_record()
        order = np.random.default_rng(0).permutation(len(real))
        halves = real[order[: len(real) // 2]], real[order[len(real) // 2 :]]
        figures["real_halves"] = realism.compare_shapes(*halves).as_record()
    if args.detector or args.model:
        predictor = load_predictor(args.model, "cpu") if args.model else None
        assert predictor is None or isinstance(predictor, LandmarkPredictor)
        detectors = [make_detector(name) for name in args.detector]
        figures["reverse"] = realism.reverse_test(
            args.renders, detectors, predictor, console.report, console.cancelled
        ).as_record()
    record = records.make_record("realism", args.title or "realism", figures)
    console.say(f"wrote {records.write_record(args.record, record)}")
    console.result(record)
    return 0


def _tables(args: argparse.Namespace, console: Console) -> int:
    from core.evaluation import records

    page = args.record.parent / "RESULTS.md"
    landmarks = records.landmark_table(records.read_records(args.record, "landmarks"))
    records.replace_table(page, "landmarks", landmarks)
    realism = records.realism_table(records.read_records(args.record, "realism"))
    records.replace_table(page, "realism", realism)
    console.result({"page": str(page)}, f"{page} rebuilt")
    return 0
