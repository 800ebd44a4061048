"""Reading what people decided: one frame, or a column of frames."""

from __future__ import annotations

import sqlite3

import numpy as np
from numpy.typing import NDArray

from core.annotations.frame_states import PRESENCE, REVIEW, Presence, states_at
from core.annotations.records import Annotation, ReviewState, Source, Track
from core.annotations.rows import (
    Spans,
    box_from_row,
    landmarks_from_row,
    mask_from_row,
    spans_from_row,
)

_TABLES = ("landmarks", "masks", "boxes")


def annotations_at(
    connection: sqlite3.Connection, clip_id: str, frame: int, masks: bool = True
) -> dict[int, Annotation]:
    """By track: everything decided in a frame.

    Raises:
        ValueError: If a row is damaged.
    """
    found: dict[int, Annotation] = {}

    def at(track: int) -> Annotation:
        return found.setdefault(track, Annotation(clip_id, frame, track))

    where = "WHERE clip_id = ? AND frame = ?"
    here = clip_id, frame
    for track, scheme, *row in connection.execute(
        f"SELECT track_id, scheme, points, edited, visible, sources FROM landmarks {where}", here
    ):
        at(track).landmarks[scheme] = landmarks_from_row(tuple(row))
    if masks:
        for track, scheme, *row in connection.execute(
            f"SELECT track_id, scheme, x0, y0, width, height, labels, source FROM masks {where}",
            here,
        ):
            label_map, source = mask_from_row(tuple(row))
            at(track).label_maps[scheme] = label_map
            at(track).label_map_sources[scheme] = source
    for track, *row in connection.execute(f"SELECT track_id, box FROM boxes {where}", here):
        at(track).box_xyxy = box_from_row(tuple(row))
    states = states_at(connection, clip_id, frame)
    for track, value in states[REVIEW].items():
        at(track).review = ReviewState(value)
    for track, value in states[PRESENCE].items():
        at(track).present = Presence(value) == Presence.ADDED
    return found


def annotated_frames(
    connection: sqlite3.Connection, clip_id: str, track_id: int | None = None
) -> NDArray[np.int64]:
    """Frames with a decided point, mask or box, increasing; of one face or of all."""
    face = "" if track_id is None else " AND track_id = ?"
    arguments = (clip_id,) if track_id is None else (clip_id, track_id)
    parts = [f"SELECT frame FROM {table} WHERE clip_id = ?{face}" for table in _TABLES]
    rows = connection.execute(" UNION ".join(parts), arguments * len(parts)).fetchall()
    return np.sort(np.array([frame for (frame,) in rows], np.int64))


def corrected_frames(
    connection: sqlite3.Connection, clip_id: str, track_id: int
) -> NDArray[np.int64]:
    """Frames on which a person set a landmark of a face by hand, increasing."""
    rows = connection.execute(
        "SELECT DISTINCT frame FROM landmarks WHERE clip_id = ? AND track_id = ? "
        "AND edited != zeroblob(length(edited)) ORDER BY frame",
        (clip_id, track_id),
    ).fetchall()
    return np.array([frame for (frame,) in rows], np.int64)


def landmark_sources(
    connection: sqlite3.Connection, clip_id: str, track_id: int
) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
    """Frames on which landmarks of a face are decided, and where those came from.

    Returns:
        Frames, increasing, (N,); and for each `Source`, (N,): a person's where one set a point by
        hand, else that of most points.

    Raises:
        ValueError: If a row is damaged.
    """
    rows = connection.execute(
        "SELECT frame, points, edited, visible, sources FROM landmarks "
        "WHERE clip_id = ? AND track_id = ? ORDER BY frame",
        (clip_id, track_id),
    )
    found: dict[int, int] = {}
    for frame, *row in rows:
        value = landmarks_from_row(tuple(row))
        here = value.decided
        if value.edited.any() or (here.any() and value.sources is None):
            found[frame] = int(Source.PERSON)
        elif here.any() and value.sources is not None:
            found.setdefault(frame, int(np.bincount(value.sources[here]).argmax()))
    return np.array(list(found), np.int64), np.array(list(found.values()), np.uint8)


def annotated_tracks(connection: sqlite3.Connection, clip_id: str) -> set[int]:
    """Every face a person said something about."""
    tables = (*_TABLES, "frame_states", "tracks")
    parts = [f"SELECT track_id FROM {table} WHERE clip_id = ?" for table in tables]
    rows = connection.execute(" UNION ".join(parts), (clip_id,) * len(parts)).fetchall()
    return {int(track) for (track,) in rows}


def named_tracks(connection: sqlite3.Connection, clip_id: str) -> dict[int, Track]:
    """By track: name and colour, where a person gave them."""
    rows = connection.execute(
        "SELECT clip_id, track_id, name, colour FROM tracks WHERE clip_id = ?", (clip_id,)
    )
    return {row[1]: Track(*row) for row in rows}


def track_map(connection: sqlite3.Connection, clip_id: str, run_id: str) -> dict[int, Spans]:
    """By track of a run: where it is shown as another face.

    Raises:
        ValueError: If a row is damaged.
    """
    rows = connection.execute(
        "SELECT run_track, spans FROM track_map WHERE clip_id = ? AND run_id = ?", (clip_id, run_id)
    )
    return {int(track): spans_from_row((text,)) for track, text in rows}
