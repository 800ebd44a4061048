"""Opening a project folder: look first, touch nothing that is not certainly ours and whole.

Before the database is opened for real, its header is read as plain bytes, and its tables are looked
at through a view that makes no file. Only then is the lock taken, an older schema brought on, and
the journal mode set. So a damaged, foreign or newer project keeps every byte.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from core.annotations.database import (
    connect,
    copy_with_journals,
    has_unmerged_writes,
    is_network_folder,
    is_writable,
    read_identity,
    side_files,
    storing,
    untouched_view,
)
from core.annotations.lock import ProjectLock, lock_owner
from core.annotations.migrations import migrate
from core.annotations.processes import ProcessMark
from core.annotations.schema import SCHEMA_VERSION, check_identity, check_tables
from core.errors import ResourceError, StoreError

DATABASE = "project.db"
_QUICK_CHECK_BYTES = 8 << 20
"""Databases up to here are checked page by page at every opening (about 30 ms); `Project.check`
does it for any size."""


@dataclass
class OpenDatabase:
    """A project's database, open."""

    path: Path
    reader: sqlite3.Connection
    writer: sqlite3.Connection | None
    """None when the project is open read-only."""
    lock: ProjectLock | None
    notes: list[str] = field(default_factory=list)
    """What the person should know: why it is read-only, what was brought on."""
    spare: tempfile.TemporaryDirectory[str] | None = None

    def close(self) -> None:
        """Merge the journal, close, give the lock back."""
        try:
            if self.writer is not None:
                with storing(self.path):
                    self.writer.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        finally:
            for connection in (self.reader, self.writer):
                if connection is not None:
                    connection.close()
            if self.lock is not None:
                self.lock.release()
            if self.spare is not None:
                self.spare.cleanup()


def open_database(folder: Path, read_only: bool, program_version: str) -> OpenDatabase:
    """Open the database of a project folder.

    Args:
        folder: The project.
        read_only: Whether not to write it even where that is possible.
        program_version: Noted if the schema is brought on.

    Raises:
        StoreError: If it is no project, or a damaged, foreign or newer one; no byte has changed.
        ResourceError: If it cannot be read.
    """
    path = project_database(folder)
    with storing(path):
        found = read_identity(path).user_version
        check_identity(path, read_identity(path))
        _inspect_still(folder, path, found)
        notes: list[str] = []
        lock = None if read_only else _take_lock(folder, notes)
        try:
            return _open(path, found, lock, notes, program_version)
        except BaseException:
            if lock is not None:
                lock.release()
            raise


def project_database(folder: Path) -> Path:
    """The database of what should be a project folder.

    Raises:
        StoreError: If it is no folder or no project.
    """
    if not folder.exists():
        raise StoreError(f"{folder} does not exist; give the path of a project folder (NAME.lin).")
    if not folder.is_dir():
        raise StoreError(f"{folder} is a file; a project is a folder (NAME.lin).")
    path = folder / DATABASE
    if not path.is_file():
        raise StoreError(f"{folder} is not a Lineament project: it has no {DATABASE}.")
    return path


def inspect(path: Path, version: int) -> None:
    """Look at a database that nobody is writing, without changing a byte of its folder.

    Raises:
        StoreError: If it is damaged.
    """
    with storing(path), untouched_view(path) as view:
        if version == SCHEMA_VERSION:
            check_tables(path, view)
        if path.stat().st_size <= _QUICK_CHECK_BYTES:
            check_pages(path, view)


def check_pages(path: Path, connection: sqlite3.Connection) -> None:
    """Check every page of a database.

    Raises:
        StoreError: If one is damaged.
    """
    verdict = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    if verdict != "ok":
        first = str(verdict).splitlines()[-1]
        raise StoreError(f"{path} is damaged ({first}); restore it from a copy.")


def _take_lock(folder: Path, notes: list[str]) -> ProjectLock | None:
    """The lock, or None and a note on why the project opens read-only."""
    if not is_writable(folder):
        notes.append(f"{folder} is read-only, so the project is open for looking only.")
        return None
    try:
        taken = ProjectLock.take(folder)
    except OSError as error:
        notes.append(f"{folder} cannot be written ({error.strerror}); open for looking only.")
        return None
    if isinstance(taken, ProcessMark):
        notes.append(
            f"The project is open in another window (process {taken.pid} on {taken.host}); "
            "here it is open for looking only."
        )
        return None
    return taken


