"""Playing while a training child runs: `python -m benchmarks.app_beside_training [--seconds 15]`.

Budgets (docs/BENCHMARKS.md): beside a real `train` child, started as the window starts it
(`--background`), a 1080p30 clip with label maps and 68 landmarks plays at its own rate without a
dropped frame, and at ≥ 70 % of the frames a second it makes without the child. Alone and beside it
are measured by turns, the child stopped and continued between them (SIGSTOP, SIGCONT), three
rounds, the best of each. The child learns from 64 pictures this script makes; its steps are
counted, so that a child that got no time is seen. Prints one JSON record.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import cv2
import numpy as np

from app.main_window import MainWindow
from benchmarks import _hd_project
from benchmarks._window import most_frames_s, open_window, settle, wait, wait_until
from benchmarks.app_playback import FPS, landmarks
from core.paths import main_script

SHARE = 0.7
ROUNDS = 3
STARTS_WITHIN_S = 300


def write_pictures(folder: Path, count: int = 64) -> None:
    """Pictures of noise with 68 points each: something to train on, nothing to learn."""
    rng = np.random.default_rng(0)
    folder.mkdir()
    for index in range(count):
        noise = rng.integers(0, 255, (160, 160, 3), dtype=np.uint8)
        cv2.imwrite(str(folder / f"{index:03d}.png"), noise)
        xy = (landmarks(index) - [960, 520]) * 0.2 + 80
        rows = "\n".join(f"{x:.2f} {y:.2f}" for x, y in xy)
        text = f"version: 1\nn_points: 68\n{{\n{rows}\n}}\n"
        (folder / f"{index:03d}.pts").write_text(text)


@contextmanager
def training_child(folder: Path) -> Iterator[subprocess.Popen]:
    """A child that trains until the block ends; it has made its first step."""
    write_pictures(folder / "pictures")
    command = [
        sys.executable, str(main_script()), "train", "landmarks-68-small", "--background", "-q",
        "--out", str(folder / "job"), "--device", "cpu",
        "--set", f'data.train=["pts:{folder / "pictures"}"]',
        "--set", f'data.folder="{folder / "faces"}"',
        "--set", "data.validation_faces=16", "--set", "optimise.epochs=100000",
    ]  # fmt: skip
    with open(folder / "said.txt", "w") as said:
        child = subprocess.Popen(command, stdout=said, stderr=said)
    try:
        wait_until(lambda: steps(folder) > 0 or child.poll() is not None, STARTS_WITHIN_S * 1000)
        if not steps(folder):
            raise RuntimeError(f"the child does not train: {(folder / 'said.txt').read_text()}")
        yield child
    finally:
        child.kill()
        child.wait()


def steps(folder: Path) -> int:
    """Training steps the child has made, as its events say."""
    events = folder / "job" / "events.jsonl"
    lines = events.read_text().splitlines() if events.exists() else []
    records = [json.loads(line) for line in lines if line.endswith("}")]
    return max((r["done"] for r in records if r.get("stage") == "train"), default=0)


def at_own_rate(window: MainWindow, seconds: float) -> dict[str, float]:
    """Play in a loop at the clip's rate: frames due, frames that were never seen, rate kept."""
    session = window.session
    session.set_frame(0)
    wait_until(lambda: session.shown_frame_idx == 0)
    session.set_looping(True)
    shown: list[float] = []
    session.frame_shown.connect(lambda _: shown.append(time.perf_counter()))
    session.set_playing(True)
    wait(round(1000 * seconds))
    session.set_playing(False)
    late = np.diff(shown) * 1000 - 1000 / FPS
    return {
        "seconds": seconds,
        "shown_fps": round((len(shown) - 1) / (shown[-1] - shown[0]), 2),
        "dropped": window.player.dropped,
        "latest_ms": round(float(late.max()), 1),
    }


def measure(folder: Path, seconds: float) -> dict[str, object]:
    """Make clip and child; measure alone and beside it by turns."""
    _hd_project.make(folder, FPS)
    rounds: list[tuple[float, float]] = []
    with open_window(folder / "clip.lin", (1280, 800)) as window, training_child(folder) as child:

        def fastest() -> float:
            window.session.set_frame(0)
            wait_until(lambda: window.session.shown_frame_idx == 0)
            return most_frames_s(window)

        settle(window)
        for _ in range(ROUNDS):
            child.send_signal(signal.SIGSTOP)
            alone = fastest()
            child.send_signal(signal.SIGCONT)
            rounds.append((alone, fastest()))
        before_steps, before_s = steps(folder), time.monotonic()
        beside = at_own_rate(window, seconds)
        made = steps(folder) - before_steps
        spent_s = time.monotonic() - before_s
        child.send_signal(signal.SIGSTOP)
        alone_at_rate = at_own_rate(window, seconds)
    best_alone, best_beside = (max(column) for column in zip(*rounds, strict=True))
    return {
        "alone_fps": round(best_alone, 1),
        "beside_fps": round(best_beside, 1),
        "share": round(best_beside / best_alone, 3),
        "at_own_rate_alone": alone_at_rate,
        "at_own_rate_beside": beside,
        "training_steps_a_second_meanwhile": round(made / spent_s, 2),
    }


def main() -> int:
    """Measure and print the record; 1 where a budget is missed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seconds", type=float, default=15.0)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="lineament-bench-") as folder:
        record = measure(Path(folder), args.seconds)
    record["load_1min"] = round(os.getloadavg()[0], 1)
    print(json.dumps(record))
    dropped = record["at_own_rate_beside"]["dropped"]
    is_trained = record["training_steps_a_second_meanwhile"] > 0
    return 0 if record["share"] >= SHARE and dropped == 0 and is_trained else 1


if __name__ == "__main__":
    sys.exit(main())
