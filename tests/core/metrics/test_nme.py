"""Landmark metrics on cases that can be checked by hand."""

from __future__ import annotations

import numpy as np
import pytest

from core.metrics import nme


def _faces(errors_px: list[float]) -> tuple[np.ndarray, np.ndarray]:
    """Faces of four points whose eye corners (0, 1) are 100 px apart, each point off by so much."""
    truth = np.array([[[0.0, 0.0], [100, 0], [50, 50], [50, 80]]] * len(errors_px))
    return truth + np.array(errors_px)[:, None, None] * [0.6, 0.8], truth


def test_errors_are_shares_of_the_eye_distance():
    predicted, truth = _faces([5.0, 10.0])
    sizes = nme.pair_distance(truth, (0, 1))
    errors = nme.point_errors(predicted, truth, sizes)
    np.testing.assert_allclose(errors, [[0.05] * 4, [0.1] * 4])
    np.testing.assert_allclose(nme.face_errors(errors), [0.05, 0.1])


def test_missing_points_are_left_out():
    predicted, truth = _faces([5.0])
    truth[0, 2] = np.nan
    predicted[0, 3] += 1000
    predicted[0, 3] = np.nan
    errors = nme.point_errors(predicted, truth, np.array([100.0]))
    assert np.isnan(errors[0, 2:]).all()
    assert nme.face_errors(errors)[0] == pytest.approx(0.05)
    assert np.isnan(nme.face_errors(np.full((1, 3), np.nan))[0])


def test_score_holds_what_evaluate_reports():
    predicted, truth = _faces([2.0, 4.0, 9.0, 30.0])
    score = nme.score_landmarks(predicted, truth, np.full(4, 100.0))
    assert score.n == 4
    assert score.nme_mean == pytest.approx(0.1125)
    assert score.nme_median == pytest.approx(0.065)
    assert score.rates == {0.05: 0.5, 0.08: 0.5, 0.1: 0.25, 0.15: 0.25, 0.2: 0.25}
    assert score.auc_01 == pytest.approx((0.8 + 0.6 + 0.1 + 0) / 4)
    assert score.per_point == pytest.approx([0.1125] * 4)
    assert score.as_record()["fr_0.08"] == 0.5


def test_the_area_under_the_ced_is_the_auc():
    rng = np.random.default_rng(0)
    errors = rng.gamma(2.0, 0.03, 500)
    thresholds, shares = nme.ced_curve(errors, 0.1, 4000)
    area = np.trapezoid(shares, thresholds) / 0.1
    assert nme.auc(errors, 0.1) == pytest.approx(area, abs=1e-3)
    assert shares[-1] == pytest.approx(1 - nme.failure_rate(errors, 0.1))


def test_nothing_known_gives_nan_not_zero():
    empty = np.full((2, 3), np.nan)
    assert np.isnan(nme.failure_rate(empty, 0.1))
    assert np.isnan(nme.auc(empty, 0.1))
    assert np.isnan(nme.ced_curve(empty, 0.1)[1]).all()


@pytest.mark.parametrize("sizes", [np.array([0.0]), np.array([np.nan]), np.array([1.0, 2.0])])
def test_bad_normalisers_are_refused(sizes: np.ndarray):
    predicted, truth = _faces([1.0])
    with pytest.raises(ValueError, match=r"normaliser|shapes"):
        nme.point_errors(predicted, truth, sizes)


def test_box_size_is_the_root_of_the_area():
    assert nme.box_size(np.array([[[0.0, 0.0], [40, 10], [np.nan, np.nan]]]))[0] == pytest.approx(
        20
    )
