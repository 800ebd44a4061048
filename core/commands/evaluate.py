"""Score models on a data set: landmark errors or overlap of masks, from true or detected boxes."""

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
        help="2 = a second look from the first's landmarks or mask (default)",
    )  # fmt: skip
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or mps (default: auto)")
    parser.add_argument("--record", type=Path, metavar="FOLDER", help="add a JSON record there")
    parser.add_argument("--title", default="", help="what this run is, for the record")


def run(args: argparse.Namespace, console: Console) -> int:
    """Evaluate; prints the first model's figures, peers under `peers`."""
    from core.errors import InputError
    from core.evaluation import records
    from core.faces.detection import make_detector
    from core.inference.parsing_predictor import ParsingPredictor
    from core.inference.predictor import load_predictor

    detector = None if args.boxes == "landmarks" else make_detector(args.boxes)
    predictors = [load_predictor(name, args.device) for name in args.models]
    kinds = {"parsing" if isinstance(p, ParsingPredictor) else "landmarks" for p in predictors}
    if len(kinds) > 1:
        raise InputError("Models of landmarks and of masks are not measured in one run.")
    (kind,) = kinds
    if kind == "parsing" and args.box_scale is not None:
        raise InputError("--box-scale is for landmark models; a mask model has its own crop.")
    score_all = _parsing if kind == "parsing" else _landmarks
    scores = score_all(args, predictors, detector, console)
    if args.record is not None:
        record = records.make_record(kind, args.title or "evaluate", {"models": scores})
        console.say(f"wrote {records.write_record(args.record, record)}")
    first, *peers = scores
    result = dict(scores[first]) | {"model": first}
    if peers:
        result["peers"] = {name: scores[name] for name in peers}
    line = _parsing_line if kind == "parsing" else _line
    console.result(result, "\n".join(line(name, score) for name, score in scores.items()))
    return 0


def _landmarks(
    args: argparse.Namespace, predictors: list[Any], detector: Any, console: Console
) -> dict[str, Any]:
    from core.evaluation.landmarks import Boxes, evaluate_landmarks, read_faces

    boxes = Boxes(detector, args.box_scale, args.passes)
    samples = read_faces(args.data)
    scores: dict[str, Any] = {}
    for predictor in predictors:
        score = evaluate_landmarks(predictor, samples, boxes, console.report, console.cancelled)
        scores[_unused(predictor.card.name, scores)] = score
    return scores


def _parsing(
    args: argparse.Namespace, predictors: list[Any], detector: Any, console: Console
) -> dict[str, Any]:
    from core.evaluation.parsing import evaluate_parsing, read_labelled

    samples = read_labelled(args.data)
    scores: dict[str, Any] = {}
    for predictor in predictors:
        score = evaluate_parsing(
            predictor, samples, detector, args.passes, console.report, console.cancelled
        )
        scores[_unused(predictor.card.name, scores)] = score
    return scores


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


def _parsing_line(name: str, score: dict[str, Any]) -> str:
    classes = ", ".join(f"{own} {value:.3f}" for own, value in score["f1"].items())
    return (
        f"{name}: n {score['n']}, missed {score['missed']}, F1 {classes}; mIoU {score['miou']:.3f}"
    )
