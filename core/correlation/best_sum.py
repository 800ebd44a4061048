"""Of all formats with the best c, the one that covers best on average.

c sees only the worst point, so optimal formats come in dozens (36–67 of them at M = 41, m = 4).
Among them the set with the largest Σ_j max_{i ∈ chosen} A_ij is taken, then the one with most
mirror-closed points, then the one with the lowest indices (METHODS C, DECISION).

Where there are few enough sets they are all looked at. Else the sum is a p-median problem in which
the cells below c are forbidden, solved to optimality by HiGHS within its gap of 1e-6 (a handful of
cells a point is left, so the relaxation is all but integral), and single exchanges settle the rest.
Affinities without structure would take it for ever: there the sum is as good as exchanges make it.
"""

from __future__ import annotations

from itertools import chain, combinations
from math import comb

import numpy as np
from numpy.typing import NDArray

from core.correlation.cover import Demands, Indices

Floats = NDArray[np.float64]

TIE = 1e-9
"""Sums and affinities this near are equal."""
_ENUMERABLE = 110_000
_CHUNK = 20_000
_MOST_CELLS, _MOST_NODES, _MOST_S = 6000, 50, 2.0
"""What HiGHS is asked: real affinities need less (some thousand cells, one node)."""


def best_cover(values: Floats, start: Indices, demands: Demands, mirror: Indices) -> Indices:
    """The best of all sets of as many points as `start` that cover everything.

    Args:
        values: (M, M) what row i is worth to column j; negative = i does not cover j.
        start: (m,) any set that covers all and keeps the demands.
        demands: What the choice must have.
        mirror: (M,) the mirror image of each point.

    Returns:
        The points in order, (m,).
    """
    free = np.flatnonzero(demands.allowed & ~np.isin(np.arange(len(values)), demands.forced))
    rest = len(start) - len(demands.forced)
    if comb(len(free), rest) <= _ENUMERABLE:
        return _best_of_all(values, free, rest, demands, mirror)
    found = _solve(values, len(start), demands)
    chosen = start if found is None or total(values, found) < total(values, start) else found
    return _exchanged(values, np.sort(chosen), demands, mirror)


def total(values: Floats, chosen: Indices) -> float:
    """Σ_j of the best chosen worth; −∞ if a point is covered by none."""
    best = values[chosen].max(axis=0)
    return float(best.sum()) if best.min() >= 0.0 else -np.inf


def keeps_minimum(chosen: Indices, demands: Demands) -> bool:
    """Whether every group has its minimum."""
    groups = demands.group[chosen]
    have = np.bincount(groups[groups >= 0], minlength=len(demands.minimum))
    return bool((have >= demands.minimum).all())


def _rank(chosen: Indices, mirror: Indices) -> tuple[int, ...]:
    """Smaller is better among equal sums: mirror-closed points, then lowest indices."""
    ordered = np.sort(chosen)
    return (-int(np.isin(mirror[ordered], ordered).sum()), *(int(i) for i in ordered))


def _best_of_all(
    values: Floats, free: Indices, size: int, demands: Demands, mirror: Indices
) -> Indices:
    """Look at every set."""
    every = chain.from_iterable(combinations(free.tolist(), size))
    sets = np.fromiter(every, np.int64).reshape(comb(len(free), size), size)
    forced = np.broadcast_to(demands.forced, (len(sets), len(demands.forced)))
    sets = np.concatenate([forced, sets], axis=1).astype(np.int64)
    sums = np.concatenate([_totals(values, sets[k : k + _CHUNK]) for k in _starts(len(sets))])
    for group, fewest in enumerate(demands.minimum):
        members = (demands.group[sets] == group).sum(axis=1)
        sums[members < fewest] = -np.inf
    ties = np.flatnonzero(sums >= sums.max() - TIE)
    return np.sort(min((sets[k] for k in ties), key=lambda s: _rank(s, mirror)))


