"""The trainings of what is open: those in the list of jobs, and those of earlier sessions.

A training's own folder (`--out`) holds all that is known of it: the events of every attempt,
checkpoints, the model. The job in the list is who does it now, or did it last.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.annotations.job_files import JobPlan
from core.annotations.job_watch import DONE, JobWatch
from core.annotations.processes import process_started

MODEL = "model.safetensors"
_BUNDLED = {"landmarks": "landmarks-68", "weak": "landmarks-68", "parsing": "parts"}
"""What a model is compared with that started from fresh weights."""
_SILENT_S = 600.0
"""A training that has written nothing for so long is not going on."""
_WATCHER_WORDS = {"--job": 2, "--cores": 2, "--background": 1}
"""Words of a command that say who watches it, with their length; the next watcher has its own."""


@dataclass(frozen=True, eq=False)
class Training:
    """One training."""

    folder: Path
    """Its own, with checkpoints."""
    watch: JobWatch | None
    """The job of the list that does it, or did it last."""
    recipe: dict[str, Any]
    """As its `job.json` says; empty before it has begun."""
    command: tuple[str, ...]
    """What started it, without who watched."""
    pid: int = 0
    """The process that does it or did it last; 0 where that is not known."""

    @property
    def name(self) -> str:
        """What it is called."""
        return str(self.recipe.get("name") or self.folder.name)

    @property
    def is_running(self) -> bool:
        """Whether it goes on now."""
        return self.watch is not None and self.watch.running

    @property
    def is_elsewhere(self) -> bool:
        """Whether somebody does it who is not in the list of jobs."""
        if self.watch is not None or not self.pid or process_started(self.pid) is None:
            return False
        try:  # the number alone may be another process's by now
            return time.time() - (self.folder / "events.jsonl").stat().st_mtime < _SILENT_S
        except OSError:
            return False

    @property
    def model(self) -> Path:
        """Where its model is, once there is one."""
        return self.folder / MODEL

    @property
    def is_made(self) -> bool:
        """Whether it has ended with a model."""
        ended_well = self.watch is None or self.watch.status.state == DONE
        return ended_well and self.model.is_file()

    @property
    def can_resume(self) -> bool:
        """Whether it ended before its end and left a checkpoint."""
        there = (self.folder / "checkpoints" / "last.pt").is_file()
        is_free = not (self.is_running or self.is_elsewhere or self.is_made)
        return there and bool(self.command) and is_free

    @property
    def weak_epochs(self) -> tuple[int, ...]:
        """Epochs of its three stages; empty where it is none from sparse points."""
        weak = self.recipe.get("weak")
        is_weak = self.recipe.get("task") == "weak" and isinstance(weak, dict)
        return tuple(int(e) for e in weak.get("epochs", ())) if is_weak and weak else ()

    @property
    def previous(self) -> str:
        """The model it is compared with: what it started from, else the one that ships."""
        net = self.recipe.get("net")
        start = str(net.get("start_from") or "") if isinstance(net, dict) else ""
        if start and (Path(start).is_file() or not start.endswith(".safetensors")):
            return start
        return _BUNDLED.get(str(self.recipe.get("task")), "")

    def resume_plan(self) -> JobPlan:
        """What goes on with it."""
        words = self.command if "--resume" in self.command else (*self.command, "--resume")
        return JobPlan("train", f"Train {self.name}", words, target=str(self.model))

    def compare_plan(self) -> JobPlan:
        """What judges its model and the one before on the faces it held out."""
        words = ["evaluate", "--model", str(self.model), "--model", self.previous]
        words += ["--data", f"held-out:{self.folder}"]
        return JobPlan("evaluate", f"Compare {self.name}", tuple(words), target=str(self.folder))


def trainings(watches: Iterable[JobWatch], project: Path | None) -> list[Training]:
    """The trainings of the list, newest first, then the others in the project's folder."""
    found: dict[Path, Training] = {}
    for watch in watches:
        if watch.plan.kind == "train":
            folder = _folder_of(watch.plan)
            if folder is not None and folder not in found:
                command = _without_watcher(watch.plan.command)
                found[folder] = Training(folder, watch, _record(folder).get("recipe", {}), command)
    places = project.glob("training/*/events.jsonl") if project is not None else ()
    newest_first = sorted(places, key=lambda place: -place.stat().st_mtime)
    for folder in (place.parent.absolute() for place in newest_first):
        if folder not in found:
            record = _record(folder)
            words = tuple(str(word) for word in record.get("command", ()))[1:]
            pid = record.get("pid")
            found[folder] = Training(
                folder, None, record.get("recipe", {}), _without_watcher(words),
                pid if isinstance(pid, int) else 0,
            )  # fmt: skip
    return list(found.values())


def landmark_model(model: Path) -> bool:
    """Whether a model file answers with landmarks.

    Raises:
        StoreError: If it is no model file.
    """
    from core.nets.model_file import read_card  # safetensors: not at the window's start

    return read_card(model).task != "parsing"


def _folder_of(plan: JobPlan) -> Path | None:
    if plan.target:
        return Path(plan.target).absolute().parent
    words = list(plan.command)
    at = words.index("--out") + 1 if "--out" in words else len(words)
    return Path(words[at]).absolute() if at < len(words) else None


def _record(folder: Path) -> dict[str, Any]:
    """The training's `job.json`; nothing where it is missing or damaged."""
    try:
        record = json.loads((folder / "job.json").read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    if not isinstance(record, dict) or not isinstance(record.get("recipe", {}), dict):
        return {}
    return record if isinstance(record.get("command", []), list) else {}


def _without_watcher(words: tuple[str, ...]) -> tuple[str, ...]:
    kept, skipped = list[str](), 0
    for word in words:
        if skipped:
            skipped -= 1
        elif word in _WATCHER_WORDS:
            skipped = _WATCHER_WORDS[word] - 1
        else:
            kept.append(word)
    return tuple(kept)
