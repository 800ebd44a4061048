"""The table of the sparse-format comparison beside the thesis's Table 5.1."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.metrics.significance import Paired, paired

REPORTED = {
    "M68-m19": ("AFLW", {"0.05": (5.32, 5.17), "0.1": (5.08, 4.94), "0.25": (4.85, 4.84)}),
    "M98-m29": ("COFW", {"0.05": (7.27, 6.99), "0.1": (7.03, 6.70), "0.25": (6.62, 6.42)}),
    "M41-m5": ("MAFL", {"0.05": (4.24, 4.17), "0.1": (3.92, 3.86), "0.25": (3.74, 3.66)}),
    "M41-m10": ("LFW", {"0.05": (3.80, 3.83), "0.1": (3.59, 3.61), "0.25": (3.43, 3.43)}),
}
"""[Yan20] Table 5.1: (existing, searched) NME % on 300W and WFLW."""

Record = Mapping[str, Any]


def weak_table(records: Iterable[Record]) -> str:
    """One row a column and share of dense faces."""
    found = list(records)
    parts = [_preset(name, found) for name in sorted({r["figures"]["preset"] for r in found})]
    return "\n\n".join(parts) if parts else "No run yet."


def _preset(name: str, records: Sequence[Record]) -> str:
    own = [r["figures"] for r in records if r["figures"]["preset"] == name]
    lines = [
        f"Preset `{name}`:",
        "",
        "| M, m | n / N | seeds | existing % | searched % | random % | all points % | searched − "
        "existing | p (faces) | seeds agreeing | thesis: existing / ours |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for column, (existing, reported) in REPORTED.items():
        for share, (theirs, ours) in reported.items():
            cells = [f"{column} {existing}", f"{100 * float(share):g} %"]
            cells += _cells(own, column, share)
            lines.append(f"| {' | '.join([*cells, f'{theirs:.2f} / {ours:.2f}'])} |")
    covers = [
        f"- {column}: " + ", ".join(_cover(own, column, kind) for kind in _KINDS)
        for column in REPORTED
    ]
    commands = sorted({f"- `{r['command']}`" for r in records if r["figures"]["preset"] == name})
    note = ["", "c on the dense faces of the draw → on the other faces, mean of the seeds:", ""]
    return "\n".join([*lines, *note, *covers, "", *commands])


_KINDS = ("existing", "searched", "random")


def _cells(own: Sequence[Mapping[str, Any]], column: str, share: str) -> list[str]:
    faces = {kind: _faces(own, column, kind, share) for kind in _KINDS}
    scheme = next((f["scheme"] for f in own if f["column"] == column), "")
    bound = {f["seed"]: f for f in own if f["format"] == "bound" and f["scheme"] == scheme}
    bounds = [f["shares"]["1"]["nme"] for f in bound.values()]
    both = sorted(faces["existing"].keys() & faces["searched"].keys())
    cells = [str(len(both))]
    cells += [_percent([np.nanmean(v) for v in faces[kind].values()]) for kind in _KINDS]
    cells.append(_percent(bounds))
    if not both:
        return [*cells, "–", "–", "–"]
    test = difference(faces["searched"], faces["existing"])
    agree = f"{test.same_sign} of {test.seeds}"
    return [*cells, f"{100 * test.difference:+.2f}", f"{test.p:.1g}", agree]


def difference(
    variant: Mapping[int, NDArray[np.float64]], reference: Mapping[int, NDArray[np.float64]]
) -> Paired:
    """Variant − reference over the seeds both have; each maps a seed to errors by face (N,)."""
    both = sorted(variant.keys() & reference.keys())
    return paired(np.stack([variant[s] for s in both]), np.stack([reference[s] for s in both]))


def _faces(
    own: Sequence[Mapping[str, Any]], column: str, kind: str, share: str
) -> dict[int, NDArray[np.float64]]:
    """Errors by face (N,), of every seed; NaN = seen from the side."""
    return {
        f["seed"]: np.array([np.nan if v is None else v for v in f["shares"][share]["faces"]])
        for f in own
        if f["column"] == column and f["format"] == kind
    }


def _cover(own: Sequence[Mapping[str, Any]], column: str, kind: str) -> str:
    found = [
        (f["c"], f["c_other_faces"]) for f in own if (f["column"], f["format"]) == (column, kind)
    ]
    if not found:
        return f"{kind} –"
    seen, unseen = np.mean(found, axis=0)
    return f"{kind} {seen:.3f} → {unseen:.3f}"


def _percent(values: Sequence[Any]) -> str:
    if not values:
        return "–"
    spread = f" ± {100 * np.std(values, ddof=1):.2f}" if len(values) > 1 else ""
    return f"{100 * float(np.mean(values)):.2f}{spread}"
