"""Which face of a new run is which face shown so far.

Every run numbers its tracks anew. Before another run is shown, its tracks get the numbers of the
faces they overlap, so that annotations stay with the person they were made for.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np

from core.annotations.edits import FOREVER
from core.annotations.records import FaceRecord
from core.annotations.rows import Spans
from core.annotations.run_reader import RunReader
from core.annotations.segment_columns import PRESENT
from core.geometry import box_iou

_SAMPLES = 16
"""Frames looked at for each track."""
_SAME_FACE_IOU = 0.3
"""Mean overlap above which two tracks are one face; box rules of models differ by up to 1.3."""


def align_tracks(
    run: RunReader,
    shown: Callable[[int], Sequence[FaceRecord]],
    taken: Iterable[int],
) -> dict[int, Spans]:
    """How the tracks of a run should be shown.

    Args:
        run: The run to be shown next.
        shown: Faces shown so far, by frame.
        taken: Every face number in use so far.

    Returns:
        By track of the run: spans for `track_map`; tracks that keep their number are left out.
    """
    overlaps: dict[tuple[int, int], list[float]] = defaultdict(list)
    for track in run.track_ids:
        for frame in _sample_frames(run, track):
            own = [face for face in run.frame(frame, masks=False) if face.track_id == track]
            for face in shown(frame):
                overlaps[track, face.track_id].append(_overlap(own[0], face))
    return _as_spans(run.track_ids, _match(overlaps), set(taken))


def _sample_frames(run: RunReader, track: int) -> list[int]:
    """Up to `_SAMPLES` frames, evenly spread over those the track is in."""
    flags = run.column(track, "flags", 0, max(run.header.frames, run.header.stop))
    frames = np.flatnonzero(flags & PRESENT)
    picks = np.linspace(0, len(frames) - 1, min(_SAMPLES, len(frames))).astype(int)
    return [int(frame) for frame in frames[picks]]


def _overlap(a: FaceRecord, b: FaceRecord) -> float:
    """Intersection over union of two boxes; 0 where one is unknown."""
    boxes = np.stack([a.box_xyxy, b.box_xyxy])
    if not np.isfinite(boxes).all():
        return 0.0
    return float(box_iou(boxes[:1], boxes[1:])[0, 0])


def _match(overlaps: Mapping[tuple[int, int], Sequence[float]]) -> dict[int, int]:
    """Track of the run → face, one to one, the pair with the most overlap in all first."""
    matched: dict[int, int] = {}
    for (track, face), values in sorted(overlaps.items(), key=lambda item: -sum(item[1])):
        is_new = track not in matched and face not in matched.values()
        if is_new and np.mean(values) > _SAME_FACE_IOU:
            matched[track] = face
    return matched


def _as_spans(
    tracks: Iterable[int], matched: Mapping[int, int], taken: set[int]
) -> dict[int, Spans]:
    """A number for every track: the matched face's, else its own if free, else a new one."""
    spans: dict[int, Spans] = {}
    used = taken | set(matched.values())
    for track in tracks:
        face = matched.get(track)
        if face is None:
            face = track if track not in used else max(used) + 1
            used.add(face)
        if face != track:
            spans[track] = ((0, FOREVER, face),)
    return spans
