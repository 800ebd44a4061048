"""Columns of a face as it is shown: what the timeline draws of 200,000 frames at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.annotations.edits import FOREVER
from core.annotations.frame_states import Presence
from core.annotations.records import Bytes, ReviewState
from core.annotations.rows import Spans
from core.annotations.run_reader import RunReader, empty_column
from core.annotations.segment_columns import PRESENT


def face_column(
    reader: RunReader,
    spans: Mapping[int, Spans],
    track: int,
    name: str,
    start: int,
    stop: int,
) -> NDArray[Any]:
    """A column of the run for a face under the number people gave it.

    Args:
        reader: The shown run.
        spans: By track of the run: where it is shown as another face.
        track: The face.
        name: Column, see `RunReader.column`.
        start: First frame.
        stop: One past the last frame.

    Returns:
        (T, …) as `RunReader.column`.
    """
    if track in reader.track_ids and not _is_renamed(spans, track):
        return reader.column(track, name, start, stop)
    column = empty_column(name, reader.points, max(stop - start, 0))
    filled = np.zeros(len(column), np.bool_)
    run_tracks = sorted(reader.track_ids, key=lambda run_track: run_track != track)
    for run_track in run_tracks:  # the track of that number first: it stays where two became one
        for begin, end in _shown_spans(spans.get(run_track, ()), run_track, track):
            begin, end = max(begin, start), min(end, stop)
            if begin < end:
                part = slice(begin - start, end - start)
                here = (reader.column(run_track, "flags", begin, end) & PRESENT) > 0
                here &= ~filled[part]
                column[part][here] = reader.column(run_track, name, begin, end)[here]
                filled[part] |= here
    return column


def shown_tracks(reader: RunReader, spans: Mapping[int, Spans]) -> set[int]:
    """Every face the run is shown as."""
    faces = set()
    for run_track in reader.track_ids:
        if run_track not in spans:
            faces.add(run_track)
            continue
        for face in {run_track, *(face for _, _, face in spans[run_track])}:
            if _is_there(reader, spans[run_track], run_track, face):
                faces.add(face)
    return faces


def review_of(stored: Bytes, flags: Bytes, presence: Bytes) -> Bytes:
    """Review states of a face: what is stored, else "predicted" where the run has the face.

    Args:
        stored: (T,) stored states.
        flags: (T,) the run's flags.
        presence: (T,) of `Presence`.
    """
    predicted = ((flags & PRESENT) > 0) & (presence != Presence.ABSENT)
    return np.where((stored == 0) & predicted, np.uint8(ReviewState.PREDICTED), stored)


def _is_renamed(spans: Mapping[int, Spans], track: int) -> bool:
    """Whether a run's track is shown as another face, or another as this one, anywhere."""
    return track in spans or any(face == track for parts in spans.values() for *_, face in parts)


def _is_there(reader: RunReader, spans: Spans, run_track: int, face: int) -> bool:
    stop = max(reader.header.frames, reader.header.stop)
    return any(
        (reader.column(run_track, "flags", begin, min(end, stop)) & PRESENT).any()
        for begin, end in _shown_spans(spans, run_track, face)
        if begin < stop
    )


def _shown_spans(spans: Spans, run_track: int, face: int) -> Iterator[tuple[int, int]]:
    """Ranges of frames in which a run's track is shown as a face."""
    if face != run_track:
        yield from ((start, stop) for start, stop, shown in spans if shown == face)
        return
    at = 0
    for start, stop, _ in spans:
        if at < start:
            yield at, start
        at = stop
    if at < FOREVER:
        yield at, FOREVER
