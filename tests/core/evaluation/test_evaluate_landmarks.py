"""Evaluation with a predictor that answers as it is told."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from core.datasets.sample import Sample
from core.errors import InputError
from core.evaluation.landmarks import Boxes, evaluate_landmarks, read_faces, truth_in
from core.faces.detection import Detection
from core.geometry import box_of_points
from core.inference.prediction import FacePrediction
from core.nets.model_card import BoxRule
from core.schemes import load_landmark_scheme

SCHEME = load_landmark_scheme("ibug68")


def _samples(count: int, eyes_px: float = 100.0) -> list[Sample]:
    """Faces whose outer eye corners are `eyes_px` apart, in black pictures."""
    rng = np.random.default_rng(0)
    samples = []
    for index in range(count):
        xy = rng.uniform(-1, 1, (68, 2)) * eyes_px + 200
        xy[36], xy[45] = (200 - eyes_px / 2, 180), (200 + eyes_px / 2, 180)
        image = np.zeros((400, 400, 3), np.uint8)
        samples.append(
            Sample(f"face{index}", lambda image=image: image, "ibug68", xy.astype(np.float32))
        )
    return samples


class _Oracle:
    """Knows the truth of the face whose centre its crop is nearest to, off by a few pixels."""

    def __init__(self, samples: list[Sample], off_px: float) -> None:
        self.card = SimpleNamespace(scheme="ibug68", box_rule=BoxRule(scale=1.1), input_hw=(64, 64))
        self.eye_pair = SCHEME.normalising_pair
        self._answers = iter(s.landmarks for s in samples)
        self._off_px = off_px
        self.sides: list[float] = []

    def predict_batch(self, faces):  # type: ignore[no-untyped-def]
        (_, matrix), = faces  # fmt: skip
        self.sides.append(64 / np.sqrt(abs(np.linalg.det(matrix[:, :2]))))
        answer = np.asarray(next(self._answers), float) + np.array([self._off_px, 0.0])
        return [FacePrediction(0.8, answer)]


def _evaluate(samples: list[Sample], oracle: _Oracle, **boxes: object) -> dict:
    return evaluate_landmarks(oracle, samples, Boxes(passes=1, **boxes))  # type: ignore[arg-type]


def test_a_constant_error_is_reported_exactly():
    samples = _samples(3)
    record = _evaluate(samples, _Oracle(samples, 6.0))
    assert record["n"] == 3
    assert record["nme_mean"] == pytest.approx(0.06, rel=1e-4)
    assert record["fr_0.08"] == 0.0
    assert record["auc_0.1"] == pytest.approx(0.4, rel=1e-3)
    assert record["large"]["n"] == 3
    assert record["confidence"] == pytest.approx(0.8)


def test_small_faces_are_not_large():
    samples = _samples(2, eyes_px=60)
    assert "large" not in _evaluate(samples, _Oracle(samples, 1.0))


def test_the_box_scale_replaces_the_cards_own():
    samples = _samples(1)
    sides = []
    for boxes in ({}, {"scale": 1.5}):
        oracle = _Oracle(samples, 0.0)
        _evaluate(samples, oracle, **boxes)
        sides.append(oracle.sides[0])
    assert sides[1] / sides[0] == pytest.approx(1.5 / 1.1)


class _Detector:
    """Finds nothing, or the face's own hull."""

    name = "toy"

    def __init__(self, boxes: list[np.ndarray]) -> None:
        self._boxes = boxes

    def detect(self, rgb, thorough=False):  # type: ignore[no-untyped-def]
        from core.faces.detection import _HULLS

        return [Detection(_HULLS["yunet"].box(b), 1.0, "yunet") for b in self._boxes]


def test_faces_a_detector_misses_count_as_failures():
    samples = _samples(2)
    nothing = _evaluate(samples, _Oracle(samples, 0.0), detector=_Detector([]))
    assert nothing["missed"] == 2
    assert nothing["nme_mean"] == pytest.approx(1.0)
    assert nothing["fr_0.1"] == 1.0

    one = _evaluate(
        samples[:1],
        _Oracle(samples, 0.0),
        detector=_Detector([box_of_points(samples[0].landmarks)]),
    )
    assert one["missed"] == 0
    assert one["nme_mean"] == pytest.approx(0.0, abs=1e-6)


def test_data_without_pictures_or_eye_corners_are_sentences(tmp_path):
    (tmp_path / "frontal").mkdir()
    body = "\n".join(["5 5"] * 68)
    (tmp_path / "frontal/image1.pts").write_text(f"version: 1\nn_points: 68\n{{\n{body}\n}}\n")
    with pytest.raises(InputError, match="no picture"):
        read_faces([f"merl-rav:{tmp_path}"])
    blind = Sample("blind", None, "ibug68", np.full((68, 2), np.nan, np.float32))
    with pytest.raises(InputError, match="eye corners"):
        truth_in(blind, SCHEME)


def test_other_schemes_are_scored_on_the_points_they_share():
    wflw = load_landmark_scheme("wflw98")
    xy = np.random.default_rng(1).uniform(0, 100, (98, 2)).astype(np.float32)
    truth = truth_in(Sample("w", None, "wflw98", xy), SCHEME)
    np.testing.assert_allclose(truth[36], xy[wflw.maps["ibug68"][36]], atol=1e-5)
