"""Frame indexes kept between sessions: one small .npz a clip, named by its content id.

A cache may be lost at any time: a damaged file, one of another version or one whose parts do not
fit is built anew, and where nothing can be written the program goes on without.
"""

from __future__ import annotations

import json
import logging
import os
import zipfile
import zlib
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from core import paths
from core.video.index import SEEK_DTYPE, FrameIndex

FORMAT_VERSION = 1
_logger = logging.getLogger("lineament.video")
_DAMAGED = (OSError, ValueError, KeyError, EOFError, TypeError, zipfile.BadZipFile, zlib.error)


def index_folder() -> Path:
    """The user's folder of frame indexes; not created here."""
    return paths.user_cache() / "frame-indexes"


def load_index(folder: Path, clip_id: str) -> FrameIndex | None:
    """The kept index of a clip, or None if there is none that can be used."""
    file = folder / f"{clip_id}.npz"
    try:
        with np.load(file, allow_pickle=False) as store:
            index = _unpack(store, clip_id)
    except FileNotFoundError:
        return None
    except (*_DAMAGED, NotImplementedError, MemoryError) as error:
        _logger.info("%s: the kept frame index is of no use (%s)", file, error)
        return None
    return index if index is not None and index.is_valid() else None


def _unpack(store: np.lib.npyio.NpzFile, clip_id: str) -> FrameIndex | None:
    head = json.loads(str(store["head"]))
    if head["format_version"] != FORMAT_VERSION or head["clip_id"] != clip_id:
        return None
    if head["decoder"] != decoder_version():  # another decoder may decode a damaged clip otherwise
        return None
    points = np.zeros(len(store["seek_frame"]), dtype=SEEK_DTYPE)
    for name in SEEK_DTYPE.names or ():
        points[name] = store[f"seek_{name}"]
    return FrameIndex(
        pts=store["pts"].astype(np.int64),
        time_base=Fraction(*head["time_base"]),
        last_duration=int(head["last_duration"]),
        seek_points=points,
        checksums=store["checksums"].astype(np.uint32),
        origins=store["origins"].astype(np.int64),
        warm_up=int(head["warm_up"]),
        damage=head["damage"],
    )


def save_index(folder: Path, clip_id: str, index: FrameIndex) -> None:
    """Keep an index; where it cannot be written, nothing is kept and the log says so."""
    part = folder / f".{clip_id}.{os.getpid()}.part"
    head = {
        "format_version": FORMAT_VERSION,
        "clip_id": clip_id,
        "decoder": decoder_version(),
        "time_base": [index.time_base.numerator, index.time_base.denominator],
        "last_duration": index.last_duration,
        "warm_up": index.warm_up,
        "damage": index.damage,
    }
    columns = {f"seek_{name}": index.seek_points[name] for name in SEEK_DTYPE.names or ()}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with part.open("wb") as file:
            np.savez_compressed(
                file,
                allow_pickle=False,
                head=np.array(json.dumps(head)),
                pts=index.pts,
                checksums=index.checksums,
                origins=index.origins,
                **columns,
            )
        part.replace(folder / f"{clip_id}.npz")
    except OSError as error:
        _logger.info("%s: the frame index could not be kept (%s)", folder, error)
        _forget(part)


def _forget(part: Path) -> None:
    try:
        part.unlink(missing_ok=True)
    except OSError as error:
        _logger.info("%s: could not be removed (%s)", part, error)


def decoder_version() -> list[int]:
    """The version of FFmpeg's decoders."""
    return list(av.library_versions["libavcodec"])
