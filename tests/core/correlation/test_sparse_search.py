"""The search for sparse formats: the best there is, whatever is wished, and proven."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import Bounds, LinearConstraint, milp

from core.correlation.best_sum import _exchanged, _solve, best_cover, total
from core.correlation.cover import Demands, find_cover
from core.correlation.sparse_format import (
    SparseFormat,
    Wishes,
    assignment,
    coverage,
    curve,
    search,
)
from core.errors import InputError


def random_affinity(points: int, seed: int, steps: int = 0) -> np.ndarray:
    """Affinities that fall off along a ring of points, with noise; in so many steps if asked."""
    rng = np.random.default_rng(seed)
    place = rng.uniform(0, 1, (points, 2))
    away = np.linalg.norm(place[:, None] - place[None], axis=2)
    noise = rng.uniform(0, 0.2, (points, points))
    matrix = np.clip(1 - away / 1.5 - (noise + noise.T) / 2, 0, 1)
    if steps:
        matrix = np.round(matrix * steps) / steps
    np.fill_diagonal(matrix, 1.0)
    return matrix


def mirror_of(points: int) -> np.ndarray:
    """Neighbours mirror each other, an odd last point itself."""
    return np.array([min(i ^ 1, points - 1) for i in range(points)])


def by_brute_force(
    matrix: np.ndarray, m: int, wishes: Wishes, components: dict, mirror: np.ndarray
) -> tuple[tuple[int, ...], float] | None:
    """Every set of m points, compared as METHODS C says."""
    best = None
    for chosen in combinations(range(len(matrix)), m):
        if not set(wishes.include) <= set(chosen) or set(wishes.exclude) & set(chosen):
            continue
        if any(len(set(components[k]) & set(chosen)) < n for k, n in wishes.minimum.items()):
            continue
        left = [j for j in range(len(matrix)) if j not in chosen]
        c = min(max(matrix[i, j] for i in chosen) for j in left)
        mean = sum(max(matrix[i, j] for i in chosen) for j in range(len(matrix)))
        closed = sum(mirror[i] in chosen for i in chosen)
        rank = (round(c, 9), round(mean, 8), closed, tuple(-i for i in chosen))
        if best is None or rank > best[0]:
            best = rank, chosen, c
    return None if best is None else (best[1], best[2])


@given(st.integers(4, 9), st.integers(1, 8), st.integers(0, 10_000), st.sampled_from([0, 4, 10]))
@settings(max_examples=60)
def test_it_finds_what_brute_force_finds(points: int, m: int, seed: int, steps: int):
    m = min(m, points - 1)
    matrix, mirror = random_affinity(points, seed, steps), mirror_of(points)
    found = search(matrix, m, mirror)
    expected, c = by_brute_force(matrix, m, Wishes(), {}, mirror)
    assert found.points == expected
    assert found.c == pytest.approx(c, abs=1e-12)
    assert found.proven
    assert found.bound == found.c


@given(
    st.integers(0, 10_000),
    st.sets(st.integers(0, 7), max_size=2),
    st.sets(st.integers(0, 7), max_size=3),
    st.integers(0, 2),
    st.integers(2, 6),
)
@settings(max_examples=60)
def test_wishes_are_kept_and_the_rest_is_the_best(
    seed: int, include: set, exclude: set, jaw: int, m: int
):
    matrix, mirror = random_affinity(8, seed, 10), mirror_of(8)
    parts = {"jaw": [0, 1, 2], "nose": [3, 4], "mouth": [5, 6, 7]}
    wishes = Wishes(tuple(include), tuple(exclude - include), {"jaw": jaw, "nose": 1})
    expected = by_brute_force(matrix, m, wishes, parts, mirror)
    if expected is None:
        with pytest.raises(InputError):
            search(matrix, m, mirror, wishes, parts)
        return
    found = search(matrix, m, mirror, wishes, parts)
    assert (found.points, found.proven) == (expected[0], True)


def canonical_program(matrix: np.ndarray, m: int) -> float:
    """ĉ by the mixed-integer program of [Yan20] Eq. 5.6, in HiGHS."""
    points = len(matrix)
    cells = points * points  # x_ij, then y_j, then z
    size = cells + points + 1
    rows, low, high = [], [], []

    def rule(entries: dict[int, float], least: float, most: float) -> None:
        row = np.zeros(size)
        for place, value in entries.items():
            row[place] = value
        rows.append(row)
        low.append(least)
        high.append(most)

    for i in range(points):
        rule({i * points + j: 1 for j in range(points)}, 1, 1)
        for j in range(points):
            rule({i * points + j: 1, cells + j: -1}, -np.inf, 0)
            rule({i * points + j: 1 - matrix[i, j], size - 1: -1}, -np.inf, 0)
    rule({cells + j: 1 for j in range(points)}, m, m)
    cost = np.zeros(size)
    cost[-1] = 1
    whole = np.r_[np.ones(size - 1), 0]
    found = milp(cost, integrality=whole, bounds=Bounds(0, 1),
                 constraints=LinearConstraint(np.array(rows), low, high))  # fmt: skip
    return 1 - found.fun


@pytest.mark.parametrize(("points", "m", "seed"), [(10, 3, 0), (12, 4, 1), (14, 5, 2)])
def test_it_agrees_with_the_canonical_mixed_integer_program(points: int, m: int, seed: int):
    matrix = random_affinity(points, seed)
    assert search(matrix, m).c == pytest.approx(canonical_program(matrix, m), abs=1e-6)


def test_many_optimal_sets_are_told_apart_by_the_sum():
    matrix = random_affinity(30, 4)
    chosen = search(matrix, 9, mirror_of(30))  # too many sets to look at every one
    values = np.where(matrix >= chosen.c - 1e-9, matrix, -1.0)
    rng = np.random.default_rng(0)
    better = [
        other
        for other in (np.sort(rng.permutation(30)[:9]) for _ in range(20_000))
        if total(values, other) > total(values, np.array(chosen.points)) + 1e-9
    ]
    assert not better


@pytest.mark.parametrize("seed", range(4))
def test_the_program_and_the_look_at_every_set_agree(seed: int):
    matrix = random_affinity(14, seed)
    found = search(matrix, 5)
    values = np.where(matrix >= found.c - 1e-9, matrix, -1.0)
    demands = Demands.nothing(14)
    none = np.full(14, -1)
    solved = _exchanged(values, _solve(values, 5, demands), demands, none)
    every = best_cover(values, np.array(found.points), demands, none)
    assert total(values, solved) == pytest.approx(total(values, every), abs=1e-6)


def test_a_mirrored_face_gets_a_mirrored_format():
    half = random_affinity(12, 3)
    mirror = mirror_of(12)
    matrix = (half + half[np.ix_(mirror, mirror)]) / 2
    found = search(matrix, 4, mirror)
    image = {int(mirror[i]) for i in found.points}
    other = search(matrix, 4, mirror, Wishes(include=tuple(sorted(image))))
    assert other.c == pytest.approx(found.c)
    assert tuple(sorted(image)) >= found.points  # of two mirror images the lower is taken


def test_the_curve_rises_and_is_the_search_of_every_budget():
    matrix = random_affinity(12, 6)
    found = curve(matrix, mirror=mirror_of(12))
    assert [one.m for one in found] == list(range(1, 12))
    assert all(one.proven for one in found)
    assert (np.diff([one.c for one in found]) >= 0).all()
    assert found[4].points == search(matrix, 5, mirror_of(12)).points
    wished = curve(matrix, wishes=Wishes(include=(1, 2, 3), exclude=(0,)))
    assert [one.m for one in wished] == list(range(3, 12))


def test_equal_affinities_everywhere_are_no_difficulty():
    matrix = np.full((40, 40), 0.5)
    np.fill_diagonal(matrix, 1.0)
    found = search(matrix, 20, np.arange(40))
    assert (found.c, found.proven, found.m) == (0.5, True, 20)


def test_a_search_that_gives_up_says_how_far_it_may_be_off():
    rng = np.random.default_rng(0)
    noise = rng.uniform(0, 1, (70, 70))
    matrix = (noise + noise.T) / 2  # no structure at all: the hardest there is
    np.fill_diagonal(matrix, 1.0)
    found = search(matrix, 12, max_nodes=40)
    assert not found.proven
    assert found.c < found.bound <= 1.0
    assert coverage(matrix, found.points) == found.c


def test_covers_of_more_than_64_points():
    covers = np.zeros((130, 130), dtype=bool)
    for i in range(130):
        covers[i, max(0, i - 1) : i + 2] = True
    found, certain, _ = find_cover(covers, 44, Demands.nothing(130), 10_000)
    assert certain
    assert covers[found].any(axis=0).all()
    assert len(found) == 44
    assert find_cover(covers, 43, Demands.nothing(130), 10_000)[0] is None


def test_every_landmark_is_assigned_to_its_nearest_chosen_one():
    matrix = random_affinity(9, 1)
    found = search(matrix, 3)
    nearest = assignment(matrix, found.points)
    for j in range(9):
        if j in found.points:
            assert nearest[j] == j
        else:
            assert matrix[nearest[j], j] == max(matrix[i, j] for i in found.points)
    worst = min(matrix[nearest[j], j] for j in range(9) if j not in found.points)
    assert worst == found.c


SQUARE = random_affinity(6, 0)


@pytest.mark.parametrize(
    ("matrix", "m", "wishes", "words"),
    [
        (SQUARE, 6, Wishes(), "fewer than all 6"),
        (SQUARE, 0, Wishes(), "at least one"),
        (SQUARE, 3, Wishes((1,), (1, 2)), "Landmark 1 is both included and excluded"),
        (SQUARE, 1, Wishes((1, 2)), "2 landmarks are wished for"),
        (SQUARE, 4, Wishes((), (0, 1, 2)), "only 3 landmarks are not excluded"),
        (SQUARE, 3, Wishes((9,)), "no landmark 9; they are 0 … 5"),
        (SQUARE, 3, Wishes((), (), {"ear": 1}), 'no component "ear"'),
        (SQUARE, 3, Wishes((), (), {"jaw": 4}), "4 points of jaw are wished for; it has 3"),
        (SQUARE[:4], 3, Wishes(), "square"),
        (np.triu(SQUARE), 3, Wishes(), "symmetric"),
    ],
)
def test_what_cannot_be_is_said_in_a_sentence(
    matrix: np.ndarray, m: int, wishes: Wishes, words: str
):
    with pytest.raises(InputError, match=words):
        search(matrix, m, wishes=wishes, components={"jaw": [0, 1, 2]})


def test_a_landmark_without_affinity_is_refused_and_a_lone_gap_counts_as_nothing():
    matrix = SQUARE.copy()
    matrix[2, :] = matrix[:, 2] = np.nan
    with pytest.raises(InputError, match="Landmark 2 has no affinity"):
        search(matrix, 2)
    matrix = SQUARE.copy()
    matrix[1, 2] = matrix[2, 1] = np.nan
    found = search(matrix, 3)
    assert isinstance(found, SparseFormat)
    assert found.c <= search(SQUARE, 3).c + 1e-12
    with pytest.raises(InputError, match="leaves nothing"):
        coverage(SQUARE, range(6))
