"""The window beside other ways to look at a face video, in one run: `make bench-peers`.

    python -m benchmarks.peers [--record] [--python .venv-peers/bin/python]

The same 1080p clip with one label map and 68 landmarks a frame is shown by Lineament's window, by
napari (a lazily decoded image layer, a labels layer, a points layer) and by a bare loop that
decodes and draws with OpenCV into an array nobody sees. By turns, three rounds, each in a process
of its own; the best of each figure counts, for other work on the machine comes and goes. Both
windows have a canvas of 1280×720 and a real X server (Xvfb) where one is installed; napari needs
OpenGL, which there is Mesa's software renderer: with a graphics card it is faster than this.

`shown_fps`: frames drawn a second going through the clip in order. `step`: from asking for the next
frame to its having been drawn. `seek`: the same for a frame anywhere. Prints one JSON record.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.__main__ import DOCS, HERE, OUT, rebuild

ROUNDS = 3
TIMEOUT_S = 300
PROGRAMS = {"lineament": "ours", "napari": "napari_viewer", "cv2_loop": "cv2_loop"}


def main() -> int:
    """Run all, print the record; 1 where the window shows fewer frames than a peer's window."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.peers")
    parser.add_argument("--record", action="store_true", help="also keep the record in docs")
    parser.add_argument("--python", type=Path, default=HERE.parent / ".venv-peers/bin/python")
    args = parser.parse_args()
    start_s, load = time.monotonic(), os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="lineament-bench-") as folder:
        _run([sys.executable, "-c", _MAKE, folder], {})
        programs = _rounds(Path(folder), args.python)
    record = {
        "benchmark": "peers",
        "command": "make bench-peers",
        "date": time.strftime("%Y-%m-%d"),
        "processors": os.cpu_count(),
        "load_at_start": round(load, 1),
        "kept_budget": _is_best(programs),
        "seconds": round(time.monotonic() - start_s, 1),
        **programs,
    }
    for place in [OUT, DOCS / "benchmarks"] if args.record else [OUT]:
        place.mkdir(parents=True, exist_ok=True)
        (place / "peers.json").write_text(json.dumps(record, indent=1) + "\n")
    if args.record:
        rebuild(DOCS)
    print(json.dumps(record))
    return 0 if record["kept_budget"] else 1


_MAKE = (
    "import sys, pathlib; from benchmarks._hd_project import make; make(pathlib.Path(sys.argv[1]))"
)


def _rounds(folder: Path, peer_python: Path) -> dict[str, dict]:
    """Each program's best figures; for one that could not run, what it said last."""
    all_rounds: dict[str, list[dict]] = {name: [] for name in PROGRAMS}
    for _ in range(ROUNDS):
        for name, module in PROGRAMS.items():
            python = sys.executable if name == "lineament" else str(peer_python)
            if not Path(python).exists():
                continue
            print(f"{name} …", file=sys.stderr)
            all_rounds[name].append(_show(python, module, folder))
    return {name: _best(rounds) for name, rounds in all_rounds.items()}


def _show(python: str, module: str, folder: Path) -> dict:
    command = [python, "-m", f"benchmarks.peers.{module}", str(folder)]
    has_server = bool(shutil.which("xvfb-run")) and module != "cv2_loop"
    if has_server:
        command = ["xvfb-run", "-a", "-s", "-screen 0 2560x1600x24", *command]
    try:
        said = _run(command, {"QT_QPA_PLATFORM": "xcb" if has_server else "offscreen"})
    except RuntimeError as error:
        return {"could_not_run": str(error)}
    return json.loads(said.strip().splitlines()[-1])


def _run(command: list[str], environment: dict[str, str]) -> str:
    """Standard output of a child.

    Raises:
        RuntimeError: With its last words, if it fails.
    """
    done = subprocess.run(
        command, cwd=HERE.parent, env={**os.environ, **environment}, capture_output=True, text=True,
        timeout=TIMEOUT_S, check=False,
    )  # fmt: skip
    if done.returncode != 0 or (not done.stdout.strip() and "-c" not in command):
        raise RuntimeError((done.stderr.strip().splitlines() or ["it said nothing"])[-1])
    return done.stdout


def _best(rounds: list[dict]) -> dict:
    """The best of each figure: the most frames, the least time."""
    if not rounds:
        return {"could_not_run": "its environment is not there; `make bench-peers` makes it"}
    good = [one for one in rounds if "shown_fps" in one]
    if not good:
        return rounds[-1]
    best = dict(good[-1])
    for key in best:
        if key == "shown_fps":
            best[key] = max(one[key] for one in good)
        elif key.endswith("_ms"):
            best[key] = min(one[key] for one in good)
    return best


def _is_best(programs: dict[str, dict]) -> bool:
    """Whether the window shows at least as many frames a second as napari's, where that ran."""
    peer = programs["napari"].get("shown_fps", 0.0)
    return programs["lineament"].get("shown_fps", 0.0) >= peer


if __name__ == "__main__":
    sys.exit(main())
