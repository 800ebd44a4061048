"""Affinity: equal to independent CCAs, invariant where it should be, honest about what lacks."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.cross_decomposition import CCA

from core.correlation.affinity import (
    affinity,
    affinity_of,
    canonical_directions,
    from_moments,
    hullbox_normalised,
    mean_difference,
)
from core.correlation.moments import Moments
from core.errors import InputError
from core.schemes import load_landmark_scheme


def made_faces(count: int = 300, points: int = 6, seed: int = 0) -> np.ndarray:
    """Faces whose points hang together more or less, (count, points, 2)."""
    rng = np.random.default_rng(seed)
    hidden = rng.normal(size=(count, 5))
    mix = rng.normal(size=(5, 2 * points)) * rng.uniform(0.2, 1.0, (1, 2 * points))
    noise = 0.5 * rng.normal(size=(count, 2 * points))
    shape = rng.normal(size=(1, points, 2)) * 10
    return (hidden @ mix + noise).reshape(count, points, 2) + shape


@pytest.fixture
def faces() -> np.ndarray:
    """300 faces of six points."""
    return made_faces()


def slow_cca(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Canonical correlations by QR: singular values of Qaᵀ Qb (Björck and Golub 1973)."""
    qa, qb = (np.linalg.qr(x - x.mean(axis=0))[0] for x in (a, b))
    return np.linalg.svd(qa.T @ qb, compute_uv=False)


def test_it_equals_an_independent_cca(faces: np.ndarray):
    found = affinity(faces)
    for i in range(6):
        for j in range(i + 1, 6):
            assert found[i, j] == pytest.approx(slow_cca(faces[:, i], faces[:, j]).mean(), abs=1e-9)
    np.testing.assert_array_equal(found, found.T)
    np.testing.assert_array_equal(np.diag(found), 1.0)


def test_it_equals_scikit_learns_cca(faces: np.ndarray):
    found = affinity(faces)
    for i, j in ((0, 1), (2, 5), (3, 4)):
        u, v = CCA(2, tol=1e-12, max_iter=100_000).fit_transform(faces[:, i], faces[:, j])
        theirs = np.mean([abs(np.corrcoef(u[:, k], v[:, k])[0, 1]) for k in range(2)])
        assert found[i, j] == pytest.approx(theirs, abs=1e-6)


def test_it_equals_statsmodels(faces: np.ndarray):
    cancorr = pytest.importorskip("statsmodels.multivariate.cancorr", reason="a peer, if there")
    found = affinity(faces)
    for i, j in ((0, 1), (2, 5), (3, 4)):
        theirs = cancorr.CanCorr(faces[:, i], faces[:, j]).cancorr.mean()
        assert found[i, j] == pytest.approx(theirs, abs=1e-6)


@given(
    st.integers(0, 5),
    st.lists(st.floats(-3, 3), min_size=4, max_size=4),
    st.floats(-50, 50),
)
def test_a_planar_map_of_one_point_changes_nothing(point: int, entries: list, shift: float):
    linear = np.array(entries).reshape(2, 2)
    if abs(np.linalg.det(linear)) < 0.05:
        linear = linear + 4 * np.eye(2)
    if abs(np.linalg.det(linear)) < 0.05:
        return
    faces = made_faces(80)
    moved = faces.copy()
    moved[:, point] = faces[:, point] @ linear + shift
    np.testing.assert_allclose(affinity(moved), affinity(faces), atol=1e-7)


def test_a_missing_point_leaves_only_its_own_cells(faces: np.ndarray):
    holed = faces.copy()
    holed[:120, 2] = np.nan
    found = from_moments(Moments.of(holed))
    whole = affinity(faces)
    others = [0, 1, 3, 4, 5]
    np.testing.assert_allclose(
        found.matrix[np.ix_(others, others)], whole[np.ix_(others, others)], atol=1e-12
    )
    np.testing.assert_allclose(found.matrix[2], affinity(faces[120:])[2], atol=1e-9)
    assert found.count[2].tolist() == [180] * 6
    assert found.count[0, 1] == 300


