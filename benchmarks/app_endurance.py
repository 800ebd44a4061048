"""Memory while playing and editing for long: `python -m benchmarks.app_endurance [--long]`.

Budget (issue: steady memory over 10 minutes of playing and 1,000 edits): once everything has been
used a first time, the window's own memory grows by ≤ 5 % of itself over that. `--long` does just
that. The short form plays for a minute and makes 150 edits, fits a line through the memory measured
meanwhile and carries it on to ten minutes and 1,000 edits: `is_extrapolated` says so, and the
line's uncertainty (two standard errors) stands beside it; the budget is judged on the line less
that, so that noise alone fails nobody. The cache of decoded frames, whose size is a setting, is at
its least, so that it is full from the start. Prints one JSON record.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PySide6.QtCore import QPoint

from app.main_window import MainWindow
from benchmarks._window import open_window, settle, wait, wait_until
from benchmarks.app_editing import Person

FRAMES = 20_000
PLAY_S, EDITS = 600.0, 1000
SHARE = 0.05
WARM_FRAMES = 600
ROOT = Path(__file__).parents[1]
_MAKE = """
import sys, pathlib
from benchmarks._long_project import make_project
make_project(pathlib.Path(sys.argv[1]), int(sys.argv[2]))
"""


def resident_mib() -> float:
    """This process's memory now, MiB."""
    status = Path("/proc/self/status").read_text()
    fields = dict(line.split(":", 1) for line in status.splitlines())
    return int(fields["VmRSS"].split()[0]) / 1024


def growth(amounts: list[float], memory: list[float], whole: float) -> dict[str, float]:
    """A line through what was measured, carried on to the whole amount.

    Args:
        amounts: Seconds played or edits made at each measurement.
        memory: MiB at each.
        whole: The amount the budget speaks of.
    """
    x = np.asarray(amounts) - np.mean(amounts)
    y = np.asarray(memory)
    slope = float((x * y).sum() / (x * x).sum())
    rest = y - y.mean() - slope * x
    error = float(np.sqrt((rest**2).sum() / max(len(x) - 2, 1) / (x * x).sum()))
    return {
        "first_mib": round(memory[0], 1), "last_mib": round(memory[-1], 1),
        "grows_mib": round(slope * whole, 1), "uncertainty_mib": round(2 * error * whole, 1),
        "measurements": len(memory),
    }  # fmt: skip


def play(window: MainWindow, seconds: float) -> dict[str, float]:
    """Play in a loop; memory every two seconds."""
    session = window.session
    session.set_looping(True)
    session.set_playing(True)
    times, memory, start_s = [], [], time.monotonic()
    while not times or times[-1] < seconds:
        wait(2000)
        times.append(time.monotonic() - start_s)
        memory.append(resident_mib())
    session.set_playing(False)
    return growth(times, memory, PLAY_S)


def edit(window: MainWindow, project: Path, count: int) -> dict[str, float]:
    """Drag landmarks here and there, with every tenth drag undone; memory every ten edits."""
    person = Person(window, project)
    places = np.random.default_rng(0).integers(10, FRAMES - 10, count).tolist()
    counts, memory = [], []
    for number, frame_idx in enumerate(places, 1):
        person.drag(frame_idx, QPoint(15, 12) if number % 2 else QPoint(-12, 15))
        if number % 10 == 0:
            person.undo()
            settle(window)  # the timeline has been read anew and the old columns let go
            gc.collect()
            counts.append(number)
            memory.append(resident_mib())
    return growth(counts, memory, EDITS)


def used_once(window: MainWindow, project: Path) -> None:
    """Fill the caches, which are bounded: their filling is not growth."""
    session = window.session
    session.set_playing(True)
    wait_until(lambda: session.shown_frame_idx >= WARM_FRAMES, 600_000)
    session.set_playing(False)
    edit(window, project, 30)


def measure(folder: Path, seconds: float, edits: int) -> dict[str, object]:
    """Make the project, warm up, play, edit."""
    # In a process of its own: what that takes is no memory of the window's.
    subprocess.run([sys.executable, "-c", _MAKE, str(folder), str(FRAMES)], cwd=ROOT, check=True)
    project = folder / "long.lin"
    with open_window(project, (1280, 800), frame_cache_mib=64) as window:
        used_once(window, project)
        return {
            "frames": FRAMES, "played_s": seconds, "edits": edits,
            "is_extrapolated": seconds < PLAY_S or edits < EDITS,
            "playing": play(window, seconds), "editing": edit(window, project, edits),
        }  # fmt: skip


def missed_budgets(record: dict) -> list[str]:
    """What grows for certain by more than its share."""
    is_over: Callable[[dict], bool] = lambda part: (  # noqa: E731
        part["grows_mib"] - part["uncertainty_mib"] > SHARE * part["first_mib"]
    )
    return [name for name in ("playing", "editing") if is_over(record[name])]


def main() -> int:
    """Measure and print the record; 1 where the budget is missed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--long", action="store_true", help="10 minutes and 1,000 edits")
    args = parser.parse_args()
    seconds, edits = (PLAY_S, EDITS) if args.long else (60.0, 150)
    with tempfile.TemporaryDirectory(prefix="lineament-bench-") as folder:
        record = measure(Path(folder), seconds, edits)
    record["load_1min"] = round(os.getloadavg()[0], 1)
    record["missed"] = missed_budgets(record)
    print(json.dumps(record))
    return int(bool(record["missed"]))


if __name__ == "__main__":
    sys.exit(main())
