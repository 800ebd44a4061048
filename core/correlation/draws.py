"""How much a format depends on the faces it was chosen from.

The thesis draws n faces ten times, searches on each draw, and plots mean and variance of ĉ(m)
(Fig. 5.16). Beside that a format chosen on a draw is judged here on the *other* faces: what it was
chosen by flatters it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.correlation.affinity import MIN_FACES, from_moments
from core.correlation.moments import Moments
from core.correlation.sparse_format import SparseFormat, coverage, curve
from core.errors import InputError
from core.progress import Cancelled, Progress, Report, check, ignore, never
from core.schemes import LandmarkScheme

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class DrawnFormats:
    """Formats searched on draws of n faces: D draws, K budgets."""

    budgets: tuple[int, ...]
    faces: int
    """n, the faces of a draw."""
    others: int
    """The faces a draw leaves, on which its formats are judged."""
    formats: tuple[tuple[SparseFormat, ...], ...]
    """By draw, by budget."""
    on_others: Floats
    """(D, K) c of each format on the faces its draw left; NaN where there are too few."""
    existing: Mapping[str, Floats]
    """(D,) c on the same other faces of each existing format, by its name."""

    @property
    def c(self) -> Floats:
        """(D, K) ĉ(m) of every draw."""
        return np.array([[one.c for one in row] for row in self.formats])

    def table(self) -> list[dict[str, float | int]]:
        """One row a budget: mean and variance of ĉ over draws, and of c on the other faces."""
        own, others = self.c, self.on_others
        return [
            {
                "m": m,
                "c_mean": float(own[:, k].mean()),
                "c_variance": float(own[:, k].var()),
                "others_mean": float(others[:, k].mean()),
                "others_variance": float(others[:, k].var()),
            }
            for k, m in enumerate(self.budgets)
        ]


def draw_formats(
    normalised: NDArray[np.floating],
    scheme: LandmarkScheme,
    faces: int,
    budgets: Sequence[int],
    draws: int = 10,
    seed: int = 0,
    report: Report = ignore,
    cancelled: Cancelled = never,
) -> DrawnFormats:
    """Search formats on draws of faces without replacement, and judge them on the rest.

    Args:
        normalised: (N, M, 2) normalised faces, NaN = missing.
        scheme: Of the faces; its existing formats are judged beside the searched ones.
        faces: n, faces of a draw.
        budgets: Values of m.
        draws: How often to draw.
        seed: Of the draws.
        report: Told draw by draw.
        cancelled: Asked draw by draw.

    Raises:
        InputError: If there are fewer faces than a draw takes.
        JobCancelled: If asked to stop.
    """
    xy = np.asarray(normalised, dtype=np.float64)
    if not MIN_FACES <= faces <= len(xy) or draws < 1:
        raise InputError(
            f"{draws} draws of {faces} faces are wished for; there are {len(xy)} faces and a draw "
            f"takes at least {MIN_FACES}."
        )
    rng = np.random.default_rng(seed)
    ordered = tuple(sorted(budgets))
    formats, scores, existing = [], [], []
    for number in range(draws):
        check(cancelled)
        order = rng.permutation(len(xy))
        drawn = from_moments(Moments.of(xy[order[:faces]])).matrix
        left = _affinity(xy[order[faces:]])
        found = curve(drawn, ordered, scheme.mirror, cancelled=cancelled)
        formats.append(tuple(found))
        scores.append([_score(left, one.points) for one in found])
        existing.append([_score(left, points) for points in scheme.sparse_formats.values()])
        report(Progress("draw faces", number + 1, draws))
    return DrawnFormats(
        ordered, faces, len(xy) - faces, tuple(formats), np.array(scores),
        dict(zip(scheme.sparse_formats, np.array(existing).T, strict=True)),
    )  # fmt: skip


def _affinity(normalised: Floats) -> Floats | None:
    """The matrix of some faces; None for too few."""
    if len(normalised) < MIN_FACES:
        return None
    return from_moments(Moments.of(normalised)).matrix


def _score(matrix: Floats | None, points: Sequence[int]) -> float:
    return float("nan") if matrix is None else coverage(matrix, points)
