"""The jobs of what is open: child processes, each with a folder that is watched while it runs.

A child is started detached, so that it outlives the window, and everything known of it is read from
its folder: one started by this window, by the last one or by hand all look the same. A light timer
reads what is new, and only while something runs.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from app.messages import MessageHub
from core import paths
from core.annotations.job_files import JobFiles, JobPlan, Stop, job_folders
from core.annotations.job_watch import JobWatch
from core.annotations.processes import ProcessMark, process_started

_INTERVAL_MS = 400
SILENT_S = 60.0
"""A job that says nothing for so long may hang."""
_KEPT = 20
"""Jobs that have ended and stay listed; older ones' folders are removed."""
_children: list[int] = []
"""Children of this process that have not been reaped; what is known of them is in their folders."""


class Jobs(QObject):
    """Starts, lists, stops.

    Signals:
        listed: A job was added or removed, or another folder is looked at. Dock, strip.
        changed: A JobWatch that has news. Dock, strip, desk.
        ended: A JobWatch whose job has ended while it was watched. Desk.
    """

    listed = Signal()
    changed = Signal(object)
    ended = Signal(object)

    def __init__(self, hub: MessageHub, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._hub = hub
        self.folder: Path | None = None
        self.watches: list[JobWatch] = []
        """Newest first."""
        self.cores = 0
        """Processor cores a job started from now on may use; 0 leaves one to the window."""
        self._timer = QTimer(self)
        self._timer.setInterval(_INTERVAL_MS)
        self._timer.timeout.connect(self._look)

    @property
    def running(self) -> list[JobWatch]:
        """Jobs that have not ended, newest first."""
        return [watch for watch in self.watches if watch.running]

    def attach(self, folder: Path | None) -> None:
        """Look at the jobs of a folder from now on; those of the folder before go on unwatched."""
        self.folder = folder
        self.watches = []
        for place in reversed(job_folders(folder)) if folder is not None else ():
            try:
                watch = JobWatch(JobFiles(place))
            except ValueError:
                continue
            watch.look()
            self.watches.append(watch)
        for old in [watch for watch in self.watches if not watch.running][_KEPT:]:
            self._forget(old)
        self._set_timer()
        self.listed.emit()

    def start(self, plan: JobPlan) -> JobWatch | None:
        """Start a child process for a plan.

        Returns:
            The job; None if it could not be started, which has been told.
        """
        assert self.folder is not None, "attach comes first"
        try:
            files = JobFiles.create(self.folder, plan)
        except OSError as error:
            self._hub.error(error)
            return None
        try:
            _start_detached([*program_words(), *plan.command], files, self.cores)
        except OSError as error:
            shutil.rmtree(files.folder, ignore_errors=True)
            self._hub.error(error, f"{plan.title} could not be started.")
            return None
        watch = JobWatch(files)
        self.watches.insert(0, watch)
        self._set_timer()
        self.listed.emit()
        return watch

    def stop(self, watch: JobWatch, how: Stop) -> None:
        """Ask a job to end: `early` keeps what is done, `cancel` throws it away."""
        if not watch.running:
            return
        try:
            watch.files.ask_stop(how)
        except OSError as error:
            self._hub.error(error)
        self.changed.emit(watch)

    def kill(self, watch: JobWatch) -> None:
        """End a job that does not answer."""
        if watch.running:
            watch.kill()

    def remove(self, watch: JobWatch) -> None:
        """Take a job that has ended off the list, with its folder."""
        if not watch.running and watch in self.watches:
            self._forget(watch)
            self.listed.emit()

    def close(self) -> None:
        """Watch no more; jobs go on."""
        self._timer.stop()
        _reap()

    def _forget(self, watch: JobWatch) -> None:
        shutil.rmtree(watch.files.folder, ignore_errors=True)
        self.watches.remove(watch)

    def _set_timer(self) -> None:
        if self.running and not self._timer.isActive():
            self._timer.start()
        elif not self.running:
            self._timer.stop()

    @Slot()
    def _look(self) -> None:
        _reap()
        for watch in self.running:
            if watch.look() or is_waiting(watch):
                self.changed.emit(watch)
            if not watch.running:
                self.ended.emit(watch)
        self._set_timer()


def is_waiting(watch: JobWatch) -> bool:
    """Whether a job's silence is itself news: it was asked to stop, or seems to hang."""
    silent_s = time.monotonic() - watch.heard_s
    return silent_s > SILENT_S or watch.files.stop_wanted() is not None


def program_words() -> list[str]:
    """What a child is started with, before the command."""
    return [sys.executable, str(paths.main_script())]


def _start_detached(words: list[str], files: JobFiles, cores: int) -> None:
    """Start a process in a session of its own, its output in the job's log."""
    manners = ["--background", *(["--cores", str(cores)] if cores else [])]
    with files.log.open("ab") as log:
        child = subprocess.Popen(
            [*words, "--job", str(files.folder), *manners],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip
    _children.append(child.pid)
    # Python need not mind that it may outlive this process; `_reap` takes over.
    child.returncode = 0
    started = process_started(child.pid) or ""
    files.note_process(ProcessMark(child.pid, started, socket.gethostname()))


def _reap() -> None:
    """Let go of children that have ended; a POSIX system keeps them until they are asked about."""
    if not hasattr(os, "WNOHANG"):
        return
    for pid in list(_children):
        try:
            has_ended = os.waitpid(pid, os.WNOHANG)[0] == pid
        except ChildProcessError:
            has_ended = True
        if has_ended:
            _children.remove(pid)


def loose_jobs_folder() -> Path:
    """Where jobs of clips without a project lie."""
    return paths.user_data() / "jobs"
