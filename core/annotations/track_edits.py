"""Who is who: merging, splitting and swapping faces from a frame on.

Runs are immutable, so which face a run's track is shown as is a map (`track_map`) that these edits
change; the annotations and review states move along. Approved frames move whole, with their
approval: what was approved is the content, which stays byte for byte. Or, if asked, they stay with
whom they were approved for.
"""

from __future__ import annotations

from abc import abstractmethod
from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import ClassVar

import numpy as np

from core.annotations.changes import Recorder
from core.annotations.edits import FOREVER, Edit
from core.annotations.frame_states import PRESENCE, REVIEW, states_from_row
from core.annotations.records import Bools, Bytes, ReviewState
from core.annotations.renames import ITEM_TABLES, Ranges
from core.annotations.rows import Row, Spans, spans_from_row, spans_to_row
from core.annotations.schema import BLOCK


@dataclass(frozen=True, eq=False)
class TrackEdit(Edit):
    """Shows faces as other faces in a range of frames."""

    kind: ClassVar[str] = "tracks"
    clip_id: str
    run_id: str | None
    """The run whose tracks were seen; None when there is none, and only annotations move."""
    start: int
    stop: int
    """One past the last frame; `FOREVER` = to the end of the clip."""
    skip_approved: bool = field(default=False, kw_only=True)
    """Whether frames on which one of the faces is approved stay as they are."""

    @property
    def clip(self) -> str:
        """The clip."""
        return self.clip_id

    @property
    def span(self) -> tuple[int, int]:
        """The range."""
        return self.start, self.stop

    @property
    @abstractmethod
    def mapping(self) -> dict[int, int]:
        """What each face becomes."""

    def perform(self, rows: Recorder) -> None:
        """Move annotations and states; change the map."""
        mapping = {old: new for old, new in self.mapping.items() if old != new}
        if not mapping or self.start >= self.stop:
            return
        ranges: Ranges = [(self.start, self.stop)]
        if self.skip_approved or rows.skip_approved:
            ranges, skipped = _unapproved_ranges(rows, self.clip_id, mapping, ranges[0])
            rows.skipped += skipped
        if not rows.rename(self.clip_id, mapping, ranges):
            for part in ranges:
                for table in ITEM_TABLES:
                    _move_items(rows, table, self.clip_id, mapping, part)
        for kind in (REVIEW, PRESENCE):
            _move_states(rows, kind, self.clip_id, mapping, ranges)
        if self.run_id is not None:
            _move_run(rows, (self.clip_id, self.run_id), mapping, ranges)


@dataclass(frozen=True, eq=False)
class MergeTracks(TrackEdit):
    """Two faces are one person: `track_id` becomes `into`; where both are, `into` stays."""

    kind: ClassVar[str] = "merge_tracks"
    track_id: int
    into: int

    @property
    def title(self) -> str:
        """For the undo menu."""
        return "merge people"

    @property
    def mapping(self) -> dict[int, int]:
        """One face becomes the other."""
        return {self.track_id: self.into}


@dataclass(frozen=True, eq=False)
class SplitTrack(TrackEdit):
    """A face is someone else from a frame on: `track_id` becomes `new_track`, a free number."""

    kind: ClassVar[str] = "split_track"
    track_id: int
    new_track: int

    @property
    def title(self) -> str:
        """For the undo menu."""
        return "split person"

    @property
    def mapping(self) -> dict[int, int]:
        """The face becomes the new one."""
        return {self.track_id: self.new_track}


@dataclass(frozen=True, eq=False)
class SwapTracks(TrackEdit):
    """Two faces were mixed up."""

    kind: ClassVar[str] = "swap_tracks"
    track_a: int
    track_b: int

    @property
    def title(self) -> str:
        """For the undo menu."""
        return "swap people"

    @property
    def mapping(self) -> dict[int, int]:
        """Each becomes the other."""
        return {self.track_a: self.track_b, self.track_b: self.track_a}


def _move_items(
    rows: Recorder, table: str, clip_id: str, mapping: Mapping[int, int], span: tuple[int, int]
) -> None:
    """Rename the face of items in a range; an item already there stays."""
    marks = ", ".join("?" * len(mapping))
    condition = f"clip_id = ? AND frame >= ? AND frame < ? AND track_id IN ({marks})"
    keys = rows.find(table, condition, (clip_id, *span, *mapping))
    moved: list[tuple[Row, Row | None]] = []
    for key in keys:
        moved.append(((key[0], key[1], mapping[key[2]], *key[3:]), rows.get(table, key)))
    for key in keys:
        rows.put(table, key, None)
    for key, values in moved:
        if rows.get(table, key) is None:
            rows.put(table, key, values)


def _move_states(
    rows: Recorder, kind: str, clip_id: str, mapping: Mapping[int, int], ranges: Ranges
) -> None:
    """Rename the face of states in ranges; a state already there stays."""
    for block, places in _blocks(rows, kind, clip_id, mapping, ranges):
        old = {t: states_from_row(rows.get("frame_states", key)) for t, key in places.items()}
        for track, states in _renamed(old, mapping, _mask(ranges, block)).items():
            rows.put("frame_states", places[track], (states.tobytes(),) if states.any() else None)


