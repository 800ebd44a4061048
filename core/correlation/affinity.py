"""Landmark affinity: how much two points of a face say about each other ([Yan20] chapter 5).

A_ij = |mean of the two canonical correlations between the positions of points i and j| over a set
of normalised faces (Eq. 5.3), M × M with ones on the diagonal. In closed form: with each point's
2 × 2 covariance whitened the canonical correlations are the singular values of the cross-covariance
K; their mean, half the nuclear norm, is √(‖K‖² + 2|det K|) / 2, so no decomposition is needed.

A face with a missing point leaves only that point's cells: each cell is computed from the faces in
which both of its points are located, and `count` says how many those are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.correlation.moments import Moments, blocks
from core.correlation.normalise import Normalisation, hullbox_normalised
from core.errors import InputError
from core.schemes import LandmarkScheme

__all__ = [
    "MIN_FACES",
    "Affinity",
    "Directions",
    "affinity",
    "affinity_of",
    "canonical_directions",
    "from_moments",
    "hullbox_normalised",
    "mean_difference",
]

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]

MIN_FACES = 3
"""Behind fewer faces there is no correlation at all."""
FEW_FACES = 30
"""Behind fewer faces a cell is mostly noise: two unrelated points show 0.2 and more."""
STILL = 1e-10
"""Variance, as a share of the set's largest, below which a direction counts as not moving at all:
the rounding of float32 pixels lies under it, any real movement far above."""


@dataclass(frozen=True, eq=False)
class Affinity:
    """Affinities of a set of faces, and what they stand on."""

    matrix: Floats
    """(M, M), symmetric, in [0, 1], diagonal 1; NaN behind fewer than `MIN_FACES` faces."""
    count: Counts
    """(M, M) faces behind each cell."""
    still: Counts
    """(M,) directions in which a point does not move, over the faces that have it: 0, 1 or 2.
    Correlations along them count as 0."""
    faces: int
    normalisation: str = "hullbox"
    scheme: str = ""

    @property
    def num_points(self) -> int:
        """M."""
        return len(self.matrix)

    @property
    def mean(self) -> float:
        """Mean over pairs of different points; NaN when there is none."""
        off = self.matrix[~np.eye(self.num_points, dtype=bool)]
        off = off[np.isfinite(off)]
        return float(off.mean()) if len(off) else float("nan")

    def notes(self, point_names: Sequence[str] | None = None) -> list[str]:
        """What to know before believing the numbers, a sentence each; empty when all is well."""
        own = self.count.diagonal()
        rows = [
            (own < MIN_FACES, "is located in fewer than three faces, so it has no affinity"),
            ((self.still == 2) & (own >= MIN_FACES), "never moves, so its affinities are 0"),
            (
                (self.still == 1) & (own >= MIN_FACES),
                "moves along one line only; the other direction counts as uncorrelated",
            ),
        ]
        found = [
            f"{_listed(np.flatnonzero(where), point_names)} {words}."
            for where, words in rows
            if where.any()
        ]
        few = (self.count < FEW_FACES) & (self.count >= MIN_FACES)
        if few.any():
            found.append(
                f"{int(few.sum())} cells stand on fewer than {FEW_FACES} faces: mostly noise."
            )
        return found


def affinity_of(
    landmarks: NDArray[np.floating],
    scheme: LandmarkScheme,
    normalisation: str = "hullbox",
    truth: NDArray[np.floating] | None = None,
) -> Affinity:
    """Affinity of faces in pixels.

    Args:
        landmarks: (N, M, 2), NaN = missing.
        scheme: Whose M points they are.
        normalisation: One of `NORMALISATIONS`.
        truth: (N, M, 2) of the same faces where the landmarks are predictions: their frames count.

    Raises:
        InputError: If the points are not the scheme's or fewer than three faces can be used.
    """
    xy = np.asarray(landmarks)
    if xy.ndim != 3 or xy.shape[1:] != (scheme.num_points, 2):
        raise InputError(
            f"{scheme.name} has {scheme.num_points} points; these faces have "
            f"{xy.shape[1] if xy.ndim == 3 else 'none'}."
        )
    if truth is not None and truth.shape != xy.shape:
        raise InputError(f"{len(xy)} predicted faces do not answer {len(truth)} true ones.")
    normalised = Normalisation(normalisation, scheme.normalising_pair)(xy, truth)
    usable = np.isfinite(normalised).any(axis=(1, 2))
    if int(usable.sum()) < MIN_FACES:
        raise InputError(
            f"{int(usable.sum())} of {len(xy)} faces can be used; affinity needs at least "
            f"{MIN_FACES} with three located points each."
        )
    return from_moments(Moments.of(normalised[usable]), normalisation, scheme.name)


def affinity(normalised: NDArray[np.floating]) -> Floats:
    """Affinity of every pair of points of complete normalised faces.

    Args:
        normalised: (N, M, 2).

    Returns:
        (M, M), symmetric, diagonal 1, entries in [0, 1]. A point that never moves says nothing: 0.

    Raises:
        ValueError: If there are fewer than three faces or a coordinate is missing.
    """
    xy = np.asarray(normalised, dtype=np.float64)
    if len(xy) < MIN_FACES or not np.isfinite(xy).all():
        raise ValueError("affinity needs at least three complete faces")
    return from_moments(Moments.of(xy)).matrix


def from_moments(sums: Moments, normalisation: str = "hullbox", scheme: str = "") -> Affinity:
    """The affinity that sums over faces amount to."""
    count, own, cross = _covariances(sums)
    known = count >= MIN_FACES
    # Σ of i's variance over the faces that have j; the largest says what "moving" is.
    largest = float(np.maximum(own[0], own[2])[known].max(initial=0.0))
    white, still = _whitening(own, STILL * largest)
    k = np.einsum("acij,cdij,bdji->abij", white, cross, white, optimize=True)
    determinant = np.abs(k[0, 0] * k[1, 1] - k[0, 1] * k[1, 0])
    matrix = np.sqrt((k * k).sum(axis=(0, 1)) + 2 * determinant) / 2
    matrix = np.clip((matrix + matrix.T) / 2, 0.0, 1.0)
    np.fill_diagonal(matrix, 1.0)
    matrix[~known] = np.nan
    return Affinity(
        matrix, np.rint(count).astype(np.int64), still.diagonal().copy(), sums.faces,
        normalisation, scheme,
    )  # fmt: skip


@dataclass(frozen=True)
class Directions:
    """In which directions two points hang together."""

    correlations: Floats
    """(2,) canonical correlations, the larger first."""
    first: Floats
    """(2, 2): row k is the unit direction of point i that belongs to correlation k."""
    second: Floats
    """(2, 2): the same of point j; signs such that both move together."""


def canonical_directions(sums: Moments, i: int, j: int) -> Directions:
    """The canonical directions of one pair ([Yan20] Eq. 5.1 and 5.2).

    Raises:
        InputError: If fewer than `MIN_FACES` faces have both points.
    """
    count, own, cross = _covariances(sums)
    if count[i, j] < MIN_FACES:
        raise InputError(f"Fewer than {MIN_FACES} faces have both landmark {i} and landmark {j}.")
    largest = float(np.maximum(own[0], own[2]).max())
    white, _ = _whitening(own[:, [i, j], [j, i]], STILL * largest)  # (2, 2, 2)
    u, values, vt = np.linalg.svd(white[..., 0] @ cross[:, :, i, j] @ white[..., 1].T)
    return Directions(values, _unit_rows(u.T @ white[..., 0]), _unit_rows(vt @ white[..., 1]))


def mean_difference(a: Floats, b: Floats) -> float:
    """Mean |ΔA| over pairs of different points; cells either lacks are passed."""
    off = np.abs(a - b)[~np.eye(len(a), dtype=bool)]
    return float(np.nanmean(off))


def _covariances(sums: Moments) -> tuple[Floats, Floats, Floats]:
    """By pair: count (M, M), i's xx, xy, yy (3, M, M), and i with j (2, 2, M, M)."""
    count, first, products, squares = blocks(sums)
    share = 1.0 / np.maximum(count, 1.0)
    mean = first * share
    own = squares * share
    own[0] -= mean[0] * mean[0]
    own[1] -= mean[0] * mean[1]
    own[2] -= mean[1] * mean[1]
    cross = products.transpose(0, 2, 1, 3) * share
    cross -= mean[:, None] * mean.transpose(0, 2, 1)[None]
    return count, own, cross


