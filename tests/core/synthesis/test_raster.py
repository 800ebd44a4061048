"""The z-buffer: exact corners, perspective, hidden surfaces, shadows."""

import numpy as np
import pytest

from core.synthesis.raster import (
    BLENDED,
    HIDDEN,
    ONE_SIDED,
    TWO_SIDED,
    Fragments,
    fill_height_map,
    light_reaches,
    rasterise,
)


def drawn(xy, depth, triangles, mode=TWO_SIDED, hw=(24, 24)):
    """Fragments of a few triangles."""
    into = Fragments.empty(hw)
    triangles = np.array(triangles, np.int32)
    modes = np.full(len(triangles), mode, np.uint8)
    rasterise(np.array(xy, np.float32), np.array(depth, np.float32), triangles, modes, into)
    return into


SQUARE = [(4.0, 4.0), (12.0, 4.0), (12.0, 12.0), (4.0, 12.0)]
TWO = [(0, 1, 2), (0, 2, 3)]


def test_integer_is_a_pixels_centre():
    seen = drawn([(3.6, 3.6), (12.4, 3.6), (12.4, 12.4), (3.6, 12.4)], [5] * 4, TWO)
    inside = seen.triangle >= 0
    assert inside.sum() == 81  # centres 4 … 12 lie inside, 3 and 13 do not
    assert inside[4, 4]
    assert not inside[3, 4]


def test_the_nearer_surface_wins_in_either_order():
    xy = [*SQUARE, *SQUARE]
    depth = [5] * 4 + [3] * 4
    near = [(4, 5, 6), (4, 6, 7)]
    first = drawn(xy, depth, [*TWO, *near])
    second = drawn(xy, depth, [*near, *TWO])
    assert np.allclose(first.nearness[8, 8], 1 / 3)
    assert np.array_equal(first.nearness, second.nearness)


def test_barycentrics_are_perspective_correct():
    """A slanted floor: the pixel's weights must give back the world point that projects there."""
    world = np.array([(-1.0, -1.0, 2.0), (1.0, -1.0, 2.0), (0.0, -1.0, 9.0)])
    xy = 40 * world[:, :2] / world[:, 2:] * [1, -1] + [20, 2]
    seen = drawn(xy, world[:, 2], [(0, 1, 2)], hw=(40, 40))
    rows, columns = np.nonzero(seen.triangle >= 0)
    assert len(rows) > 50
    b = seen.barycentric[rows, columns]
    weights = np.stack([1 - b.sum(1), b[:, 0], b[:, 1]], 1)
    point = weights @ world
    again = 40 * point[:, :2] / point[:, 2:] * [1, -1] + [20, 2]
    assert np.abs(again - np.stack([columns, rows], 1)).max() < 1e-3
    assert np.allclose(seen.nearness[rows, columns], 1 / point[:, 2], atol=1e-5)


@pytest.mark.parametrize(("mode", "count"), [(HIDDEN, 0), (BLENDED, 0), (ONE_SIDED, 0)])
def test_triangles_that_are_not_drawn(mode, count):
    """Clockwise on screen as rows run downwards = facing away for ONE_SIDED."""
    seen = drawn(SQUARE, [5] * 4, TWO, mode)
    assert (seen.triangle >= 0).sum() == count


def test_one_sided_triangles_show_their_front():
    seen = drawn(SQUARE, [5] * 4, [(0, 2, 1), (0, 3, 2)], ONE_SIDED)
    assert (seen.triangle >= 0).sum() == 81


def test_what_reaches_behind_the_camera_is_left_out():
    assert (drawn(SQUARE, [5, 5, -1, 5], TWO).triangle >= 0).sum() == 0


def test_a_roof_keeps_light_from_the_floor_below_it():
    roof = np.array([(-1, 1, -1), (1, 1, -1), (1, 1, 1), (-1, 1, 1)], np.float32)
    axes = np.array([(1, 0, 0), (0, 0, 1), (0, 1, 0)], np.float32)
    centre, scale = np.zeros(3, np.float32), np.float32(10)
    heights = np.empty((64, 64), np.float32)
    casts = np.ones(2, bool)
    fill_height_map(roof, axes, centre, scale, np.array(TWO, np.int32), casts, heights)

    def lit(x, y, z):
        return float(light_reaches(*np.float32([x, y, z]), axes, centre, scale, heights, 0.01))

    assert lit(0, 0, 0) == 0.0
    assert lit(2.0, 0, 0) == 1.0
    assert lit(0, 1.5, 0) == 1.0
