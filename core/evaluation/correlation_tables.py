"""The tables of `study correlation` for docs/RESULTS.md."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any


def correlation_table(records: Iterable[Mapping[str, Any]]) -> str:
    """The newest record: observations on each set, sets against each other, formats."""
    record = list(records)[-1]
    figures = record["figures"]
    return "\n".join(
        [
            *_sets(figures["sets"]), "",
            *_pairs(figures["pairs"]), "",
            *_formats(figures["formats"]), "",
            f"- {record['title']} ({record['date']}): `{record['command']}`",
        ]
    )  # fmt: skip


def _sets(rows: list[dict[str, Any]]) -> list[str]:
    lines = [
        "| faces | n | mean A | jaw | brows | nose | eyes | lips | lift (≥ 0.2) "
        "| A of the lips' middles | inner lip | brow–eye (≥ 0.75) | outer–inner lip (≥ 0.75) "
        "| holds |",
        "|---" * 14 + "|",
    ]
    for row in rows:
        own = row["within"]
        cells = [
            row["name"], str(row["faces"]), f"{row['mean']:.3f}", f"{own['jaw']:.3f}",
            _both(own, "right_brow", "left_brow"), f"{own['nose']:.3f}",
            _both(own, "right_eye", "left_eye"), _both(own, "outer_lip", "inner_lip"),
            f"{row['lift']:.3f}", f"{row['lips_middle']:.3f}", f"{row['inner_lip']:.3f}",
            f"{row['brow_eye']:.3f}", f"{row['outer_inner_lip']:.3f}",
            "yes" if row["holds"] else "**no**",
        ]  # fmt: skip
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def _both(own: Mapping[str, float], first: str, second: str) -> str:
    return f"{own[first]:.3f}, {own[second]:.3f}"


def _pairs(rows: list[dict[str, Any]]) -> list[str]:
    lines = [
        "| two sets, as 68 points | mean abs. ΔA of all | faces a sample | between samples "
        "| between halves of one set | ratio (≤ 3) | holds |",
        "|---" * 7 + "|",
    ]
    for row in rows:
        cells = [
            f"{row['first']}, {row['second']}", f"{row['difference']:.3f}", str(row["faces"]),
            f"{row['apart']:.3f}", f"{row['noise']:.3f}", f"{row['ratio']:.2f}",
            "yes" if row["holds"] else "**no**",
        ]  # fmt: skip
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def _formats(rows: list[dict[str, Any]]) -> list[str]:
    lines = [
        "| faces | M | m | n | ĉ on the n | searched: c on the others | existing of m points: c "
        "there | draws won |",
        "|---" * 8 + "|",
    ]
    for row in rows:
        existing = row["existing"].items()
        cells = [
            row["set"], str(row["M"]), str(row["m"]), f"{row['n']} of {row['n'] + row['others']}",
            f"{row['searched_here']:.3f} ± {row['searched_here_sd']:.3f}",
            f"{row['searched']:.3f} ± {row['searched_sd']:.3f}",
            ", ".join(f"{name} {one['c']:.3f} ± {one['sd']:.3f}" for name, one in existing) or "–",
            ", ".join(f"{one['draws_won']} of {row['draws']}" for _, one in existing) or "–",
        ]  # fmt: skip
        lines.append(f"| {' | '.join(cells)} |")
    return lines
