"""One number for everything a project's tables hold."""

from __future__ import annotations

import hashlib
import sqlite3

from core.annotations.schema import DIGEST_TABLES


def digest_tables(connection: sqlite3.Connection) -> str:
    """SHA-256 over all content, in order of the keys.

    Equal before an edit and after its undo. The history itself, jobs, and times of creation are
    left out: they do change.
    """
    digest = hashlib.sha256()
    for table, shape in sorted(DIGEST_TABLES.items()):
        columns = ", ".join((*shape.key, *shape.values))
        digest.update(table.encode())
        for row in connection.execute(
            f"SELECT {columns} FROM {table} ORDER BY {', '.join(shape.key)}"
        ):
            for value in row:
                _add(digest, value)
    return digest.hexdigest()


def _add(digest: hashlib._Hash, value: object) -> None:
    """A value with its type and length, so that no two rows run together."""
    data = value if isinstance(value, bytes) else repr(value).encode()
    digest.update(f"{type(value).__name__}{len(data)}:".encode() + data)
