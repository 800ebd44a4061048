"""The people of the open clip: in which order, since when, till when, on how many frames."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.data_colours import Rgb
from app.document import NO_SOURCE
from app.session import Session
from app.viewing import NO_FACE


@dataclass(frozen=True)
class Person:
    """One row of the list of people."""

    number: int
    """From 1: what a key chooses them by."""
    track_id: int
    name: str
    colour: Rgb
    frames: int
    first: int
    """First frame they are on, −1 for none."""
    last: int
    confidence: float
    """Mean over their frames, NaN if none is known."""
    is_hidden: bool


def people_of(session: Session) -> list[Person]:
    """Everybody of the open clip, by track."""
    if session.document is None or session.entry is None:
        return []
    hidden = session.document.hidden_people(session.entry.clip_id)
    columns = session.columns
    return [
        _person(session, index, track, track in hidden)
        for index, track in enumerate(columns.track_ids)
    ]


def _person(session: Session, index: int, track: int, is_hidden: bool) -> Person:
    there = np.flatnonzero(session.columns.source[index] != NO_SOURCE)
    scores = session.columns.confidence[index][there]
    known = scores[np.isfinite(scores)]
    return Person(
        number=index + 1,
        track_id=track,
        name=session.name_of(track),
        colour=session.colour_of(track),
        frames=len(there),
        first=int(there[0]) if len(there) else -1,
        last=int(there[-1]) if len(there) else -1,
        confidence=float(known.mean()) if len(known) else float("nan"),
        is_hidden=is_hidden,
    )


def is_there(session: Session, track_id: int) -> NDArray[np.bool_]:
    """On which frames a person is as far as the columns know, (T,)."""
    tracks = session.columns.track_ids
    if track_id not in tracks:
        return np.zeros(session.columns.frames, np.bool_)
    return np.asarray(session.columns.source[tracks.index(track_id)] != NO_SOURCE)


def frames_of(session: Session, track_id: int) -> NDArray[np.intp]:
    """Frames a person is on as far as the columns know, increasing."""
    return np.flatnonzero(is_there(session, track_id))


def chosen_track(session: Session) -> int:
    """The selected person, else the only face of this frame, else NO_FACE."""
    if session.selected_track != NO_FACE:
        return session.selected_track
    faces = session.faces(session.frame_idx)
    return int(faces[0].track_id) if len(faces) == 1 else NO_FACE


def span_here(session: Session, open_end: bool) -> tuple[int, int]:
    """The frames an operation is about: the chosen range if this frame is in it.

    Args:
        session: What is open.
        open_end: Else from this frame to the end of the clip, or this frame alone.
    """
    here, chosen = session.frame_idx, session.range
    if chosen is not None and chosen[0] <= here < chosen[1]:
        return chosen
    return here, (session.num_frames if open_end else here + 1)


def frames_in_words(span: tuple[int, int], frames: int) -> str:
    """A range of frames for a sentence."""
    start, stop = span
    if start == 0 and stop >= frames:
        return "on all frames"
    if stop - start == 1:
        return f"on frame {start:,}"
    if stop >= frames:
        return f"from frame {start:,} on"
    return f"on frames {start:,} … {stop - 1:,}"
