"""Are rendered faces like real ones? Shapes against shapes, and real nets on renders.

Four statistics of shape (real coordinates judge; nothing of them goes into the project): affinity,
mean shape after generalised Procrustes, how well synthetic modes explain real faces. And the
*reverse test*: detectors and a landmark net that only ever saw photographs must work on renders.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from core.correlation.affinity import affinity, hullbox_normalised, mean_difference
from core.datasets.sample import Sample
from core.errors import InputError
from core.faces.crops import crop_matrix, eye_line_angle
from core.faces.detection import Detector
from core.geometry import box_iou, box_of_points
from core.inference.landmark_predictor import LandmarkPredictor
from core.progress import Cancelled, Progress, Report, check, ignore, never
from core.synthesis.recipe import PRESETS
from core.synthesis.scene import POSE, draw_pose, stream
from core.synthesis.world import render_face, sample_landmarks

Floats = NDArray[np.float64]

MODES = 20
EYES = (36, 45)
FRONTAL_DEG = 20.0
"""Turn up to which a rendered face counts as frontal in the reverse test."""
COMPLETE_YAW_DEG = 35.0
"""Turn up to which people see all 68 points: faces the real complete ones are compared with."""


@dataclass(frozen=True)
class ShapeRealism:
    """Synthetic shapes against real ones; lengths in shares of the eye distance."""

    real: int
    synthetic: int
    affinity_difference: float
    """Mean |ΔA| (bar 0.08; real against real 0.05–0.06)."""
    mean_shape: float
    """Mean distance of mean shapes (bar 0.04)."""
    mean_shape_worst: float
    """Of the worst point (bar 0.09)."""
    worst_points: tuple[int, ...]
    """The five points farthest off."""
    mode_residual: float
    """Median residual of real faces on 20 synthetic modes (bar 0.024)."""

    def as_record(self) -> dict[str, object]:
        """JSON-ready."""
        return asdict(self)


def complete_shapes(samples: Sequence[Sample]) -> Floats:
    """The faces whose 68 points are all located, (N, 68, 2).

    Raises:
        InputError: If fewer than 50 are.
    """
    found = [
        s.landmarks
        for s in samples
        if s.scheme == "ibug68" and s.landmarks is not None and np.isfinite(s.landmarks).all()
    ]
    if len(found) < 50:
        raise InputError(f"{len(found)} faces with all 68 points; 50 are needed to compare.")
    return np.asarray(np.stack(found), dtype=np.float64)


def synthetic_shapes(count: int, seed: int = 0) -> Floats:
    """Shapes of the default world turned no further than people see all 68 points, (N, 68, 2)."""
    world = PRESETS["default"]
    chosen: list[int] = []
    number = seed * 1_000_000
    while len(chosen) < count:
        if abs(np.degrees(draw_pose(stream(number, POSE), world).yaw)) <= COMPLETE_YAW_DEG:
            chosen.append(number)
        number += 1
    return np.asarray(sample_landmarks(chosen, 256, world), dtype=np.float64)


def compare_shapes(real: Floats, synthetic: Floats) -> ShapeRealism:
    """All shape statistics of two sets of complete 68-point faces."""
    own_mean, own = procrustes(synthetic)
    real_mean, faces = procrustes(real)
    off = _distances(own_mean, real_mean)
    modes = np.linalg.svd((own - own_mean).reshape(len(own), -1), full_matrices=False)[2][:MODES]
    about = np.stack([fit(face, own_mean) for face in faces]) - own_mean
    flat = about.reshape(len(faces), -1)
    rest = (flat - flat @ modes.T @ modes).reshape(len(faces), -1, 2)
    eyes = np.linalg.norm(own_mean[EYES[0]] - own_mean[EYES[1]])
    return ShapeRealism(
        real=len(real),
        synthetic=len(synthetic),
        affinity_difference=mean_difference(
            affinity(hullbox_normalised(real)), affinity(hullbox_normalised(synthetic))
        ),
        mean_shape=float(off.mean()),
        mean_shape_worst=float(off.max()),
        worst_points=tuple(int(i) for i in np.argsort(-off)[:5]),
        mode_residual=float(np.median(np.linalg.norm(rest, axis=-1)) / eyes),
    )


def procrustes(faces: Floats, rounds: int = 6) -> tuple[Floats, Floats]:
    """Generalised Procrustes: the mean shape (M, 2), unit RMS size, and all faces fitted to it."""
    mean = faces[0] - faces[0].mean(axis=0)
    for _ in range(rounds):
        mean = mean / np.sqrt((mean**2).sum(axis=1).mean())
        fitted = np.stack([fit(face, mean) for face in faces])
        mean = fitted.mean(axis=0)
    return mean, fitted


def fit(face: Floats, target: Floats) -> Floats:
    """A face moved, turned and scaled onto another, both (M, 2)."""
    a = (face - face.mean(axis=0)) @ [1, 1j]
    b = (target - target.mean(axis=0)) @ [1, 1j]
    moved = a * (np.vdot(a, b) / np.vdot(a, a).real) + (target.mean(axis=0) @ [1, 1j])
    return np.stack([moved.real, moved.imag], axis=-1)


def _distances(a: Floats, b: Floats) -> Floats:
    """Distance of each point of two mean shapes after fitting, in eye distances of the second."""
    away = np.linalg.norm(fit(a, b) - b, axis=1)
    return np.asarray(away / np.linalg.norm(b[EYES[0]] - b[EYES[1]]))


@dataclass(frozen=True)
class ReverseTest:
    """What nets that saw only photographs say of frontal renders."""

    faces: int
    hits: dict[str, float]
    """Share of faces each detector found (bars: cascade 0.95, YuNet 0.98)."""
    nme: float | None
    """Median NME of the landmark net against our truth (bar 0.07)."""
    offsets: tuple[tuple[float, float], ...]
    """Mean signed error of each point, along and across the eye line, in eye distances."""

    def as_record(self) -> dict[str, object]:
        """JSON-ready."""
        return asdict(self)


def reverse_test(
    count: int,
    detectors: Sequence[Detector],
    predictor: LandmarkPredictor | None,
    report: Report = ignore,
    cancelled: Cancelled = never,
) -> ReverseTest:
    """Run detectors and a landmark net on `count` frontal, unoccluded renders."""
    hits: dict[str, list[bool]] = {d.name: [] for d in detectors}
    errors, signed = [], []
    world = PRESETS["frontal"]
    for done in range(count):
        check(cancelled)
        face = render_face(90_000 + done, 320, ("rgb",), world)
        assert face.rgb is not None
        truth = np.asarray(face.landmarks["ibug68"], dtype=np.float64)
        for detector in detectors:
            hits[detector.name].append(_is_hit(detector, face.rgb, truth))
        if predictor is not None:
            off, eyes = _offsets(predictor, face.rgb, truth)
            errors.append(float(np.linalg.norm(off, axis=1).mean() / eyes))
            signed.append(off / eyes)
        report(Progress("reverse test", done + 1, count))
    means = np.mean(signed, axis=0) if signed else np.zeros((0, 2))
    return ReverseTest(
        faces=count,
        hits={name.partition(":")[0]: float(np.mean(found)) for name, found in hits.items()},
        nme=float(np.median(errors)) if errors else None,
        offsets=tuple((round(float(x), 4), round(float(y), 4)) for x, y in means),
    )


def _is_hit(detector: Detector, rgb: NDArray[np.uint8], truth: Floats) -> bool:
    found = [d.hull_xyxy for d in detector.detect(rgb)]
    return bool(found) and float(box_iou(box_of_points(truth)[None], np.array(found)).max()) > 0.4


def _offsets(
    predictor: LandmarkPredictor, rgb: NDArray[np.uint8], truth: Floats
) -> tuple[Floats, float]:
    """Prediction minus truth in the upright frame of the eyes (M, 2), and the eye distance."""
    angle = eye_line_angle(truth, EYES)
    matrix = crop_matrix(predictor.card.box_rule, truth, angle, predictor.card.input_hw)
    points = predictor.predict_batch([(rgb, matrix)])[0].landmarks
    assert points is not None
    cos, sin = np.cos(angle), np.sin(angle)
    off = (np.asarray(points, dtype=np.float64) - truth) @ np.array([[cos, -sin], [sin, cos]])
    return off, float(np.linalg.norm(truth[EYES[0]] - truth[EYES[1]]))
