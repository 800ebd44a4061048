"""Affinity of faces that come, change and go, each known by a key.

What makes an edit show at once: a face is taken out of the sums exactly as it was put in and its
new points are added, some microseconds whatever the number of faces. The faces themselves are kept
as float32 (8 bytes a point), so that a key is all that is needed to take one out, and so that the
sums can be made anew when rounding has added up (`Moments.stale`).

Normalisations must not depend on other faces here: `procrustes` needs a fixed reference.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import numpy as np
from numpy.typing import NDArray

from core.correlation.affinity import MIN_FACES, Affinity, from_moments
from core.correlation.moments import Moments
from core.correlation.normalise import Normalisation
from core.errors import InputError
from core.schemes import LandmarkScheme

Floats = NDArray[np.float64]
_FIRST_ROWS = 256


class AffinityStream:
    """Affinity that follows its faces.

    Attributes:
        sums: What the affinity follows from; may be merged with another process's.
    """

    def __init__(
        self,
        scheme: LandmarkScheme,
        normalisation: str = "hullbox",
        reference: Floats | None = None,
    ) -> None:
        """Nothing yet.

        Args:
            scheme: Of every face to come.
            normalisation: One of `NORMALISATIONS`.
            reference: Fixed shape (M, 2) that `procrustes` turns faces to.

        Raises:
            InputError: If `procrustes` has no reference: removal could not be exact.
        """
        if normalisation == "procrustes" and reference is None:
            raise InputError("procrustes needs a fixed reference shape where faces come and go.")
        self.scheme = scheme
        self.normalisation = Normalisation(normalisation, scheme.normalising_pair, reference)
        self.sums = Moments.empty(scheme.num_points)
        self._rows: dict[Hashable, int] = {}
        self._free: list[int] = []
        self._faces = np.empty((_FIRST_ROWS, scheme.num_points, 2), np.float32)

    def __len__(self) -> int:
        return len(self._rows)

    def __contains__(self, key: Hashable) -> bool:
        return key in self._rows

    def put(
        self,
        key: Hashable,
        landmarks: NDArray[np.floating],
        truth: NDArray[np.floating] | None = None,
    ) -> None:
        """Add a face, or replace the one of this key.

        Args:
            key: What it is known by.
            landmarks: (M, 2), NaN = missing.
            truth: (M, 2) the truth it answers, whose frame then counts.
        """
        self.put_many([key], landmarks[None], None if truth is None else truth[None])

    def put_many(
        self,
        keys: Sequence[Hashable],
        landmarks: NDArray[np.floating],
        truth: NDArray[np.floating] | None = None,
    ) -> None:
        """Add or replace faces, (N, M, 2); one without three located points is just not there.

        Raises:
            InputError: If they have another number of points than the scheme.
        """
        if landmarks.shape[1:] != (self.scheme.num_points, 2):
            raise InputError(
                f"Faces of {landmarks.shape[1]} points cannot join {self.scheme.num_points} of "
                f"{self.scheme.name}."
            )
        if len(set(keys)) < len(keys):
            raise ValueError("a key is given twice")
        self.remove_many(keys)
        faces = self.normalisation(landmarks, truth).astype(np.float32)
        known = np.flatnonzero(np.isfinite(faces).any(axis=(1, 2))).tolist()
        if not len(known):
            return
        if not self._rows:
            self._start_about(faces[known])
        rows = [self._row_of(keys[k]) for k in known]
        self._faces[rows] = faces[known]
        self._sum(self._faces[rows], add=True)

    def remove(self, key: Hashable) -> None:
        """Take a face out; one that is not there is no fault."""
        self.remove_many([key])

    def remove_many(self, keys: Sequence[Hashable]) -> None:
        """Take faces out."""
        rows = [self._rows.pop(key) for key in keys if key in self._rows]
        if rows:
            self._sum(self._faces[rows], add=False)
            self._free += rows

    def affinity(self) -> Affinity | None:
        """The affinity now; None with fewer than three faces."""
        if self.sums.stale:
            self._sum_anew()
        if self.sums.faces < MIN_FACES:
            return None
        return from_moments(self.sums, self.normalisation.name, self.scheme.name)

    def face(self, key: Hashable) -> Floats:
        """A face as it counts, normalised, (M, 2)."""
        return self._faces[self._rows[key]].astype(np.float64)

    def mean_face(self) -> Floats:
        """Mean of each point's located positions, normalised, (M, 2); NaN where there is none."""
        return self.sums.mean_face()

    def _start_about(self, faces: NDArray[np.float32]) -> None:
        """Take coordinates about the first faces' mean: sums stay as small as the spread."""
        located = np.isfinite(faces)
        count = np.maximum(located.sum(axis=0), 1)
        mean = np.where(located, faces, 0).sum(axis=0, dtype=np.float64) / count
        self.sums = Moments.empty(self.scheme.num_points, mean)

    def _row_of(self, key: Hashable) -> int:
        if not self._free and len(self._rows) == len(self._faces):
            self._faces = np.concatenate([self._faces, np.empty_like(self._faces)])
        row = self._free.pop() if self._free else len(self._rows)
        self._rows[key] = row
        return row

    def _sum(self, faces: NDArray[np.float32], add: bool) -> None:
        xy = faces[0] if len(faces) == 1 else faces
        (self.sums.add if add else self.sums.remove)(xy)

    def _sum_anew(self) -> None:
        self.sums = Moments.empty(self.scheme.num_points, self.sums.reference)
        self._sum(self._faces[list(self._rows.values())], add=True)
