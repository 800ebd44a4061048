"""The folder of a job, written by the child process that does it and watched by the window.

job.json       what it is: kind, title, clip, command; and the process that does it
events.jsonl   one record a line: progress, messages, result, end
log.txt        the same for people, and whatever the process itself printed
stop           written by whoever wants it to end: `early` (keep what is done) or `cancel`

Every file is read while another process writes it: `job.json` and `stop` are replaced whole, the
others only grow. `core.annotations.job_watch` reads the folder; training keeps checkpoints beside
its own (`core.training.job`).
"""

from __future__ import annotations

import json
import secrets
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from core.annotations.processes import ProcessMark

Stop = Literal["early", "cancel"]
JOBS = "jobs"
"""The folder of a project's jobs."""
_LOG_BYTES = 32 << 10


@dataclass(frozen=True)
class JobPlan:
    """What a job is to do."""

    kind: str
    """The command: "predict", "export", "train"."""
    title: str
    """A few words for a person."""
    command: tuple[str, ...]
    """Arguments after the program's name."""
    clip_id: str = ""
    """The clip it works on, where it is one of a project."""
    target: str = ""
    """The project or file it writes."""
    created: str = ""

    @classmethod
    def from_json(cls, record: Any) -> JobPlan:
        """The plan a JSON object describes.

        Raises:
            ValueError: If it describes none.
        """
        try:
            words = tuple(str(word) for word in record["command"])
            texts = {key: str(record.get(key, "")) for key in ("clip_id", "target", "created")}
            return cls(str(record["kind"]), str(record["title"]), words, **texts)
        except (AttributeError, KeyError, TypeError) as error:
            raise ValueError("no plan of a job") from error


class JobFiles:
    """The files of one job's folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.events = folder / "events.jsonl"
        self.log = folder / "log.txt"
        self._job, self._stop = folder / "job.json", folder / "stop"

    @classmethod
    def create(cls, parent: Path, plan: JobPlan) -> JobFiles:
        """A new folder with a plan.

        Raises:
            OSError: If it cannot be written.
        """
        now = datetime.now(UTC)
        name = f"{now:%Y%m%dT%H%M%S-%f}-{plan.kind}-{secrets.token_hex(2)}"
        files = cls(parent / name)
        files.folder.mkdir(parents=True)
        created = plan.created or now.isoformat(timespec="milliseconds")
        files._write(asdict(plan) | {"created": created, "process": None})
        return files

    def begin(self, command: tuple[str, ...]) -> None:
        """Called by the process that does the job: say which one that is.

        A folder used before is gone on with; what once asked to stop it is forgotten.

        Raises:
            OSError: If it cannot be written.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        record = self._read()
        if self.mark() not in (None, ProcessMark.own()):
            self._stop.unlink(missing_ok=True)
        if "command" not in record:
            kind = command[0] if command else ""
            created = datetime.now(UTC).isoformat(timespec="milliseconds")
            record = asdict(JobPlan(kind, kind, command, created=created))
        self._write(record | {"process": ProcessMark.own().to_json()})

    def note_process(self, mark: ProcessMark) -> None:
        """Called by the process that started the other one, which may die before it says so.

        Raises:
            OSError: If it cannot be written.
        """
        self._write(self._read() | {"process": mark.to_json()})

    def plan(self) -> JobPlan:
        """What the job is to do.

        Raises:
            ValueError: If `job.json` is missing or damaged.
        """
        return JobPlan.from_json(self._read())

    def mark(self) -> ProcessMark | None:
        """The process that does it; None until it has begun."""
        try:
            return ProcessMark.from_json(self._read().get("process"))
        except ValueError:
            return None

    def event(self, record: dict[str, Any]) -> None:
        """Add a line to the events.

        Raises:
            OSError: If it cannot be written.
        """
        line = json.dumps(record, ensure_ascii=False) + "\n"
        with self.events.open("ab", buffering=0) as file:  # one write a line: no line is torn
            file.write(line.encode())

    def ask_stop(self, how: Stop) -> None:
        """Ask the process to end at its next safe point.

        Raises:
            OSError: If it cannot be written.
        """
        self._replace(self._stop, how)

    def stop_wanted(self) -> Stop | None:
        """What was asked for; looked at each step."""
        try:
            text = self._stop.read_text(encoding="utf-8").strip()
        except OSError:
            return None
        return "cancel" if text == "cancel" else "early"

    def log_tail(self) -> str:
        """The end of the log."""
        try:
            with self.log.open("rb") as file:
                size = file.seek(0, 2)
                file.seek(max(size - _LOG_BYTES, 0))
                text = file.read().decode("utf-8", "replace")
        except OSError:
            return ""
        return text if size <= _LOG_BYTES else text.partition("\n")[2]

    def _read(self) -> dict[str, Any]:
        """The content of `job.json`; nothing where it is missing or damaged."""
        try:
            record = json.loads(self._job.read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError):
            return {}
        return record if isinstance(record, dict) else {}

    def _write(self, record: dict[str, Any]) -> None:
        self._replace(self._job, json.dumps(record, ensure_ascii=False, indent=1))

    def _replace(self, path: Path, text: str) -> None:
        part = path.with_name(path.name + f".{secrets.token_hex(2)}.new")
        part.write_text(text, encoding="utf-8")
        part.replace(path)


def job_folders(parent: Path) -> list[Path]:
    """The job folders of a folder, oldest first."""
    return sorted(path.parent for path in parent.glob("*/job.json"))
