"""Landmarks find the image's edge along their contour's normal."""

import numpy as np
import pytest

from core.faces.correction.edge_snap import contour_normals, snapped
from core.faces.correction.template import placed_by_eyes
from core.schemes import Contour, load_landmark_scheme

COUNT, CENTRE, RADIUS = 24, np.array([100.0, 90.0]), 50.0
RING = [Contour("ring", tuple(range(COUNT)), closed=True, kind="spline")]


def disc() -> np.ndarray:
    """A bright disc whose border pixels are covered in part."""
    y, x = np.mgrid[:200, :200]
    inside = np.clip(RADIUS - np.hypot(x - CENTRE[0], y - CENTRE[1]) + 0.5, 0, 1)
    return np.rint(40 + inside[..., None] * [160, 140, 120]).astype(np.uint8)


def ring(radius):
    angle = 2 * np.pi * np.arange(COUNT) / COUNT
    return CENTRE + np.asarray(radius)[..., None] * np.column_stack([np.cos(angle), np.sin(angle)])


@pytest.mark.parametrize("off", [-5.0, -2.0, 0.0, 3.0, 5.5])
def test_points_off_the_edge_come_to_the_edge(off):
    got = snapped(ring(np.full(COUNT, RADIUS + off)), RING, range(COUNT), disc(), 8.0)
    assert np.abs(np.linalg.norm(got - CENTRE, axis=1) - RADIUS).max() < 0.5


def test_none_goes_further_than_it_may():
    before = ring(np.full(COUNT, RADIUS + 6))
    got = snapped(before, RING, range(COUNT), disc(), 3.0)
    assert np.linalg.norm(got - before, axis=1).max() <= 3.0 + 1e-9


def test_a_flat_picture_and_points_not_chosen_move_nothing():
    before = ring(np.full(COUNT, RADIUS + 3))
    flat = np.full((200, 200, 3), 90, np.uint8)
    assert np.array_equal(snapped(before, RING, range(COUNT), flat, 8.0), before)
    got = snapped(before, RING, [4], disc(), 8.0)
    assert np.flatnonzero((got != before).any(axis=1)).tolist() == [4]


def test_normals_stand_on_the_contour_and_corners_have_none():
    radial = ring(np.ones(COUNT)) - CENTRE
    normals = contour_normals(ring(np.full(COUNT, RADIUS)), RING)
    assert np.allclose(np.abs((normals * radial).sum(axis=1)), 1.0)
    scheme = load_landmark_scheme("ibug68")
    face = contour_normals(placed_by_eyes(scheme, [50, 50], [90, 50]), scheme.contours)
    assert np.isnan(face[[36, 39, 48, 51, 54]]).all()
    assert np.isfinite(face[:36]).all()


def test_points_outside_the_frame_and_missing_ones_break_nothing():
    before = ring(np.full(COUNT, 170.0))
    before[3] = np.nan
    got = snapped(before, RING, range(COUNT), disc(), 8.0)
    assert np.isnan(got[3]).all()
    assert np.isfinite(np.delete(got, 3, axis=0)).all()
