"""Writing whole or not at all: a temporary name beside the target, renamed at the end."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from core.errors import ResourceError

_REASONS = {
    errno.ENOSPC: "the disk is full; free some space and try again",
    errno.EDQUOT: "your disk quota is used up; free some space and try again",
    errno.EFBIG: "the file grows too large for this disk; export a shorter range",
    errno.EACCES: "permission denied; choose a place you may write to",
    errno.EPERM: "permission denied; choose a place you may write to",
    errno.EROFS: "the place is read-only; choose another one",
    errno.ENOENT: "there is no such folder; create it first",
    errno.ENOTDIR: "a plain file stands where a folder is expected",
    errno.ENAMETOOLONG: "the name is too long",
}


@contextlib.contextmanager
def new_file(path: Path) -> Iterator[TextIO]:
    """Write a UTF-8 text file; an existing one is replaced only when all went well.

    Raises:
        ResourceError: If the place cannot be written or the disk is full; nothing is left behind.
    """
    if path.is_dir():
        raise ResourceError(f"{path}: is a folder; give the name of a file.")
    part = _part(path)
    with sentences(path):
        try:
            with part.open("w", encoding="utf-8", newline="\n") as stream:
                yield stream
            part.replace(path)
        except BaseException:
            part.unlink(missing_ok=True)
            raise


@contextlib.contextmanager
def new_folder(path: Path) -> Iterator[Path]:
    """Fill a folder under a temporary name, then give it its own.

    Yields:
        The temporary folder to write into.

    Raises:
        ResourceError: If something is there already, the place cannot be written or the disk is
            full; nothing is left behind.
    """
    if path.is_file():
        raise ResourceError(f"{path}: is a file; give the name of a new folder.")
    with sentences(path):
        if path.is_dir() and any(path.iterdir()):
            raise ResourceError(f"{path}: is not empty; give the name of a new folder.")
        part = _part(path)
        part.mkdir()
        try:
            yield part
            if path.is_dir():
                path.rmdir()
            part.replace(path)
        except BaseException:
            shutil.rmtree(part, ignore_errors=True)
            raise


@contextlib.contextmanager
def sentences(path: Path) -> Iterator[None]:
    """Turn the operating system's errors into a sentence about `path`."""
    try:
        yield
    except OSError as error:
        reason = _REASONS.get(error.errno or 0, error.strerror or str(error))
        raise ResourceError(f"{path}: cannot be written ({reason}).") from error


def _part(path: Path) -> Path:
    return path.with_name(f".{path.name}.{os.getpid()}.{uuid.uuid4().hex[:8]}.part")
