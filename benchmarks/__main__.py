"""Run every benchmark, each in a process of its own, and print one JSON record a benchmark.

`python -m benchmarks [NAME…] [--record]`: all of them, or those named. Each benchmark prints its
record as its last line; what it says besides goes to stderr. Records are kept in out/bench; with
`--record` also in docs/benchmarks, and the figures in docs/BENCHMARKS.md are rebuilt from those.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
OUT = HERE.parent / "out" / "bench"
DOCS = HERE.parent / "docs"
BEGIN, END = "<!-- figures begin -->", "<!-- figures end -->"


def main(arguments: list[str]) -> int:
    """Run the named benchmarks (all when none is); 1 if one failed or missed its budget."""
    known = sorted(p.stem for p in HERE.glob("*.py") if not p.stem.startswith("_"))
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--record", action="store_true", help="also keep records in docs")
    args = parser.parse_args(arguments)
    if unknown := set(args.names) - set(known):
        parser.error(f"no {', '.join(sorted(unknown))}; there are {', '.join(known)}")
    folders = [OUT, DOCS / "benchmarks"] if args.record else [OUT]
    failed = [name for name in args.names or known if not run(name, folders)]
    if args.record:
        rebuild(DOCS)
    return int(bool(failed))


def run(name: str, folders: list[Path]) -> bool:
    """Run one benchmark and keep its record; whether it kept its budget."""
    start_s, load = time.monotonic(), os.getloadavg()[0]
    done = subprocess.run(
        [sys.executable, "-m", f"benchmarks.{name}"],
        cwd=HERE.parent, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    record: dict[str, Any] = {
        "benchmark": name,
        "date": time.strftime("%Y-%m-%d"),
        "processors": os.cpu_count(),
        "load_at_start": round(load, 1),
        "kept_budget": done.returncode == 0,
        "seconds": round(time.monotonic() - start_s, 1),
    }
    lines = done.stdout.strip().splitlines()
    if lines and lines[-1].startswith("{"):
        record |= json.loads(lines[-1])
    for folder in folders:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}.json").write_text(json.dumps(record, indent=1) + "\n")
    print(json.dumps(record), flush=True)
    return done.returncode == 0


def rebuild(docs: Path) -> None:
    """Write the figures of docs/BENCHMARKS.md anew from the records in docs/benchmarks."""
    records = [json.loads(p.read_text()) for p in sorted((docs / "benchmarks").glob("*.json"))]
    page = docs / "BENCHMARKS.md"
    head, _, rest = page.read_text(encoding="utf-8").partition(BEGIN)
    tail = rest.partition(END)[2]
    figures = "\n".join(_section(record) for record in records)
    page.write_text(f"{head}{BEGIN}\n{figures}\n{END}{tail}", encoding="utf-8")


def _section(record: dict[str, Any]) -> str:
    """One benchmark's figures as a table."""
    about = (
        "benchmark", "command", "date", "processors", "load_at_start", "kept_budget", "seconds",
    )  # fmt: skip
    command = record.get("command", f"python -m benchmarks {record['benchmark']}")
    lines = [
        f"### {record['benchmark']}\n",
        f"`{command}`, {record['date']}, {record['seconds']:.0f} s, "
        f"{record['processors']} processors, load {record['load_at_start']} at the start, "
        f"{'within' if record['kept_budget'] else '**outside**'} its budgets.\n",
        "| figure | value |",
        "|---|---|",
    ]
    figures = {key: value for key, value in record.items() if key not in about}
    return "\n".join(lines + [f"| {key} | {value} |" for key, value in _flat(figures)]) + "\n"


def _flat(values: dict[str, Any], prefix: str = "") -> list[tuple[str, Any]]:
    """Nested figures as dotted names."""
    rows: list[tuple[str, Any]] = []
    for key, value in values.items():
        if isinstance(value, dict):
            rows += _flat(value, f"{prefix}{key}.")
        else:
            rows.append((f"{prefix}{key}", value))
    return rows


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
