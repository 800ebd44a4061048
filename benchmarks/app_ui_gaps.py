"""The longest time the window's event loop stands still, act by act.

    python -m benchmarks.app_ui_gaps [--frames 6000] [--profile ACT]

Budget (docs/BENCHMARKS.md): the interface's thread is never held up > 100 ms by opening, loading,
saving, a job that ends, or an edit over 1,000 frames. Each act is done through the window's own
actions while a timer beats; the gap is wall time, and beside it stands the processor time that the
interface's thread itself used in it, which other programs on the machine do not lengthen and which
the verdict is about. Prints one JSON record.
"""

from __future__ import annotations

import argparse
import cProfile
import json
import pstats
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QDialog

from app.main_window import MainWindow
from benchmarks._long_project import make_project, write_clip
from benchmarks._window import Heartbeat, open_window, settle, wait, wait_until
from core import cli

BUDGET_MS = 100.0
SPAN = 1000
"""Frames of an edit over many."""


def main() -> int:
    """Do every act once; 1 if the interface's thread itself worked too long in one of them."""
    parser = argparse.ArgumentParser(prog="benchmarks.app_ui_gaps", description=__doc__)
    parser.add_argument("--frames", type=int, default=6000)
    parser.add_argument("--profile", default="", metavar="ACT", help="print where one act spends")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        gaps = measure(Path(folder), args.frames, args.profile)
    worst = max(gaps.values(), key=lambda gap: gap["own_ms"])
    print(json.dumps({"frames": args.frames, "budget_ms": BUDGET_MS, "acts": gaps}))
    return int(worst["own_ms"] > BUDGET_MS)


def measure(folder: Path, frames: int, profiled: str) -> dict[str, dict[str, float]]:
    """By act: its longest gap, and the longest of the thread's own work."""
    project = make_project(folder, frames)
    faces, loose = folder / "faces.json", write_clip(folder / "loose.mp4", 600)
    assert cli.main(["export", str(project), "--format", "coco", "--stop", "3000", "-q",
                     "-o", str(faces)]) == 0  # fmt: skip
    found: dict[str, dict[str, float]] = {}
    with open_window(loose) as window:
        assert wait_until(lambda: not window.preload.is_loading, 120_000), "still loading"
        for name, act, done in acts(window, project, loose, faces):
            profile = cProfile.Profile() if name == profiled else None
            found[name] = longest(window, act, done, profile)
            print(f"{name}: {found[name]}", file=sys.stderr)
            if profile is not None:
                pstats.Stats(profile, stream=sys.stderr).sort_stats("cumulative").print_stats(45)
    return found


def longest(
    window: MainWindow,
    act: Callable[[], Any],
    done: Callable[[], bool],
    profile: cProfile.Profile | None,
) -> dict[str, float]:
    """The longest gap from an act until what it began has come to rest."""

    def begin() -> None:
        if profile is not None:
            profile.enable()
        act()

    with Heartbeat() as beat:
        QTimer.singleShot(0, begin)
        wait(20)
        assert wait_until(done, 120_000), "it has not come to its end"
        assert wait_until(lambda: not window.session.edits.slow.busy, 120_000), "still editing"
        settle(window)
        if profile is not None:
            profile.disable()
    return {"gap_ms": beat.longest_ms, "own_ms": beat.longest_own_ms}


def acts(
    window: MainWindow, project: Path, loose: Path, faces: Path
) -> list[tuple[str, Callable[[], Any], Callable[[], bool]]]:
    """Name, act, and whether it is over."""
    session, desk = window.session, window.job_desk

    def is_shown() -> bool:
        return session.shown_frame_idx >= 0 and session.clip is not None

    def trigger(name: str) -> Callable[[], None]:
        return window.actions_by_id[name].trigger

    def over_span(name: str) -> Callable[[], None]:
        def act() -> None:
            session.set_frame(0)
            session.select_face(0)
            session.set_range((0, SPAN))
            window.actions_by_id[name].trigger()

        return act

    def imported() -> None:
        from app.dialogs.import_dialog import ImportDialog

        window.actions_by_id["import"].trigger()
        dialog = window.findChild(ImportDialog)
        dialog.file.set_path(faces)
        dialog.go.click()
        dialog.deleteLater()

    def is_idle() -> bool:
        return not desk.jobs.running

    always: Callable[[], bool] = lambda: True  # noqa: E731
    return [
        ("open a project", lambda: window.files.open_texts([str(project)]), is_shown),
        ("open a clip", lambda: window.files.open_texts([str(loose)]), is_shown),
        ("open a project again", lambda: window.files.open_texts([str(project)]), is_shown),
        *((f"{name} dialog", _dialog(window, name), always)
          for name in ("predict", "export", "import", "train", "settings")),
        ("an import runs and lands", imported, is_idle),
        ("show the new run", lambda: desk.take_offer(desk.jobs.watches[0]), always),
        (f"accept {SPAN:,} frames", over_span("accept_range"), always),
        ("undo", trigger("undo"), always),
        (f"copy to {SPAN:,} frames",
         lambda: (session.set_frame(0), window.correction.frames.copy_forward(SPAN)), always),
        ("undo again", trigger("undo"), always),
        (f"interpolate {SPAN:,} frames", over_span("interpolate"), always),
        ("undo once more", trigger("undo"), always),
    ]  # fmt: skip


def _dialog(window: MainWindow, name: str) -> Callable[[], None]:
    def act() -> None:
        window.actions_by_id[name].trigger()
        for dialog in window.findChildren(QDialog):
            dialog.close()
            dialog.deleteLater()

    return act


if __name__ == "__main__":
    sys.exit(main())