def _open(
    path: Path, found: int, lock: ProjectLock | None, notes: list[str], program_version: str
) -> OpenDatabase:
    if lock is None:
        if found < SCHEMA_VERSION:
            raise StoreError(f"{path} is of an older Lineament; open it for writing once first.")
        return _open_read_only(path, notes)
    if (done := migrate(path, found, program_version)) is not None:
        notes.append(done)
    writer = _connect_writer(path, notes)
    try:
        return OpenDatabase(path, connect(path, "rw"), writer, lock, notes)
    except BaseException:
        writer.close()
        raise


def _connect_writer(path: Path, notes: list[str]) -> sqlite3.Connection:
    """The connection that writes: WAL where shared memory works, and every commit synced."""
    writer = connect(path, "rw")
    try:
        wanted = "TRUNCATE" if is_network_folder(path.parent) else "WAL"
        mode = writer.execute(f"PRAGMA journal_mode={wanted}").fetchone()[0]
        if mode.upper() != "WAL":
            writer.execute("PRAGMA journal_mode=TRUNCATE")
            notes.append(
                f"{path.parent} lies on a network share or a file system without shared memory; "
                "saving is safe but slower there (journal mode TRUNCATE)."
            )
        writer.execute("PRAGMA synchronous=FULL")
    except BaseException:
        writer.close()
        raise
    return writer


def _open_read_only(path: Path, notes: list[str]) -> OpenDatabase:
    """Open without the lock; in a read-only folder without making a file there."""
    if is_writable(path.parent):
        return OpenDatabase(path, connect(path, "ro"), None, None, notes)
    if side_files(path)[0].exists() and (live := _try_live(path)) is not None:
        return OpenDatabase(path, live, None, None, notes)
    if not has_unmerged_writes(path):
        return OpenDatabase(path, connect(path, "immutable"), None, None, notes)
    spare = tempfile.TemporaryDirectory(prefix="lineament-")
    try:
        copied = copy_with_journals(path, Path(spare.name))
        return OpenDatabase(path, connect(copied, "rw"), None, None, notes, spare)
    except BaseException:
        spare.cleanup()
        raise


def _try_live(path: Path) -> sqlite3.Connection | None:
    """A connection that sees what another user's program writes, where its shared memory is."""
    connection = connect(path, "ro")
    try:
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.OperationalError:
        connection.close()
        return None
    return connection


@contextmanager
def new_folder(folder: Path) -> Iterator[Path]:
    """Fill the folder of a new project, which appears under its name whole or not at all.

    So of two processes that make the same new project one does, and the other is told that it is
    there. Only a folder that is there already, empty, is filled where it is.

    Yields:
        The folder to fill.

    Raises:
        StoreError: If something that is not an empty folder is there.
        ResourceError: If it cannot be made.
    """
    if folder.is_dir() and not [p for p in folder.iterdir() if p.name != DATABASE + ".new"]:
        yield folder
        return
    if folder.exists():
        raise _exists(folder)
    spare = folder.with_name(f".{folder.name}.{os.getpid()}-{uuid.uuid4().hex[:8]}.new")
    try:
        spare.mkdir(parents=True)
    except OSError as error:
        raise ResourceError(f"{folder} cannot be made ({error.strerror}).") from error
    try:
        yield spare
        spare.rename(folder)
    except OSError as error:
        if folder.exists():
            raise _exists(folder) from error
        raise ResourceError(f"{folder} cannot be made ({error.strerror}).") from error
    finally:
        shutil.rmtree(spare, ignore_errors=True)


def _exists(folder: Path) -> StoreError:
    return StoreError(f"{folder} exists already; choose another name for the new project.")


def _inspect_still(folder: Path, path: Path, version: int) -> None:
    """Inspect a database nobody writes; one that is being written after all is no damaged one.

    Raises:
        StoreError: If it is damaged.
    """
    while lock_owner(folder) is None:
        before = _stamp(path)
        try:
            inspect(path, version)
        except StoreError:
            if _stamp(path) == before and lock_owner(folder) is None:
                raise
            continue
        return


def _stamp(path: Path) -> list[tuple[int, int]]:
    """What changes when a database or its journal is written."""
    stats = [file.stat() for file in (path, *side_files(path)) if file.exists()]
    return [(stat.st_mtime_ns, stat.st_size) for stat in stats]
