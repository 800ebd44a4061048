"""Landmark errors: NME, failure rates, CED and AUC ([Yan20] chapter 4, METHODS F).

Points (N, M, 2) in any pixels, NaN = missing (left out everywhere). A rate or area of nothing is
NaN, never 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]

FAILURE_RATES = (0.05, 0.08, 0.1, 0.15, 0.2)


def pair_distance(truth: Floats, pair: tuple[int, int]) -> Floats:
    """Distance between two true points of every face, (N,): d of the inter-ocular NME."""
    truth = np.asarray(truth, dtype=np.float64)
    return np.linalg.norm(truth[:, pair[0]] - truth[:, pair[1]], axis=-1)


SEEN_FROM_FRONT = 0.3
"""Least distance of the eye corners over √(box area), about 60° of turn: in profile the distance
between the eyes is no measure of a face."""


def seen_from_front(truth: Floats, pair: tuple[int, int]) -> NDArray[np.bool_]:
    """Faces whose inter-ocular NME says something, (N,)."""
    return np.asarray(pair_distance(truth, pair) >= SEEN_FROM_FRONT * box_size(truth))


def box_size(truth: Floats) -> Floats:
    """√(width · height) of the tight box of the true points, (N,)."""
    truth = np.asarray(truth, dtype=np.float64)
    side = np.nanmax(truth, axis=1) - np.nanmin(truth, axis=1)
    return np.sqrt(side.prod(axis=-1))


def point_errors(predicted: Floats, truth: Floats, sizes: Floats) -> Floats:
    """‖p − t‖ / d of every point, (N, M); NaN where truth or prediction is missing.

    Raises:
        ValueError: If the shapes differ or a size is not positive.
    """
    predicted, truth = np.asarray(predicted, np.float64), np.asarray(truth, np.float64)
    sizes = np.asarray(sizes, np.float64)
    if predicted.shape != truth.shape or sizes.shape != truth.shape[:1]:
        raise ValueError(f"shapes differ: {predicted.shape}, {truth.shape}, {sizes.shape}")
    if not (sizes > 0).all():
        raise ValueError("every face needs a positive normaliser")
    return np.linalg.norm(predicted - truth, axis=-1) / sizes[:, None]


def face_errors(errors: Floats) -> Floats:
    """NME of every face, (N,): the mean over its points; NaN if it has none."""
    known = np.isfinite(errors)
    total = np.where(known, errors, 0.0).sum(axis=1)
    count = known.sum(axis=1)
    return np.divide(total, count, out=np.full(len(errors), np.nan), where=count > 0)


def failure_rate(errors: Floats, threshold: float) -> float:
    """Share of known errors above a threshold; FR^I of face errors, FR^L of point errors."""
    known = errors[np.isfinite(errors)]
    return float((known > threshold).mean()) if known.size else float("nan")


def ced_curve(errors: Floats, limit: float, steps: int = 1000) -> tuple[Floats, Floats]:
    """Cumulative error distribution: thresholds 0 … limit and the share of errors ≤ each."""
    known = np.sort(errors[np.isfinite(errors)].ravel())
    thresholds = np.linspace(0.0, limit, steps + 1)
    if known.size == 0:
        return thresholds, np.full(steps + 1, np.nan)
    return thresholds, np.searchsorted(known, thresholds, side="right") / known.size


def auc(errors: Floats, limit: float) -> float:
    """Area under the CED up to `limit`, over `limit`: mean of max(0, 1 − e / limit), exactly."""
    known = errors[np.isfinite(errors)]
    return float(np.clip(1.0 - known / limit, 0.0, None).mean()) if known.size else float("nan")


@dataclass(frozen=True)
class LandmarkScore:
    """What `evaluate` reports of a landmark model."""

    n: int
    nme_mean: float
    nme_median: float
    rates: dict[float, float]
    """FR^I at FAILURE_RATES."""
    point_rates: dict[float, float]
    """FR^L at FAILURE_RATES."""
    auc_01: float
    per_point: tuple[float, ...]
    """Mean error of every point."""

    def as_record(self) -> dict[str, float | int | list[float]]:
        """Flat, JSON-ready, errors as fractions of the normaliser."""
        record: dict[str, float | int | list[float]] = {
            "n": self.n,
            "nme_mean": self.nme_mean,
            "nme_median": self.nme_median,
            "auc_0.1": self.auc_01,
        }
        record |= {f"fr_{t:g}": v for t, v in self.rates.items()}
        record |= {f"frl_{t:g}": v for t, v in self.point_rates.items()}
        record["per_point"] = list(self.per_point)
        return record


def score_landmarks(
    predicted: Floats, truth: Floats, sizes: Floats, thresholds: Sequence[float] = FAILURE_RATES
) -> LandmarkScore:
    """Every landmark metric of N faces, see LandmarkScore.

    Raises:
        ValueError: As `point_errors`, or if there is no face.
    """
    if len(truth) == 0:
        raise ValueError("no face to score")
    errors = point_errors(predicted, truth, sizes)
    faces = face_errors(errors)
    known = faces[np.isfinite(faces)]
    per_point = face_errors(errors.T)
    return LandmarkScore(
        n=len(truth),
        nme_mean=float(known.mean()) if known.size else float("nan"),
        nme_median=float(np.median(known)) if known.size else float("nan"),
        rates={t: failure_rate(faces, t) for t in thresholds},
        point_rates={t: failure_rate(errors, t) for t in thresholds},
        auc_01=auc(faces, 0.1),
        per_point=tuple(float(v) for v in per_point),
    )
