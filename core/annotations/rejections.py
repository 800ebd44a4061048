"""Where people said "this is no face": what a new prediction must not find again.

A rejection is a state of a face on frames; where the face was, the runs know that were shown under
its number. Between frames where it was found the nearest place counts, because a net that looks
anew may find it there too.
"""

from __future__ import annotations

import hashlib
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from core.annotations.face_columns import face_column
from core.annotations.frame_states import Presence
from core.annotations.records import Floats
from core.geometry import Array, box_iou

if TYPE_CHECKING:
    from core.annotations.project import Project

_SAME_PLACE_IOU = 0.4
"""Overlap from which a face is the rejected one: box rules of models differ by up to 1.3."""
_REACH = 50
"""Frames over which a rejected face is taken to stay where it was last found."""


@dataclass(frozen=True, eq=False)
class RejectedRegions:
    """Boxes of rejected faces in a range of frames."""

    start: int
    """Frame of the first row."""
    boxes: Floats
    """(R, T, 4), NaN where a face is not rejected."""

    def at(self, frame: int) -> Floats:
        """Boxes rejected in a frame, (N, 4); none outside the range."""
        row = frame - self.start
        if not 0 <= row < self.boxes.shape[1]:
            return np.zeros((0, 4), np.float32)
        here = self.boxes[:, row]
        return here[np.isfinite(here).all(axis=1)]

    def covers(self, frame: int, box_xyxy: Array) -> bool:
        """Whether a face found in a frame is one that was rejected there."""
        here = self.at(frame)
        return bool(len(here) and (box_iou(np.asarray(box_xyxy), here) > _SAME_PLACE_IOU).any())

    @property
    def digest(self) -> str:
        """What a run that minds them is told apart by; empty for none."""
        if not len(self.boxes):
            return ""
        return hashlib.sha256(np.ascontiguousarray(self.boxes).tobytes()).hexdigest()[:16]


def rejected_regions(project: Project, clip_id: str, start: int, stop: int) -> RejectedRegions:
    """Every place of a clip where people said that there is no face.

    Args:
        project: Open, also read-only.
        clip_id: The clip.
        start: First frame.
        stop: One past the last frame.

    Raises:
        StoreError: If a run is damaged.
    """
    found: list[Floats] = []
    for track in project.tracks(clip_id):
        said = project.presence_column(clip_id, track.track_id, start, stop)
        absent = said == Presence.ABSENT
        if absent.any():
            boxes = _known_boxes(project, clip_id, track.track_id, (start, stop))
            boxes = np.where(absent[:, None], nearest_in_time(boxes, _REACH), np.float32(np.nan))
            if np.isfinite(boxes).any():
                found.append(boxes)
    shape = (0, max(stop - start, 0), 4)
    return RejectedRegions(start, np.stack(found) if found else np.zeros(shape, np.float32))


def _known_boxes(project: Project, clip_id: str, track: int, span: tuple[int, int]) -> Floats:
    """Where a face is in runs and annotations, whatever was said of it, (T, 4), NaN elsewhere."""
    start, stop = span
    boxes = np.full((stop - start, 4), np.nan, np.float32)
    for run_id in settled_runs(project, clip_id):
        with closing(project.open_run(run_id)) as reader:
            spans = project.track_spans(clip_id, run_id)
            own = face_column(reader, spans, track, "box", start, stop)
        boxes = np.where(np.isfinite(boxes), boxes, own)
    annotated = project.annotated_frames(clip_id, track)
    for frame in annotated[(annotated >= start) & (annotated < stop)]:
        drawn = project.annotations(clip_id, int(frame), masks=False)[track].box_xyxy
        if drawn is not None:
            boxes[frame - start] = drawn
    return boxes


def nearest_in_time(boxes: Floats, reach: int) -> Floats:
    """Boxes (T, 4) with unknown rows taken from the nearest known one, at most `reach` rows off."""
    known = np.flatnonzero(np.isfinite(boxes).all(axis=1))
    if not len(known):
        return boxes
    rows = np.arange(len(boxes))
    after = np.clip(np.searchsorted(known, rows), 0, len(known) - 1)
    before = np.clip(after - 1, 0, None)
    gaps: NDArray[np.int64] = np.abs(known[[before, after]] - rows)
    chosen = np.where(gaps[0] < gaps[1], known[before], known[after])
    near = gaps.min(axis=0) <= reach
    return np.where(near[:, None], boxes[chosen], np.float32(np.nan))


def settled_runs(project: Project, clip_id: str) -> list[str]:
    """Runs whose tracks have the faces' numbers: the shown one first, then those shown before."""
    before = project.setting(settled_key(clip_id), [])
    wanted = [project.active_run(clip_id), *(before if isinstance(before, list) else ())]
    there = {header.run_id for header in project.runs(clip_id)}
    return [run_id for run_id in dict.fromkeys(wanted) if run_id in there]


def settled_key(clip_id: str) -> str:
    """The setting that keeps them."""
    return f"settled_runs/{clip_id}"
