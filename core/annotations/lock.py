"""One writer a project: an advisory lock file with process id and start time.

`project.lock` holds the owner's mark as JSON, or nothing. A mark of a process that has ended is
taken over. Reading, judging and writing happen under the system's file lock, which the kernel
drops by itself, so two openers cannot both take over a stale mark.
"""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from core.annotations.processes import ProcessMark

LOCK_NAME = "project.lock"
_MAX_BYTES = 4096


class ProjectLock:
    """The right to write a project's decisions, held until `release`."""

    def __init__(self, path: Path, token: str) -> None:
        self._path = path
        self._token = token

    @classmethod
    def take(cls, folder: Path) -> ProjectLock | ProcessMark:
        """The lock of a project folder, or the living owner's mark.

        Raises:
            OSError: If the lock file cannot be written.
        """
        path, token = folder / LOCK_NAME, uuid.uuid4().hex
        with _guarded(path) as file:
            owner = _owner(file)
            if owner is not None and owner.is_alive():
                return owner
            _rewrite(file, json.dumps(ProcessMark.own().to_json() | {"token": token}))
        return cls(path, token)

    def release(self) -> None:
        """Give the lock back; harmless when it has been taken over or the folder is gone."""
        try:
            with _guarded(self._path, create=False) as file:
                if self._token.encode() in _content(file):
                    _rewrite(file, "")
        except FileNotFoundError:
            return


def lock_owner(folder: Path) -> ProcessMark | None:
    """Who holds the lock of a project folder; None for nobody alive. Writes nothing."""
    try:
        with (folder / LOCK_NAME).open("rb") as file:
            owner = _owner(file)
    except OSError:
        return None
    return owner if owner is not None and owner.is_alive() else None


def _content(file: IO[bytes]) -> bytes:
    file.seek(0)
    return file.read(_MAX_BYTES)


def _owner(file: IO[bytes]) -> ProcessMark | None:
    """The mark in the file; None where it is empty or unreadable (its writer died writing it)."""
    try:
        return ProcessMark.from_json(json.loads(_content(file)))
    except (ValueError, RecursionError):
        return None


def _rewrite(file: IO[bytes], text: str) -> None:
    file.seek(0)
    file.truncate()
    file.write(text.encode())
    file.flush()
    os.fsync(file.fileno())


@contextmanager
def _guarded(path: Path, create: bool = True) -> Iterator[IO[bytes]]:
    """The lock file, open for both, while no other process is between reading and writing it."""
    flags = os.O_RDWR | getattr(os, "O_BINARY", 0) | (os.O_CREAT if create else 0)
    with os.fdopen(os.open(path, flags, 0o644), "r+b", buffering=0) as file:
        _system_lock(file)
        yield file  # closing the file drops the system's lock


def _system_lock(file: IO[bytes]) -> None:
    try:
        import fcntl
    except ImportError:
        import msvcrt

        msvcrt.locking(file.fileno(), msvcrt.LK_LOCK, 1)  # type: ignore[attr-defined,unused-ignore]
        return
    fcntl.flock(file.fileno(), fcntl.LOCK_EX)
