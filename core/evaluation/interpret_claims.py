"""The thesis's claims about models (METHODS C), each as numbers that can speak against it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

Model = Mapping[str, Any]
_MARGIN = 0.005
"""A mean difference of affinities below this is none."""
_CLOSE = 0.05
"""How near a pair's affinity must be to the truth's to be right."""


def claims(models: Iterable[Model], learning: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    """What can be checked with these models: the claim, the figures, whether it holds."""
    by_kind = {m["kind"]: m for m in models}
    found: list[dict[str, Any]] = []

    def add(claim: str, figures: Mapping[str, Any], holds: bool) -> None:
        found.append({"claim": claim, "figures": dict(figures), "holds": bool(holds)})

    forest, cascade, glass = (by_kind.get(k) for k in ("forest", "cascade", "hourglass"))
    if forest:
        _forest(forest, add)
    if cascade:
        _cascade(cascade, add)
    if glass:
        _hourglass(glass, cascade, add)
    for model in (cascade, glass):
        if model:
            off = model["off"][-1]
            add(
                f"{model['kind']}: neighbours are over-correlated, more than far points",
                {"near": off["near"], "far": off["far"]},
                off["near"] > _MARGIN and off["near"] > off["far"],
            )
    if forest and cascade and glass:
        sizes = {m["kind"]: m["off"][-1]["size"] for m in (forest, cascade, glass)}
        add(
            "the hourglass errs least in affinity, the cascade less than ERT",
            sizes,
            sizes["hourglass"] < sizes["cascade"] < sizes["forest"],
        )
    if learning:
        _learning(learning, add)
    return found


def _forest(model: Model, add: Any) -> None:
    off, pair = model["off"][-1], model["pairs"]
    add("ERT is over-correlated", {"mean": off["every"]}, off["every"] > _MARGIN)
    add(
        "ERT: most on the contour",
        {"contour": off["contour"], "inner": off["inner"]},
        off["contour"] > max(off["inner"], _MARGIN),
    )
    sides = pair["17-54"]
    add(
        "ERT: left and right hang together too much (17–54)",
        {"truth": sides["truth"], "model": sides["stages"][-1]},
        sides["stages"][-1] > sides["truth"] + _MARGIN,
    )
    falls = [s["mean"] for s in model["steps"]]
    add("ERT de-correlates by stage", {"sum": sum(falls), "steps": falls}, sum(falls) < -_MARGIN)
    lips = pair["62-66"]["stages"]
    if len(lips) >= 10:
        left, whole = abs(lips[4] - lips[-1]), abs(lips[0] - lips[-1])
        add(
            "ERT: 62–66 settles at stage 5 (four fifths of its way are done)",
            {"after_5": left, "whole": whole},
            left < 0.2 * whole,
        )


def _cascade(model: Model, add: Any) -> None:
    falls = [s["mean"] for s in model["steps"]]
    if falls:
        add(
            "the cascade de-correlates by stage",
            {"sum": sum(falls), "steps": falls},
            sum(falls) < -_MARGIN,
        )
    lips = model["pairs"]["62-66"]
    add(
        "the cascade: 62–66 never comes down to the truth",
        {"truth": lips["truth"], "stages": lips["stages"]},
        min(lips["stages"]) > lips["truth"] + _MARGIN,
    )


def _hourglass(model: Model, cascade: Model | None, add: Any) -> None:
    falls = [s["mean"] for s in model["steps"]]
    if falls:
        add(
            "stacks do not de-correlate by stage",
            {"sum": sum(falls), "steps": falls},
            sum(falls) > -_MARGIN,
        )
    lips = model["pairs"]["62-66"]
    add(
        "the hourglass: 62–66 is right from stage 1",
        {"truth": lips["truth"], "stage_1": lips["stages"][0]},
        abs(lips["stages"][0] - lips["truth"]) < _CLOSE,
    )
    if cascade and "hard" in model and "hard" in cascade:
        own, other = model["hard"]["off"]["inner"], cascade["hard"]["off"]["inner"]
        add(
            "hard pictures: the hourglass loses inner-face affinity, more than the cascade",
            {"hourglass": own, "cascade": other, "hourglass_clean": model["off"][-1]["inner"]},
            own < -_MARGIN and own < other,
        )


def _learning(figures: Mapping[str, Any], add: Any) -> None:
    spread = figures["late_deviation"]
    add(
        "learning: late in training affinity moves most on the contour",
        spread,
        spread["contour"] > spread["inner"],
    )
    same = figures["same_component"]
    first, last = 0, len(same) - 1
    gap = figures["inner"][first] - figures["contour"][first]
    add(
        "learning: inner components group before the contour joins them",
        {"inner": figures["inner"][first], "contour": figures["contour"][first]},
        gap > _MARGIN,
    )
    add(
        "learning: then each component grows together",
        {
            "first": same[first] - figures["inner"][first],
            "last": same[last] - figures["inner"][last],
        },
        same[last] - figures["inner"][last] > same[first] - figures["inner"][first] + _MARGIN,
    )


def interpret_table(records: Iterable[Mapping[str, Any]]) -> str:
    """Models, then claims, of the newest record of each title."""
    newest = {record["title"]: record for record in records}
    return "\n\n".join(_one(record) for record in newest.values()) or "No run yet."


def _one(record: Mapping[str, Any]) -> str:
    figures = record["figures"]
    lines = [
        f"{record['title']} ({record['date']}, {figures['faces_from']}; `hullbox`):",
        "",
        "| model | stages | NME % first → last | mean ΔA | contour | inner | near | far "
        "| mean \\|ΔA\\| | 62–66: truth, stages |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for model in figures["models"]:
        off, lips = model["off"][-1], model["pairs"]["62-66"]
        cells = [
            model["name"],
            str(len(model["nme"])),
            f"{100 * model['nme'][0]:.2f} → {100 * model['nme'][-1]:.2f}",
            *(f"{off[name]:+.3f}" for name in ("every", "contour", "inner", "near", "far")),
            f"{off['size']:.3f}",
            f"{lips['truth']:.2f}; " + " ".join(f"{v:.2f}" for v in lips["stages"]),
        ]
        lines.append(f"| {' | '.join(cells)} |")
    lines += ["", "| claim | figures | holds |", "|---|---|---|"]
    for one in figures["claims"]:
        said = ", ".join(f"{k} {_short(v)}" for k, v in one["figures"].items())
        lines.append(f"| {one['claim']} | {said} | {'yes' if one['holds'] else 'no'} |")
    return "\n".join([*lines, "", f"- `{record['command']}`"])


def _short(value: Any) -> str:
    if isinstance(value, list):
        return " ".join(f"{v:+.3f}" for v in value)
    return f"{value:.3f}"
