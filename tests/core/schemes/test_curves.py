"""Spline matrices equal SciPy's splines."""

import numpy as np
import pytest
from scipy.interpolate import CubicSpline

from core.schemes.curves import line_basis, spline_basis


@pytest.mark.parametrize("points", [2, 3, 4, 5, 7, 17, 33])
def test_open_splines_are_scipys_not_a_knot(points):
    spline = CubicSpline(np.arange(points), np.eye(points), bc_type="not-a-knot")
    position = np.arange((points - 1) * 10 + 1) / 10
    np.testing.assert_allclose(spline_basis(points, 10), spline(position), atol=1e-12)


@pytest.mark.parametrize("points", [3, 4, 9])
def test_closed_splines_are_scipys_periodic(points):
    eye = np.eye(points)
    spline = CubicSpline(np.arange(points + 1), np.vstack([eye, eye[:1]]), bc_type="periodic")
    position = np.arange(points * 10) / 10
    np.testing.assert_allclose(spline_basis(points, 10, closed=True), spline(position), atol=1e-12)


def test_cubics_are_reproduced_exactly():
    index = np.arange(6.0)
    position = np.arange(51) / 10
    np.testing.assert_allclose(
        spline_basis(6, 10) @ (index**3 - 4 * index), position**3 - 4 * position, atol=1e-10
    )


def test_bases_are_shared_and_so_read_only():
    assert spline_basis(5, 100) is spline_basis(5, 100)
    with pytest.raises(ValueError, match="read-only"):
        spline_basis(5, 100)[0, 0] = 1
    np.testing.assert_array_equal(line_basis(3), np.eye(3))


@pytest.mark.parametrize(
    ("points", "samples", "closed"), [(1, 10, False), (2, 5, True), (4, 0, False)]
)
def test_impossible_curves_are_refused(points, samples, closed):
    with pytest.raises(ValueError, match="no curve"):
        spline_basis(points, samples, closed)
