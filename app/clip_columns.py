"""Reads what the timeline shows of a clip of a project: a value a frame, block by block."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from app.document import NO_SOURCE, ClipColumns
from core.annotations.frame_states import Presence
from core.annotations.project import Project
from core.annotations.records import ReviewState, Source
from core.progress import Cancelled, check

_BLOCK = 4096
"""Frames read at a time: the store's own block, and short enough not to hold up a step."""
_UNSEEN = 255
"""Larger than every review state: of several faces the least reviewed one counts."""


def read_columns(project: Project, clip_id: str, frames: int, cancelled: Cancelled) -> ClipColumns:
    """The columns of all people of a clip of `frames` frames."""
    tracks = [track.track_id for track in project.tracks(clip_id)]
    source = np.full((len(tracks), frames), NO_SOURCE, np.uint8)
    confidence = np.full((len(tracks), frames), np.nan, np.float32)
    review = np.full(frames, _UNSEEN, np.uint8)
    jitter = np.full(frames, np.nan, np.float32)
    edited, key = np.zeros(frames, np.bool_), np.zeros(frames, np.bool_)
    for index, track in enumerate(tracks):
        for start, stop in _blocks(frames, cancelled):
            part = slice(start, stop)
            source[index, part] = _source(project, clip_id, track, start, stop)
            score = project.shown_column(clip_id, track, "score", start, stop)
            if score is not None:
                confidence[index, part] = score
            states = project.review_column(clip_id, track, start, stop)
            # A face that was deleted there waits for nobody's look.
            absent = project.presence_column(clip_id, track, start, stop) == Presence.ABSENT
            states = np.where(absent, np.uint8(0), states)
            edited[part] |= states == ReviewState.EDITED
            review[part] = np.minimum(review[part], np.where(states == 0, _UNSEEN, states))
            moved = _jitter(project, clip_id, track, (start, stop), frames)
            jitter[part] = np.fmax(jitter[part], moved)
        # The heavy net ran there, whatever a person has made of it since.
        key |= source[index] == Source.HEAVY
        decided, came_from = project.landmark_sources(clip_id, track)
        here = (decided < frames) & (source[index, np.minimum(decided, frames - 1)] != NO_SOURCE)
        source[index, decided[here]] = came_from[here]
    edited[project.annotated_frames(clip_id)] = True
    # Faces that were deleted or merged away everywhere are nobody any more.
    named, there = project.named(clip_id), (source != NO_SOURCE).any(axis=1)
    kept = [i for i, track in enumerate(tracks) if there[i] or track in named]
    processed, values = _run_columns(project, clip_id, frames)
    return ClipColumns(
        track_ids=tuple(tracks[i] for i in kept),
        processed=processed,
        source=source[kept],
        confidence=confidence[kept],
        jitter=jitter,
        review=np.where(review == _UNSEEN, np.uint8(0), review),
        edited=edited,
        key=key,
        values=values,
    )


def _source(project: Project, clip_id: str, track: int, start: int, stop: int) -> NDArray[np.uint8]:
    """Sources of a face: the run's, a person's where one was added, none where removed."""
    column = project.shown_column(clip_id, track, "source", start, stop)
    if column is None:
        column = np.full(stop - start, NO_SOURCE, np.uint8)
    said = project.presence_column(clip_id, track, start, stop)
    column = np.where(said == Presence.ADDED, np.uint8(Source.PERSON), column)
    return np.where(said == Presence.ABSENT, np.uint8(NO_SOURCE), column)


def _jitter(
    project: Project, clip_id: str, track: int, span: tuple[int, int], frames: int
) -> NDArray[np.float32]:
    """Mean length of the landmarks' second difference, in percent of the face's size."""
    start, stop = span
    low, high = max(start - 1, 0), min(stop + 1, frames)
    xy = project.shown_column(clip_id, track, "landmarks", low, high)
    box = project.shown_column(clip_id, track, "box", low, high)
    result = np.full(high - low, np.nan, np.float32)
    if xy is not None and box is not None and xy.size and high - low >= 3:
        bend = xy[2:] - 2 * xy[1:-1] + xy[:-2]
        size = np.sqrt(np.maximum((box[:, 2:] - box[:, :2]).prod(axis=1), 1.0))[1:-1]
        result[1:-1] = 100 * np.hypot(bend[..., 0], bend[..., 1]).mean(axis=1) / size
    return result[start - low : start - low + stop - start]


def _run_columns(
    project: Project, clip_id: str, frames: int
) -> tuple[NDArray[np.bool_], dict[str, NDArray[np.float32]]]:
    """Which frames the shown run has looked at, and its own numbers of them."""
    run_id = project.active_run(clip_id)
    if run_id is None:
        return np.zeros(frames, np.bool_), {}
    reader = project.open_run(run_id)
    try:
        values = {name: reader.frame_values(name, 0, frames) for name in reader.value_names}
        return reader.processed_column(0, frames), values
    finally:
        reader.close()


def _blocks(frames: int, cancelled: Cancelled) -> Iterator[tuple[int, int]]:
    for start in range(0, frames, _BLOCK):
        check(cancelled)
        yield start, min(start + _BLOCK, frames)
