"""The tables of `project.db`, version 1, and what makes a file one of ours."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from pathlib import Path

from core.annotations.database import Identity
from core.errors import StoreError

PROJECT_ID = 0x4C4E4D50
"""SQLite application_id of project.db: "LNMP"."""
SCHEMA_VERSION = 1
BLOCK = 4096
"""Frames in one row of `frame_states`, and in one block of a run's column."""

TABLES_SQL = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE schema_history (
    version INTEGER PRIMARY KEY, applied TEXT NOT NULL, program_version TEXT NOT NULL);
CREATE TABLE clips (
    clip_id TEXT PRIMARY KEY, rel_path TEXT NOT NULL, content_id TEXT NOT NULL,
    frames INTEGER NOT NULL, fps REAL NOT NULL, width INTEGER NOT NULL, height INTEGER NOT NULL,
    size_bytes INTEGER NOT NULL, added TEXT NOT NULL);
CREATE TABLE tracks (
    clip_id TEXT NOT NULL, track_id INTEGER NOT NULL, name TEXT NOT NULL, colour TEXT NOT NULL,
    PRIMARY KEY (clip_id, track_id)) WITHOUT ROWID;
CREATE TABLE track_map (
    clip_id TEXT NOT NULL, run_id TEXT NOT NULL, run_track INTEGER NOT NULL, spans TEXT NOT NULL,
    PRIMARY KEY (clip_id, run_id, run_track)) WITHOUT ROWID;
CREATE TABLE landmarks (
    clip_id TEXT NOT NULL, frame INTEGER NOT NULL, track_id INTEGER NOT NULL, scheme TEXT NOT NULL,
    points BLOB NOT NULL, edited BLOB NOT NULL, visible BLOB, sources BLOB,
    PRIMARY KEY (clip_id, frame, track_id, scheme));
CREATE TABLE masks (
    clip_id TEXT NOT NULL, frame INTEGER NOT NULL, track_id INTEGER NOT NULL, scheme TEXT NOT NULL,
    x0 INTEGER NOT NULL, y0 INTEGER NOT NULL, width INTEGER NOT NULL, height INTEGER NOT NULL,
    labels BLOB NOT NULL, source INTEGER NOT NULL,
    PRIMARY KEY (clip_id, frame, track_id, scheme));
CREATE TABLE boxes (
    clip_id TEXT NOT NULL, frame INTEGER NOT NULL, track_id INTEGER NOT NULL, box BLOB NOT NULL,
    PRIMARY KEY (clip_id, frame, track_id)) WITHOUT ROWID;
CREATE TABLE frame_states (
    clip_id TEXT NOT NULL, kind TEXT NOT NULL, track_id INTEGER NOT NULL, block INTEGER NOT NULL,
    states BLOB NOT NULL,
    PRIMARY KEY (clip_id, kind, track_id, block));
CREATE TABLE edits (
    seq INTEGER PRIMARY KEY, who TEXT NOT NULL, at TEXT NOT NULL, kind TEXT NOT NULL,
    title TEXT NOT NULL, clip_id TEXT NOT NULL, first_frame INTEGER NOT NULL,
    last_frame INTEGER NOT NULL, summary TEXT NOT NULL, changes BLOB NOT NULL);
CREATE TABLE jobs (
    job_id TEXT PRIMARY KEY, kind TEXT NOT NULL, title TEXT NOT NULL, folder TEXT NOT NULL,
    state TEXT NOT NULL, created TEXT NOT NULL, changed TEXT NOT NULL, record TEXT NOT NULL);
CREATE TABLE settings (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
"""


@dataclass(frozen=True)
class TableShape:
    """A table that edits change: its key columns and its value columns."""

    key: tuple[str, ...]
    values: tuple[str, ...]


_PER_ITEM = ("clip_id", "frame", "track_id", "scheme")
EDITED_TABLES = {
    "tracks": TableShape(("clip_id", "track_id"), ("name", "colour")),
    "track_map": TableShape(("clip_id", "run_id", "run_track"), ("spans",)),
    "landmarks": TableShape(_PER_ITEM, ("points", "edited", "visible", "sources")),
    "masks": TableShape(_PER_ITEM, ("x0", "y0", "width", "height", "labels", "source")),
    "boxes": TableShape(("clip_id", "frame", "track_id"), ("box",)),
    "frame_states": TableShape(("clip_id", "kind", "track_id", "block"), ("states",)),
}
"""Every table an edit may touch; undo restores exactly these."""

DIGEST_TABLES = {
    **EDITED_TABLES,
    "clips": TableShape(
        ("clip_id",),
        ("rel_path", "content_id", "frames", "fps", "width", "height", "size_bytes"),
    ),
    "settings": TableShape(("key",), ("value",)),
}
"""What `Project.digest` covers: all content; not the history itself, jobs, or times of opening."""


def check_identity(path: Path, identity: Identity) -> None:
    """Refuse a database that is not ours or comes from a newer program.

    Raises:
        StoreError: With the reason.
    """
    if identity.application_id != PROJECT_ID:
        raise StoreError(f"{path} is a database of another program, not a Lineament project.")
    if identity.user_version > SCHEMA_VERSION:
        raise StoreError(
            f"{path} was written by a newer Lineament (project version {identity.user_version}, "
            f"this program knows up to {SCHEMA_VERSION}); update Lineament to open it."
        )
    if identity.user_version < 1:
        raise StoreError(f"{path} is damaged: it says no project version; restore it from a copy.")


def expected_columns() -> dict[str, list[str]]:
    """Column names of every table of this version."""
    with_tables = sqlite3.connect(":memory:")
    try:
        with_tables.executescript(TABLES_SQL)
        return columns_of(with_tables)
    finally:
        with_tables.close()


def columns_of(connection: sqlite3.Connection) -> dict[str, list[str]]:
    """Column names of every table a database has."""
    rows = connection.execute(
        "SELECT m.name, p.name FROM sqlite_master m, pragma_table_info(m.name) p "
        "WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' ORDER BY m.name, p.cid"
    )
    columns: dict[str, list[str]] = {}
    for table, column in rows:
        columns.setdefault(table, []).append(column)
    return columns


def check_tables(path: Path, connection: sqlite3.Connection) -> None:
    """Refuse a project of this version whose tables are not those of this version.

    Raises:
        StoreError: Naming the first table that is missing or has other columns.
    """
    kinds = connection.execute("SELECT DISTINCT type FROM sqlite_master").fetchall()
    if extra := {str(kind) for (kind,) in kinds} - {"table", "index"}:
        raise StoreError(f"{path} is not as this program made it: it holds a {min(extra)}.")
    found = columns_of(connection)
    for table, columns in expected_columns().items():
        if found.get(table) != columns:
            raise StoreError(
                f"{path} is damaged: its table {table} is missing or altered; "
                "restore it from a copy."
            )
