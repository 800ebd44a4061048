"""Run every benchmark, each in a process of its own, and print one JSON record a benchmark.

`python -m benchmarks [NAME…]`: all of them, or those named. Each benchmark prints its record as its
last line; what it says besides goes to stderr. Records are also kept in out/bench/NAME.json.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).parent
RECORDS = HERE.parent / "out" / "bench"


def main(names: list[str]) -> int:
    """Run the named benchmarks (all when empty); 1 if one failed or missed its budget."""
    known = sorted(p.stem for p in HERE.glob("*.py") if not p.stem.startswith("_"))
    unknown = set(names) - set(known)
    if unknown:
        print(f"no benchmark {', '.join(sorted(unknown))}; there are {', '.join(known)}")
        return 2
    RECORDS.mkdir(parents=True, exist_ok=True)
    return max([run(name) for name in names or known], default=0)


def run(name: str) -> int:
    """Run one benchmark and keep its record; its exit code."""
    start_s = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", f"benchmarks.{name}"],
        cwd=HERE.parent, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    lines = done.stdout.strip().splitlines()
    record = {"benchmark": name, "date": time.strftime("%Y-%m-%d"), "exit_code": done.returncode}
    record["seconds"] = round(time.monotonic() - start_s, 1)
    if lines and lines[-1].startswith("{"):
        record |= json.loads(lines[-1])
    (RECORDS / f"{name}.json").write_text(json.dumps(record, indent=1) + "\n")
    print(json.dumps(record), flush=True)
    return int(done.returncode != 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
