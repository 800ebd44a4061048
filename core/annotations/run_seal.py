"""Sealing a run: `.part` → temporary `.h5` → fsync → rename. Memory does not grow with the clip.

h5py lays out the empty data sets (contiguous, allocated at once) and closes the file; the numbers
are then written to their places with plain writes, so that a full disk is an ordinary error and
never leaves the HDF5 library with a file it cannot close. See `run_layout` for the front page.
"""

from __future__ import annotations

import json
import os
import sqlite3
import zlib
from dataclasses import replace
from pathlib import Path
from typing import IO

import numpy as np

from core.annotations.database import connect, fsync_folder, resource_error, storing
from core.annotations.part_file import read_fact, read_header
from core.annotations.run_fill import Filler, Plan
from core.annotations.run_layout import DataSet, FrontPage
from core.annotations.run_shape import RunShape
from core.annotations.segment_columns import SEGMENT, SegmentColumns
from core.errors import StoreError

_CHUNK = 4 << 20


def seal_part(part: Path) -> Path:
    """Write the sealed file of a run in progress beside it; the `.part` stays.

    Returns:
        The sealed file.

    Raises:
        StoreError: If the run in progress is damaged.
        ResourceError: If the disk is full; the temporary file is removed.
    """
    sealed = part.with_suffix(".h5")
    fresh = part.with_suffix(".h5.new")
    with storing(part):
        connection = connect(part, "ro")
        try:
            plan = _plan(connection, part)
            _write(fresh, plan, connection, part)
        except OSError as error:
            fresh.unlink(missing_ok=True)
            raise resource_error(sealed, error) from error
        except BaseException:
            fresh.unlink(missing_ok=True)
            raise
        finally:
            connection.close()
        os.replace(fresh, sealed)
        fsync_folder(sealed.parent)
    return sealed


def _plan(connection: sqlite3.Connection, part: Path) -> Plan:
    """Read the summaries; raise StoreError where they make no sense."""
    stored = read_fact(connection, part, "shape")
    try:
        shape = RunShape() if stored is None else RunShape.from_json(stored)
        plan = Plan(read_header(connection, part), shape)
        rows = connection.execute(
            "SELECT number, last_frame, tracks, length(heap) FROM segments ORDER BY number"
        )
        for number, last_frame, tracks, heap_bytes in rows:
            plan.stop = int(last_frame) + 1
            plan.heap_bytes += heap_bytes
            for track, (first, last) in json.loads(tracks).items():
                start = number * SEGMENT
                seen, _ = plan.spans.get(int(track), (start + first, 0))
                plan.spans[int(track)] = seen, start + last
    except (AttributeError, TypeError, ValueError) as error:
        raise StoreError(f"{part} is damaged: {error}; predict again.") from error
    plan.first = min(plan.header.start, plan.stop)
    return plan


def _write(fresh: Path, plan: Plan, connection: sqlite3.Connection, part: Path) -> None:
    sets = plan.data_sets()
    page = FrontPage(
        header=plan.header,
        data_sets=sets,
        first_frame=plan.first,
        first_frames={track: first for track, (first, _) in plan.spans.items()},
    )
    block = page.block_bytes()
    placed = _lay_out(fresh, sets, block, plan)
    with fresh.open("r+b") as file:
        _fill(Filler(file, plan, placed), connection, part)
        file.flush()
        size = file.seek(0, 2)
        crc = _crc_from(file, block)
        page = replace(page, data_sets=placed, body_at=block, file_bytes=size, body_crc=crc)
        file.seek(0)
        file.write(page.to_bytes(block))
        file.flush()
        os.fsync(file.fileno())


def _lay_out(fresh: Path, sets: dict[str, DataSet], block: int, plan: Plan) -> dict[str, DataSet]:
    """Make the HDF5 file with empty data sets; where each lies."""
    import h5py

    early = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    early.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
    early.set_fill_time(h5py.h5d.FILL_TIME_NEVER)
    early.set_obj_track_times(False)
    links = h5py.h5p.create(h5py.h5p.LINK_CREATE)
    links.set_create_intermediate_group(True)
    placed = {}
    # The oldest format keeps no times of groups: equal runs are equal files.
    with h5py.File(fresh, "w", userblock_size=block, libver=("earliest", "v110")) as file:
        file.attrs["format"] = "lineament-run"
        file.attrs["format_version"] = 1
        for name, wanted in sets.items():
            space = h5py.h5s.create_simple(wanted.shape)
            kind = h5py.h5t.py_create(np.dtype(wanted.dtype))
            made = h5py.h5d.create(file.id, name.encode(), kind, space, dcpl=early, lcpl=links)
            offset = made.get_offset() if wanted.size_bytes else None
            placed[name] = replace(wanted, offset=offset or 0)
        file["frames"].attrs["first_frame"] = plan.first
        for track, (first, _) in plan.spans.items():
            file[f"tracks/{track}"].attrs["first_frame"] = first
    return placed


def _fill(filler: Filler, connection: sqlite3.Connection, part: Path) -> None:
    """Write the segments in order, one in memory at a time."""
    numbers = [n for (n,) in connection.execute("SELECT number FROM segments ORDER BY number")]
    for number in numbers:
        columns, heap = connection.execute(
            "SELECT columns, heap FROM segments WHERE number = ?", (number,)
        ).fetchone()
        try:
            filler.write_segment(number * SEGMENT, SegmentColumns(columns), heap)
        except (KeyError, IndexError, TypeError, ValueError) as error:
            raise StoreError(f"{part} is damaged: {error}; predict again.") from error


def _crc_from(file: IO[bytes], offset: int) -> int:
    """CRC-32 of a file from an offset on, read back from the system."""
    crc = 0
    file.seek(offset)
    while chunk := file.read(_CHUNK):
        crc = zlib.crc32(chunk, crc)
    return crc
