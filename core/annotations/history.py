"""Applying, undoing and redoing edits: one transaction each, with who and when.

`edits` holds what was done, oldest first; `meta.undo_position` is the number of the last edit in
force. A new edit after an undo drops the edits that were undone.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.annotations.changes import PackedChanges, Recorder, count_rows, pack_changes
from core.annotations.edits import Edit
from core.annotations.migrations import now
from core.errors import StoreError

_POSITION = "undo_position"
_COLUMNS = "seq, who, at, kind, title, clip_id, first_frame, last_frame, summary"


@dataclass(frozen=True)
class AppliedEdit:
    """An edit of the history, or what applying one came to."""

    seq: int
    """Its number, from 1; 0 = nothing changed and nothing was recorded."""
    who: str
    at: str
    """ISO 8601, UTC."""
    kind: str
    title: str
    clip_id: str
    first_frame: int
    """Where it acts; undo goes there."""
    last_frame: int
    summary: dict[str, Any]
    """The edit's plain fields."""
    rows: int = 0
    """Rows it changed (known right after apply, undo and redo)."""
    skipped: int = 0
    """Approved frames it left alone (known right after apply)."""


class History:
    """The edits of one project, on the connection that writes it."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self._path = path
        self._connection = connection

    def apply(self, edit: Edit, who: str) -> AppliedEdit:
        """Let an edit act and record it.

        Raises:
            ValueError: If the edit's arrays do not fit together; nothing changes then.
        """
        with transaction(self._connection):
            return self._perform(edit, who)

    def amend(self, seq: int, edit: Edit, who: str) -> AppliedEdit:
        """Let an edit take the place of the last one: what that one waited for has come.

        Args:
            seq: The last edit in force.
            edit: Acts on the tables as they were before that one.
            who: The person's name.

        Raises:
            ValueError: If another edit is the last one, or this one would change nothing.
        """
        with transaction(self._connection):
            if seq == 0 or self.position != seq:
                raise ValueError(f"edit {seq} is not the last one any more")
            self._step(seq, forwards=False)
            applied = self._perform(edit, who)
            if not applied.seq:
                raise ValueError("an edit that changes nothing takes no other's place")
            return applied

    def undo(self) -> AppliedEdit | None:
        """Take the last edit back; None when there is none.

        Raises:
            StoreError: If the tables are not as the edit left them (damage).
        """
        with transaction(self._connection):
            return self._step(self.position, forwards=False)

    def redo(self) -> AppliedEdit | None:
        """Do the edit last undone again; None when there is none."""
        with transaction(self._connection):
            return self._step(self.position + 1, forwards=True)

    @property
    def position(self) -> int:
        """Number of the last edit in force; 0 = none."""
        return read_position(self._connection)

    def _perform(self, edit: Edit, who: str) -> AppliedEdit:
        recorder = Recorder(self._connection)
        edit.perform(recorder)
        changes = recorder.finish()
        seq = self._record(edit, who, pack_changes(changes)) if changes else 0
        first, stop = edit.span
        return AppliedEdit(
            seq, who, now(), edit.kind, edit.title, edit.clip, first, stop - 1, edit.summary(),
            rows=count_rows(changes), skipped=recorder.skipped,
        )  # fmt: skip

    def _record(self, edit: Edit, who: str, changes: bytes) -> int:
        position = self.position
        self._connection.execute("DELETE FROM edits WHERE seq > ?", (position,))
        first, stop = edit.span
        self._connection.execute(
            f"INSERT INTO edits ({_COLUMNS}, changes) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                position + 1, who, now(), edit.kind, edit.title, edit.clip, first, stop - 1,
                json.dumps(edit.summary()), changes,
            ),
        )  # fmt: skip
        self._move_to(position + 1)
        return position + 1

    def _step(self, seq: int, forwards: bool) -> AppliedEdit | None:
        row = self._connection.execute(
            f"SELECT {_COLUMNS}, changes FROM edits WHERE seq = ?", (seq,)
        ).fetchone()
        if row is None:
            return None
        try:
            changes = PackedChanges(row[-1])
            changes.apply(self._connection, forwards)
        except (KeyError, TypeError, ValueError) as error:
            raise StoreError(f"{self._path} is damaged at edit {seq}: {error}.") from error
        self._move_to(seq if forwards else seq - 1)
        return _applied(row[:-1], len(changes))

    def _move_to(self, position: int) -> None:
        self._connection.execute(
            "INSERT OR REPLACE INTO meta VALUES (?, ?)", (_POSITION, str(position))
        )


def read_position(connection: sqlite3.Connection) -> int:
    """Number of the last edit in force; 0 = none."""
    row = connection.execute("SELECT value FROM meta WHERE key = ?", (_POSITION,)).fetchone()
    return int(row[0]) if row else 0


def read_history(connection: sqlite3.Connection, limit: int) -> list[AppliedEdit]:
    """The newest edits, newest first; those beyond the position are undone."""
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM edits ORDER BY seq DESC LIMIT ?", (limit,)
    ).fetchall()
    return [_applied(row, 0) for row in rows]


def _applied(row: tuple[Any, ...], changed: int) -> AppliedEdit:
    values = dict(zip(_COLUMNS.split(", "), row, strict=True))
    return AppliedEdit(**values | {"summary": json.loads(values["summary"]), "rows": changed})


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """All or nothing."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
