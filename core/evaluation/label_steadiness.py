"""Parsing nets through time: overlap with the truth and trembling, fed the last mask or not.

The same frames and crops for everybody. Rendered clips have the truth: crops follow the true
landmarks, trembling is what changes where the truth stays. Real clips have none: the crop stands
still (the median of a detector's boxes) and blinks are counted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.datasets.face_cache import UNKNOWN, FaceCache
from core.errors import InputError
from core.evaluation.labelled_clips import LabelledClip
from core.evaluation.parsing import label_picture, scores
from core.faces.detection import Detector
from core.geometry import Array
from core.inference.parsing_predictor import ParsingPredictor
from core.metrics import iou, label_flicker
from core.progress import Cancelled, Progress, Report, check, ignore, never
from core.schemes import load_landmark_scheme
from core.video.reader import open_clip

Labels = NDArray[np.uint8]

OVERALL = (
    ("left_eye", "right_eye"), ("left_brow", "right_brow"), ("nose",),
    ("upper_lip", "inner_mouth", "lower_lip"),
)  # fmt: skip
"""What Helen's overall F1 counts: eyes, brows, nose, whole mouth (METHODS H)."""


@dataclass(frozen=True)
class Feeding:
    """Whether a net is fed its last mask, and how that mask is brought along."""

    on: bool = True
    hold: float | None = None
    """Added to the logit of the class a pixel had; None = what the model's card says."""


@dataclass(frozen=True, eq=False)
class Stretch:
    """Frames of a real clip, and where its face is."""

    name: str
    frames: list[NDArray[np.uint8]]
    box_xyxy: Array


def follow(
    predictor: ParsingPredictor,
    frames: Sequence[NDArray[np.uint8]],
    matrices: Sequence[Array],
    feeding: Feeding,
    cancelled: Cancelled = never,
) -> Labels:
    """Label one face through a stretch without cuts, (T, H, W) in frame pixels.

    Raises:
        ValueError: If the net has no feedback and is to be fed.
    """
    if feeding.on and not predictor.feedback:
        raise ValueError(f"{predictor.card.name} has no input for the last mask")
    last, found = None, []
    usual = predictor.hold
    predictor.hold = usual if feeding.hold is None else feeding.hold
    try:
        for rgb, matrix in zip(frames, matrices, strict=True):
            check(cancelled)
            answer = predictor.predict_batch([(rgb, matrix)], [last if feeding.on else None])[0]
            assert answer.label_map is not None
            found.append(answer.label_map.paste((rgb.shape[0], rgb.shape[1])))
            last = answer.last_mask
    finally:
        predictor.hold = usual
    return np.stack(found)


def on_stills(
    predictor: ParsingPredictor,
    cache: FaceCache,
    report: Report = ignore,
    cancelled: Cancelled = never,
) -> dict[str, Any]:
    """Figures on held-out heads, one look without a last mask; every subject's overall F1.

    Raises:
        InputError: If the cache's labels are of another scheme.
    """
    if cache.mask_scheme != predictor.scheme.name:
        raise InputError(f"{cache.folder}: its labels are not {predictor.scheme.name}.")
    names = predictor.scheme.class_names
    pair = load_landmark_scheme(cache.scheme).normalising_pair
    total = np.zeros((len(names), len(names)), np.int64)
    by_face = []
    for index in range(len(cache)):
        check(cancelled)
        rgb, truth = cache.image(index), cache.label_map(index)
        anchor = np.asarray(cache.landmarks[index], np.float64)
        found = label_picture(predictor, rgb, anchor, pair)
        known = truth != UNKNOWN
        counts = iou.confusion_matrix(truth[known], found[known], len(names))
        total += counts
        by_face.append(overall_f1(counts, names))
        report(Progress("held out", index + 1, len(cache)))
    overall = {"f1_overall": overall_f1(total, names), "faces": len(cache)}
    text = " ".join(f"{value:.5f}" for value in by_face)
    return scores(total, names) | overall | {"by_face": text}