def _blocks(
    rows: Recorder, kind: str, clip_id: str, mapping: Mapping[int, int], ranges: Ranges
) -> Iterable[tuple[int, dict[int, Row]]]:
    """Blocks of states of the faces of a mapping that ranges touch, with the keys by face."""
    if not ranges:
        return
    involved = sorted({*mapping, *mapping.values()})
    marks = ", ".join("?" * len(involved))
    condition = f"clip_id = ? AND kind = ? AND block >= ? AND block <= ? AND track_id IN ({marks})"
    limits = ranges[0][0] // BLOCK, (ranges[-1][1] - 1) // BLOCK
    keys = rows.find("frame_states", condition, (clip_id, kind, *limits, *involved))
    for block in sorted({int(key[3]) for key in keys}):
        yield block, {track: (clip_id, kind, track, block) for track in involved}


def _mask(ranges: Ranges, block: int) -> Bools:
    """Which frames of a block lie in ranges, (4096,) bool."""
    mask = np.zeros(BLOCK, np.bool_)
    first = block * BLOCK
    for start, stop in ranges:
        mask[max(start - first, 0) : max(min(stop - first, BLOCK), 0)] = True
    return mask


def _unapproved_ranges(
    rows: Recorder, clip_id: str, mapping: Mapping[int, int], span: tuple[int, int]
) -> tuple[Ranges, int]:
    """What is left of a range without frames on which a face of a mapping is approved.

    Returns:
        The ranges, and how many frames were left out.
    """
    edges: list[tuple[int, int]] = []  # of approved stretches: (first, one past the last)
    for block, places in _blocks(rows, REVIEW, clip_id, mapping, [span]):
        states = [states_from_row(rows.get("frame_states", key)) for key in places.values()]
        approved = (np.stack(states) == ReviewState.APPROVED).any(axis=0) & _mask([span], block)
        turns = np.flatnonzero(np.diff(approved.astype(np.int8), prepend=0, append=0))
        edges += [(block * BLOCK + int(a), block * BLOCK + int(b)) for a, b in turns.reshape(-1, 2)]
    ranges, at = [], span[0]
    for first, stop in edges:
        if at < first:
            ranges.append((at, first))
        at = stop
    if at < span[1]:
        ranges.append((at, span[1]))
    return ranges, sum(stop - first for first, stop in edges)


def _renamed(old: Mapping[int, Bytes], mapping: Mapping[int, int], part: Bools) -> dict[int, Bytes]:
    """A block's states by face after renaming faces in a part of it."""
    new = {track: states.copy() for track, states in old.items()}
    for track in mapping:
        new[track][part] = 0
    for track, becomes in mapping.items():
        there = new[becomes][part]
        new[becomes][part] = np.where(there != 0, there, old[track][part])
    return new


def _move_run(
    rows: Recorder, run: tuple[str, str], mapping: Mapping[int, int], ranges: Ranges
) -> None:
    """Change what the tracks of a run are shown as."""
    keys = rows.find("track_map", "clip_id = ? AND run_id = ?", run)
    for run_track in sorted({int(key[2]) for key in keys} | set(mapping)):
        key = (*run, run_track)
        row = rows.get("track_map", key)
        spans = remap(spans_from_row(row) if row else (), run_track, mapping, *ranges)
        rows.put("track_map", key, spans_to_row(spans) if spans else None)


def remap(
    spans: Spans, run_track: int, mapping: Mapping[int, int], *ranges: tuple[int, int]
) -> Spans:
    """What a run's track is shown as, after renaming faces in ranges of frames.

    Args:
        spans: Before: (start, stop, face), disjoint, increasing; elsewhere it is shown as itself.
        run_track: The run's track.
        mapping: What each face becomes.
        ranges: Of frames, [start, stop); disjoint, increasing.

    Returns:
        After, in the same form, the shortest list.
    """
    parts = [part for part in ranges if part[0] < part[1]]
    cuts = {0, FOREVER, *(edge for start, stop, _ in spans for edge in (start, stop))}
    cuts |= {edge for part in parts for edge in part}
    result: list[tuple[int, int, int]] = []
    edges = sorted(cuts)
    starts = [start for start, _ in parts]
    for start, stop in pairwise(edges):
        face = shown_as(spans, run_track, start)
        at = bisect_right(starts, start) - 1
        if at >= 0 and start < parts[at][1]:
            face = mapping.get(face, face)
        if result and result[-1][1:] == (start, face):
            result[-1] = (result[-1][0], stop, face)
        elif face != run_track:
            result.append((start, stop, face))
    return tuple(result)


def shown_as(spans: Spans, run_track: int, frame: int) -> int:
    """Which face a run's track is shown as in a frame."""
    at = bisect_right(spans, frame, key=_start_of) - 1
    if at >= 0 and frame < spans[at][1]:
        return spans[at][2]
    return run_track


def _start_of(span: tuple[int, int, int]) -> int:
    return span[0]
