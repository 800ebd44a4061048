"""`<run>.part`: the SQLite file of a run in progress; its tables and how to open it."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

from core.annotations.database import (
    connect,
    copy_with_journals,
    has_unmerged_writes,
    is_network_folder,
    is_writable,
    read_identity,
    side_files,
    storing,
)
from core.annotations.processes import ProcessMark
from core.annotations.records import RunHeader
from core.errors import StoreError

PART_ID = 0x4C4E4D52
"""SQLite application_id of a run in progress: "LNMR"."""
PART_VERSION = 1

_TABLES = (
    "CREATE TABLE facts (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
    "CREATE TABLE segments (number INTEGER PRIMARY KEY, revision INTEGER NOT NULL, "
    "processed INTEGER NOT NULL, last_frame INTEGER NOT NULL, tracks TEXT NOT NULL, "
    "columns BLOB NOT NULL, heap BLOB NOT NULL)",
)


def create_part(path: Path, header: RunHeader) -> sqlite3.Connection:
    """Make the file of a new run, whole or not at all, and open it for writing.

    Raises:
        ResourceError: If the place cannot be written.
    """
    fresh = path.with_name(path.name + ".new")
    fresh.unlink(missing_ok=True)
    with storing(path):
        connection = sqlite3.connect(fresh, isolation_level=None)
        try:
            connection.execute(f"PRAGMA application_id={PART_ID}")
            connection.execute("PRAGMA page_size=16384")
            connection.execute("BEGIN")
            for statement in _TABLES:
                connection.execute(statement)
            write_fact(connection, "header", header.to_json())
            connection.execute(f"PRAGMA user_version={PART_VERSION}")
            connection.execute("COMMIT")
        finally:
            connection.close()
        fresh.replace(path)
    return open_part_to_write(path)


def open_part_to_write(path: Path) -> sqlite3.Connection:
    """Open a run in progress for writing and put this process's mark on it.

    A power cut may lose the last seconds (synchronous NORMAL): a run can be computed again.

    Raises:
        StoreError: If it is damaged, foreign or newer, or a living process is writing it.
        ResourceError: If it cannot be written.
    """
    check_part_identity(path)
    with storing(path):
        connection = connect(path, "rw")
        try:
            mode = "TRUNCATE" if is_network_folder(path.parent) else "WAL"
            connection.execute(f"PRAGMA journal_mode={mode}")
            connection.execute("PRAGMA synchronous=NORMAL")
            connection.execute("BEGIN IMMEDIATE")
            _take_over(path, connection)
            connection.execute("COMMIT")
        except BaseException:
            connection.close()
            raise
    return connection


def open_part_to_read(path: Path, spare: Path) -> sqlite3.Connection:
    """Open a run in progress for reading while another process writes it.

    Args:
        path: The file.
        spare: An empty temporary folder for a copy, used where the run's own folder is read-only
            and holds unmerged writes.

    Raises:
        StoreError: If it is damaged, foreign or newer.
        ResourceError: If it cannot be read.
    """
    check_part_identity(path)
    with storing(path):
        if is_writable(path.parent):
            return connect(path, "ro")
        if has_unmerged_writes(path):
            return connect(copy_with_journals(path, spare), "rw")
        return connect(path, "immutable")


def check_part_identity(path: Path) -> None:
    """Refuse a file that is no run in progress or comes from a newer program.

    Raises:
        StoreError: With the reason.
    """
    identity = read_identity(path)
    if identity.application_id != PART_ID:
        raise StoreError(f"{path} is not a run of Lineament.")
    if identity.user_version != PART_VERSION:
        raise StoreError(f"{path} was written by a newer Lineament; update Lineament to read it.")


def read_fact(connection: sqlite3.Connection, path: Path, key: str) -> Any:
    """One of the file's JSON facts; None where it has none.

    Raises:
        StoreError: If it is damaged.
    """
    row = connection.execute("SELECT value FROM facts WHERE key = ?", (key,)).fetchone()
    try:
        return None if row is None else json.loads(row[0])
    except (ValueError, TypeError, RecursionError) as error:
        raise StoreError(f"{path} is damaged: its {key} cannot be read.") from error


def write_fact(connection: sqlite3.Connection, key: str, value: Any) -> None:
    """Set one of the file's JSON facts."""
    connection.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (key, json.dumps(value)))


def read_header(connection: sqlite3.Connection, path: Path) -> RunHeader:
    """What the run is about.

    Raises:
        StoreError: If the header is damaged.
    """
    try:
        return RunHeader.from_json(read_fact(connection, path, "header"))
    except ValueError as error:
        raise StoreError(f"{path} is damaged: {error}.") from error


def release_part(connection: sqlite3.Connection) -> None:
    """Take this process's mark off, so that another may go on with the run."""
    connection.execute("DELETE FROM facts WHERE key = 'writer'")


def remove_part(path: Path) -> None:
    """Remove a run in progress: the file first, so that its journals never stand for it."""
    for file in (path, *side_files(path)):
        file.unlink(missing_ok=True)


def _take_over(path: Path, connection: sqlite3.Connection) -> None:
    """Mark this process as the writer unless another living one is.

    The same process may take its own run again: it has lost the earlier writer then.
    """
    try:
        writer = ProcessMark.from_json(read_fact(connection, path, "writer"))
    except ValueError:
        writer = None
    own = ProcessMark.own()
    if writer is not None and writer != own and writer.is_alive():
        raise StoreError(f"{path} is being written by process {writer.pid} on {writer.host}.")
    write_fact(connection, "writer", own.to_json())
