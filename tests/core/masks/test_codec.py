"""Label maps survive coding, and damaged bytes are refused without harm."""

import tracemalloc
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from core.masks.codec import decode_labels, encode_labels, runs_of

maps = hnp.arrays(
    np.uint8,
    st.tuples(st.integers(0, 40), st.integers(0, 40)),
    elements=st.integers(0, 3),
)


@given(maps)
def test_a_map_comes_back(labels):
    decoded = decode_labels(encode_labels(labels), labels.shape)
    assert decoded.dtype == np.uint8
    assert decoded.flags.writeable
    np.testing.assert_array_equal(decoded, labels)


@given(maps)
def test_runs_alternate_and_fill_the_map(labels):
    values, lengths = runs_of(labels)
    np.testing.assert_array_equal(np.repeat(values, lengths), labels.reshape(-1))
    assert (values[1:] != values[:-1]).all()


@pytest.mark.parametrize("size", [65535, 65536, 131070, 131071, 200_000])
def test_runs_longer_than_sixteen_bits_come_back(size):
    labels = np.zeros((2, size), np.uint8)
    labels[1, -3:] = 7
    np.testing.assert_array_equal(decode_labels(encode_labels(labels), (2, size)), labels)


def test_views_that_are_not_contiguous_are_coded_as_they_look():
    labels = np.arange(48, dtype=np.uint8).reshape(6, 8)
    for view in (labels.T, labels[::2, ::-1]):
        np.testing.assert_array_equal(decode_labels(encode_labels(view), view.shape), view)


@given(maps, st.data())
def test_a_changed_byte_never_yields_another_map(labels, data):
    blob = bytearray(encode_labels(labels))
    position = data.draw(st.integers(0, len(blob) - 1))
    blob[position] ^= data.draw(st.integers(1, 255))
    try:
        decoded = decode_labels(bytes(blob), labels.shape)
    except ValueError:
        return
    np.testing.assert_array_equal(decoded, labels)  # a spare bit of the zlib header


@given(st.binary(max_size=60), st.integers(0, 50), st.integers(0, 50))
def test_foreign_bytes_raise_value_error(blob, height, width):
    for candidate in (blob, zlib.compress(blob)):
        try:
            assert decode_labels(candidate, (height, width)).shape == (height, width)
        except ValueError:
            continue


def test_cut_and_padded_bytes_are_refused():
    blob = encode_labels(np.eye(9, dtype=np.uint8))
    for damaged in (b"", blob[:-1], blob[: len(blob) // 2], blob + b"x"):
        with pytest.raises(ValueError, match="label map"):
            decode_labels(damaged, (9, 9))


@pytest.mark.parametrize("hw", [(9, 10), (8, 9), (0, 0), (-9, -9), (1 << 20, 1 << 20)])
def test_another_size_is_refused(hw):
    blob = encode_labels(np.eye(9, dtype=np.uint8))
    with pytest.raises(ValueError, match="label map"):
        decode_labels(blob, hw)


@pytest.mark.parametrize("bomb", [bytes(64 << 20), b"\xff\xff\xff\xff" + bytes(64 << 20)])
def test_a_decompression_bomb_costs_no_memory(bomb):
    blob = zlib.compress(bomb)
    tracemalloc.start()
    with pytest.raises(ValueError, match="label map"):
        decode_labels(blob, (64, 64))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1 << 20


@pytest.mark.parametrize("labels", [np.zeros((2, 2)), np.zeros(4, np.uint8)])
def test_only_label_maps_are_coded(labels):
    with pytest.raises(ValueError, match="uint8"):
        encode_labels(labels)


def test_a_face_takes_few_bytes():
    """A 400-px disc with two eyes: what a 1080p face costs in the store."""
    y, x = np.mgrid[:400, :400]
    labels = ((x - 200) ** 2 + (y - 200) ** 2 < 190**2).astype(np.uint8)
    for eye in (130, 270):
        labels[(x - eye) ** 2 + 3 * (y - 150) ** 2 < 900] = 2
    assert len(encode_labels(labels)) < 1500
