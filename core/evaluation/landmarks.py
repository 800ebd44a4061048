"""Landmark models on a data set: which faces, which boxes, how far off.

Every face of the data counts. Its box is the hull of its true landmarks or a detector's; a face no
detection lies on counts as a failure (error = 1), so that a detector cannot make a model look good.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.datasets.registry import read_samples
from core.datasets.sample import Sample
from core.errors import InputError
from core.faces.crops import crop_matrix, eye_line_angle
from core.faces.detection import Detector
from core.geometry import box_iou, box_of_points
from core.inference.landmark_predictor import LandmarkPredictor
from core.metrics import nme
from core.progress import Cancelled, Progress, Report, check, ignore, never
from core.schemes import LandmarkScheme, load_landmark_scheme

LARGE_PX = 80.0
"""Distance of the eye corners from which a face counts as large."""
MISSED = 1.0
"""NME of a face that was not found."""


@dataclass(frozen=True)
class Boxes:
    """How a face is handed to a model."""

    detector: Detector | None = None
    """None = the hull of the true landmarks."""
    scale: float | None = None
    """Side of the crop over the hull's longer side; None = the model's own box rule."""
    passes: int = 2
    """1 = one look; 2 = a second one from the first's landmarks, as `predict` does."""


def read_faces(specs: Sequence[str]) -> list[Sample]:
    """The samples of several SPECs that have a picture and landmarks.

    Raises:
        InputError: If none has.
    """
    samples = [sample for text in specs for sample in read_samples(text)]
    usable = [s for s in samples if s.image is not None and s.landmarks is not None]
    if not usable:
        raise InputError(f"{', '.join(specs)}: no picture with landmarks to evaluate on.")
    return usable


def evaluate_landmarks(
    predictor: LandmarkPredictor,
    samples: Sequence[Sample],
    boxes: Boxes,
    report: Report = ignore,
    cancelled: Cancelled = never,
) -> dict[str, Any]:
    """Score a model on samples, JSON-ready.

    Args:
        predictor: The model.
        samples: From `read_faces`.
        boxes: How each face is handed over.
        report: Told after every face.
        cancelled: Looked at before every face.

    Returns:
        `LandmarkScore.as_record`, the same under "large" for faces of ≥ 80 px between the eye
        corners, `missed` faces, mean `confidence`.

    Raises:
        InputError: If no sample shares a point with the model's scheme.
    """
    scheme = load_landmark_scheme(str(predictor.card.scheme))
    predicted, truth, confidence = [], [], []
    for done, sample in enumerate(samples):
        check(cancelled)
        wanted = truth_in(sample, scheme)
        found, score = _predict(predictor, sample.rgb(), wanted, boxes)
        predicted.append(found)
        truth.append(wanted)
        confidence.append(score)
        report(Progress("evaluate", done + 1, len(samples)))
    return _scored(np.stack(predicted), np.stack(truth), np.array(confidence), scheme)


def truth_in(sample: Sample, scheme: LandmarkScheme) -> NDArray[np.float64]:
    """A sample's landmarks in a model's scheme, (M, 2), NaN where it has none.

    Raises:
        InputError: If no point coincides.
    """
    assert sample.landmarks is not None
    own = load_landmark_scheme(str(sample.scheme))
    xy = np.asarray(own.convert(sample.landmarks, scheme), dtype=np.float64)
    if not np.isfinite(xy[list(scheme.normalising_pair)]).all():
        raise InputError(
            f"{sample.name}: its {own.name} points lack the eye corners that normalise errors."
        )
    return xy


def _predict(
    predictor: LandmarkPredictor, rgb: NDArray[np.uint8], truth: NDArray[np.float64], boxes: Boxes
) -> tuple[NDArray[np.float64], float]:
    """Points (M, 2), NaN if the face was not found, and the model's confidence."""
    hull = box_of_points(truth)
    if boxes.detector is not None:
        detections = [d.hull_xyxy for d in boxes.detector.detect(rgb, thorough=True)]
        overlap = box_iou(hull[None], np.array(detections).reshape(-1, 4))[0]
        if not overlap.size or overlap.max() < 0.3:
            return np.full_like(truth, np.nan), 0.0
        hull = detections[int(overlap.argmax())]
    rule = predictor.card.box_rule
    if boxes.scale is not None:
        rule = replace(rule, scale=boxes.scale, shift_xy=(0.0, 0.0))
    size = predictor.card.input_hw
    anchor, angle = hull, 0.0
    for _ in range(boxes.passes):
        matrix = crop_matrix(rule, anchor, angle, size)
        answer = predictor.predict_batch([(rgb, matrix)])[0]
        assert answer.landmarks is not None
        anchor = np.asarray(answer.landmarks)
        angle = eye_line_angle(anchor, predictor.eye_pair)
    return np.asarray(anchor, dtype=np.float64), float(answer.score)


def _scored(
    predicted: NDArray[np.float64],
    truth: NDArray[np.float64],
    confidence: NDArray[np.float64],
    scheme: LandmarkScheme,
) -> dict[str, Any]:
    sizes = nme.pair_distance(truth, scheme.normalising_pair)
    missed = np.asarray(~np.isfinite(predicted).any(axis=(1, 2)))
    # A missed face: every true point is one normaliser away.
    away = truth + np.array([MISSED, 0.0]) * sizes[:, None, None]
    predicted = np.where(missed[:, None, None], away, predicted)
    record: dict[str, Any] = nme.score_landmarks(predicted, truth, sizes).as_record()
    large = sizes >= LARGE_PX
    if large.any():
        record["large"] = nme.score_landmarks(
            predicted[large], truth[large], sizes[large]
        ).as_record()
        del record["large"]["per_point"]
    record["missed"] = int(missed.sum())
    record["confidence"] = float(confidence.mean())
    return record