def test_points_that_never_move_say_nothing_and_are_named(faces: np.ndarray):
    faces[:, 3] = [4.0, 7.0]
    faces[:, 1, 1] = 2 * faces[:, 1, 0] - 1
    found = from_moments(Moments.of(faces))
    assert found.matrix[3, [0, 1, 2, 4, 5]].max() == 0.0
    assert found.still.tolist() == [0, 1, 0, 2, 0, 0]
    # Of a point on a line one correlation is left: half of it is the mean of two.
    line = (
        np.linalg.lstsq(np.c_[faces[:, 0], np.ones(300)], faces[:, 1, 0], rcond=None)[0]
        @ np.c_[faces[:, 0], np.ones(300)].T
    )
    expected = np.corrcoef(line, faces[:, 1, 0])[0, 1] / 2
    assert found.matrix[0, 1] == pytest.approx(expected, abs=1e-6)
    notes = " ".join(found.notes([f"p{i}" for i in range(6)]))
    assert "Landmark 3 (p3) never moves" in notes
    assert "Landmark 1 (p1) moves along one line only" in notes


def test_a_point_no_face_has_is_unknown_and_named(faces: np.ndarray):
    faces[:, 4] = np.nan
    found = from_moments(Moments.of(faces))
    assert np.isnan(found.matrix[4]).all()
    assert np.isfinite(found.mean)
    assert "Landmark 4 is located in fewer than three faces" in found.notes()[0]


def test_directions_say_how_a_pair_hangs_together():
    rng = np.random.default_rng(2)
    faces = rng.normal(size=(4000, 2, 2))
    faces[:, 1, 1] = faces[:, 0, 0]  # what one does sideways the other does downwards
    found = canonical_directions(Moments.of(faces), 0, 1)
    assert found.correlations[0] == pytest.approx(1.0, abs=1e-9)
    assert found.correlations[1] < 0.1
    np.testing.assert_allclose(np.abs(found.first[0]), [1, 0], atol=1e-6)
    np.testing.assert_allclose(np.abs(found.second[0]), [0, 1], atol=0.1)
    assert found.correlations.mean() == pytest.approx(affinity(faces)[0, 1], abs=1e-12)


def test_mean_difference_leaves_the_diagonal_out():
    assert mean_difference(np.ones((4, 4)), np.eye(4)) == 1.0


@pytest.mark.parametrize("bad", [np.zeros((2, 4, 2)), np.full((9, 4, 2), np.nan)])
def test_too_few_or_incomplete_faces_are_refused(bad: np.ndarray):
    with pytest.raises(ValueError, match="three complete"):
        affinity(bad)


def test_faces_in_pixels_are_checked():
    scheme = load_landmark_scheme("points5")
    faces = made_faces(20, 5) * 30
    assert affinity_of(faces, scheme).matrix.shape == (5, 5)
    with pytest.raises(InputError, match="points5 has 5 points; these faces have 6"):
        affinity_of(made_faces(9, 6), scheme)
    with pytest.raises(InputError, match="0 of 20 faces can be used"):
        affinity_of(np.full((20, 5, 2), np.nan), scheme)
    with pytest.raises(InputError, match="do not answer"):
        affinity_of(faces, scheme, truth=faces[:4])
    with pytest.raises(InputError, match='no normalisation "box"'):
        affinity_of(faces, scheme, "box")


def test_predictions_in_their_own_frames_would_hide_errors_of_place():
    scheme = load_landmark_scheme("points5")
    truth = made_faces(400, 5, seed=5) * 3
    rng = np.random.default_rng(1)
    shaken = truth + 60 * rng.normal(size=(400, 1, 2))
    own = affinity_of(shaken, scheme).matrix
    judged = affinity_of(shaken, scheme, truth=truth).matrix
    np.testing.assert_allclose(own, affinity_of(truth, scheme).matrix, atol=1e-9)
    assert judged.mean() > own.mean() + 0.1


def test_hullbox_undoes_place_and_size(faces: np.ndarray):
    scale = np.linspace(0.5, 3, 300)[:, None, None]
    np.testing.assert_allclose(
        hullbox_normalised(faces * scale + 40), hullbox_normalised(faces), atol=1e-9
    )
    box = np.ptp(hullbox_normalised(faces), axis=1)
    np.testing.assert_allclose(box.mean(axis=1), 1.0)