def _whitening(own: Floats, floor: float) -> tuple[Floats, Counts]:
    """Maps that make covariances the identity, by a Cholesky factor with pivot.

    Args:
        own: (3, …) xx, xy, yy.
        floor: Variances up to here count as none; correlations along them become 0.

    Returns:
        (2, 2, …) rows of the map, and (…) how many directions were left out.
    """
    xx, xy, yy = own
    x_leads = xx >= yy
    lead, other = np.maximum(xx, yy), np.minimum(xx, yy)
    moves = lead > floor
    slope = np.divide(xy, lead, out=np.zeros_like(lead), where=moves)
    rest = other - slope * xy
    moves_too = moves & (rest > floor)
    along = np.divide(1.0, np.sqrt(np.maximum(lead, 0)), out=np.zeros_like(lead), where=moves)
    across = np.divide(1.0, np.sqrt(np.maximum(rest, 0)), out=np.zeros_like(lead), where=moves_too)
    leant = -slope * across
    white = np.empty((2, 2, *lead.shape))
    white[0, 0], white[0, 1] = along * x_leads, along * ~x_leads
    white[1, 0] = np.where(x_leads, leant, across)
    white[1, 1] = np.where(x_leads, across, leant)
    return white, 2 - moves.astype(np.int64) - moves_too


def _unit_rows(rows: Floats) -> Floats:
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(np.divide(rows, length, out=np.zeros_like(rows), where=length > 0))


def _listed(points: NDArray[np.intp], names: Sequence[str] | None) -> str:
    """As in: Landmark 3 (chin); of many, the first few."""
    shown = [f"{p} ({names[p]})" if names is not None else str(p) for p in points[:4]]
    if len(points) > 4:
        shown.append(f"{len(points) - 4} more")
    word = "Landmark" if len(points) == 1 else "Each of landmarks"
    return f"{word} {', '.join(shown)}"
