"""Which clip is this, whatever it is called and wherever it lies.

The content id of a file is the SHA-256 of its size and of 16 samples of 64 KiB spread evenly over
it (files up to 1 MiB are read whole), so that a 40 GB recording is recognised in milliseconds. Two
files of one size that differ only between the samples share an id; nothing is ever overwritten on
the strength of an id alone.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from core.errors import InputError
from core.video.folder import image_files

SAMPLES = 16
SAMPLE_BYTES = 64 * 1024


def content_id(path: Path | str) -> str:
    """The content id of a clip.

    Args:
        path: A file, or a folder of images (then: of its sorted file names, sizes and samples).

    Returns:
        64 hexadecimal digits.

    Raises:
        InputError: If there is no such file or it cannot be read.
    """
    path = Path(path)
    digest = hashlib.sha256()
    try:
        if path.is_dir():
            for image in image_files(path):
                digest.update(image.name.encode("utf-8", "surrogateescape") + b"\0")
                _add_file(digest, image)
        else:
            _add_file(digest, path)
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}); check the path.") from error
    return digest.hexdigest()


def _add_file(digest: hashlib._Hash, path: Path) -> None:
    size = path.stat().st_size
    digest.update(size.to_bytes(8, "little"))
    with path.open("rb") as file:
        for offset in sample_offsets(size):
            file.seek(offset)
            digest.update(file.read(SAMPLE_BYTES))


def sample_offsets(size: int) -> list[int]:
    """Where the samples of a file of `size` bytes start; they cover it up to 1 MiB."""
    if size <= SAMPLES * SAMPLE_BYTES:
        return list(range(0, size, SAMPLE_BYTES))
    last = size - SAMPLE_BYTES
    return [last * k // (SAMPLES - 1) for k in range(SAMPLES)]


def file_stamp(path: Path) -> tuple[int, int]:
    """Size in bytes and modification time in ns: cheap evidence that a file was replaced."""
    status = os.stat(path)
    return status.st_size, status.st_mtime_ns
