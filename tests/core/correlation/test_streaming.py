"""Sums that follow their faces: the same as a batch, whatever came, changed and went."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.correlation.affinity import affinity_of, from_moments
from core.correlation.moments import Moments
from core.correlation.streaming import AffinityStream
from core.errors import InputError
from core.schemes import load_landmark_scheme


def faces_with_holes(count: int, seed: int = 0, points: int = 5) -> np.ndarray:
    """Faces about the unit square with a tenth of their points missing."""
    rng = np.random.default_rng(seed)
    faces = rng.uniform(-0.5, 0.5, (1, points, 2)) + 0.1 * rng.normal(size=(count, points, 2))
    faces[rng.random((count, points)) < 0.1] = np.nan
    return faces


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 11)), min_size=1, max_size=40))
def test_adding_and_removing_is_the_batch_of_what_is_there(steps: list[tuple[bool, int]]):
    faces = faces_with_holes(12)
    sums, inside = Moments.empty(5), set()
    for add, number in steps:
        if add and number not in inside:
            sums.add(faces[number])
            inside.add(number)
        elif not add and number in inside:
            sums.remove(faces[number])
            inside.remove(number)
    batch = Moments.of(faces[sorted(inside)], np.zeros((5, 2)))
    assert sums.faces == len(inside)
    np.testing.assert_allclose(sums.linear, batch.linear, atol=1e-12)
    np.testing.assert_allclose(sums.squares, batch.squares, atol=1e-12)


@given(st.integers(0, 60), st.integers(0, 1000))
def test_joined_sums_are_the_batch(cut: int, seed: int):
    faces = faces_with_holes(60, seed)
    first, second = Moments.of(faces[:cut]), Moments.of(faces[cut:])
    first.merge(pickle.loads(pickle.dumps(second)))  # as from another process
    whole = from_moments(Moments.of(faces))
    joined = from_moments(first)
    np.testing.assert_array_equal(joined.count, whole.count)
    np.testing.assert_allclose(joined.matrix, whole.matrix, atol=1e-9)


def test_complete_faces_take_a_shorter_way_to_the_same_sums():
    faces = np.random.default_rng(0).normal(size=(30, 4, 2))
    together, singly = Moments.empty(4), Moments.empty(4)
    together.add(faces)
    for face in faces:
        singly.add(face)
    np.testing.assert_allclose(together.linear, singly.linear, atol=1e-12)
    np.testing.assert_allclose(together.squares, singly.squares, atol=1e-12)
    assert together.energy == pytest.approx(singly.energy)


def test_weights_count_a_face_several_times():
    faces = faces_with_holes(10)
    weighted = Moments.empty(5)
    weighted.weighted(faces, np.array([2.0, 0, 1, 3, 0, 0, 1, 1, 1, 1]))
    repeated = Moments.of(faces[[0, 0, 2, 3, 3, 3, 6, 7, 8, 9]], np.zeros((5, 2)))
    np.testing.assert_allclose(weighted.linear, repeated.linear, atol=1e-12)
    assert weighted.faces == 10


def test_another_reference_is_the_same_affinity():
    sums = Moments.of(faces_with_holes(50))
    moved = sums.about(np.full((5, 2), 0.7))
    np.testing.assert_allclose(from_moments(moved).matrix, from_moments(sums).matrix, atol=1e-9)
    with pytest.raises(ValueError, match="4 points cannot join 5"):
        sums.merge(Moments.empty(4))


def test_a_giant_that_came_and_went_makes_the_sums_stale():
    sums = Moments.of(faces_with_holes(50))
    assert not sums.stale
    giant = np.full((5, 2), 1e6)
    sums.add(giant)
    sums.remove(giant)
    assert sums.stale
    for face in faces_with_holes(50):
        sums.remove(face)
    assert sums.faces == 0
    assert not sums.stale
    assert not sums.linear.any()


@pytest.fixture
def stream() -> AffinityStream:
    """40 faces of five points in pixels, known by their numbers."""
    found = AffinityStream(load_landmark_scheme("points5"))
    found.put_many(range(40), pixels())
    return found


def pixels(seed: int = 0) -> np.ndarray:
    return (faces_with_holes(40, seed) * 200 + 300).astype(np.float32)


def batch(faces: np.ndarray) -> np.ndarray:
    return affinity_of(faces, load_landmark_scheme("points5")).matrix


def test_an_edit_shows_at_once(stream: AffinityStream):
    faces = pixels()
    faces[7] += np.random.default_rng(3).normal(size=(5, 2)) * 30
    stream.put(7, faces[7])
    assert len(stream) == 40
    np.testing.assert_allclose(stream.affinity().matrix, batch(faces), atol=1e-5)


def test_faces_go_and_others_take_their_place(stream: AffinityStream):
    stream.remove_many([3, 4, 99])
    assert 3 not in stream
    stream.put("new", pixels(8)[0])
    faces = np.concatenate([np.delete(pixels(), [3, 4], axis=0), pixels(8)[:1]])
    np.testing.assert_allclose(stream.affinity().matrix, batch(faces), atol=1e-5)
    stream.put("new", np.full((5, 2), np.nan))  # a face without points is not there
    assert "new" not in stream
    np.testing.assert_allclose(stream.affinity().matrix, batch(faces[:-1]), atol=1e-5)


def test_a_giant_is_forgotten_exactly(stream: AffinityStream):
    before = stream.affinity().matrix
    rng = np.random.default_rng(9)
    truth = pixels(2)[0]
    stream.put("giant", rng.normal(size=(5, 2)) * 1e7, truth)
    stream.remove("giant")
    assert stream.sums.stale
    np.testing.assert_allclose(stream.affinity().matrix, before, atol=1e-9)
    assert not stream.sums.stale


def test_two_faces_have_no_affinity():
    stream = AffinityStream(load_landmark_scheme("points5"))
    stream.put_many([0, 1], pixels()[5:7])
    assert stream.affinity() is None


def test_the_mean_face_is_that_of_the_faces(stream: AffinityStream):
    expected = np.nanmean([stream.face(key) for key in range(40)], axis=0)
    np.testing.assert_allclose(stream.sums.mean_face(), expected, atol=1e-9)


def test_what_cannot_be_streamed_is_refused(stream: AffinityStream):
    with pytest.raises(InputError, match="fixed reference"):
        AffinityStream(load_landmark_scheme("points5"), "procrustes")
    with pytest.raises(InputError, match="Faces of 4 points"):
        stream.put("x", np.zeros((4, 2)))
    with pytest.raises(ValueError, match="twice"):
        stream.put_many([1, 1], pixels()[:2])