def on_rendered_clips(
    predictor: ParsingPredictor,
    clips: Sequence[LabelledClip],
    feeding: Feeding,
    report: Report = ignore,
    cancelled: Cancelled = never,
) -> dict[str, Any]:
    """Overlap and trembling on rendered clips, JSON-ready, pooled and by clip.

    Raises:
        InputError: If the net tells other classes apart than the clips.
    """
    if predictor.scheme.name != "parts14":
        raise InputError(f"{predictor.card.name}: clips are labelled in parts14.")
    names = predictor.scheme.class_names
    pair = load_landmark_scheme("ibug68").normalising_pair
    total = np.zeros((len(names), len(names)), np.int64)
    by_clip = []
    for done, clip in enumerate(clips):
        matrices = [predictor.matrix(np.asarray(xy, np.float64), pair) for xy in clip.landmarks]
        found = follow(predictor, list(clip.frames), matrices, feeding, cancelled)
        counts = iou.confusion_matrix(clip.labels, found, len(names))
        total += counts
        by_clip.append(
            {
                "miou": iou.mean_iou(counts),
                "f1_overall": overall_f1(counts, names),
                "changes": label_flicker.changes(found),
                "true_changes": label_flicker.changes(clip.labels),
                "false_changes": label_flicker.false_changes(found, clip.labels),
                "blinks": label_flicker.blinks(found),
            }
        )
        report(Progress("clips", done + 1, len(clips)))
    means = {key: float(np.mean([one[key] for one in by_clip])) for key in by_clip[0]}
    return scores(total, names) | {"means": means, "by_clip": by_clip}


def real_stretch(
    path: Path, detector: Detector, frames: int, cancelled: Cancelled = never
) -> Stretch:
    """The first frames of a clip and one crop for all of them: the median of the largest boxes.

    Raises:
        InputError: If the detector finds nobody in it.
    """
    pictures, boxes = [], []
    with open_clip(path) as clip:
        for _, rgb in clip.frames(0, min(frames, clip.info.frames)):
            check(cancelled)
            pictures.append(rgb)
            found = [d.hull_xyxy for d in detector.detect(rgb, thorough=True)]
            if found:
                boxes.append(max(found, key=lambda box: float((box[2:] - box[:2]).prod())))
    if not boxes:
        raise InputError(f"{path}: nobody was found in its first {frames} frames.")
    return Stretch(path.name, pictures, np.median(np.array(boxes, np.float64), axis=0))


def on_real_clips(
    predictor: ParsingPredictor,
    stretches: Sequence[Stretch],
    feeding: Feeding,
    report: Report = ignore,
    cancelled: Cancelled = never,
) -> dict[str, Any]:
    """Trembling on clips without truth, JSON-ready: means over clips, and each."""
    by_clip = {}
    for done, stretch in enumerate(stretches):
        matrices = [predictor.matrix(stretch.box_xyxy, None)] * len(stretch.frames)
        found = follow(predictor, stretch.frames, matrices, feeding, cancelled)
        by_clip[stretch.name] = {
            "changes": label_flicker.changes(found),
            "blinks": label_flicker.blinks(found),
        }
        report(Progress("real clips", done + 1, len(stretches)))
    keys = ("changes", "blinks")
    means = {key: float(np.mean([one[key] for one in by_clip.values()])) for key in keys}
    return {"means": means, "by_clip": by_clip}


def overall_f1(counts: NDArray[np.int64], names: Sequence[str]) -> float:
    """Helen's overall F1 of a confusion matrix: eyes, brows, nose and mouth, pooled.

    A pixel counts as right when its part is, whichever side or lip.
    """
    hit = total = 0
    for part in OVERALL:
        group = np.isin(names, part)
        hit += int(counts[np.ix_(group, group)].sum())
        total += int(counts[group].sum() + counts[:, group].sum())
    return 2.0 * hit / total if total else float("nan")
