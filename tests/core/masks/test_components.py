"""Regions of equal label."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from core.masks.components import components, without_islands

maps = hnp.arrays(
    np.uint8,
    st.tuples(st.integers(1, 9), st.integers(1, 9)),
    elements=st.integers(0, 3),
)


def flood(labels: np.ndarray) -> list[set[tuple[int, int]]]:
    """The regions by a slow flood fill."""
    todo = {(y, x) for y, x in zip(*np.nonzero(labels), strict=True)}
    regions = []
    while todo:
        region, front = set(), [todo.pop()]
        while front:
            y, x = front.pop()
            region.add((y, x))
            around = {(y + dy, x + dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1)} & todo
            near = {place for place in around if labels[place] == labels[y, x]}
            todo -= near
            front += near
        regions.append(region)
    return regions


@given(maps)
def test_equals_a_flood_fill(labels):
    found, expected = components(labels), flood(labels)
    assert len(found.classes) == len(expected)
    np.testing.assert_array_equal(found.ids == 0, labels == 0)
    for region in expected:
        (number,) = {int(found.ids[place]) for place in region}
        ys, xs = zip(*region, strict=True)
        assert found.classes[number - 1] == labels[ys[0], xs[0]]
        assert found.areas[number - 1] == len(region)
        box = [min(xs), min(ys), max(xs) + 1, max(ys) + 1]
        assert found.boxes[number - 1].tolist() == box


def test_diagonal_neighbours_belong_together_and_other_classes_do_not():
    assert components(np.eye(4, dtype=np.uint8)).classes.tolist() == [1]
    assert components(np.array([[1, 2], [2, 1]], np.uint8)).classes.tolist() == [1, 2]


def test_a_map_of_background_has_no_region():
    assert components(np.zeros((3, 3), np.uint8)).areas.shape == (0,)
    assert components(np.zeros((0, 0), np.uint8)).boxes.shape == (0, 4)


def test_small_islands_go_and_the_largest_region_stays():
    labels = np.array([[1, 1, 0, 1], [0, 0, 0, 0], [2, 0, 0, 0]], np.uint8)
    cleaned = without_islands(labels, smallest=5)
    np.testing.assert_array_equal(cleaned, [[1, 1, 0, 0], [0, 0, 0, 0], [2, 0, 0, 0]])
