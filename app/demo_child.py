"""Makes the demo in a child process: progress on the message bar, the project opened at last."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from PySide6.QtCore import QObject, QProcess, Signal, Slot

from app.messages import Message, MessageHub
from core import paths

_LOG_LINES = 40


class DemoChild(QObject):
    """One run of the `demo` command.

    Signals:
        made: The project's folder. Files opens it.
    """

    made = Signal(str)

    def __init__(self, hub: MessageHub, parent: QObject) -> None:
        super().__init__(parent)
        self._hub = hub
        self._folder = Path()
        self._log: list[str] = []
        self._process = QProcess(self)
        self._process.setProcessChannelMode(QProcess.ProcessChannelMode.MergedChannels)
        self._process.readyRead.connect(self._on_output)
        self._process.finished.connect(self._on_finished)

    @property
    def is_running(self) -> bool:
        """Whether it is at work."""
        return self._process.state() != QProcess.ProcessState.NotRunning

    def start(self, folder: Path) -> None:
        """Make the demo in a folder, unless that is going on already."""
        if self.is_running:
            return
        self._folder = folder
        self._log.clear()
        self._hub.info("Making the demo: rendering a clip and predicting on it takes some minutes…")
        command = [str(paths.main_script()), "demo", "-o", str(folder), "--events", "jsonl"]
        self._process.start(sys.executable, command)

    def close(self) -> None:
        """End the child; what it has made so far stays for the next time."""
        if self.is_running:
            self._process.finished.disconnect(self._on_finished)
            self._process.terminate()
            if not self._process.waitForFinished(3000):
                self._process.kill()
                self._process.waitForFinished(1000)

    @Slot()
    def _on_output(self) -> None:
        text = bytes(self._process.readAll().data()).decode("utf-8", "replace")
        for line in text.splitlines():
            self._log.append(line)
            words = in_words(line)
            if words:
                self._hub.info(words)
        del self._log[:-_LOG_LINES]

    @Slot(int, QProcess.ExitStatus)
    def _on_finished(self, code: int, status: QProcess.ExitStatus) -> None:
        project = self._folder / "demo.lin"
        if status == QProcess.ExitStatus.NormalExit and code == 0:
            self.made.emit(str(project))
            return
        said = [words for line in self._log if (words := _field(line, "error"))]
        reason = said[-1] if said else "its log is behind Details."
        self._hub.post(
            Message("error", f"The demo could not be made: {reason}", "\n".join(self._log))
        )


def in_words(line: str) -> str:
    """A line of the child's events as a sentence; empty where it says nothing to a person."""
    stage, done, total = (_field(line, name) for name in ("stage", "done", "total"))
    if stage:
        return f"Making the demo: {stage} {done}" + (f" of {total}" if total else "")
    message = _field(line, "message")
    return f"Making the demo: {message}" if message else ""


def _field(line: str, name: str) -> str:
    try:
        record = json.loads(line)
    except ValueError:
        return ""
    value = record.get(name) if isinstance(record, dict) else None
    return "" if value is None else str(value)
