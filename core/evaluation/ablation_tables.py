"""Tables of the ablation campaigns: a row a variant, mean ± sd over seeds, a paired test.

The columns beside ours are what the thesis reports ([Yan20] Tables 3.4, 3.5 and 7.1), on data that
cannot be had here: what is compared is the order, not the size.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.metrics.significance import Paired, paired

Record = Mapping[str, Any]
Runs = dict[str, list[Record]]

REPORTED_NME = {
    "none": "4.98", "l2": "4.03", "l2-l1": "3.77", "l2-l1-l1": "3.72", "l2-l1-align": "3.66",
    "no-gradients": "3.78", "no-low": "3.74", "no-location": "3.69",
}  # fmt: skip
"""NME on 300W, %. The gradient rows there are of L2 / L1 / Align (3.66)."""
REPORTED_F1 = {"f16": "93.00", "f32": "93.55", "unet": "93.72 (13.4 M)"}
"""Overall F1 on Helen, %, without the dense layers."""


def ffld_table(records: Iterable[Record]) -> str:
    """Rows of `study ffld`: NME by outer eye corners of the last stage, each stage's, the test."""
    by_preset = _by_preset(records)
    parts = []
    for preset, runs in by_preset.items():
        lines = [
            f"Preset `{preset}`.", "",
            "| variant | parameters, M | seeds | NME % | all faces, by box % | points within 1 / 2 "
            "/ 3 % | NME by stage % | against | Δ NME, points | p | seeds that agree | thesis % |",
            "|---" * 12 + "|",
        ]  # fmt: skip
        for name, own in runs.items():
            stages = [[s["nme"] for s in r["figures"]["stages"]] for r in own]
            last = [r["figures"]["stages"][-1] for r in own]
            within = " / ".join(
                f"{100 * np.mean([s[f'within_{t}'] for s in last]):.1f}"
                for t in ("0.01", "0.02", "0.03")
            )
            cells = [
                own[0]["title"], f"{own[0]['figures']['parameters'] / 1e6:.2f}", str(len(own)),
                _spread([s["nme"] for s in last]), _spread([s["nme_box"] for s in last]), within,
                " → ".join(f"{100 * value:.2f}" for value in np.mean(stages, axis=0)),
                *_test(runs, own, _by_face), REPORTED_NME.get(name, "–"),
            ]  # fmt: skip
            lines.append(f"| {' | '.join(cells)} |")
        parts.append("\n".join([*lines, "", _judged(runs), *_commands(runs)]))
    return "\n\n".join(parts)


def stages_table(records: Iterable[Record]) -> str:
    """Rows of `study ffld --model`: the stages of one net, each against the one before."""
    lines = [
        "| date | run | model | faces | stage | NME % | median % | points within 1 / 2 / 3 % "
        "| Δ NME, points | p |",
        "|---" * 10 + "|",
    ]
    commands = []
    for record in records:
        for name, one in record["figures"]["models"].items():
            for number, stage in enumerate(one["stages"]):
                within = (100 * stage[f"within_{t}"] for t in ("0.01", "0.02", "0.03"))
                step = one["refinements"][number - 1] if number else None
                cells = [
                    record["date"], record["title"], name, str(one["faces_from_front"]),
                    f"S{number}", f"{100 * stage['nme']:.2f}", f"{100 * stage['nme_median']:.2f}",
                    " / ".join(f"{share:.1f}" for share in within),
                    f"{100 * step['difference']:+.3f}" if step else "–",
                    _p(step["p"]) if step else "–",
                ]  # fmt: skip
                lines.append(f"| {' | '.join(cells)} |")
        commands.append(f"- {record['title']} ({record['date']}): `{record['command']}`")
    return "\n".join([*lines, "", *commands])


def parts_table(records: Iterable[Record]) -> str:
    """Rows of `study parts`: overlap on stills, and on video with and without the last mask."""
    parts = []
    for preset, runs in _by_preset(records).items():
        lines = [
            f"Preset `{preset}`.", "",
            "| variant | parameters, M | seeds | overall F1 % | mIoU % | against | Δ F1, points "
            "| p | seeds that agree | thesis, F1 % |",
            "|---" * 10 + "|",
        ]  # fmt: skip
        for name, own in runs.items():
            figures = [r["figures"] for r in own]
            cells = [
                own[0]["title"], f"{figures[0]['parameters'] / 1e6:.3f}", str(len(own)),
                _spread([f["f1_overall"] for f in figures]), _spread([f["miou"] for f in figures]),
                *_test(runs, own, _by_face), REPORTED_F1.get(name, "–"),
            ]  # fmt: skip
            lines.append(f"| {' | '.join(cells)} |")
        video = flicker_rows(
            (r["title"], row) for own in runs.values() for r in own for row in r["figures"]["video"]
        )
        parts.append("\n".join([*lines, "", *video, "", _judged(runs), *_commands(runs)]))
    return "\n\n".join(parts)


