"""What an edit did to the tables, row by row: enough to undo and redo it exactly.

An edit says what a person wanted; its changes say which rows that altered, before and after. Undo
and redo apply changes and never ask the edit again, so that every kind of edit is inverted by the
same few lines, and a merge of two faces as exactly as a moved point.
"""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from core.annotations.mask_patch import MaskPatch
from core.annotations.renames import RENAMED, Ranges, Rename, loses_nothing, rename_items
from core.annotations.rows import Row
from core.annotations.schema import EDITED_TABLES
from core.annotations.values import from_stored, to_stored

_MAX_BYTES = 1 << 30


@dataclass(frozen=True)
class Change:
    """One row before and after; None = there was, or is, no such row."""

    table: str
    key: Row
    before: Row | None
    after: Row | None

    def inverse(self) -> Change:
        """The change that undoes this one."""
        return Change(self.table, self.key, self.after, self.before)


class Recorder:
    """The tables as an edit sees them while it acts; remembers each row as it was first.

    Writes are held back until `finish` (or a search needs them), so that 1,000 frames that share a
    block of review states write it once.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._done: list[Change | Rename] = []
        self._first: dict[tuple[str, Row], Row | None] = {}
        self._now: dict[tuple[str, Row], Row | None] = {}
        self._dirty: set[tuple[str, Row]] = set()
        self.skip_approved = False
        """Whether the edit in hand leaves approved frames alone."""
        self.skipped = 0
        """Frames of faces left alone so far."""

    def get(self, table: str, key: Row) -> Row | None:
        """A row's values; None if there is none."""
        place = table, key
        if place not in self._now:
            self._now[place] = self._first[place] = read_row(self._connection, table, key)
        return self._now[place]

    def put(self, table: str, key: Row, values: Row | None) -> None:
        """Set a row's values, or remove the row (None)."""
        if self.get(table, key) != values:
            self._now[table, key] = values
            self._dirty.add((table, key))

    def find(self, table: str, condition: str, arguments: Row) -> list[Row]:
        """Keys of the rows that fulfil an SQL condition, in order."""
        self._write()
        columns = ", ".join(EDITED_TABLES[table].key)
        return self._connection.execute(
            f"SELECT {columns} FROM {table} WHERE {condition} ORDER BY {columns}", arguments
        ).fetchall()

    def rename(self, clip_id: str, mapping: Mapping[int, int], ranges: Ranges) -> bool:
        """Rename faces of all items in ranges of frames at once.

        Returns:
            Whether it was done; not where items would fall together, which row by row settles.
        """
        self._close_step()
        if not loses_nothing(self._connection, clip_id, mapping, ranges):
            return False
        rows = rename_items(self._connection, clip_id, mapping, ranges)
        if rows:
            pairs = tuple(sorted(mapping.items()))
            self._done.append(Rename(clip_id, pairs, tuple(ranges), rows))
        return True

    def finish(self) -> list[Change | Rename]:
        """Write what is held back; all that was done, in order.

        Between two renamings: every row that ended up different, in order of the keys.
        """
        self._close_step()
        return self._done

    def _close_step(self) -> None:
        """Note the rows that differ by now; what is read later is another step's before."""
        self._write()
        self._done += [
            Change(table, key, self._first[table, key], now)
            for (table, key), now in sorted(self._now.items(), key=lambda item: item[0])
            if self._first[table, key] != now
        ]
        self._first.clear()
        self._now.clear()

    def _write(self) -> None:
        for table, key in sorted(self._dirty):
            write_row(self._connection, table, key, self._now[table, key])
        self._dirty.clear()


def read_row(connection: sqlite3.Connection, table: str, key: Row) -> Row | None:
    """A row's values; None if there is none."""
    shape = EDITED_TABLES[table]
    where = " AND ".join(f"{column} = ?" for column in shape.key)
    row = connection.execute(
        f"SELECT {', '.join(shape.values)} FROM {table} WHERE {where}", key
    ).fetchone()
    return None if row is None else tuple(row)


def write_row(connection: sqlite3.Connection, table: str, key: Row, values: Row | None) -> None:
    """Set a row's values, or remove the row (None)."""
    shape = EDITED_TABLES[table]
    if values is None:
        where = " AND ".join(f"{column} = ?" for column in shape.key)
        connection.execute(f"DELETE FROM {table} WHERE {where}", key)
        return
    columns = (*shape.key, *shape.values)
    marks = ", ".join("?" * len(columns))
    connection.execute(
        f"INSERT OR REPLACE INTO {table} ({', '.join(columns)}) VALUES ({marks})", (*key, *values)
    )


def count_rows(changes: Iterable[Change | Rename]) -> int:
    """Rows that changes alter."""
    return sum(change.rows if isinstance(change, Rename) else 1 for change in changes)


def pack_changes(changes: Iterable[Change | Rename]) -> bytes:
    """Changes as bytes; of a mask that existed before and after, only the box that changed."""
    packed: list[Row] = []
    for change in changes:
        if isinstance(change, Rename):
            packed.append(change.to_stored())
            continue
        before, after = change.before, change.after
        if change.table == "masks" and before is not None and after is not None:
            packed.append((change.table, change.key, MaskPatch.between(before, after).to_stored()))
        else:
            packed.append((change.table, change.key, before, after))
    text, heap = to_stored(packed)
    start = text.encode()
    return zlib.compress(len(start).to_bytes(4, "little") + start + heap, 1)


class PackedChanges:
    """Changes read back from the history; applied forwards (redo) or backwards (undo)."""

    def __init__(self, blob: bytes) -> None:
        """Unpack.

        Raises:
            ValueError: If the bytes are damaged.
        """
        inflater = zlib.decompressobj()
        try:
            data = inflater.decompress(blob, _MAX_BYTES)
        except (zlib.error, TypeError) as error:
            raise ValueError(f"a record of the history is damaged ({error})") from error
        length = int.from_bytes(data[:4], "little")
        if not inflater.eof or 4 + length > len(data):
            raise ValueError("a record of the history is cut short")
        self._items = from_stored(data[4 : 4 + length].decode(), data[4 + length :])

    def __len__(self) -> int:
        """Rows it alters."""
        return sum(
            Rename.from_stored(item).rows if item[0] == RENAMED else 1 for item in self._items
        )

    def apply(self, connection: sqlite3.Connection, forwards: bool) -> None:
        """Apply to the tables.

        Raises:
            ValueError: If a row is not as these changes left it.
        """
        for item in self._items if forwards else reversed(self._items):
            if item[0] == RENAMED:
                Rename.from_stored(item).apply(connection, forwards)
                continue
            table, key, *sides = item
            if table not in EDITED_TABLES:
                raise ValueError(f"a record of the history names the table {table}")
            current = read_row(connection, table, key)
            write_row(connection, table, key, _other_side(current, sides, forwards))


def _other_side(current: Row | None, sides: list[Row | None], forwards: bool) -> Row | None:
    """What a row becomes, given what it is and the two sides of its change."""
    if len(sides) == 1:
        patch = MaskPatch.from_stored(sides[0])
        if current is None:
            raise ValueError("a mask of the history is not there")
        return patch.apply(current, forwards)
    expected, wanted = sides if forwards else sides[::-1]
    if current != expected:
        raise ValueError("a row is not as the history left it")
    return wanted
