"""The small parts: packed arrays, stored rows, blocks, state columns."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from core.annotations.arrays import pack_arrays, unpack_arrays
from core.annotations.blocks import BlockCache
from core.annotations.changes import Change, PackedChanges, pack_changes
from core.annotations.edits import CompositeEdit, SetReviewState
from core.annotations.records import ReviewState, RunHeader, Source
from core.annotations.remembered import Remembered
from core.annotations.values import from_stored, to_stored

arrays = st.dictionaries(
    st.text(max_size=8),
    st.sampled_from(["u1", "i4", "i8", "f4", "f8", "b1"]).flatmap(
        lambda dtype: hnp.arrays(dtype, hnp.array_shapes(min_dims=0, max_dims=3, min_side=0))
    ),
    max_size=5,
)


@given(arrays)
def test_packed_arrays_come_back(known):
    back = unpack_arrays(pack_arrays(known))
    assert back.keys() == known.keys()
    for name, array in known.items():
        assert back[name].dtype == array.dtype
        np.testing.assert_array_equal(back[name], array)


@given(st.binary(max_size=200))
def test_random_bytes_are_no_arrays(data):
    with pytest.raises(ValueError, match="damaged"):
        unpack_arrays(data)


def test_every_flipped_bit_of_packed_arrays_is_found():
    blob = pack_arrays({"a": np.arange(5, dtype=np.int32)})
    for at in range(len(blob)):
        spoiled = bytearray(blob)
        spoiled[at] ^= 1 << random.Random(at).randrange(8)
        with pytest.raises(ValueError, match="damaged"):
            unpack_arrays(bytes(spoiled))


values = st.recursive(
    st.none() | st.integers(-(2**60), 2**60) | st.text(max_size=5) | st.binary(max_size=20),
    lambda inner: st.lists(inner, max_size=4).map(tuple),
    max_leaves=10,
)


@given(values)
def test_stored_values_come_back(value):
    assert from_stored(*to_stored(value)) == value


@pytest.mark.parametrize("text", ["[", '{"$":[0,9]}', '{"$":[-1,1]}', '{"x":1}', "[" * 5000])
def test_damaged_values_are_found(text):
    with pytest.raises(ValueError, match=r"stored|Expecting"):
        from_stored(text, b"abc")


def test_damaged_changes_are_found():
    blob = pack_changes([Change("boxes", ("c", 1, 2), None, (b"1234",))])
    assert len(PackedChanges(blob)) == 1
    for spoiled in (blob[:-3], b"", blob[:5] + b"\xff" + blob[6:]):
        with pytest.raises(ValueError, match="history"):
            PackedChanges(spoiled)


def test_the_cache_holds_what_was_used_last():
    cache: BlockCache[int] = BlockCache(budget_bytes=800)
    loads = []

    def load(key: int) -> np.ndarray:
        return cache.get(key, lambda: loads.append(key) or np.zeros(25))

    for key in (1, 2, 3, 4, 1, 5, 1, 2):
        load(key)
    assert loads == [1, 2, 3, 4, 5, 2]
    assert cache.held_bytes == 800
    with pytest.raises(ValueError, match="read-only"):
        load(2)[0] = 1


def test_an_answer_asked_before_a_change_is_not_kept_after_it():
    remembered = Remembered()

    def ask() -> str:
        remembered.clear()  # the tables change while the answer is on its way
        return "old"

    assert remembered.get("q", ask) == "old"
    assert remembered.get("q", lambda: "new") == "new"
    assert remembered.get("q", lambda: "newer") == "new"


def test_review_states_against_a_frame_by_frame_twin(project, new_clip):
    clip = new_clip(project, "long.mp4", 13_000).clip_id
    rng = random.Random(4)
    twin = np.zeros(13_000, np.uint8)
    for _ in range(40):
        start, stop = sorted(rng.sample(range(13_001), 2))
        state, everything = rng.choice(list(ReviewState)), rng.random() < 0.5
        project.apply(SetReviewState(clip, 1, start, stop, state, everything), "ann")
        free = everything or state == ReviewState.APPROVED
        touched = np.zeros(13_000, np.bool_)
        touched[start:stop] = True
        twin[touched & (free | (twin != ReviewState.APPROVED))] = state
        start, stop = sorted(rng.sample(range(13_001), 2))
        column = project.review_column(clip, 1, start, stop)
        np.testing.assert_array_equal(column, twin[start:stop])


def test_states_of_a_whole_clip_are_a_few_rows(project, new_clip):
    clip = new_clip(project, "long.mp4", 200_000).clip_id
    approve = tuple(SetReviewState(clip, t, 0, 200_000, ReviewState.APPROVED) for t in (1, 2))
    assert project.apply(CompositeEdit("approve all", approve), "ann").rows == 2 * 49
    assert (project.review_column(clip, 2, 0, 200_000) == ReviewState.APPROVED).all()


@pytest.mark.parametrize(
    "record",
    [
        None,
        [],
        {},
        {"run_id": 1},
        {"run_id": "r", "clip_id": "c", "kind": "k", "title": "t", "frames": -1},
        {"run_id": "r", "clip_id": "c", "kind": "k", "title": "t", "frames": True},
        {"run_id": "r", "clip_id": "c", "kind": "k", "title": "t", "settings": []},
        {"run_id": "r", "clip_id": "c", "kind": "k", "title": "t", "mask_schemes": [1]},
    ],
)
def test_headers_that_make_no_sense(record):
    with pytest.raises(ValueError, match="header"):
        RunHeader.from_json(record)


def test_a_header_comes_back(samples):
    header = samples.header(settings={"a": [1]}, model={"name": "x"})
    assert RunHeader.from_json(header.to_json()) == header
    assert RunHeader.from_json(header.to_json() | {"of_a_later_version": 1}) == header


def test_every_source_has_words():
    assert [source.title for source in Source] == [
        "heavy net", "propagated by flow", "interpolated", "derived", "person", "imported",
    ]  # fmt: skip
