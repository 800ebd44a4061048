"""One byte a face and frame: review states, and "a face is / is not here".

Stored in blocks of 4,096 frames; a block of zeros is no row, so that what nobody touched costs
nothing and 200,000 frames are some fifty rows a face.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from enum import IntEnum

import numpy as np

from core.annotations.changes import Recorder
from core.annotations.records import Bools, Bytes, ReviewState
from core.annotations.rows import Row
from core.annotations.schema import BLOCK

REVIEW = "review"
PRESENCE = "presence"


class Presence(IntEnum):
    """What a person said about whether a face is in a frame."""

    NOTHING_SAID = 0
    ADDED = 1
    ABSENT = 2


def states_from_row(row: Row | None) -> Bytes:
    """The block of a row of `frame_states`, (4096,) uint8, writable.

    Raises:
        ValueError: If the row is damaged.
    """
    if row is None:
        return np.zeros(BLOCK, np.uint8)
    if not isinstance(row[0], bytes) or len(row[0]) != BLOCK:
        raise ValueError("a row of frame states is damaged")
    return np.frombuffer(row[0], np.uint8).copy()


def change_states(
    rows: Recorder,
    kind: str,
    face: tuple[str, int],
    span: tuple[int, int],
    change: Callable[[Bytes, int], Bytes],
) -> None:
    """Change the states of a face in a range of frames, block by block.

    Args:
        rows: The tables.
        kind: `REVIEW` or `PRESENCE`.
        face: Clip and track.
        span: First frame, one past the last.
        change: Given states and the frame of the first, returns the new ones.
    """
    for block, part in _parts(*span):
        key = (face[0], kind, face[1], block)
        states = states_from_row(rows.get("frame_states", key))
        states[part] = change(states[part], block * BLOCK + part.start)
        rows.put("frame_states", key, (states.tobytes(),) if states.any() else None)


def states_in(rows: Recorder, kind: str, face: tuple[str, int], span: tuple[int, int]) -> Bytes:
    """The states of a face in a range of frames as an edit sees them, (T,) uint8."""
    pieces = [
        states_from_row(rows.get("frame_states", (face[0], kind, face[1], block)))[part]
        for block, part in _parts(*span)
    ]
    return np.concatenate(pieces) if pieces else np.zeros(0, np.uint8)


def stored_states(
    connection: sqlite3.Connection, kind: str, face: tuple[str, int], span: tuple[int, int]
) -> Bytes:
    """The stored states of a face in a range of frames, (T,) uint8.

    Raises:
        ValueError: If a row is damaged.
    """
    start, stop = span
    states = np.zeros(max(stop - start, 0), np.uint8)
    found = connection.execute(
        "SELECT block, states FROM frame_states WHERE clip_id = ? AND kind = ? AND track_id = ? "
        "AND block >= ? AND block <= ?",
        (face[0], kind, face[1], start // BLOCK, max(stop - 1, 0) // BLOCK),
    )
    for block, blob in found:
        values = states_from_row((blob,))
        begin, end = max(start, block * BLOCK), min(stop, (block + 1) * BLOCK)
        states[begin - start : end - start] = values[begin - block * BLOCK : end - block * BLOCK]
    return states


def states_at(
    connection: sqlite3.Connection, clip_id: str, frame: int
) -> dict[str, dict[int, int]]:
    """By kind and track: the stored states of one frame, zeros left out."""
    found = connection.execute(
        "SELECT kind, track_id, substr(states, ?, 1) FROM frame_states "
        "WHERE clip_id = ? AND block = ? AND kind IN ('review', 'presence')",
        (frame % BLOCK + 1, clip_id, frame // BLOCK),
    )
    states: dict[str, dict[int, int]] = {REVIEW: {}, PRESENCE: {}}
    for kind, track, value in found:
        if value and value[0]:
            states[kind][track] = value[0]
    return states


def unapproved(rows: Recorder, face: tuple[str, int], span: tuple[int, int]) -> Bools:
    """Which frames of a range a bulk edit may touch, (T,) bool; counts the others as skipped."""
    approved = states_in(rows, REVIEW, face, span) == ReviewState.APPROVED
    rows.skipped += int(approved.sum())
    return ~approved


def mark_edited(rows: Recorder, face: tuple[str, int], frame: int) -> None:
    """Note that a person changed a face in a frame; what was approved wants approval again."""
    edited = np.uint8(ReviewState.EDITED)
    change_states(rows, REVIEW, face, (frame, frame + 1), lambda s, _: np.full_like(s, edited))


def _parts(start: int, stop: int) -> Iterator[tuple[int, slice]]:
    """Blocks a range of frames touches, and which of their frames."""
    for block in range(max(start, 0) // BLOCK, -(-stop // BLOCK)):
        first = block * BLOCK
        yield block, slice(max(start - first, 0), min(stop - first, BLOCK))
