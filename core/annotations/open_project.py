"""An open project folder: opening and closing, the two connections, settings, jobs."""

from __future__ import annotations

import json
import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

from core.annotations import jobs, migrations, opening
from core.annotations.database import storing
from core.annotations.history import transaction
from core.errors import StoreError


class OpenProject:
    """What every part of an open project stands on; `Project` is the whole.

    Two connections: one writes, one reads what is committed, so that a thread that draws a frame
    does not wait for a commit to reach the disk.
    """

    def __init__(self, folder: Path, database: opening.OpenDatabase, program_version: str) -> None:
        self.folder = folder
        self._database = database
        self._program_version = program_version
        self._read_lock = threading.RLock()
        self._write_lock = threading.RLock()
        self._file = _file_number(database.path)

    @classmethod
    def create(cls, folder: Path | str, program_version: str = "") -> Self:
        """Make a new project and open it.

        Args:
            folder: `NAME.lin`; must not exist, or be an empty folder.
            program_version: Noted in the schema's history and in the headers of runs.

        Raises:
            StoreError: If something is there already.
            ResourceError: If the place cannot be written.
        """
        folder = Path(folder)
        with opening.new_folder(folder) as place:
            migrations.create_database(place / opening.DATABASE, program_version)
        return cls.open(folder, program_version=program_version)

    @classmethod
    def open(cls, folder: Path | str, read_only: bool = False, program_version: str = "") -> Self:
        """Open a project.

        It opens read-only where it cannot be written or another process has it open; `notes` says
        why. Runs can be started and resumed all the same wherever the folder can be written: a job
        opens its project with `read_only=True` and leaves the lock to the window.

        Raises:
            StoreError: If it is no project, or is damaged, foreign or newer: no byte has changed.
            ResourceError: If it cannot be read.
        """
        folder = Path(folder)
        database = opening.open_database(folder, read_only, program_version)
        return cls(folder, database, program_version)

    @property
    def read_only(self) -> bool:
        """Whether decisions cannot be written."""
        return self._database.writer is None

    @property
    def notes(self) -> list[str]:
        """Sentences for the person: why it is read-only, what was brought on."""
        return list(self._database.notes)

    def close(self) -> None:
        """Close; give the lock back."""
        with self._read_lock, self._write_lock:
            self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        self.close()

    def setting(self, key: str, default: Any = None) -> Any:
        """A setting of the project (JSON)."""
        with self._reading() as connection:
            row = connection.execute("SELECT value FROM settings WHERE key = ?", (key,)).fetchone()
            return default if row is None else json.loads(row[0])

    def set_setting(self, key: str, value: Any) -> None:
        """Change a setting of the project (JSON); None removes it."""
        with self._writing() as connection, transaction(connection):
            write_setting(connection, key, value)

    def save_job(self, job: jobs.Job) -> jobs.Job:
        """Add a job or replace what is known of it."""
        with self._writing() as connection:
            return jobs.save_job(connection, job)

    def jobs(self) -> list[jobs.Job]:
        """Every job, oldest first."""
        with self._reading() as connection:
            return jobs.read_jobs(connection)

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        """The connection for reading, one thread at a time; errors as sentences."""
        with self._read_lock, storing(self._database.path):
            try:
                yield self._database.reader
            except (ArithmeticError, LookupError, TypeError, ValueError) as error:
                raise StoreError(
                    f"{self._database.path} is damaged: {error}; restore it from a copy."
                ) from error

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """The connection for writing, one thread at a time; errors as sentences."""
        with self._write_lock, storing(self._database.path):
            if self._database.writer is None:
                reason = " ".join(self.notes) or "It was opened for looking only."
                raise StoreError(f"{self.folder} cannot be changed. {reason}")
            if _file_number(self._database.path) != self._file:  # SQLite writes on into nowhere
                raise StoreError(
                    f"{self.folder} was moved or deleted while it was open: nothing more is saved"
                    " there; put it back, or close it and open it where it is now."
                )
            yield self._database.writer


def _file_number(path: Path) -> tuple[int, int] | None:
    """What tells a file from another that took its place; None where there is none."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_dev, found.st_ino


def write_setting(connection: sqlite3.Connection, key: str, value: Any) -> None:
    """Change a setting inside a transaction; None removes it."""
    if value is None:
        connection.execute("DELETE FROM settings WHERE key = ?", (key,))
        return
    text = json.dumps(value)
    connection.execute("INSERT OR REPLACE INTO settings VALUES (?, ?)", (key, text))
