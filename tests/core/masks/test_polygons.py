"""Outlines along pixel edges give back exactly the pixels they were traced from."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from pycocotools import mask as coco

from core.masks.components import components
from core.masks.polygons import paint_rings, rings_of_classes, trace_rings

shapes = st.tuples(st.integers(0, 12), st.integers(0, 12))
masks = hnp.arrays(bool, shapes)


@given(masks)
def test_painting_the_rings_gives_the_region_back(mask):
    labels = np.zeros(mask.shape, np.uint8)
    paint_rings(labels, [ring.corners for ring in trace_rings(mask)], 1)
    np.testing.assert_array_equal(labels, mask)


@given(masks)
def test_there_is_one_outer_ring_a_component_and_one_hole_a_lake(mask):
    rings = trace_rings(mask)
    assert sum(not ring.hole for ring in rings) == len(components(mask.astype(np.uint8)).classes)
    lakes = 0
    if mask.size:
        sea = np.pad(~mask, 1, constant_values=True).astype(np.uint8)
        lakes = cv2.connectedComponents(sea, connectivity=4)[0] - 2
    assert sum(ring.hole for ring in rings) == lakes


@given(masks)
def test_rings_turn_at_every_corner_and_run_along_pixel_edges(mask):
    for ring in trace_rings(mask):
        steps = np.roll(ring.corners, -1, axis=0) - ring.corners
        assert ((steps != 0).sum(axis=1) == 1).all()
        horizontal = steps[:, 0] != 0
        assert (horizontal != np.roll(horizontal, 1)).all()


@given(hnp.arrays(np.uint8, shapes, elements=st.integers(0, 3)))
def test_label_maps_survive_as_polygons(labels):
    painted = np.zeros_like(labels)
    for value, rings in rings_of_classes(labels).items():
        paint_rings(painted, [ring.corners for ring in rings], value)
    np.testing.assert_array_equal(painted, labels)


def test_a_pixel_is_a_unit_square_in_the_corner_convention():
    mask = np.zeros((5, 5), bool)
    mask[2, 3] = True
    (ring,) = trace_rings(mask)
    np.testing.assert_array_equal(ring.corners, [[3, 2], [4, 2], [4, 3], [3, 3]])
    assert not ring.hole


def test_pixels_that_touch_at_a_corner_share_a_ring():
    (ring,) = trace_rings(np.eye(2, dtype=bool))
    assert len(ring.corners) == 8


def test_a_hole_runs_the_other_way():
    mask = np.ones((3, 3), bool)
    mask[1, 1] = False
    outer, hole = trace_rings(mask)
    assert (outer.hole, hole.hole) == (False, True)


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # pycocotools'
@pytest.mark.parametrize("seed", range(5))
def test_cocos_own_painter_agrees_where_there_are_no_holes(seed):
    """pycocotools takes corners too, a twin for whole-number outlines."""
    mask = np.random.default_rng(seed).random((20, 24)) < 0.3
    rings = trace_rings(mask)
    polygons = [ring.corners.reshape(-1).tolist() for ring in rings if not ring.hole]
    painted = coco.decode(coco.merge(coco.frPyObjects(polygons, 20, 24)))
    filled = np.zeros((20, 24), np.uint8)
    for ring in rings:
        paint_rings(filled, [ring.corners], 1)
    np.testing.assert_array_equal(painted, filled)
