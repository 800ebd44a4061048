# ruff: noqa: ANN001, ANN202  (numba derives the types of its kernels)
# mypy: disable-error-code="no-untyped-def"
"""Can m points cover all M? Exact, by branch and bound over bit sets.

The heart of the search for sparse formats: point i covers point j when their affinity is at least a
threshold, and the question is whether m of the points cover all (a dominating set; set cover). At
every node candidates whose cover lies inside another's and points whose coverers include another's
are dropped, single coverers are taken, and a packing (points of which no two share a coverer) says
how many more candidates are needed at least.

Some candidates may be forced, others barred, and groups of points may ask for a minimum of their
own members. Nothing here is heuristic: the answer is yes with the points, or a proven no.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

Indices = NDArray[np.int64]
Bits = NDArray[np.uint64]
_QUICK: dict[str, Any] = {"cache": True, "nogil": True, "error_model": "numpy"}
_YES, _NO, _BRANCH, _GAVE_UP = 1, 0, 2, -1


@dataclass(frozen=True, eq=False)
class Demands:
    """What a choice of points must and must not have.

    Attributes:
        forced: (F,) points that are in.
        barred: (B,) points that are out.
        group: (M,) the group whose minimum a point counts for; −1 = none.
        minimum: (G,) members each group must have among the chosen.
    """

    forced: Indices
    barred: Indices
    group: Indices
    minimum: Indices

    @classmethod
    def nothing(cls, num_points: int) -> Demands:
        """No demands."""
        none = np.empty(0, np.int64)
        return cls(none, none, np.full(num_points, -1, np.int64), none)

    @property
    def allowed(self) -> NDArray[np.bool_]:
        """(M,) points that may be chosen."""
        found = np.ones(len(self.group), dtype=bool)
        found[self.barred] = False
        return found


def packed(matrix: NDArray[np.bool_]) -> Bits:
    """Rows of truth values as bit sets, (R, C) → (R, ⌈C / 64⌉)."""
    words = -(-matrix.shape[1] // 64)
    padded = np.zeros((len(matrix), words * 64), dtype=bool)
    padded[:, : matrix.shape[1]] = matrix
    return np.packbits(padded, axis=1, bitorder="little").view(np.uint64)


def find_cover(
    covers: NDArray[np.bool_], most: int, demands: Demands, max_nodes: int
) -> tuple[Indices | None, bool, int]:
    """Look for at most `most` points that cover all.

    Args:
        covers: (M, M) whether the row's point covers the column's.
        most: How many points may be chosen, the forced ones among them.
        demands: What the choice must have; room for missing group members is kept.
        max_nodes: Give up after so many.

    Returns:
        The points (None if there are none such), whether that is certain, and how many nodes were
        looked at.
    """
    verdict, chosen, nodes = _find_cover(
        packed(covers), packed(demands.allowed[None])[0], demands.forced, most,
        demands.group, demands.minimum, max_nodes,
    )  # fmt: skip
    return (np.sort(chosen) if verdict == _YES else None), verdict != _GAVE_UP, nodes


@njit(**_QUICK)
def _popcount(x):
    x = x - ((x >> np.uint64(1)) & np.uint64(0x5555555555555555))
    x = (x & np.uint64(0x3333333333333333)) + ((x >> np.uint64(2)) & np.uint64(0x3333333333333333))
    x = (x + (x >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return np.int64((x * np.uint64(0x0101010101010101)) >> np.uint64(56))


@njit(**_QUICK)
def _has(bits, index):
    return (bits[index >> 6] >> np.uint64(index & 63)) & np.uint64(1) != np.uint64(0)


@njit(**_QUICK)
def _drop(bits, index):
    bits[index >> 6] &= ~(np.uint64(1) << np.uint64(index & 63))


@njit(**_QUICK)
def _set(bits, index):
    bits[index >> 6] |= np.uint64(1) << np.uint64(index & 63)


@njit(**_QUICK)
def _is_empty(bits):
    for word in bits:
        if word != np.uint64(0):
            return False
    return True


@njit(**_QUICK)
def _inside(a, b, mask):
    """Whether a ∩ mask ⊆ b."""
    for w in range(len(a)):
        if a[w] & mask[w] & ~b[w] != np.uint64(0):
            return False
    return True


@njit(**_QUICK)
def _shared(a, b):
    count = 0
    for w in range(len(a)):
        count += _popcount(a[w] & b[w])
    return count


@njit(**_QUICK)
def _take(covers, open_, candidates, point):
    """Choose a point: what it covers is open no more."""
    for w in range(len(open_)):
        open_[w] &= ~covers[point, w]
    _drop(candidates, point)


@njit(**_QUICK)
def _missing_members(chosen, count, group, minimum):
    """How many more members the groups ask for."""
    have = np.zeros(len(minimum), np.int64)
    for k in range(count):
        if group[chosen[k]] >= 0:
            have[group[chosen[k]]] += 1
    missing = 0
    for g in range(len(minimum)):
        missing += max(0, minimum[g] - have[g])
    return missing


@njit(**_QUICK)
def _drop_candidates(covers, open_, candidates, group):
    """Drop those that cover nothing open or nothing that another does not; whether any went."""
    points = len(covers)
    changed = False
    for i in range(points):
        if not _has(candidates, i):
            continue
        if _shared(covers[i], open_) == 0:
            _drop(candidates, i)
            changed = True
            continue
        for k in range(points):
            if k == i or not _has(candidates, k) or (group[i] >= 0 and group[k] != group[i]):
                continue
            if not _inside(covers[i], covers[k], open_):
                continue
            # Of two that are worth the same and may stand for each other, the first stays.
            alike = group[k] < 0 or group[k] == group[i]
            if i < k and alike and _inside(covers[k], covers[i], open_):
                continue
            _drop(candidates, i)
            changed = True
            break
    return changed


@njit(**_QUICK)
def _drop_points(covered_by, open_, candidates):
    """Drop open points that are covered whenever another is; whether any went."""
    points = len(covered_by)
    changed = False
    for j in range(points):
        if not _has(open_, j):
            continue
        for k in range(points):
            if (
                k == j
                or not _has(open_, k)
                or not _inside(covered_by[k], covered_by[j], candidates)
            ):
                continue
            if k > j and _inside(covered_by[j], covered_by[k], candidates):
                continue
            _drop(open_, j)
            changed = True
            break
    return changed


@njit(**_QUICK)
def _packing(covers, covered_by, open_, candidates):
    """Open points of which no candidate covers two: each needs a candidate of its own."""
    points = len(covers)
    left = open_.copy()
    found = 0
    while not _is_empty(left):
        rarest, fewest = -1, points + 1
        for j in range(points):
            if _has(left, j):
                options = _shared(covered_by[j], candidates)
                if options < fewest:
                    rarest, fewest = j, options
        found += 1
        _drop(left, rarest)
        for i in range(points):
            if _has(candidates, i) and _has(covers[i], rarest):
                for w in range(len(left)):
                    left[w] &= ~covers[i, w]
    return found


@njit(**_QUICK)
def _reduce(covers, covered_by, open_, candidates, chosen, count, most, group, minimum):
    """Do what must be done at a node: (verdict, chosen points, open point to branch on)."""
    points = len(covers)
    while True:
        missing = _missing_members(chosen, count, group, minimum)
        if missing > most - count:
            return _NO, count, -1
        if _is_empty(open_):
            return _YES, count, -1
        if count >= most:
            return _NO, count, -1
        _drop_candidates(covers, open_, candidates, group)
        rarest, fewest, before = -1, points + 1, count
        for j in range(points):
            if not _has(open_, j):
                continue
            options = _shared(covered_by[j], candidates)
            if options == 0 or (options == 1 and count >= most):
                return _NO, count, -1
            if options == 1:
                for i in range(points):
                    if _has(candidates, i) and _has(covers[i], j):
                        _take(covers, open_, candidates, i)
                        chosen[count] = i
                        count += 1
                        break
            elif options < fewest:
                rarest, fewest = j, options
        if count > before:
            continue
        if _drop_points(covered_by, open_, candidates):
            continue
        if count + _packing(covers, covered_by, open_, candidates) > most:
            return _NO, count, -1
        return _BRANCH, count, rarest


@njit(**_QUICK)
def _find_cover(covers, allowed, forced, most, group, minimum, max_nodes):
    points, words = covers.shape
    covered_by = np.zeros_like(covers)
    for i in range(points):
        for j in range(points):
            if _has(covers[i], j):
                _set(covered_by[j], i)
    depth_limit = points + 2
    opens = np.zeros((depth_limit, words), np.uint64)
    candidates = np.zeros((depth_limit, words), np.uint64)
    counts = np.zeros(depth_limit, np.int64)
    options = np.zeros((depth_limit, points), np.int64)
    left = np.zeros(depth_limit, np.int64)
    chosen = np.zeros(points + len(forced), np.int64)
    for j in range(points):
        _set(opens[0], j)
    candidates[0] = allowed
    count = len(forced)
    for k in range(count):
        chosen[k] = forced[k]
        _take(covers, opens[0], candidates[0], forced[k])
    depth, nodes = 0, 0
    while depth >= 0:
        nodes += 1
        if nodes > max_nodes:
            return _GAVE_UP, chosen[:0], nodes
        verdict, count, rarest = _reduce(
            covers, covered_by, opens[depth], candidates[depth], chosen, count, most, group, minimum
        )
        if verdict == _YES:
            return _YES, chosen[:count], nodes
        counts[depth], left[depth] = count, 0
        if verdict == _BRANCH:
            # Poorest cover first on the pile: the richest is tried first.
            for i in range(points):
                if _has(candidates[depth], i) and _has(covers[i], rarest):
                    worth, place = _shared(covers[i], opens[depth]), left[depth]
                    while place > 0 and (
                        _shared(covers[options[depth, place - 1]], opens[depth]) > worth
                    ):
                        options[depth, place] = options[depth, place - 1]
                        place -= 1
                    options[depth, place] = i
                    left[depth] += 1
        while depth >= 0 and left[depth] == 0:
            depth -= 1
        if depth < 0:
            break
        left[depth] -= 1
        point = options[depth, left[depth]]
        # What was tried and failed is out for the options after it.
        _drop(candidates[depth], point)
        opens[depth + 1], candidates[depth + 1] = opens[depth], candidates[depth]
        count = counts[depth]
        chosen[count] = point
        _take(covers, opens[depth + 1], candidates[depth + 1], point)
        depth, count = depth + 1, count + 1
    return _NO, chosen[:0], nodes
