"""Asks for the best sparse formats of an affinity: a child process, so that nothing stands still.

The search needs a compiler and a solver, which take seconds to load the first time; in the window's
own process they would hold it up. The child is the command `sparse-format --curve --json`.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QProcess, Signal, Slot

from app.correlation.live import Shown
from core import paths


class FormatSearch(QObject):
    """One search at a time; a newer question takes the place of an older one.

    Signals:
        found: Record of `sparse-format --curve --json`. Sparse panel.
        failed: One sentence. Sparse panel.
    """

    found = Signal(object)
    failed = Signal(str)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._process: QProcess | None = None
        self._folder: Path | None = None

    @property
    def is_running(self) -> bool:
        """Whether an answer is on its way."""
        return self._process is not None

    def ask(self, shown: Shown, include: set[int], exclude: set[int]) -> None:
        """Search all budgets with these wishes; `shown` has a matrix."""
        from core.correlation.affinity import Affinity
        from core.correlation.affinity_file import write_affinity

        self.close()
        assert shown.matrix is not None
        assert shown.count is not None
        assert shown.still is not None
        self._folder = Path(tempfile.mkdtemp(prefix="lineament-"))
        file = self._folder / "affinity.npz"
        name = shown.scheme.name
        write_affinity(
            file, Affinity(shown.matrix, shown.count, shown.still, shown.faces, "hullbox", name)
        )
        arguments = [
            str(paths.main_script()),
            "sparse-format",
            str(file),
            "--curve",
            "--json",
            "-q",
        ]
        for option, points in (("--include", include), ("--exclude", exclude)):
            if points:
                arguments += [option, ",".join(str(point) for point in sorted(points))]
        process = QProcess(self)
        process.finished.connect(self._on_finished)
        process.errorOccurred.connect(self._on_error)
        self._process = process
        process.start(sys.executable, arguments)

    def close(self) -> None:
        """Give up the search that is going on, if there is one."""
        process, self._process = self._process, None
        if process is not None:
            process.finished.disconnect(self._on_finished)
            process.errorOccurred.disconnect(self._on_error)
            process.kill()
            process.waitForFinished(2000)
            process.deleteLater()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None

    @Slot(int, QProcess.ExitStatus)
    def _on_finished(self, code: int, status: QProcess.ExitStatus) -> None:
        process = self._process
        if process is None:
            return
        out = bytes(process.readAllStandardOutput().data()).decode("utf-8", "replace")
        said = bytes(process.readAllStandardError().data()).decode("utf-8", "replace")
        self.close()
        record = _record(out) if code == 0 else None
        if record is not None:
            self.found.emit(record)
        else:
            last = said.strip().splitlines() or ["The search for formats ended without an answer."]
            self.failed.emit(last[-1].removeprefix("lineament: "))

    @Slot(QProcess.ProcessError)
    def _on_error(self, error: QProcess.ProcessError) -> None:
        if error == QProcess.ProcessError.FailedToStart:
            self.close()
            self.failed.emit("The search for formats could not be started.")


def _record(out: str) -> Any:
    lines = out.strip().splitlines()
    try:
        return json.loads(lines[-1]) if lines else None
    except ValueError:
        return None
