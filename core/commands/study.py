"""Run a named experiment and keep its record; rebuild the tables of docs/RESULTS.md."""

from __future__ import annotations

import argparse
import importlib
from pathlib import Path

from core.commands.console import Console

STUDIES = ("realism", "clips", "ffld", "parts", "flicker", "correlation", "interpret", "tables")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `study`."""
    parser.add_argument(
        "name", choices=STUDIES,
        help="realism: are rendered faces like real ones; clips: a model beside a peer on clips; "
        "ffld, parts: ablations of the landmark and the parsing net; "
        "flicker: how masks tremble; correlation: affinity of real faces (--data NAME=SPEC); "
        "interpret: affinity of models by stage and epoch; "
        "tables: rebuild docs/RESULTS.md",
    )  # fmt: skip
    parser.add_argument(
        "--real", metavar="SPEC", help="real shapes to compare with (merl-rav:FILE)"
    )
    parser.add_argument("--detector", action="append", default=[], help="cascade or yunet:FILE")
    parser.add_argument(
        "--model", action="append", default=[], metavar="FILE", dest="models",
        help="the net looked at (flicker, ffld: may be given several times)",
    )  # fmt: skip
    parser.add_argument("--peer", metavar="FILE", help="clips: the net it is compared with")
    parser.add_argument(
        "--clip", action="append", default=[], type=Path, help="clips, flicker: a video"
    )
    parser.add_argument("--frames", type=int, default=60, help="clips, flicker: first frames")
    parser.add_argument(
        "--plot", type=Path, metavar="FILE",
        help="realism: draw the model's mean error on renders, a line a point, as a picture",
    )  # fmt: skip
    parser.add_argument(
        "--sheet", type=Path, metavar="FOLDER",
        help="clips: write the 24 frames where model and peer differ most there, as a picture",
    )  # fmt: skip
    parser.add_argument("-n", "--faces", type=int, default=3000, help="synthetic shapes")
    parser.add_argument("--renders", type=int, default=100, help="renders of the reverse test")
    parser.add_argument(
        "--record", type=Path, default=Path("docs/results"), metavar="FOLDER",
        help="where records lie (default: docs/results)",
    )  # fmt: skip
    parser.add_argument(
        "--draws", type=int, default=10, help="correlation: draws of faces formats are searched on"
    )
    parser.add_argument("--title", default="", help="what was changed, for the record")
    group = parser.add_argument_group("ablations (ffld, parts)")
    group.add_argument("--preset", default="ablation", help="ablation (default) or paper")
    group.add_argument("--seeds", type=int, default=3, help="trainings of every row (default: 3)")
    group.add_argument(
        "--row", action="append", default=[], metavar="NAME", help="only this row (several)"
    )
    group.add_argument(
        "--set", action="append", default=[], metavar="K=V", dest="changes",
        help="change a recipe's field in every run",
    )  # fmt: skip
    group.add_argument(
        "--data", action="append", default=[], metavar="SPEC",
        help="what teaches (default: rendered faces); may be given several times",
    )  # fmt: skip
    group.add_argument(
        "--test-data", action="append", default=[], metavar="SPEC",
        help="what judges, of other subjects (default: other rendered faces)",
    )  # fmt: skip
    group.add_argument(
        "--held-out",
        type=int,
        default=1000,
        help="how many of the rendered subjects judge (default: 1000)",
    )
    group.add_argument(
        "--out", type=Path, metavar="FOLDER",
        help="jobs and rendered faces (default: the user's cache folder)",
    )  # fmt: skip
    group.add_argument(
        "--plots", type=Path, metavar="FOLDER",
        help="ffld: draw error curves, histograms of the stages' steps and patches there, from "
        "the nets already trained",
    )  # fmt: skip
    group.add_argument(
        "--watched", type=Path, metavar="JOB",
        help="interpret: a training job that kept its predictions (optimise.predictions_every)",
    )  # fmt: skip
    group.add_argument("--device", default="auto", help="auto, cpu, cuda or mps (default: auto)")


def run(args: argparse.Namespace, console: Console) -> int:
    """Run the study."""
    if args.name in ("ffld", "parts", "flicker", "correlation", "interpret"):
        study = importlib.import_module(f"core.commands.study_{args.name}")
        code: int = study.run(args, console)
        return code
    studies = {"realism": _realism, "clips": _clips, "tables": _tables}
    return studies[args.name](args, console)


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
    model = _one_model(args)
    if args.detector or model:
        predictor = load_predictor(model, "cpu") if model else None
        assert predictor is None or isinstance(predictor, LandmarkPredictor)
        detectors = [make_detector(name) for name in args.detector]
        reverse = realism.reverse_test(
            args.renders, detectors, predictor, console.report, console.cancelled
        )
        figures["reverse"] = reverse.as_record()
        if args.plot is not None and predictor is not None:
            from core.evaluation.offset_plot import write_offsets

            write_offsets(args.plot, reverse.offsets)
            console.say(f"wrote {args.plot}")
    record = records.make_record("realism", args.title or "realism", figures)
    console.say(f"wrote {records.write_record(args.record, record)}")
    console.result(record)
    return 0


def _clips(args: argparse.Namespace, console: Console) -> int:
    from core.errors import InputError
    from core.evaluation import clips, records
    from core.faces.detection import make_detector
    from core.inference.landmark_predictor import LandmarkPredictor
    from core.inference.predictor import load_predictor

    model = _one_model(args)
    if not (model and args.peer and args.clip and len(args.detector) == 1):
        raise InputError("study clips needs --model, --peer, one --detector and --clip (several).")
    own, peer = (load_predictor(name, "cpu") for name in (model, args.peer))
    for one in (own, peer):
        if not isinstance(one, LandmarkPredictor) or one.card.scheme != "ibug68":
            raise InputError(f"{one.card.name}: study clips compares nets of 68 points.")
    assert isinstance(own, LandmarkPredictor)
    assert isinstance(peer, LandmarkPredictor)
    detector = make_detector(args.detector[0])
    seen = [
        clips.look_at_clip(
            path, own, peer, detector, args.frames,
            report=console.report, cancelled=console.cancelled,
        )
        for path in args.clip
    ]  # fmt: skip
    figures = clips.compare_on_clips(seen) | {"model": own.card.name, "peer": peer.card.name}
    record = records.make_record("clips", args.title or "clips", figures)
    console.say(f"wrote {records.write_record(args.record, record)}")
    if args.sheet is not None:
        from core.evaluation import clip_sheet

        sheet = clip_sheet.draw_sheet(args.clip, seen, clip_sheet.worst_frames(seen))
        console.say(f"wrote {clip_sheet.write_sheet(args.sheet, sheet)}")
    console.result(record)
    return 0


def _one_model(args: argparse.Namespace) -> str | None:
    from core.errors import InputError

    if len(args.models) > 1:
        raise InputError(f"study {args.name} looks at one model; name one --model.")
    return args.models[0] if args.models else None


def _tables(args: argparse.Namespace, console: Console) -> int:
    from core.evaluation import (
        ablation_tables,
        correlation_tables,
        interpret_claims,
        records,
        weak_table,
    )

    page = args.record.parent / "RESULTS.md"
    tables = {
        "landmarks": records.landmark_table,
        "parsing": records.parsing_table,
        "realism": records.realism_table,
        "clips": records.clip_table,
        "ffld": ablation_tables.ffld_table,
        "stages": ablation_tables.stages_table,
        "parts": ablation_tables.parts_table,
        "flicker": ablation_tables.flicker_table,
        "weak": weak_table.weak_table,
        "interpret": interpret_claims.interpret_table,
        "correlation": correlation_tables.correlation_table,
    }
    for kind, table in tables.items():
        found = records.read_records(args.record, kind)
        if found:
            records.replace_table(page, kind, table(found))
    console.result({"page": str(page)}, f"{page} rebuilt")
    return 0
