"""Faces renamed in the item tables, a range at a time: what a swap of two people is made of.

Ten thousand corrected frames change hands in two statements and leave a line in the history instead
of twenty thousand rows. Only renamings that lose nothing are done so: undoing one is renaming back.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core.annotations.rows import Row
from core.annotations.schema import EDITED_TABLES

ITEM_TABLES = ("landmarks", "masks", "boxes")
RENAMED = "renamed"
"""Stands where a change has its table."""

Ranges = Sequence[tuple[int, int]]
"""[start, stop) of frames; disjoint, increasing."""


@dataclass(frozen=True)
class Rename:
    """Items of faces that became those of other faces."""

    clip_id: str
    pairs: tuple[tuple[int, int], ...]
    """(face, what it becomes); every new face is an old one too or had nothing in these frames."""
    ranges: Ranges
    rows: int
    """Items renamed: undo finds as many or the tables are damaged."""

    def to_stored(self) -> Row:
        """As an item of the history."""
        return RENAMED, self.clip_id, self.pairs, tuple(self.ranges), self.rows

    @classmethod
    def from_stored(cls, item: Sequence[Any]) -> Rename:
        """The record of `to_stored`.

        Raises:
            ValueError: If it is damaged.
        """
        try:
            _, clip_id, pairs, ranges, rows = item
            return cls(
                str(clip_id),
                tuple((int(old), int(new)) for old, new in pairs),
                tuple((int(start), int(stop)) for start, stop in ranges),
                int(rows),
            )
        except TypeError as error:
            raise ValueError("a renaming of the history is damaged") from error

    def apply(self, connection: sqlite3.Connection, forwards: bool) -> None:
        """Rename, or rename back.

        Raises:
            ValueError: If there are not as many items as there were.
        """
        mapping = {old: new for old, new in self.pairs}
        if not forwards:
            mapping = {new: old for old, new in self.pairs}
        try:
            found = rename_items(connection, self.clip_id, mapping, self.ranges)
        except sqlite3.IntegrityError as error:
            raise ValueError("a renamed face already has items there") from error
        if found != self.rows:
            raise ValueError(f"{found} items are renamed where the history has {self.rows}")


def loses_nothing(
    connection: sqlite3.Connection, clip_id: str, mapping: Mapping[int, int], ranges: Ranges
) -> bool:
    """Whether no two items would fall together, so that renaming back undoes it."""
    if len(set(mapping.values())) < len(mapping):
        return False
    fresh = sorted(set(mapping.values()) - set(mapping))
    return not any(
        connection.execute(
            f"SELECT 1 FROM {table} WHERE {_where(fresh)} LIMIT 1", (clip_id, *part, *fresh)
        ).fetchone()
        for table in ITEM_TABLES
        for part in (ranges if fresh else ())
    )


def rename_items(
    connection: sqlite3.Connection, clip_id: str, mapping: Mapping[int, int], ranges: Ranges
) -> int:
    """Rename faces in ranges of frames; in two steps, by negative numbers, as they may swap.

    Returns:
        Items renamed.
    """
    old = sorted(mapping)
    passing = [-1 - face for face in old]
    cases = " ".join(f"WHEN {-1 - face} THEN {mapping[face]}" for face in old)
    count = 0
    for table in ITEM_TABLES:
        assert "track_id" in EDITED_TABLES[table].key
        for part in ranges:
            found = connection.execute(
                f"UPDATE {table} SET track_id = -1 - track_id WHERE {_where(old)}",
                (clip_id, *part, *old),
            ).rowcount
            if found:
                connection.execute(
                    f"UPDATE {table} SET track_id = CASE track_id {cases} END "
                    f"WHERE {_where(passing)}",
                    (clip_id, *part, *passing),
                )
            count += found
    return count


def _where(faces: Iterable[int]) -> str:
    marks = ", ".join("?" for _ in faces)
    return f"clip_id = ? AND frame >= ? AND frame < ? AND track_id IN ({marks})"
