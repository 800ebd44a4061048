"""Two landmark models on unlabelled clips, on the same crops: agreement, steadiness, consistency.

Without truth a model is judged by a peer and by itself: distance to the peer's points, how much its
points tremble while the box is still, what a mirrored or shifted crop changes, and whether mouth
and eyes open and close when the peer says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.faces.crops import crop_matrix, mirrored
from core.faces.detection import Detector
from core.geometry import box_centre_size, box_from_centre, box_iou
from core.inference.landmark_predictor import LandmarkPredictor
from core.metrics.flicker import second_difference_flicker, still_stretches
from core.progress import Cancelled, Progress, Report, check, ignore, never
from core.video.reader import open_clip

Floats = NDArray[np.float64]

EYES = (36, 45)
JITTER = 0.1
"""Shift and zoom of the consistency test, share of the box."""
_SAME_FACE_IOU = 0.3


@dataclass(frozen=True, eq=False)
class ClipPoints:
    """What two models say of one clip; frames without a sure detection are NaN."""

    name: str
    boxes: Floats
    """(T, 4) hull boxes both models were given."""
    own: Floats
    """(T, 68, 2)."""
    peer: Floats
    """(T, 68, 2)."""
    mirrored: Floats
    """(T, 68, 2): the own model's points of the mirrored crop, mirrored back."""
    jittered: Floats
    """(T, 68, 2): of a shifted and larger or smaller crop."""


def look_at_clip(
    path: Path,
    own: LandmarkPredictor,
    peer: LandmarkPredictor,
    detector: Detector,
    frames: int,
    least_score: float = 0.8,
    report: Report = ignore,
    cancelled: Cancelled = never,
) -> ClipPoints:
    """Run both models on the first `frames` frames of a clip, from the same detected boxes.

    Args:
        path: The clip.
        own: The model judged, 68 points.
        peer: The one it is compared with, 68 points.
        detector: Gives the boxes; frames whose best score is lower are left out.
        frames: How many frames.
        least_score: See `detector`.
        report: Told after every frame.
        cancelled: Looked at before every frame.
    """
    rng = np.random.default_rng(0)
    with open_clip(path) as clip:
        total = min(frames, clip.info.frames)
        boxes = np.full((total, 4), np.nan)
        points = [np.full((total, 68, 2), np.nan) for _ in range(4)]
        last: Floats | None = None
        for index, rgb in clip.frames(0, total):
            check(cancelled)
            last = _box(detector, rgb, last, least_score)
            if last is not None:
                boxes[index] = last
                for target, found in zip(points, _looks(rgb, last, own, peer, rng), strict=True):
                    target[index] = found
            report(Progress("clips", index + 1, total))
    return ClipPoints(path.name, boxes, *points)


def _box(
    detector: Detector, rgb: NDArray[np.uint8], last: Floats | None, least: float
) -> Floats | None:
    """The hull box of the same face as before, else of the surest one."""
    found = [d for d in detector.detect(rgb) if d.score >= least]
    if not found:
        return None
    hulls = np.array([d.hull_xyxy for d in found], dtype=np.float64)
    if last is not None:
        overlap = box_iou(last[None], hulls)[0]
        if overlap.max() > _SAME_FACE_IOU:
            return np.asarray(hulls[int(overlap.argmax())])
    return np.asarray(hulls[int(np.argmax([d.score for d in found]))])


def _looks(
    rgb: NDArray[np.uint8],
    box: Floats,
    own: LandmarkPredictor,
    peer: LandmarkPredictor,
    rng: np.random.Generator,
) -> list[Floats]:
    rule, size = own.card.box_rule, own.card.input_hw
    centre, wh = box_centre_size(box)
    moved = centre + rng.uniform(-JITTER, JITTER, 2) * wh
    shaken = box_from_centre(moved, wh * (1 + rng.uniform(-JITTER, JITTER)))
    plain = crop_matrix(rule, box, 0.0, size)
    matrices = [plain, mirrored(plain, size), crop_matrix(rule, shaken, 0.0, size)]
    answers = own.predict_batch([(rgb, m) for m in matrices])
    first, flipped, third = (np.asarray(a.landmarks, dtype=np.float64) for a in answers)
    other = peer.predict_batch(
        [(rgb, crop_matrix(peer.card.box_rule, box, 0.0, peer.card.input_hw))]
    )[0]
    return [first, np.asarray(other.landmarks), flipped[own.scheme.mirror], third]


def compare_on_clips(clips: Sequence[ClipPoints]) -> dict[str, Any]:
    """Figures over all clips, lengths in shares of the peer's eye distance, JSON-ready."""
    distance: list[Floats] = []
    flip: list[Floats] = []
    jitter: list[Floats] = []
    rows: list[dict[str, Any]] = []
    for clip in clips:
        size = np.linalg.norm(clip.peer[:, EYES[0]] - clip.peer[:, EYES[1]], axis=-1)
        far = [
            np.linalg.norm(clip.own - other, axis=-1).mean(axis=1) / size
            for other in (clip.peer, clip.mirrored, clip.jittered)
        ]
        for store, values in zip((distance, flip, jitter), far, strict=True):
            store.append(values[np.isfinite(values)])
        still = still_stretches(clip.boxes)
        rows.append(
            {
                "clip": clip.name,
                "frames": int(np.isfinite(far[0]).sum()),
                "distance": _median(far[0]),
                "flicker": _flicker(clip.own, size, still),
                "peer_flicker": _flicker(clip.peer, size, still),
            }
        )
    openings = {
        name: _correlation(clips, top, bottom)
        for name, top, bottom in (("mouth", (62,), (66,)), ("eyes", (37, 44), (41, 46)))
    }
    return {
        "frames": sum(map(len, distance)),
        "distance_median": _median(np.concatenate(distance)),
        "flip_median": _median(np.concatenate(flip)),
        "jitter_median": _median(np.concatenate(jitter)),
        "flicker": _mean([r["flicker"] for r in rows]),
        "peer_flicker": _mean([r["peer_flicker"] for r in rows]),
        "opening_correlation": openings,
        "clips": rows,
    }


def _flicker(points: Floats, size: Floats, still: NDArray[np.bool_]) -> float:
    held = np.where(still[:, None, None], points, np.nan)
    return second_difference_flicker(held, size)


def _mean(values: Sequence[float]) -> float:
    known = [v for v in values if np.isfinite(v)]
    return float(np.mean(known)) if known else float("nan")


def _median(values: Floats) -> float:
    known = values[np.isfinite(values)]
    return float(np.median(known)) if known.size else float("nan")


def _correlation(
    clips: Sequence[ClipPoints], top: tuple[int, ...], bottom: tuple[int, ...]
) -> float:
    """Pearson's r of the two models' openings (gap over eye distance), pooled within clips."""
    own, peer = [], []
    for clip in clips:
        size = np.linalg.norm(clip.peer[:, EYES[0]] - clip.peer[:, EYES[1]], axis=-1)
        gaps = [
            np.linalg.norm(p[:, list(top)] - p[:, list(bottom)], axis=-1).mean(axis=1) / size
            for p in (clip.own, clip.peer)
        ]
        known = np.isfinite(gaps[0])
        if known.sum() > 2:
            own.append(gaps[0][known] - gaps[0][known].mean())
            peer.append(gaps[1][known] - gaps[1][known].mean())
    if not own:
        return float("nan")
    a, b = np.concatenate(own), np.concatenate(peer)
    spread = float(np.sqrt((a**2).sum() * (b**2).sum()))
    return float((a * b).sum()) / spread if spread > 0 else float("nan")
