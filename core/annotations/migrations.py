"""Bringing an older `project.db` to this program's schema, with a copy kept before."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from core.annotations.database import connect, fsync_folder, storing
from core.annotations.schema import PROJECT_ID, SCHEMA_VERSION, TABLES_SQL
from core.errors import StoreError

Step = Callable[[sqlite3.Connection], None]

MIGRATIONS: Mapping[int, Step] = {}
"""From version n to n + 1; each step runs inside one transaction with its version number."""

BACKUP_FOLDER = "backups"


def now() -> str:
    """This moment, ISO 8601 in UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def now_to_the_millisecond() -> str:
    """This moment, so fine that two runs made one after the other sort in that order."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def create_database(path: Path, program_version: str) -> None:
    """Write a new, empty project database; it appears under its name whole or not at all.

    Raises:
        ResourceError: If the place cannot be written.
    """
    fresh = path.with_name(path.name + ".new")
    fresh.unlink(missing_ok=True)  # left by a creation that was cut short; it holds nothing
    with storing(path):
        connection = sqlite3.connect(fresh, isolation_level=None)
        try:
            connection.execute(f"PRAGMA application_id={PROJECT_ID}")
            connection.execute("BEGIN")
            for statement in TABLES_SQL.strip().split(";\n"):
                connection.execute(statement)
            record_version(connection, SCHEMA_VERSION, program_version)
            connection.execute("INSERT INTO meta VALUES ('created', ?)", (now(),))
            connection.execute("COMMIT")
        finally:
            connection.close()
        os.replace(fresh, path)
        fsync_folder(path.parent)


def record_version(connection: sqlite3.Connection, version: int, program_version: str) -> None:
    """Note in the history, and in the file's header, which schema version it now has."""
    connection.execute(
        "INSERT INTO schema_history VALUES (?, ?, ?)", (version, now(), program_version)
    )
    connection.execute(f"PRAGMA user_version={version}")


def migrate(
    path: Path,
    found: int,
    program_version: str,
    steps: Mapping[int, Step] = MIGRATIONS,
    target: int = SCHEMA_VERSION,
) -> str | None:
    """Bring a project database from version `found` to `target`.

    A copy is kept in `backups/` first. A step that fails leaves the database at the version before.

    Args:
        path: project.db; the caller holds the project's lock.
        found: Version it has.
        program_version: Noted in the schema's history.
        steps: Migration from each version to the next.
        target: Version wanted.

    Returns:
        A sentence on what was done, None if nothing was.

    Raises:
        StoreError: If no step leads on, or a step fails.
        ResourceError: If the copy cannot be written.
    """
    if found >= target:
        return None
    missing = [version for version in range(found, target) if version not in steps]
    if missing:
        raise StoreError(f"{path} has project version {found}, which this program cannot bring on.")
    with storing(path):
        connection = connect(path, "rw")
        try:
            backup = back_up(connection, path, found)
            for version in range(found, target):
                _run_step(connection, steps[version], version + 1, program_version)
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        finally:
            connection.close()
    return f"The project was brought from version {found} to {target}; the old one is in {backup}."


def _run_step(connection: sqlite3.Connection, step: Step, to: int, program_version: str) -> None:
    connection.execute("BEGIN IMMEDIATE")
    try:
        step(connection)
        record_version(connection, to, program_version)
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise


def back_up(connection: sqlite3.Connection, path: Path, version: int) -> Path:
    """Copy the database, as last committed, into `backups/`; the copy's path."""
    folder = path.parent / BACKUP_FOLDER
    folder.mkdir(exist_ok=True)
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f")
    target = folder / f"project-v{version}-{stamp}.db"
    fresh = target.with_suffix(".new")
    copy = sqlite3.connect(fresh)
    try:
        connection.backup(copy)
    finally:
        copy.close()
    os.replace(fresh, target)
    fsync_folder(folder)
    return target
