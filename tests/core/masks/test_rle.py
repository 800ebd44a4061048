"""COCO run-lengths equal pycocotools' and survive damage politely."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from pycocotools import mask as coco

from core.masks.label_map import LabelMap
from core.masks.rle import box_of_counts, class_counts, compress, paint_counts, read_counts

crops = st.builds(
    LabelMap,
    hnp.arrays(
        np.uint8, st.tuples(st.integers(0, 9), st.integers(0, 9)), elements=st.integers(0, 2)
    ),
    st.integers(-5, 12),
    st.integers(-5, 12),
)
HW = (10, 11)


@given(crops)
def test_a_crop_is_coded_as_pycocotools_codes_the_frame(crop):
    frame = (crop.paste(HW) == 1).astype(np.uint8)
    expected = coco.encode(np.asfortranarray(frame))
    record = compress(class_counts(crop, 1, HW), HW)
    assert record == {"size": [10, 11], "counts": expected["counts"].decode()}
    assert json.loads(json.dumps(record)) == record


@given(crops)
def test_a_label_map_comes_back_class_by_class(crop):
    back = LabelMap(np.zeros_like(crop.labels), crop.x0, crop.y0)
    for value in (1, 2):
        counts, hw = read_counts(compress(class_counts(crop, value, HW), HW))
        paint_counts(counts, hw, back, value)
    np.testing.assert_array_equal(back.paste(HW), crop.paste(HW))


@given(crops)
def test_the_box_is_pycocotools_box(crop):
    counts = class_counts(crop, 2, HW)
    x, y, width, height = coco.toBbox(compress(counts, HW)).astype(int)
    if (crop.paste(HW) == 2).any():
        assert box_of_counts(counts, HW) == (x, y, x + width, y + height)
    else:
        assert box_of_counts(counts, HW) == (0, 0, 0, 0)


# pycocotools keeps six letters a number, 30 bits with the sign, and writes past its buffer beyond.
@given(st.lists(st.integers(0, 2**29 - 1), min_size=1, max_size=20))
def test_the_text_form_is_read_as_written(counts):
    size = [1, sum(counts)]
    if size[1] >= 1 << 32:
        size = [1, 0]
    packed = coco.frPyObjects({"size": size, "counts": counts}, *size)["counts"].decode()
    if size[1]:
        read, hw = read_counts({"size": size, "counts": packed})
        np.testing.assert_array_equal(read, counts)
        assert list(hw) == size


def test_uncompressed_lists_are_read_too():
    counts, hw = read_counts({"size": [2, 3], "counts": [1, 4, 1]})
    crop = LabelMap(np.zeros((2, 3), np.uint8), 0, 0)
    paint_counts(counts, hw, crop, 7)
    np.testing.assert_array_equal(crop.labels, [[0, 7, 7], [7, 7, 0]])


@pytest.mark.parametrize(
    "record",
    [
        None,
        [],
        {},
        {"size": [2, 3]},
        {"size": [2], "counts": [6]},
        {"size": [2, -3], "counts": [6]},
        {"size": [2, True], "counts": [2]},
        {"size": [2, 3], "counts": [5]},
        {"size": [2, 3], "counts": [7, -1]},
        {"size": [2, 3], "counts": [6.0]},
        {"size": [2, 3], "counts": ""},
        {"size": [2, 3], "counts": "\x00"},
        {"size": [2, 3], "counts": "é"},
        {"size": [2, 3], "counts": "o"},
        {"size": [2, 3], "counts": "o" * 50},
    ],
)
def test_wrong_records_raise_value_error(record):
    with pytest.raises(ValueError, match="run"):
        read_counts(record)


@given(st.text(alphabet=[chr(c) for c in range(40, 120)], max_size=30))
def test_any_text_is_read_or_refused(text):
    try:
        counts, _ = read_counts({"size": [5, 5], "counts": text})
    except ValueError:
        return
    assert counts.sum() == 25


def test_huge_sizes_cost_only_the_crop():
    """A frame of three thousand million pixels, a crop of four."""
    hw = (30_000, 100_000)
    crop = LabelMap(np.array([[1, 0], [1, 1]], np.uint8), 99_998, 29_998)
    counts, read_hw = read_counts(compress(class_counts(crop, 1, hw), hw))
    back = LabelMap(np.zeros((2, 2), np.uint8), 99_998, 29_998)
    paint_counts(counts, read_hw, back, 1)
    assert back == crop
