"""SQLite files: telling what one is, opening it, looking without touching, errors as sentences."""

from __future__ import annotations

import errno
import os
import shutil
import sqlite3
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import quote

from core.errors import ResourceError, StoreError

_MAGIC = b"SQLite format 3\x00"
_HEADER_BYTES = 100
_BUSY_S = 5.0
_NETWORK_TYPES = frozenset(
    {
        "nfs",
        "nfs4",
        "cifs",
        "smb3",
        "smbfs",
        "9p",
        "afs",
        "ceph",
        "fuse.sshfs",
        "davfs",
        "fuse.glusterfs",
    }
)

Mode = Literal["rw", "ro", "immutable"]


@dataclass(frozen=True)
class Identity:
    """What the first 100 bytes of an SQLite file say (sqlite.org/fileformat, section 1.3)."""

    application_id: int
    user_version: int


def read_identity(path: Path) -> Identity:
    """Tell what an SQLite file is from its header, without opening it as a database.

    Raises:
        StoreError: If it is missing, cannot be read or is no SQLite file.
    """
    try:
        with path.open("rb") as file:
            header = file.read(_HEADER_BYTES)
    except FileNotFoundError as error:
        raise StoreError(f"{path} does not exist.") from error
    except OSError as error:
        raise StoreError(f"{path} cannot be read ({error.strerror}).") from error
    if len(header) < _HEADER_BYTES or not header.startswith(_MAGIC):
        raise StoreError(f"{path} is damaged or is not a database of this program.")
    return Identity(
        application_id=int.from_bytes(header[68:72], "big"),
        user_version=int.from_bytes(header[60:64], "big"),
    )


def connect(path: Path, mode: Mode) -> sqlite3.Connection:
    """Open an existing SQLite file; the caller guards the connection against threads itself.

    `immutable` promises SQLite that nobody writes: it then makes no file beside the database.
    """
    query = "mode=ro&immutable=1" if mode == "immutable" else f"mode={mode}"
    connection = sqlite3.connect(
        f"file:{quote(str(path.absolute()))}?{query}",
        uri=True,
        timeout=_BUSY_S,
        isolation_level=None,
        check_same_thread=False,
    )
    connection.execute("PRAGMA trusted_schema=OFF")
    connection.execute("PRAGMA cell_size_check=ON")
    return connection


def side_files(path: Path) -> tuple[Path, ...]:
    """The journal files SQLite may keep beside a database."""
    return tuple(path.with_name(path.name + end) for end in ("-wal", "-shm", "-journal"))


def has_unmerged_writes(path: Path) -> bool:
    """Whether a journal beside the database holds writes that opening it would merge."""
    wal, _, journal = side_files(path)
    return any(file.is_file() and file.stat().st_size > 0 for file in (wal, journal))


@contextmanager
def untouched_view(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection to the database as last committed; no byte beside or in it changes.

    With writes still in a journal (a crash), a copy in a temporary folder is opened.
    """
    with tempfile.TemporaryDirectory(prefix="lineament-") as spare:
        copied = has_unmerged_writes(path)
        seen = copy_with_journals(path, Path(spare)) if copied else path
        connection = connect(seen, "rw" if copied else "immutable")
        try:
            yield connection
        finally:
            connection.close()


def copy_with_journals(path: Path, folder: Path) -> Path:
    """Copy a database and its journals into a folder; the copy's path."""
    wal, _, journal = side_files(path)
    for file in (path, wal, journal):
        if file.is_file():
            shutil.copyfile(file, folder / file.name)
    return folder / path.name


def is_writable(folder: Path) -> bool:
    """Whether files can be made in a folder."""
    return os.access(folder, os.W_OK | os.X_OK)


def is_network_folder(folder: Path) -> bool:
    """Whether a folder lies on a network share, where SQLite's shared memory does not work."""
    if sys.platform == "win32":
        return str(folder.absolute()).startswith("\\\\")
    try:
        mounts = Path("/proc/self/mountinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    return _mount_type(mounts, str(folder.resolve())) in _NETWORK_TYPES


def _mount_type(mountinfo: str, folder: str) -> str:
    """File system type of the innermost mount that holds a folder (`man proc_pid_mountinfo`)."""
    best, kind = "", ""
    for line in mountinfo.splitlines():
        before, _, after = line.partition(" - ")
        parts = before.split()
        if len(parts) < 5 or not after:
            continue
        mount = parts[4].replace("\\040", " ")
        inside = folder == mount or folder.startswith(mount.rstrip("/") + "/")
        if inside and len(mount) >= len(best):
            best, kind = mount, after.split()[0]
    return kind


@contextmanager
def storing(path: Path) -> Iterator[None]:
    """Turn SQLite's and the system's errors into sentences about `path`."""
    try:
        yield
    except sqlite3.Error as error:
        raise _from_sqlite(path, error) from error
    except UnicodeDecodeError as error:
        raise StoreError(f"{path} is damaged (unreadable text); restore it from a copy.") from error
    except OSError as error:
        raise resource_error(path, error) from error


_FULL = "could not be written; free some space on its disk, then try again: nothing saved was lost"
_SENTENCES = {
    sqlite3.SQLITE_FULL: _FULL,
    sqlite3.SQLITE_IOERR: _FULL,
    sqlite3.SQLITE_READONLY: "may not be written; copy it to a place you may write to",
    sqlite3.SQLITE_PERM: "may not be opened; check its permissions",
    sqlite3.SQLITE_CANTOPEN: "cannot be opened; check its permissions and that its folder exists",
    sqlite3.SQLITE_NOMEM: "does not fit into memory; close other programs and try again",
}


def _from_sqlite(path: Path, error: sqlite3.Error) -> StoreError | ResourceError:
    if isinstance(error, sqlite3.ProgrammingError):
        raise error  # our own fault, not the file's
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF
    if code in _SENTENCES:
        return ResourceError(f"{path} {_SENTENCES[code]} ({error}).")
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return StoreError(f"{path} is being written by another program; try again when it is done.")
    return StoreError(f"{path} is damaged ({error}); restore it from a copy.")


def resource_error(path: Path, error: OSError) -> ResourceError:
    """A failed read or write as a sentence."""
    full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
    what = _FULL if full else f"could not be read or written ({error.strerror or error})"
    return ResourceError(f"{path} {what}.")


def fsync_folder(folder: Path) -> None:
    """Make a rename in a folder outlast a power cut, where folders can be synced."""
    if sys.platform == "win32":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
