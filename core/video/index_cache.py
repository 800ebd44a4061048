"""Frame indexes kept between sessions: one small file a clip, named by its content id.

    LINEAMENT-INDEX 1 ⏎ · SHA-256 of the rest (32 bytes) · zlib of: one line of JSON · arrays, raw

The JSON line holds everything but the arrays, whose types and lengths it lists. A cache may be lost
at any time: a damaged file, one of another version or one whose parts do not fit is built anew, and
where nothing can be written the program goes on without.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import zlib
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from core import paths
from core.video.index import SEEK_DTYPE, FrameIndex

FORMAT_VERSION = 1
_MAGIC = b"LINEAMENT-INDEX "
_ARRAYS = {"pts": "<i8", "checksums": "<u4", "origins": "<i8"} | {
    f"seek_{name}": "<i8" for name in SEEK_DTYPE.names or ()
}
_logger = logging.getLogger("lineament.video")


def index_folder() -> Path:
    """The user's folder of frame indexes; not created here."""
    return paths.user_cache() / "frame-indexes"


def load_index(folder: Path, clip_id: str) -> FrameIndex | None:
    """The kept index of a clip, or None if there is none that can be used."""
    file = folder / f"{clip_id}.index"
    try:
        index = unpack(file.read_bytes(), clip_id)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, zlib.error) as error:
        _logger.info("%s: the kept frame index is of no use (%s)", file, error)
        return None
    return index if index.is_valid() else None


def save_index(folder: Path, clip_id: str, index: FrameIndex) -> None:
    """Keep an index; where it cannot be written, nothing is kept and the log says so."""
    part = folder / f".{clip_id}.{os.getpid()}.part"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        part.write_bytes(pack(index, clip_id))
        part.replace(folder / f"{clip_id}.index")
    except OSError as error:
        _logger.info("%s: the frame index could not be kept (%s)", folder, error)
        _forget(part)


def pack(index: FrameIndex, clip_id: str) -> bytes:
    """An index as the bytes of its file."""
    arrays = {name: _array(index, name).astype(dtype) for name, dtype in _ARRAYS.items()}
    head = {
        "clip_id": clip_id,
        "decoder": decoder_version(),
        "time_base": [index.time_base.numerator, index.time_base.denominator],
        "last_duration": index.last_duration,
        "warm_up": index.warm_up,
        "damage": index.damage,
        "lengths": {name: len(array) for name, array in arrays.items()},
    }
    raw = b"".join(array.tobytes() for array in arrays.values())
    body = zlib.compress(json.dumps(head).encode() + b"\n" + raw)
    return _first_line() + hashlib.sha256(body).digest() + body


def unpack(data: bytes, clip_id: str) -> FrameIndex:
    """The index from the bytes of its file.

    Raises:
        ValueError: If it is damaged, another clip's, or of another version or decoder.
    """
    line, digest, body = _first_line(), data[18:50], data[50:]
    if data[:18] != line or hashlib.sha256(body).digest() != digest:
        raise ValueError("damaged or of another version")
    text, _, raw = zlib.decompress(body).partition(b"\n")
    head: dict[str, Any] = json.loads(text)
    if head["clip_id"] != clip_id or head["decoder"] != decoder_version():
        # Another decoder may decode a damaged clip otherwise.
        raise ValueError("of another clip or decoder")
    arrays, offset = {}, 0
    for name, dtype in _ARRAYS.items():
        arrays[name] = np.frombuffer(raw, dtype, head["lengths"][name], offset)
        offset += arrays[name].nbytes
    points = np.zeros(len(arrays["seek_frame"]), dtype=SEEK_DTYPE)
    for name in SEEK_DTYPE.names or ():
        points[name] = arrays[f"seek_{name}"]
    return FrameIndex(
        pts=arrays["pts"].astype(np.int64),
        time_base=Fraction(*head["time_base"]),
        last_duration=int(head["last_duration"]),
        seek_points=points,
        checksums=arrays["checksums"].astype(np.uint32),
        origins=arrays["origins"].astype(np.int64),
        warm_up=int(head["warm_up"]),
        damage=head["damage"],
    )


def _first_line() -> bytes:
    return _MAGIC + str(FORMAT_VERSION).encode() + b"\n"


def _array(index: FrameIndex, name: str) -> NDArray[Any]:
    if name.startswith("seek_"):
        return index.seek_points[name.removeprefix("seek_")]
    array: NDArray[Any] = getattr(index, name)
    return array


def _forget(part: Path) -> None:
    try:
        part.unlink(missing_ok=True)
    except OSError as error:
        _logger.info("%s: could not be removed (%s)", part, error)


def decoder_version() -> list[int]:
    """The version of FFmpeg's decoders."""
    return list(av.library_versions["libavcodec"])
