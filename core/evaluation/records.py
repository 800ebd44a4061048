"""Measured results as JSON records, and the tables of docs/RESULTS.md rebuilt from them.

No number is typed in by hand: a record holds the command that made it, the date and the figures,
and the page between its markers is written anew from all records.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from core.errors import InputError

_BEGIN, _END = "<!-- {} begin -->", "<!-- {} end -->"


def make_record(kind: str, title: str, figures: Mapping[str, Any]) -> dict[str, Any]:
    """A record of one run.

    Args:
        kind: Which table it belongs to: "landmarks", "realism", …
        title: What was changed or measured, for the table's first column.
        figures: The results, JSON-ready.
    """
    return {
        "kind": kind,
        "title": title,
        "date": datetime.now(UTC).date().isoformat(),
        "command": "lineament " + " ".join(_portable(a) for a in sys.argv[1:]),
        "figures": dict(figures),
    }


def write_record(folder: Path, record: Mapping[str, Any]) -> Path:
    """Add a record as a file of its own: kind, date, number."""
    folder.mkdir(parents=True, exist_ok=True)
    stem = f"{record['kind']}-{record['date']}"
    number = 1 + len(list(folder.glob(f"{stem}-*.json")))
    path = folder / f"{stem}-{number:02d}.json"
    path.write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return path


def read_records(folder: Path, kind: str) -> list[dict[str, Any]]:
    """All records of a kind, oldest first.

    Raises:
        InputError: If a file is damaged.
    """
    found = []
    for path in sorted(folder.glob(f"{kind}-*.json")):
        try:
            found.append(json.loads(path.read_text(encoding="utf-8")))
        except ValueError as error:
            raise InputError(f"{path}: not a readable record ({error}).") from error
    return found


def landmark_table(records: Iterable[Mapping[str, Any]]) -> str:
    """One row a model and run: median and mean NME over all and over large faces, failures."""
    lines = [
        "| date | run | model | n | median NME % | mean NME % | FR 0.1 % | AUC 0.1 "
        "| large faces: n | median % |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    commands = []
    for record in records:
        for name, one in record["figures"]["models"].items():
            large = one.get("large", {})
            cells = [
                record["date"], record["title"], name, str(one["n"]),
                _percent(one["nme_median"]), _percent(one["nme_mean"]), _percent(one["fr_0.1"]),
                f"{one['auc_0.1']:.3f}", str(large.get("n", 0)),
                _percent(large["nme_median"]) if large else "–",
            ]  # fmt: skip
            lines.append(f"| {' | '.join(cells)} |")
        commands.append(f"- {record['title']} ({record['date']}): `{record['command']}`")
    return "\n".join([*lines, "", *commands])


def parsing_table(records: Iterable[Mapping[str, Any]]) -> str:
    """One row a model and run: F1 of the classes that real label pictures tell apart."""
    names = ("skin", "hair", "eyes", "nose", "mouth")
    lines = [
        f"| date | run | model | n | {' | '.join(f'F1 {name} %' for name in names)} | mIoU % |",
        "|---" * (len(names) + 5) + "|",
    ]
    commands = []
    for record in records:
        for model, one in record["figures"]["models"].items():
            f1 = [_percent(one["f1"][name]) if name in one["f1"] else "–" for name in names]
            cells = [record["date"], record["title"], model, str(one["n"]), *f1]
            lines.append(f"| {' | '.join([*cells, _percent(one['miou'])])} |")
        commands.append(f"- {record['title']} ({record['date']}): `{record['command']}`")
    return "\n".join([*lines, "", *commands])


def realism_table(records: Iterable[Mapping[str, Any]]) -> str:
    """One row a run of `study realism`."""
    lines = [
        "| date | run | mean ΔA | mean shape % | worst point % | mode residual % "
        "| detector hits % | photo net's NME % |",
        "|---|---|---|---|---|---|---|---|",
    ]
    commands = []
    for record in records:
        shapes = record["figures"].get("shapes")
        reverse = record["figures"].get("reverse")
        cells = [record["date"], record["title"], *["–"] * 6]
        if shapes:
            cells[2] = f"{shapes['affinity_difference']:.3f}"
            names = ("mean_shape", "mean_shape_worst", "mode_residual")
            cells[3:6] = [_percent(shapes[name]) for name in names]
        if reverse:
            hits = reverse["hits"].items()
            cells[6] = ", ".join(f"{name} {100 * share:.0f}" for name, share in hits) or "–"
            cells[7] = _percent(reverse["nme"]) if reverse["nme"] is not None else "–"
        lines.append(f"| {' | '.join(cells)} |")
        commands.append(f"- {record['title']} ({record['date']}): `{record['command']}`")
    return "\n".join([*lines, "", *commands])


def clip_table(records: Iterable[Mapping[str, Any]]) -> str:
    """One row a run of `study clips`."""
    lines = [
        "| date | run | model, peer | frames | distance to the peer % | flicker % | peer's % "
        "| flip % | jitter % | mouth r | eyes r |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    commands = []
    for record in records:
        one = record["figures"]
        r = one["opening_correlation"]
        names = ("distance_median", "flicker", "peer_flicker", "flip_median", "jitter_median")
        cells = [
            record["date"], record["title"], f"{one['model']}, {one['peer']}", str(one["frames"]),
            *(_percent(one[name]) for name in names), f"{r['mouth']:.2f}", f"{r['eyes']:.2f}",
        ]  # fmt: skip
        lines.append(f"| {' | '.join(cells)} |")
        commands.append(f"- {record['title']} ({record['date']}): `{record['command']}`")
    return "\n".join([*lines, "", *commands])


def replace_table(page: Path, name: str, table: str) -> None:
    """Write a table between its markers in a page.

    Raises:
        InputError: If the page has no such markers.
    """
    begin, end = _BEGIN.format(name), _END.format(name)
    text = page.read_text(encoding="utf-8")
    pattern = re.compile(re.escape(begin) + ".*?" + re.escape(end), re.DOTALL)
    if not pattern.search(text):
        raise InputError(f"{page}: lacks the markers {begin} … {end}.")
    changed = pattern.sub(lambda _: f"{begin}\n{table}\n{end}", text)
    part = page.with_name(page.name + ".part")
    part.write_text(changed, encoding="utf-8")
    part.replace(page)


def _percent(value: float) -> str:
    return f"{100 * value:.2f}"


def _portable(argument: str) -> str:
    """An argument without this machine's folders: known ones by variable, others left out."""
    for name in ("LINEAMENT_REAL", "LINEAMENT_HEAD"):
        folder = os.environ.get(name)
        if folder:
            argument = argument.replace(folder.rstrip("/"), f"${name}")
    argument = re.sub(r"(^|[:=,\s\"'])(?:/[^/:=,\s\"']+)*/(?=[^/])", r"\1", argument)
    return argument if re.fullmatch(r"[\w\-./:=$+,%@]*", argument) else f"'{argument}'"