def flicker_table(records: Iterable[Record]) -> str:
    """Rows of `study flicker`: one a model, fed or not."""
    found = list(records)
    rows = flicker_rows(
        (f"{r['title']}: {row['model']}", row) for r in found for row in r["figures"]["rows"]
    )
    commands = [f"- {r['title']} ({r['date']}): `{r['command']}`" for r in found]
    return "\n".join([*rows, "", *commands])


def flicker_rows(rows: Iterable[tuple[str, Mapping[str, Any]]]) -> list[str]:
    """The lines of a table of trembling; several of one title and feeding are seeds: their mean."""
    lines = [
        "| net | fed its last mask | hold | n | rendered clips: mIoU % | overall F1 % "
        "| changes % (true) | false changes % | blinks % | real clips: changes % | blinks % |",
        "|---" * 11 + "|",
    ]
    groups: dict[tuple[str, bool, float], list[Mapping[str, Any]]] = {}
    for title, row in rows:
        groups.setdefault((title, bool(row["fed"]), float(row["hold"])), []).append(row)
    for (title, fed, hold), group in groups.items():
        drawn = [row["rendered"]["means"] for row in group]
        real = [row["real"]["means"] for row in group if "real" in row]
        cells = [
            title, "yes" if fed else "no", f"{hold:g}", str(len(group)), _mean(drawn, "miou"),
            _mean(drawn, "f1_overall"),
            f"{_mean(drawn, 'changes')} ({_mean(drawn, 'true_changes')})",
            _mean(drawn, "false_changes"), _mean(drawn, "blinks"),
            _mean(real, "changes"), _mean(real, "blinks"),
        ]  # fmt: skip
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def _by_preset(records: Iterable[Record]) -> dict[str, Runs]:
    """Preset → row → its runs by seed, in the campaign's order."""
    found: dict[str, Runs] = {}
    ordered = sorted(records, key=lambda r: (r["figures"]["order"], r["figures"]["seed"]))
    for record in ordered:
        figures = record["figures"]
        runs = found.setdefault(figures["preset"], {})
        runs.setdefault(figures["row"], []).append(record)
    return found


def _by_face(record: Record) -> NDArray[np.float64]:
    return np.array(record["figures"]["by_face"].split(), dtype=np.float64)


def _test(
    runs: Runs, own: Sequence[Record], values: Callable[[Record], NDArray[np.float64]]
) -> list[str]:
    """Cells of the comparison with the row's reference over the seeds both have."""
    against = own[0]["figures"]["against"]
    other = {r["figures"]["seed"]: r for r in runs.get(against, [])}
    pairs = [(r, other[r["figures"]["seed"]]) for r in own if r["figures"]["seed"] in other]
    if not pairs:
        return ["–"] * 4
    result: Paired = paired(
        np.stack([values(a) for a, _ in pairs]), np.stack([values(b) for _, b in pairs])
    )
    title = runs[against][0]["title"]
    return [
        title,
        f"{100 * result.difference:+.3f}",
        _p(result.p),
        f"{result.same_sign} of {result.seeds}",
    ]


def _p(value: float) -> str:
    return "< 0.0001" if value < 1e-4 else f"{value:.4f}"


def _judged(runs: Runs) -> str:
    first = next(iter(runs.values()))[0]["figures"]
    seen = first.get("faces_from_front")
    more = f", {seen} of them seen from in front" if seen is not None else ""
    return (
        f"Judged on {first['faces']} held-out subjects{more}; p: two-sided paired t-test over "
        "subjects, each one's values averaged over seeds."
    )


def _commands(runs: Runs) -> list[str]:
    commands = {r["command"] for own in runs.values() for r in own}
    return [f"- `{command}`" for command in sorted(commands)]


def _spread(values: Sequence[float]) -> str:
    mean = f"{100 * float(np.mean(values)):.2f}"
    return mean if len(values) < 2 else f"{mean} ± {100 * float(np.std(values, ddof=1)):.2f}"


def _mean(rows: Sequence[Mapping[str, float]], key: str) -> str:
    return f"{100 * float(np.mean([row[key] for row in rows])):.2f}" if rows else "–"
