"""Deal one rendered cache into two: faces that teach, and other people's that judge.

Both come from one rendering, so that a world that changed in between cannot set them apart. Only
whole shards change hands, as links where the disk can: nothing is copied or rendered twice.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from core.datasets.face_cache import FaceCache, open_cache, shard_files, start_cache
from core.errors import InputError


def deal(folder: Path, judging: int) -> tuple[FaceCache, FaceCache]:
    """Deal a cache into `FOLDER-teach` and `FOLDER-judge`; what is there already is kept.

    Args:
        folder: A finished cache.
        judging: How many of its last faces judge, rounded up to whole shards.

    Raises:
        InputError: If too few faces are left to teach.
    """
    whole = open_cache(folder)
    shards = -(-judging // whole.shard_length)
    kept = len(whole.shards) - shards
    if kept < 1 or shards < 1:
        raise InputError(
            f"{folder}: {len(whole)} faces in shards of {whole.shard_length} cannot be dealt into "
            f"some that teach and {judging} that judge."
        )
    return (
        _part(whole, range(kept), "teach"),
        _part(whole, range(kept, kept + shards), "judge"),
    )


def _part(whole: FaceCache, shards: range, name: str) -> FaceCache:
    folder = whole.folder.with_name(f"{whole.folder.name}-{name}")
    dealt = {"first_shard": shards.start, "shards": len(shards)}
    start_cache(
        folder, whole.scheme, whole.size, whole.shard_length,
        {**whole.origin, "dealt": dealt}, whole.mask_scheme,
    )  # fmt: skip
    masked = whole.mask_scheme is not None
    for number, shard in enumerate(shards):
        pairs = zip(
            shard_files(whole.folder, shard, masked), shard_files(folder, number, masked),
            strict=True,
        )  # fmt: skip
        for source, target in pairs:
            if not target.exists():
                _link(source, target)
    return open_cache(folder)


def _link(source: Path, target: Path) -> None:
    part = target.with_name(target.name + ".part")
    part.unlink(missing_ok=True)
    try:
        os.link(source, part)
    except OSError:  # another disk, or a file system without hard links
        shutil.copyfile(source, part)
    part.replace(target)
