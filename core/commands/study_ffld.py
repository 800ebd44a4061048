"""`study ffld`: the ablations of METHODS E, trained and judged on rendered subjects."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from core.commands.campaign import Plan, Row, plan_of, run_campaign, with_data
from core.commands.console import Console
from core.errors import InputError

PRESETS = ("ablation", "paper")
_RECIPE = "landmarks-68-{preset}"
_WEIGHTS = {"l2": 10.0, "l1": 1.0, "l1+align": 1.0, "align": 0.0}
"""Of a stage's point loss; see the recipe for the ratio. Align alone has none."""


def _row(name: str, title: str, losses: str, *more: str, after: str = "base", against: str) -> Row:
    """A row by the losses of its stages: `l2 l1 align`; align alone has no point loss."""
    stages = losses.split()
    align = bool(stages) and stages[-1] in ("align", "l1+align")
    names = ["l2", *("l1" if "align" in loss else loss for loss in stages)]
    weights = [
        10.0,
        *(10.0 if loss == "l2" else 0.0 if loss == "align" else 1.0 for loss in stages),
    ]
    quoted = ", ".join(f'"{one}"' for one in names)
    changes = (
        f"net.arguments.stages={len(stages)}",
        f"loss.stages=[{quoted}]",
        f"loss.weights={weights}",
        f"loss.align={str(align).lower()}",
    )
    return Row(name, title, _RECIPE, (*changes, *more), after, against)


_LOW, _PLACE = (f"net.arguments.{name}_gradient=false" for name in ("low_level", "crop_location"))
ROWS = (
    Row("base", "baseline, first part", f"{_RECIPE}-baseline"),
    _row("none", "baseline trained on", "", against=""),
    _row("l2", "1 stage: L2", "l2", against="none"),
    _row("l2-l1", "2 stages: L2 / L1", "l2 l1", against="l2"),
    _row("l2-l1-l1", "3 stages: L2 / L1 / L1", "l2 l1 l1", against="l2-l1"),
    _row("l2-l1-align", "3 stages: L2 / L1 / Align", "l2 l1 align", against="l2-l1-l1"),
    _row("l2-l1-both", "3 stages: L2 / L1 / L1 + Align", "l2 l1 l1+align", against="l2-l1-l1"),
    _row(
        "no-gradients", "L1 + Align, both gradients off", "l2 l1 l1+align", _LOW, _PLACE,
        against="l2-l1-both",
    ),
    _row(
        "no-low", "L1 + Align, ∇ low-level off", "l2 l1 l1+align", _LOW, against="l2-l1-both"
    ),
    _row(
        "no-location", "L1 + Align, ∇ crop-location off", "l2 l1 l1+align", _PLACE,
        against="l2-l1-both",
    ),
)  # fmt: skip


PLOTTED = ("none", "l2", "l2-l1", "l2-l1-l1", "l2-l1-align", "l2-l1-both", "no-gradients")
"""Rows whose error curves are drawn."""
LOOKED_INTO = ("l2-l1-both", "l2-l1-align", "l2-l1-l1")
"""The first of them that is trained shows its steps and patches."""


def run(args: argparse.Namespace, console: Console) -> int:
    """Run the campaign, look at the stages of finished models, or draw plots."""
    from core.evaluation.landmark_stages import score_stages

    plan = plan_of("ffld", ROWS, PRESETS, args)
    plan, test = with_data(plan, ROWS[0], args, console)
    if args.models:
        return _models(args, test, console)
    if args.plots is not None:
        return _plots(plan, test, args.plots, console)

    def score(model: Path) -> dict[str, Any]:
        return score_stages(model, test, console.report, console.cancelled)

    found = run_campaign(plan, args.device, score, console)
    console.result({"records": [str(p) for p in found]}, f"{len(found)} runs recorded")
    return 0


def _models(args: argparse.Namespace, test: Any, console: Console) -> int:
    """Every stage of models that are trained already, as a record and, if wanted, as plots."""
    from core.evaluation import landmark_plots as plots
    from core.evaluation import landmark_stages as stages
    from core.evaluation import records
    from core.inference.model_source import find_model

    figures = {}
    for name in args.models:
        net, card = stages.load_ffld(find_model(name))
        seen = stages.look(net, card, test, console.report, console.cancelled)
        steps = stages.compare_stages(seen)
        figures[card.name] = stages.figures_of(net, seen) | {"refinements": steps}
        if args.plots is not None:
            curves = {f"S{k}": errors for k, errors in enumerate(seen.eye_errors())}
            plots.error_curves(args.plots / f"{card.name}-stages.png", curves)
            if len(curves) > 1:
                plots.step_histogram(args.plots / f"{card.name}-steps.png", seen.steps())
                plots.patches(args.plots / f"{card.name}-patches.png", net, card, test)
    record = records.make_record("stages", args.title or "stages", {"models": figures})
    console.say(f"wrote {records.write_record(args.record, record)}")
    text = "\n".join(
        f"{name}: NME " + " → ".join(f"{100 * s['nme']:.2f}" for s in one["stages"]) + " %"
        for name, one in figures.items()
    )
    console.result(record, text)
    return 0


def _plots(plan: Plan, test: Any, folder: Path, console: Console) -> int:
    """Pictures of the first seed's nets.

    Raises:
        InputError: If none of them is trained.
    """
    from core.evaluation import landmark_plots as plots
    from core.evaluation.landmark_stages import load_ffld, look

    seed = plan.seeds[0]
    files = {name: plan.job(plan.row(name), seed) / "model.safetensors" for name in PLOTTED}
    trained = {name: file for name, file in files.items() if file.is_file()}
    if not trained:
        raise InputError(f"{plan.folder}: no row of study ffld is trained there; run it first.")
    watch = (console.report, console.cancelled)
    seen = {name: look(*load_ffld(file), test, *watch) for name, file in trained.items()}
    curves = {plan.row(name).title: points.eye_errors()[-1] for name, points in seen.items()}
    written = [plots.error_curves(folder / "ffld-error-curves.png", curves)]
    best = next((name for name in LOOKED_INTO if name in trained), None)
    if best is not None:
        net, card = load_ffld(trained[best])
        written.append(plots.step_histogram(folder / "ffld-steps.png", seen[best].steps()))
        written.append(plots.patches(folder / "ffld-patches.png", net, card, test))
    console.result({"plots": [str(p) for p in written]}, "\n".join(map(str, written)))
    return 0
