"""How far what is shown is from another run, frame by frame."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from core.annotations.other_run import OtherRun
from core.annotations.records import Bools, FaceRecord, Floats
from core.masks.label_map import LabelMap
from core.schemes import LandmarkScheme


class ShownClip(Protocol):
    """The questions asked of a project about one clip."""

    def tracks(self) -> Sequence[int]:
        """Every face shown."""

    def column(self, track_id: int, name: str, start: int, stop: int) -> NDArray[Any] | None:
        """A column of the shown run for a face; None without a run."""

    def decided_frames(self) -> NDArray[np.int64]:
        """Frames on which a person decided anything, increasing."""

    def faces(self, frame_idx: int) -> Sequence[FaceRecord]:
        """What is shown on a frame, without label maps."""


@dataclass(frozen=True)
class Differences:
    """What lies between the shown faces and another run on frames [start, start + T)."""

    start: int
    distance: Floats
    """(T,) mean distance of the landmarks both have, in percent of the shown face's normalising
    distance (outer eye corners), the largest over faces; NaN where there is nothing to compare."""
    lonely: Bools
    """(T,) whether a face is on one side only."""


def differences(
    shown: ShownClip,
    other: OtherRun,
    schemes: tuple[LandmarkScheme | None, LandmarkScheme | None],
    start: int,
    stop: int,
) -> Differences:
    """Compare the frames [start, stop).

    Columns are compared at once; frames on which a person decided something one by one.

    Args:
        shown: What is shown.
        other: The run it is compared with.
        schemes: Landmark scheme of what is shown and of the other run; None compares no landmarks.
        start: First frame.
        stop: One past the last frame.
    """
    distance = np.full(stop - start, np.nan, np.float32)
    lonely = np.zeros(stop - start, np.bool_)
    for track in sorted({*shown.tracks(), *other.tracks}):
        ours = shown.column(track, "flags", start, stop)
        theirs = other.column(track, "flags", start, stop)
        here = np.zeros(stop - start, np.bool_) if ours is None else ours > 0
        lonely |= here != (theirs > 0)
        a = shown.column(track, "landmarks", start, stop)
        if a is not None and a.size:
            b = other.column(track, "landmarks", start, stop)
            distance = np.fmax(distance, landmark_distance(a, b, *schemes))
    decided = shown.decided_frames()
    for frame in decided[(decided >= start) & (decided < stop)].tolist():
        pairs = paired(shown.faces(frame), other.frame(frame, masks=False))
        lonely[frame - start] = any(a is None or b is None for a, b in pairs.values())
        distance[frame - start] = _largest(pairs, schemes)
    return Differences(start, distance, lonely)


def paired(
    ours: Sequence[FaceRecord], theirs: Sequence[FaceRecord]
) -> dict[int, tuple[FaceRecord | None, FaceRecord | None]]:
    """By track: the face on either side, None where it is not there."""
    a, b = ({face.track_id: face for face in faces} for faces in (ours, theirs))
    return {track: (a.get(track), b.get(track)) for track in sorted({*a, *b})}


def point_distances(
    a: NDArray[Any],
    b: NDArray[Any],
    scheme: LandmarkScheme | None,
    other_scheme: LandmarkScheme | None,
) -> Floats:
    """Distance of each landmark, in percent of the first face's normalising distance.

    Args:
        a: (…, M, 2) landmarks in `scheme`.
        b: (…, N, 2) landmarks in `other_scheme`, which are taken for those of `scheme` where names
            agree.
        scheme: Names of the first; None or another number of points compares nothing.
        other_scheme: Names of the second.

    Returns:
        (…, M) float32, NaN where either side misses the point.
    """
    nothing = np.full(a.shape[:-1], np.nan, np.float32)
    if scheme is None or other_scheme is None or a.shape[-2] != scheme.num_points:
        return nothing
    if b.shape[-2] != other_scheme.num_points:
        return nothing
    if other_scheme.name != scheme.name:
        b = other_scheme.convert(b, scheme)
    first, second = scheme.normalising_pair
    size = np.hypot(*np.moveaxis(a[..., first, :] - a[..., second, :], -1, 0))
    apart = np.hypot(*np.moveaxis(a - b, -1, 0))
    size = np.where(size > 0, size, np.nan)[..., None]
    return np.asarray(100.0 * apart / size, dtype=np.float32)


def landmark_distance(
    a: NDArray[Any],
    b: NDArray[Any],
    scheme: LandmarkScheme | None,
    other_scheme: LandmarkScheme | None,
) -> Floats:
    """The mean of `point_distances` over the points both sides have, (…,); NaN without any."""
    apart = point_distances(a, b, scheme, other_scheme)
    there = np.isfinite(apart)
    count = there.sum(axis=-1)
    total = np.where(there, apart, 0.0).sum(axis=-1)
    mean = np.divide(total, count, out=np.full(count.shape, np.nan), where=count > 0)
    return mean.astype(np.float32)


def mask_disagreement(ours: LabelMap, theirs: LabelMap) -> float:
    """Share of the pixels either map gives a class other than background on which they differ.

    Returns:
        0 … 1; NaN where both are background everywhere.
    """
    boxes = np.stack([ours.box_xyxy, theirs.box_xyxy]).astype(int)
    x0, y0 = boxes[:, :2].min(axis=0)
    x1, y1 = boxes[:, 2:].max(axis=0)
    a, b = (np.zeros((y1 - y0, x1 - x0), np.uint8) for _ in range(2))
    for canvas, one in ((a, ours), (b, theirs)):
        height, width = one.labels.shape
        canvas[one.y0 - y0 : one.y0 - y0 + height, one.x0 - x0 : one.x0 - x0 + width] = one.labels
    either = (a > 0) | (b > 0)
    return float((a != b)[either].mean()) if either.any() else float("nan")


def _largest(
    pairs: Mapping[int, tuple[FaceRecord | None, FaceRecord | None]],
    schemes: tuple[LandmarkScheme | None, LandmarkScheme | None],
) -> float:
    found = [
        float(landmark_distance(a.landmarks, b.landmarks, *schemes))
        for a, b in pairs.values()
        if a is not None and b is not None and a.landmarks is not None and b.landmarks is not None
    ]
    good = [value for value in found if np.isfinite(value)]
    return max(good, default=float("nan"))