def _starts(count: int) -> range:
    return range(0, count, _CHUNK)


def _totals(values: Floats, sets: Indices) -> Floats:
    """`total` of many sets (S, m)."""
    best = values[sets[:, 0]]
    for column in range(1, sets.shape[1]):
        np.maximum(best, values[sets[:, column]], out=best)
    return np.where(best.min(axis=1) >= 0.0, best.sum(axis=1), -np.inf)


def _solve(values: Floats, size: int, demands: Demands) -> Indices | None:
    """The p-median by HiGHS; None if it gives no clean answer."""
    from scipy import sparse
    from scipy.optimize import Bounds, LinearConstraint, milp

    points = len(values)
    centre, covered = np.nonzero(values >= 0.0)
    cells = len(centre)
    if cells > _MOST_CELLS:
        return None
    own = cells + np.arange(points)
    worth = np.concatenate([-values[centre, covered], np.zeros(points)])
    ones, each = np.ones(cells), np.arange(cells)
    shape = (points, cells + points)
    once = sparse.csr_matrix((ones, (covered, each)), shape=shape)
    few = sparse.csr_matrix((np.ones(points), (np.zeros(points, int), own)), shape=(1, shape[1]))
    only = sparse.csr_matrix(
        (np.r_[ones, -ones], (np.r_[each, each], np.r_[each, own[centre]])),
        shape=(cells, shape[1]),
    )
    rules = [
        LinearConstraint(once, 1, 1),
        LinearConstraint(few, size, size),
        LinearConstraint(only, -np.inf, 0),
    ]
    member = np.flatnonzero(demands.group >= 0)
    if len(member):
        members = sparse.csr_matrix(
            (np.ones(len(member)), (demands.group[member], own[member])),
            shape=(len(demands.minimum), shape[1]),
        )
        rules.append(LinearConstraint(members, demands.minimum, np.inf))
    low, high = np.zeros(shape[1]), np.ones(shape[1])
    low[own[demands.forced]], high[own[demands.barred]] = 1, 0
    found = milp(
        worth, integrality=np.r_[np.zeros(cells), np.ones(points)], bounds=Bounds(low, high),
        constraints=rules,
        options={"mip_rel_gap": 0.0, "node_limit": _MOST_NODES, "time_limit": _MOST_S},
    )  # fmt: skip
    if found.x is None:
        return None
    chosen = np.flatnonzero(found.x[own] > 0.5)
    return chosen if len(chosen) == size and keeps_minimum(chosen, demands) else None


def _exchanged(values: Floats, chosen: Indices, demands: Demands, mirror: Indices) -> Indices:
    """Exchange single points while the sum grows, or stays and the set ranks better."""
    fixed = set(demands.forced.tolist())
    going = True
    while going:
        going = False
        for place in range(len(chosen)):
            if int(chosen[place]) in fixed:
                continue
            better = _better_in_place(values, chosen, place, demands, mirror)
            if better is not None:
                chosen, going = better, True
                break
    return chosen


def _better_in_place(
    values: Floats, chosen: Indices, place: int, demands: Demands, mirror: Indices
) -> Indices | None:
    """The set with one point exchanged, if that is better."""
    others = np.delete(chosen, place)
    base = values[others].max(axis=0) if len(others) else np.full(len(values), -1.0)
    trial = np.maximum(base, values)
    sums = np.where(trial.min(axis=1) >= 0.0, trial.sum(axis=1), -np.inf)
    sums[others] = -np.inf
    sums[demands.barred] = -np.inf
    now = sums[chosen[place]]
    for i in np.flatnonzero(sums >= now - TIE):
        if i == chosen[place]:
            continue
        other = np.sort(np.append(others, i))
        grows = sums[i] > now + TIE
        ranks = _rank(other, mirror) < _rank(chosen, mirror)
        if (grows or ranks) and keeps_minimum(other, demands):
            return other
    return None
