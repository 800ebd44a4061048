"""Sparse formats: the m of M landmarks that say most about all others ([Yan20] 5.5.2).

c of a choice is the affinity of the worst landmark left out with its nearest chosen one (Eq. 5.5);
ĉ(m) is the largest c of any m. With distance 1 − A this is the K-centre problem, which the thesis
gives to Gurobi as a mixed-integer program (Eq. 5.6). Here it is solved exactly by bisection over
the distinct affinities: "do m points cover all at this threshold?" is decided by branch and bound
(`cover.py`) in a few nodes, and the smallest threshold for which the answer is a proven no bounds
every other choice. Ties are broken by `best_sum.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from core.correlation.best_sum import TIE, best_cover
from core.correlation.cover import Demands, Indices, find_cover
from core.correlation.coverage import assignment, checked_points, coverage
from core.errors import InputError
from core.progress import Cancelled, Progress, Report, check, ignore, never

__all__ = [
    "MAX_NODES",
    "SparseFormat",
    "Wishes",
    "assignment",
    "coverage",
    "curve",
    "search",
]

Floats = NDArray[np.float64]

MAX_NODES = 1_000_000
"""Nodes of one decision before it is given up; real affinities need some dozens."""


@dataclass(frozen=True)
class Wishes:
    """What a format must and must not have. Points count from 0."""

    include: tuple[int, ...] = ()
    exclude: tuple[int, ...] = ()
    minimum: Mapping[str, int] = field(default_factory=dict)
    """Fewest points of a component of the face, by its name."""


@dataclass(frozen=True)
class SparseFormat:
    """m landmarks, how well they stand for all, and the proof."""

    points: tuple[int, ...]
    """In order, from 0."""
    c: float
    """Affinity of the worst other landmark with its nearest chosen one."""
    bound: float
    """No choice of as many points that keeps the wishes has a larger c than this."""
    proven: bool
    """Whether `c` reaches `bound`."""
    average: float
    """Mean over the other landmarks of the affinity with their nearest chosen one."""
    nodes: int = 0
    """Nodes the search looked at."""

    @property
    def m(self) -> int:
        """How many."""
        return len(self.points)


def search(
    matrix: Floats,
    m: int,
    mirror: NDArray[np.integer] | None = None,
    wishes: Wishes | None = None,
    components: Mapping[str, Sequence[int]] | None = None,
    max_nodes: int = MAX_NODES,
) -> SparseFormat:
    """The best format of m landmarks.

    Args:
        matrix: (M, M) affinities; a NaN cell counts as 0.
        m: How many landmarks, 1 … M − 1.
        mirror: (M,) mirror image of each landmark, for ties; default: none has one.
        wishes: What it must and must not have.
        components: The face's components, for `Wishes.minimum`.
        max_nodes: Nodes of one decision before the search settles for a bound.

    Raises:
        InputError: If m, the wishes or the affinities allow no answer.
    """
    return _Search(matrix, mirror, wishes or Wishes(), components or {}, max_nodes).best(m)


def curve(
    matrix: Floats,
    budgets: Sequence[int] | None = None,
    mirror: NDArray[np.integer] | None = None,
    wishes: Wishes | None = None,
    components: Mapping[str, Sequence[int]] | None = None,
    max_nodes: int = MAX_NODES,
    report: Report = ignore,
    cancelled: Cancelled = never,
) -> list[SparseFormat]:
    """The best format of every budget: the curve ĉ(m) ([Yan20] Fig. 5.16).

    Args:
        matrix: As for `search`.
        budgets: Values of m; default: every one the wishes allow, up to M − 1.
        mirror: As for `search`.
        wishes: As for `search`.
        components: As for `search`.
        max_nodes: As for `search`.
        report: Told format by format.
        cancelled: Asked format by format.

    Raises:
        InputError: As `search`.
        JobCancelled: If asked to stop.
    """
    wishes = wishes or Wishes()
    task = _Search(matrix, mirror, wishes, components or {}, max_nodes)
    if budgets is None:
        fewest = max(1, len(set(wishes.include)), sum(wishes.minimum.values()))
        budgets = range(fewest, min(len(matrix) - 1, int(task.demands.allowed.sum())) + 1)
    found: list[SparseFormat] = []
    for number, m in enumerate(sorted(budgets), 1):
        check(cancelled)
        # One point more never covers less.
        found.append(task.best(m, found[-1].c if found and found[-1].proven else -np.inf))
        report(Progress("search formats", number, len(budgets), {"m": m, "c": found[-1].c}))
    return found


class _Search:
    """One matrix and one set of wishes; asked for one budget after the other."""

    def __init__(
        self,
        matrix: Floats,
        mirror: NDArray[np.integer] | None,
        wishes: Wishes,
        components: Mapping[str, Sequence[int]],
        max_nodes: int,
    ) -> None:
        self.matrix = _checked_matrix(matrix)
        points = len(self.matrix)
        own = np.arange(points)
        self.mirror = np.asarray(np.full(points, -1) if mirror is None else mirror, np.int64)
        self.demands = _demands(wishes, components, points)
        self.max_nodes = max_nodes
        off = own[:, None] != own[None]
        self.values = np.unique(self.matrix[self.demands.allowed[:, None] & off])

    def best(self, m: int, at_least: float = -np.inf) -> SparseFormat:
        """The best format of m landmarks, whose c is known to be at least so large."""
        _check_budget(m, len(self.matrix), self.demands)
        low = max(int(np.searchsorted(self.values, at_least - TIE)), 0)
        high, surely, nodes = len(self.values), len(self.values), 0
        chosen = None
        while low < high:
            # The first look is at the floor itself: it gives a set, whatever comes later.
            middle = low if chosen is None else (low + high) // 2
            found, certain, seen = self._cover(self.values[middle], m)
            nodes += seen
            if found is not None:
                chosen = found
                reached = np.searchsorted(self.values, coverage(self.matrix, chosen) + TIE)
                low = max(middle + 1, int(reached))
            elif chosen is None:
                break  # the floor itself was given up
            else:
                high = middle
                surely = middle if certain else surely
        if chosen is None:
            raise InputError(
                f"No format of {m} landmarks was found in {self.max_nodes} nodes; ask for fewer "
                "wishes or allow more nodes."
            )
        chosen = self._break_ties(chosen)
        c = coverage(self.matrix, chosen)
        bound = max(c, float(self.values[surely - 1]))
        left = np.setdiff1d(np.arange(len(self.matrix)), chosen)
        return SparseFormat(
            points=tuple(int(i) for i in chosen),
            c=c,
            bound=bound,
            proven=bound <= c + TIE,
            average=float(self.matrix[np.ix_(chosen, left)].max(axis=0).mean()),
            nodes=nodes,
        )

    def _cover(self, threshold: float, m: int) -> tuple[Indices | None, bool, int]:
        """A set of exactly m landmarks that covers all at this affinity."""
        found, certain, nodes = find_cover(self._covers(threshold), m, self.demands, self.max_nodes)
        return (None if found is None else self._filled(found, m)), certain, nodes

    def _covers(self, threshold: float) -> NDArray[np.bool_]:
        covers = self.matrix >= threshold
        np.fill_diagonal(covers, True)
        return covers

    def _filled(self, found: Indices, m: int) -> Indices:
        """A cover with room left takes what its groups lack, then the lowest others."""
        chosen = list(found)
        group, minimum = self.demands.group, self.demands.minimum.copy()
        for i in chosen:
            if group[i] >= 0:
                minimum[group[i]] -= 1
        spare = [int(i) for i in np.flatnonzero(self.demands.allowed) if i not in set(chosen)]
        for i in spare:
            if group[i] >= 0 and minimum[group[i]] > 0:
                chosen.append(i)
                minimum[group[i]] -= 1
        chosen += [i for i in spare if i not in set(chosen)][: m - len(chosen)]
        return np.sort(np.array(chosen, np.int64))

    def _break_ties(self, chosen: Indices) -> Indices:
        threshold = coverage(self.matrix, chosen) - TIE
        values = np.where(self._covers(threshold), self.matrix, -1.0)
        return best_cover(values, chosen, self.demands, self.mirror)


def _checked_matrix(matrix: Floats) -> Floats:
    """Affinities the search can use: symmetric, 0 where unknown, 1 with itself.

    Raises:
        InputError: If they are no such matrix or a landmark has none at all.
    """
    found = np.array(matrix, dtype=np.float64)
    if found.ndim != 2 or found.shape[0] != found.shape[1] or len(found) < 2:
        raise InputError(f"An affinity matrix is square; this one is {found.shape}.")
    known = np.isfinite(found)
    if np.isinf(found).any() or not np.allclose(found, found.T, atol=1e-6, equal_nan=True):
        raise InputError("An affinity matrix is symmetric and finite; this one is not.")
    np.fill_diagonal(known, False)
    lost = np.flatnonzero(~known.any(axis=1))
    if len(lost):
        raise InputError(
            f"Landmark {lost[0]} has no affinity with any other: too few faces have it; read more "
            "faces or a scheme without it."
        )
    found = np.nan_to_num(found)
    found = np.maximum(found, found.T)
    np.fill_diagonal(found, 1.0)
    return found


def _demands(wishes: Wishes, components: Mapping[str, Sequence[int]], points: int) -> Demands:
    """Wishes as arrays.

    Raises:
        InputError: If they name unknown points or components or contradict each other.
    """
    forced = checked_points(wishes.include, points, "--include")
    barred = checked_points(wishes.exclude, points, "--exclude")
    both = np.intersect1d(forced, barred)
    if len(both):
        raise InputError(f"Landmark {both[0]} is both included and excluded; choose one.")
    group = np.full(points, -1, np.int64)
    minimum: list[int] = []
    for name, fewest in wishes.minimum.items():
        if name not in components:
            known = ", ".join(components) or "none"
            raise InputError(f'There is no component "{name}" of the face; known: {known}.')
        members = np.array(components[name], np.int64)
        available = int((~np.isin(members, barred)).sum())
        if not 0 <= fewest <= available:
            raise InputError(f"{fewest} points of {name} are wished for; it has {available}.")
        group[members] = len(minimum)
        minimum.append(fewest)
    return Demands(forced, barred, group, np.array(minimum, np.int64))


def _check_budget(m: int, points: int, demands: Demands) -> None:
    """Refuse a number of landmarks that cannot be."""
    if not 1 <= m < points:
        raise InputError(
            f"m = {m}: a sparse format has at least one and fewer than all {points} landmarks."
        )
    allowed = int(demands.allowed.sum())
    if m > allowed:
        raise InputError(f"m = {m}, but only {allowed} landmarks are not excluded.")
    in_groups = demands.group[demands.forced]
    have = np.bincount(in_groups[in_groups >= 0], minlength=len(demands.minimum))
    needed = len(demands.forced) + int(np.maximum(demands.minimum - have, 0).sum())
    if needed > m:
        raise InputError(f"m = {m}, but {needed} landmarks are wished for; ask for more.")
