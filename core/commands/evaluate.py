"""Score models on a data set: landmark errors, from true or detected boxes."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from core.commands.console import Console


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `evaluate`."""
    parser.add_argument(
        "--model", action="append", required=True, metavar="NAME|FILE", dest="models",
        help="the model; give it again for peers measured in the same run",
    )  # fmt: skip
    parser.add_argument(
        "--data", action="append", required=True, metavar="SPEC",
        help="name:path[:split]; several are taken together",
    )  # fmt: skip
    parser.add_argument(
        "--boxes", default="landmarks", metavar="HOW",
        help="landmarks (their hull), cascade or yunet:FILE (default: landmarks)",
    )  # fmt: skip
    parser.add_argument(
        "--box-scale", type=float, metavar="S",
        help="side of the crop over the hull's (default: each model's own box rule)",
    )  # fmt: skip
    parser.add_argument(
        "--passes", type=int, choices=(1, 2), default=2,
        help="2 = a second look from the first's landmarks (default)",
    )  # fmt: skip
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or mps (default: auto)")
    parser.add_argument("--record", type=Path, metavar="FOLDER", help="add a JSON record there")
    parser.add_argument("--title", default="", help="what this run is, for the record")


def run(args: argparse.Namespace, console: Console) -> int:
    """Evaluate; prints the first model's figures, peers under `peers`."""
    from core.errors import InputError
    from core.evaluation import records
    from core.evaluation.landmarks import Boxes, evaluate_landmarks, read_faces
    from core.faces.detection import make_detector
    from core.inference.landmark_predictor import LandmarkPredictor
    from core.inference.predictor import load_predictor

    detector = None if args.boxes == "landmarks" else make_detector(args.boxes)
    boxes = Boxes(detector, args.box_scale, args.passes)
    predictors = [load_predictor(name, args.device) for name in args.models]
    samples = read_faces(args.data)
    scores: dict[str, Any] = {}
    for name, predictor in zip(args.models, predictors, strict=True):
        if not isinstance(predictor, LandmarkPredictor):
            raise InputError(f"{name}: evaluate scores landmark models; this one labels pixels.")
        score = evaluate_landmarks(predictor, samples, boxes, console.report, console.cancelled)
        scores[_unused(predictor.card.name, scores)] = score
    if args.record is not None:
        record = records.make_record("landmarks", args.title or "evaluate", {"models": scores})
        console.say(f"wrote {records.write_record(args.record, record)}")
    first, *peers = scores
    result = dict(scores[first]) | {"model": first}
    if peers:
        result["peers"] = {name: scores[name] for name in peers}
    console.result(result, "\n".join(_line(name, score) for name, score in scores.items()))
    return 0


def _unused(name: str, taken: dict[str, Any]) -> str:
    number, trial = 2, name
    while trial in taken:
        trial, number = f"{name} ({number})", number + 1
    return trial


def _line(name: str, score: dict[str, Any]) -> str:
    large = score.get("large")
    more = (
        f"; large faces (n {large['n']}) median {100 * large['nme_median']:.2f} %" if large else ""
    )
    return (
        f"{name}: n {score['n']}, NME median {100 * score['nme_median']:.2f} % mean "
        f"{100 * score['nme_mean']:.2f} %, FR@0.1 {100 * score['fr_0.1']:.1f} %, "
        f"AUC@0.1 {score['auc_0.1']:.3f}{more}"
    )
