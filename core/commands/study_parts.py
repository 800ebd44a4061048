"""`study parts`: the comparisons of METHODS H, trained and judged on rendered subjects."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from core.commands.campaign import Row, plan_of, run_campaign, with_data, work_folder
from core.commands.console import Console
from core.errors import InputError

PRESETS = ("ablation", "paper")
CLIPS, FRAMES = 12, 40
"""Rendered clips, one held-out person each, and their frames."""
HOLD = 0.5
"""The hold (`ModelCard.hold`) tried beside none."""

_RECIPE = "parts-{preset}"
_STILL = "net.arguments.feedback=false"
_F16 = ("net.arguments.features=16", "net.arguments.expansion=3")
_F32 = ("net.arguments.features=32", "net.arguments.expansion=6")
_THESIS = ("previous.empty=0.2", "previous.wrong=0.0")
_OWN = ("previous.empty=0.3", "previous.wrong=0.05", "previous.own=0.8")
_WIDTH = {"ablation": 16, "paper": 64}
"""Channels of the U-Net's first level: the thesis's 13.4 M weights, and 0.8 M."""


def rows_of(preset: str) -> tuple[Row, ...]:
    """The rows of a preset."""
    width = _WIDTH.get(preset, _WIDTH["ablation"])
    unet = f'net={{architecture="unet", arguments={{feedback=false, width={width}}}}}'
    return (
        Row("f16", "f16-τ3, stills", _RECIPE, (*_F16, _STILL)),
        Row("f16-fed", "f16-τ3, last mask: truth moved", _RECIPE, (*_F16, *_THESIS), against="f16"),
        Row("f16-own", "f16-τ3, last mask: own answer", _RECIPE, (*_F16, *_OWN), against="f16"),
        Row("unet", f"U-Net of {width} channels, stills", _RECIPE, (unet,), against="f16"),
        Row("f32", "f32-τ6, stills", _RECIPE, (*_F32, _STILL), against="unet"),
    )


def run(args: argparse.Namespace, console: Console) -> int:
    """Run the campaign.

    Raises:
        InputError: If clips are named without one detector, or the other way round.
    """
    from core.evaluation import label_steadiness as steady
    from core.evaluation.labelled_clips import labelled_clips
    from core.faces.detection import make_detector
    from core.nets.registry import build_net

    if bool(args.clip) != (len(args.detector) == 1):
        raise InputError("Real clips need --clip (several) and one --detector.")
    rows = rows_of(args.preset)
    plan, judging = with_data(plan_of("parts", rows, PRESETS, args), rows[0], args, console)
    watch = (console.report, console.cancelled)
    clips = labelled_clips(work_folder(args) / "clips", CLIPS, FRAMES, *watch)
    stretches = [
        steady.real_stretch(path, make_detector(args.detector[0]), args.frames, console.cancelled)
        for path in args.clip
    ]

    def score(model: Path) -> dict[str, Any]:
        predictor = parser(str(model))
        net = build_net(predictor.card.architecture, predictor.card.arguments)
        figures: dict[str, Any] = {"parameters": sum(p.numel() for p in net.parameters())}
        figures |= steady.on_stills(predictor, judging, *watch)
        return figures | {"video": video_rows(predictor, clips, stretches, console)}

    found = run_campaign(plan, args.device, score, console)
    console.result({"records": [str(p) for p in found]}, f"{len(found)} runs recorded")
    return 0


def video_rows(
    predictor: Any, clips: list[Any], stretches: list[Any], console: Console
) -> list[dict[str, Any]]:
    """A net's trembling: not fed and, where it can be, fed its last mask, with and without hold."""
    from core.evaluation import label_steadiness as steady

    rows = []
    holds = [0.0, HOLD] if predictor.feedback else []
    for feeding in (steady.Feeding(False), *(steady.Feeding(hold=hold) for hold in holds)):
        watch = (feeding, console.report, console.cancelled)
        row: dict[str, Any] = {"fed": feeding.on, "hold": feeding.hold or 0.0}
        row["rendered"] = steady.on_rendered_clips(predictor, clips, *watch)
        if stretches:
            row["real"] = steady.on_real_clips(predictor, stretches, *watch)
        rows.append(row)
    return rows


def parser(name: str) -> Any:
    """A predictor of masks.

    Raises:
        InputError: If the model is for something else.
    """
    from core.inference.parsing_predictor import ParsingPredictor
    from core.inference.predictor import load_predictor

    predictor = load_predictor(name, "cpu")
    if not isinstance(predictor, ParsingPredictor):
        raise InputError(f"{name}: a model of masks is needed.")
    return predictor
