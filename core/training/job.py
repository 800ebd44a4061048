"""The folder of a training job: what it is, what it says, how it is told to stop.

job.json        pid, start time, command, recipe
events.jsonl    one progress record a line; the window tails it
log.txt         the same for people
stop            written by whoever wants it to end: `early` (keep the best) or `cancel`
checkpoints/    last.pt, best.pt
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, TextIO

from core.errors import InputError
from core.progress import Cancelled, Progress, Report, ignore, never

Stop = Literal["early", "cancel"]


class JobFolder:
    """One job's folder, open for writing.

    Args:
        folder: Made if absent; one with checkpoints needs `resume`.
        recipe: Written to job.json.
        resume: Continue what lies there.
        writes: False in all processes of a distributed run but the first.
        report: Also told of every record.
        cancelled: SIGTERM or SIGINT of the command: asks for an early stop.
        asked: What a watcher of the command asks for, beside the folder's own stop file.
        tell: Also told of every line for people.

    Raises:
        InputError: If the folder holds a job and `resume` is not set, or the reverse.
    """

    def __init__(
        self,
        folder: Path,
        recipe: Mapping[str, Any],
        *,
        resume: bool,
        writes: bool = True,
        report: Report = ignore,
        cancelled: Cancelled = never,
        asked: Callable[[], Stop | None] = lambda: None,
        tell: Callable[[str], None] = lambda _line: None,
    ) -> None:
        self.folder = folder
        self.writes = writes
        self._events: TextIO | None = None
        self._log: TextIO | None = None
        self._report = report
        self._cancelled = cancelled
        self._asked = asked
        self._tell = tell
        there = self.checkpoint("last").is_file()
        if resume and not there:
            raise InputError(f"{folder}: nothing to resume here (no checkpoints/last.pt).")
        if there and not resume:
            raise InputError(
                f"{folder}: holds a training job already; add --resume or choose another folder."
            )
        if not writes:
            return
        (folder / "checkpoints").mkdir(parents=True, exist_ok=True)
        (folder / "stop").unlink(missing_ok=True)
        record = {
            "pid": os.getpid(),
            "started": datetime.now(UTC).isoformat(timespec="seconds"),
            "command": sys.argv,
            "recipe": dict(recipe),
        }
        part = folder / "job.json.part"
        part.write_text(json.dumps(record, indent=1), encoding="utf-8")
        part.replace(folder / "job.json")
        self._events = (folder / "events.jsonl").open("a", encoding="utf-8")
        self._log = (folder / "log.txt").open("a", encoding="utf-8")

    def __enter__(self) -> JobFolder:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is not None:
            self.say(f"ended: {error}")
        for file in (self._events, self._log):
            if file is not None:
                file.close()

    def checkpoint(self, name: str) -> Path:
        """File of checkpoint "last" or "best"."""
        return self.folder / "checkpoints" / f"{name}.pt"

    def report(self, progress: Progress) -> None:
        """Write a record and pass it on."""
        record = {"stage": progress.stage, "done": progress.done, "total": progress.total}
        record |= {"time": round(time.time(), 3), **progress.values}
        if self._events is not None:
            self._events.write(json.dumps(record) + "\n")
            self._events.flush()
            self._report(progress)

    def say(self, text: str) -> None:
        """One line for people."""
        stamp = datetime.now(UTC).isoformat(timespec="seconds")
        if self._log is not None:
            self._log.write(f"{stamp} {text}\n")
            self._log.flush()
            self._tell(text)

    def stop_wanted(self) -> Stop | None:
        """What the stop file, a watcher or a signal asks for; looked at each step."""
        try:
            text = (self.folder / "stop").read_text(encoding="utf-8").strip()
        except FileNotFoundError:
            return self._asked() or ("early" if self._cancelled() else None)
        return "cancel" if text == "cancel" else "early"
