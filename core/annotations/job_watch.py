"""Watching a job's folder: how far it is, what it said last, how it ended.

The process may be one's own child or another's, may have ended while nobody watched, and may die
without a word; all of that is read from the folder and the process's mark.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import time
from dataclasses import dataclass, field
from typing import Any

from core.annotations.job_files import JobFiles, JobPlan
from core.annotations.processes import ProcessMark

_READ_BYTES = 128 << 10
_HEAD_BYTES = 64 << 10
_START_S = 30.0
"""A process that has not begun after this time never will."""
RUNNING, DONE, STOPPED, FAILED = "running", "done", "stopped", "failed"
_CANCELLED_CODE = 130
_PLACES = ("stage", "done", "total", "fps", "eta_s")
_ASIDE = ("validate",)
"""Stages between the steps of another: they have figures and move no bar."""


@dataclass
class JobStatus:
    """What is known of a job."""

    state: str = RUNNING
    """"running", "done", "stopped" or "failed"."""
    stage: str = ""
    done: int = 0
    total: int | None = None
    fps: float | None = None
    eta_s: float | None = None
    message: str = ""
    """What it said last."""
    error: str = ""
    """Why it failed, as a sentence."""
    details: str = ""
    run_id: str = ""
    """The run it writes."""
    result: dict[str, Any] = field(default_factory=dict)
    figures: dict[str, float] = field(default_factory=dict)
    """The other numbers it reported, the newest of each: losses, scores, epoch."""

    @property
    def share(self) -> float | None:
        """How much is done, 0 … 1; None while that cannot be told."""
        return min(self.done / self.total, 1.0) if self.total else None

    def take(self, record: dict[str, Any]) -> None:
        """Take one record of `events.jsonl`; fields of the wrong kind are passed over."""
        if "stage" in record:
            self.figures.update(_figures(record))
        if record.get("stage") not in (None, *_ASIDE):
            self.stage = str(record["stage"])
            self.done = int(_number(record.get("done")) or 0)
            total = _number(record.get("total"))
            self.total = None if total is None else int(total)
            self.fps, self.eta_s = _number(record.get("fps")), _number(record.get("eta_s"))
        for key, name in (("message", "message"), ("error", "error"), ("details", "details")):
            if key in record:
                setattr(self, name, str(record[key]))
        self.run_id = str(record.get("run", self.run_id))
        if isinstance(record.get("result"), dict):
            self.result = record["result"]
        if "ended" in record:
            self.state = {0: DONE, _CANCELLED_CODE: STOPPED}.get(record["ended"], FAILED)


class JobWatch:
    """One watched job; `look` reads what is new.

    Args:
        files: Its folder.

    Raises:
        ValueError: If the folder holds no plan.
    """

    def __init__(self, files: JobFiles) -> None:
        self.files = files
        self.plan: JobPlan = files.plan()
        self.status = JobStatus()
        self.heard_s = time.monotonic()
        """When it last said something (`time.monotonic`)."""
        self._since_s = time.monotonic()
        self._offset = 0
        self._rest = b""

    @property
    def running(self) -> bool:
        """Whether it has not ended."""
        return self.status.state == RUNNING

    @property
    def process(self) -> ProcessMark | None:
        """The process that does it."""
        return self.files.mark()

    def look(self) -> bool:
        """Read what is new; returns whether anything is."""
        if not self.running:
            return False
        if self._read():  # whoever speaks is alive; asking the system is dearer
            return True
        if self._is_alive():
            return False
        self._read()  # its last words may have come in between
        if self.running:
            self._give_up(began=self.process is not None)
        return True

    def kill(self) -> bool:
        """End a process that does not answer; returns whether there was one of this machine."""
        process = self.process
        if process is None or process.host != socket.gethostname() or not process.is_alive():
            return False
        os.kill(process.pid, getattr(signal, "SIGKILL", signal.SIGTERM))
        return True

    def _is_alive(self) -> bool:
        """Whether its process lives, or may still begin."""
        process = self.process
        if process is None:
            return time.monotonic() - self._since_s < _START_S
        return process.is_alive()

    def _read(self) -> bool:
        """Take new whole lines; of a long past only its beginning and its end."""
        try:
            with self.files.events.open("rb") as file:
                size = file.seek(0, 2)
                file.seek(self._offset)
                if self._offset == 0 and size > _READ_BYTES + _HEAD_BYTES:
                    head = file.read(_HEAD_BYTES)
                    self._take_lines(head[: head.rfind(b"\n") + 1])
                    file.seek(size - _READ_BYTES)
                    file.readline()
                new = file.read()
                self._offset = file.tell()
        except OSError:
            return False
        if new:
            self.heard_s = time.monotonic()
            self._take_lines(self._rest + new)
        return bool(new)

    def _take_lines(self, text: bytes) -> None:
        whole, _, self._rest = text.rpartition(b"\n")
        for line in whole.splitlines():
            try:
                record = json.loads(line)
            except (ValueError, RecursionError):
                continue
            if isinstance(record, dict):
                self.status.take(record)

    def _give_up(self, began: bool) -> None:
        self.status.state = FAILED
        self.status.error = self.status.error or (
            "The process ended without a word: it may have been killed, or memory ran out."
            if began
            else "The process did not start."
        )


def _figures(record: dict[str, Any]) -> dict[str, float]:
    """The numbers of a progress record that are not how far it is."""
    found = {str(key): _number(value) for key, value in record.items() if key not in _PLACES}
    return {key: value for key, value in found.items() if value is not None}


def _number(value: Any) -> float | None:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return float(value) if is_number and abs(value) < 1e15 else None
