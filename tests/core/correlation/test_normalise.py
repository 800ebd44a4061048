"""Normalisations: each removes what it promises, missing points are passed."""

from __future__ import annotations

import numpy as np
import pytest

from core.correlation.normalise import Normalisation, reference_shape
from core.errors import InputError

NAMES = ["hullbox", "centroid_rms", "interocular", "procrustes"]


@pytest.fixture
def faces() -> np.ndarray:
    """40 faces of seven points in pixels."""
    rng = np.random.default_rng(4)
    return rng.uniform(-50, 50, (1, 7, 2)) + rng.normal(size=(40, 7, 2)) * 4 + 200


@pytest.mark.parametrize("name", NAMES)
def test_place_and_size_are_gone(name: str, faces: np.ndarray):
    normalise = Normalisation(name, (0, 3), reference_shape(faces))
    moved = faces * np.linspace(0.3, 4, 40)[:, None, None] - 70
    np.testing.assert_allclose(normalise(moved), normalise(faces), atol=1e-9)


def test_only_procrustes_undoes_turning(faces: np.ndarray):
    turn = np.array([[0.8, 0.6], [-0.6, 0.8]])
    reference = reference_shape(faces)
    turned = faces @ turn
    fitted = Normalisation("procrustes", reference=reference)
    np.testing.assert_allclose(fitted(turned), fitted(faces), atol=1e-9)
    assert np.abs(Normalisation("hullbox")(turned) - Normalisation("hullbox")(faces)).max() > 0.1


def test_the_measures_are_what_they_are_called(faces: np.ndarray):
    rms = Normalisation("centroid_rms")(faces)
    np.testing.assert_allclose(rms.mean(axis=1), 0, atol=1e-12)
    np.testing.assert_allclose((rms**2).sum(axis=2).mean(axis=1), 1)
    eyes = Normalisation("interocular", (2, 5))(faces)
    np.testing.assert_allclose(np.linalg.norm(eyes[:, 2] - eyes[:, 5], axis=1), 1)


@pytest.mark.parametrize("name", NAMES)
def test_missing_points_stay_missing_and_faces_without_frame_go(name: str, faces: np.ndarray):
    reference = reference_shape(faces)
    faces[0, 4] = np.nan
    faces[1, 2:] = np.nan  # two points are no face
    faces[2] = 7.0  # nor is a face without extent
    faces[3, 6, 0] = np.nan  # half a point is none
    found = Normalisation(name, (0, 3), reference)(faces)
    assert np.isnan(found[0]).all(axis=1).tolist() == [False] * 4 + [True] + [False] * 2
    assert np.isnan(found[1]).all()
    assert np.isnan(found[2]).all()
    assert np.isnan(found[3, 6]).all()
    assert np.isfinite(found[4:]).all()


def test_a_prediction_keeps_its_errors_in_the_truths_frame(faces: np.ndarray):
    normalise = Normalisation()
    shifted = normalise(faces + 10, faces)
    size = np.ptp(faces, axis=1).mean(axis=1)
    np.testing.assert_allclose(shifted - normalise(faces), (10 / size)[:, None, None] + 0 * faces)


def test_the_mean_shape_needs_every_point_somewhere(faces: np.ndarray):
    shape = reference_shape(faces)
    np.testing.assert_allclose(shape.mean(axis=0), 0, atol=1e-12)
    assert (shape**2).sum(axis=1).mean() == pytest.approx(1)
    faces[:, 1] = np.nan
    with pytest.raises(InputError, match="located in no face"):
        reference_shape(faces)
