"""Affinity: equal to an independent CCA, invariant where it should be."""

from __future__ import annotations

import numpy as np
import pytest

from core.correlation.affinity import affinity, hullbox_normalised, mean_difference


@pytest.fixture
def faces() -> np.ndarray:
    """300 faces of six points that hang together more or less."""
    rng = np.random.default_rng(0)
    hidden = rng.normal(size=(300, 5))
    mix = rng.normal(size=(5, 12)) * rng.uniform(0.2, 1.0, (1, 12))
    noise = 0.5 * rng.normal(size=(300, 12))
    return (hidden @ mix + noise).reshape(300, 6, 2) + rng.normal(size=(1, 6, 2)) * 10


def test_it_equals_an_independent_cca(faces: np.ndarray):
    found = affinity(faces)
    for i in range(6):
        for j in range(i + 1, 6):
            # Canonical correlations by QR: the singular values of Qaᵀ Qb (Björck and Golub 1973).
            qa, qb = (np.linalg.qr(faces[:, k] - faces[:, k].mean(axis=0))[0] for k in (i, j))
            expected = np.linalg.svd(qa.T @ qb, compute_uv=False).mean()
            assert found[i, j] == pytest.approx(expected, abs=1e-9)
            assert found[j, i] == pytest.approx(found[i, j], abs=1e-12)
    np.testing.assert_array_equal(np.diag(found), 1.0)


def test_a_planar_map_of_one_point_changes_nothing(faces: np.ndarray):
    moved = faces.copy()
    moved[:, 2] = faces[:, 2] @ [[2.0, 0.5], [-0.3, 0.7]] + 5
    np.testing.assert_allclose(affinity(moved), affinity(faces), atol=1e-9)


def test_points_that_never_move_say_nothing(faces: np.ndarray):
    faces[:, 3] = [4.0, 7.0]
    found = affinity(faces)
    assert found[3, [0, 1, 2, 4, 5]].max() == pytest.approx(0.0, abs=1e-6)


def test_hullbox_undoes_place_and_size(faces: np.ndarray):
    scale = np.linspace(0.5, 3, 300)[:, None, None]
    np.testing.assert_allclose(
        hullbox_normalised(faces * scale + 40), hullbox_normalised(faces), atol=1e-9
    )
    box = np.ptp(hullbox_normalised(faces), axis=1)
    np.testing.assert_allclose(box.mean(axis=1), 1.0)


def test_mean_difference_leaves_the_diagonal_out():
    assert mean_difference(np.ones((4, 4)), np.eye(4)) == 1.0


@pytest.mark.parametrize("bad", [np.zeros((2, 4, 2)), np.full((9, 4, 2), np.nan)])
def test_too_few_or_incomplete_faces_are_refused(bad: np.ndarray):
    with pytest.raises(ValueError, match="three complete"):
        affinity(bad)
