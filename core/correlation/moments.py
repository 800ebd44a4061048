"""Sums from which the affinity of any set of faces follows; faces come and go one by one.

For every pair of points (i, j), over the faces in which *both* are located: how many there are, the
sums of i's and j's coordinates, of their squares and of their products. That is all a canonical
correlation needs, so adding or removing a face, replacing one after an edit and joining the sums of
several processes are additions (a rank-one update through BLAS).

Coordinates are taken about a fixed reference shape: what is summed is then as small as the spread
itself and little is cancelled when the means are taken out. Rounding still adds up with every
change; `rounding` bounds it, and `stale` says when the sums should be made anew from the faces.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

STALE = 1e-9
"""Rounding, as a share of the faces' total spread, from which on sums should be made anew. The
affinity is then still good to about 1e-7."""
_EPS = float(np.finfo(np.float64).eps)
_CHUNK = 4096


@dataclass
class Moments:
    """Sums over faces; M points, `w` = 1 where a point is located.

    Attributes:
        reference: (M, 2) shape that coordinates are taken about.
        linear: (3M, 3M) [w x y]ᵀ[w x y]: counts, sums and products. Fortran order.
        squares: (M, 3M) wᵀ[xx xy yy]: row j, column i = over faces with i and j. Fortran order.
        faces: How many faces there are.
        energy: Σ |x|² of all coordinates.
        rounding: Bound of the rounding error in any sum.
    """

    reference: Floats
    linear: Floats
    squares: Floats
    faces: int = 0
    energy: float = 0.0
    rounding: float = 0.0

    @classmethod
    def empty(cls, num_points: int, reference: Floats | None = None) -> Moments:
        """No face yet, about a reference shape (M, 2) (default: the origin)."""
        about = np.zeros((num_points, 2)) if reference is None else np.array(reference, np.float64)
        if about.shape != (num_points, 2) or not np.isfinite(about).all():
            raise ValueError(f"the reference must be {num_points} complete points")
        size = 3 * num_points
        return cls(
            about,
            np.zeros((size, size), order="F"),
            np.zeros((num_points, size), order="F"),
        )

    @classmethod
    def of(cls, normalised: NDArray[np.floating], reference: Floats | None = None) -> Moments:
        """The sums of faces (N, M, 2); the reference is their mean unless one is given."""
        xy = np.asarray(normalised, dtype=np.float64)
        if reference is None and len(xy):
            located = np.isfinite(xy)
            count = np.maximum(located.sum(axis=0), 1)
            reference = np.where(located, xy, 0.0).sum(axis=0) / count
        sums = cls.empty(xy.shape[1], reference)
        sums.add(xy)
        return sums

    @property
    def num_points(self) -> int:
        """M."""
        return len(self.reference)

    @property
    def stale(self) -> bool:
        """Whether rounding has added up so far that the sums should be made anew."""
        return self.rounding > STALE * max(self.energy, 0.0) and self.rounding > 0.0

    def mean_face(self) -> Floats:
        """Mean of each point's located positions, (M, 2); NaN where there is none."""
        count, first, _, _ = blocks(self)
        own = count.diagonal()
        share = np.divide(1.0, own, out=np.full(self.num_points, np.nan), where=own > 0)
        return np.stack([total.diagonal() * share for total in first], axis=1) + self.reference

    def add(self, normalised: NDArray[np.floating]) -> None:
        """Add faces, (N, M, 2) or one (M, 2), NaN = missing."""
        self._change(np.asarray(normalised, dtype=np.float64), 1.0)

    def remove(self, normalised: NDArray[np.floating]) -> None:
        """Take faces out again; exactly the coordinates that were added."""
        self._change(np.asarray(normalised, dtype=np.float64), -1.0)

    def replace(self, old: NDArray[np.floating], new: NDArray[np.floating]) -> None:
        """Put a face's new coordinates for its old ones, both (M, 2)."""
        self.remove(old)
        self.add(new)

    def weighted(self, normalised: Floats, weights: Floats) -> None:
        """Add faces (N, M, 2), each so many times (N,); bootstrap draws are such."""
        columns, squares = self._columns(normalised)
        scaled = columns * weights[:, None]
        self.linear += columns.T @ scaled
        self.squares += scaled[:, : self.num_points].T @ squares
        self.faces += round(float(weights.sum()))
        self._account(float((weights @ (squares[:, _diagonal(self.num_points)])).sum()))

    def merge(self, other: Moments) -> None:
        """Add another set's sums, of another process for example.

        Raises:
            ValueError: If they are of another number of points.
        """
        if other.num_points != self.num_points:
            raise ValueError(f"{other.num_points} points cannot join {self.num_points}")
        moved = other.about(self.reference)
        self.linear += moved.linear
        self.squares += moved.squares
        self.faces += moved.faces
        self.rounding += moved.rounding
        self._account(moved.energy)

    def about(self, reference: Floats) -> Moments:
        """The same sums about another reference shape."""
        if np.array_equal(reference, self.reference):
            return Moments(
                self.reference, self.linear.copy("F"), self.squares.copy("F"),
                self.faces, self.energy, self.rounding,
            )  # fmt: skip
        shift = self.reference - reference
        moved = Moments.empty(self.num_points, reference)
        moved.linear[:] = _shifted_linear(self, shift)
        moved.squares[:] = _shifted_squares(self, shift)
        moved.faces, moved.rounding = self.faces, self.rounding
        own = np.arange(self.num_points)
        moved.energy = float(
            (moved.squares[own, own] + moved.squares[own, own + 2 * self.num_points]).sum()
        )
        moved.rounding += _EPS * max(moved.energy, self.energy)
        return moved

    def copy(self) -> Moments:
        """A set of sums of its own."""
        return self.about(self.reference)

    def _change(self, xy: Floats, sign: float) -> None:
        if xy.ndim == 2:
            self._change_one(xy, sign)
            return
        for start in range(0, len(xy), _CHUNK):
            part = xy[start : start + _CHUNK]
            if np.isfinite(part).all():
                self._change_complete(part, sign)
                continue
            columns, squares = self._columns(part)
            m = self.num_points
            self.linear += sign * (columns.T @ columns)
            self.squares += sign * (columns[:, :m].T @ squares)
            self.faces += int(sign) * len(part)
            self._account(sign * float(squares[:, _diagonal(m)].sum()))

    def _change_complete(self, xy: Floats, sign: float) -> None:
        """The same where no point is missing, in a quarter of the time: one product has it all."""
        m = self.num_points
        flat = (xy - self.reference).reshape(len(xy), 2 * m)
        totals = sign * flat.sum(axis=0).reshape(m, 2).T.reshape(2 * m)
        product = sign * (flat.T @ flat)
        own = product.reshape(m, 2, m, 2)[range(m), :, range(m)]  # (M, 2, 2)
        self.linear[:m, :m] += sign * len(xy)
        self.linear[m:, :m] += totals[:, None]
        self.linear[:m, m:] += totals
        self.linear[m:, m:] += (
            product.reshape(m, 2, m, 2).transpose(1, 0, 3, 2).reshape(2 * m, 2 * m)
        )
        self.squares += np.concatenate([own[:, 0, 0], own[:, 0, 1], own[:, 1, 1]])
        self.faces += int(sign) * len(xy)
        self._account(float(own[:, 0, 0].sum() + own[:, 1, 1].sum()))

    def _change_one(self, xy: Floats, sign: float) -> None:
        from scipy.linalg.blas import dger

        columns, squares = self._columns(xy[None])
        column, square = columns[0], squares[0]
        # In place: both sums are in Fortran order.
        dger(sign, column, column, a=self.linear, overwrite_a=1)
        dger(sign, column[: self.num_points], square, a=self.squares, overwrite_a=1)
        self.faces += int(sign)
        m = self.num_points
        self._account(sign * float(square[:m].sum() + square[2 * m :].sum()))

    def _columns(self, xy: Floats) -> tuple[Floats, Floats]:
        """[w x y] (N, 3M) and [xx xy yy] (N, 3M) of faces."""
        away = xy - self.reference
        x, y = away[..., 0], away[..., 1]
        located = np.isfinite(x) & np.isfinite(y)
        if not located.all():
            x, y = np.where(located, x, 0.0), np.where(located, y, 0.0)
        columns = np.concatenate([located.astype(np.float64), x, y], axis=1)
        return columns, np.concatenate([x * x, x * y, y * y], axis=1)

    def _account(self, energy: float) -> None:
        """Keep the bound on rounding: a change errs by at most ε of the larger total."""
        before, self.energy = self.energy, self.energy + energy
        self.rounding += _EPS * max(abs(before), abs(self.energy), abs(energy))
        if self.faces == 0:
            self._clear()

    def _clear(self) -> None:
        """Without a face every sum is exactly zero."""
        self.linear[:], self.squares[:] = 0.0, 0.0
        self.energy, self.rounding = 0.0, 0.0


def _diagonal(num_points: int) -> NDArray[np.intp]:
    """Where xx and yy lie among the columns [xx xy yy]."""
    return np.r_[:num_points, 2 * num_points : 3 * num_points]


def blocks(sums: Moments) -> tuple[Floats, Floats, Floats, Floats]:
    """The sums by pair of points, as views.

    Returns:
        Over the faces with both points: count[i, j]; first[c, i, j] = Σ x_ic; products[c, i, d, j]
        = Σ x_ic x_jd; squares[k, i, j] = Σ of i's xx, xy, yy. Shapes (M, M), (2, M, M),
        (2, M, 2, M), (3, M, M).
    """
    m = sums.num_points
    # Transposed, what is in Fortran order can be taken apart without a copy.
    grid = sums.linear.T.reshape(3, m, 3, m)
    return grid[0, :, 0], grid[1:, :, 0], grid[1:, :, 1:], sums.squares.T.reshape(3, m, m)


def _shifted_linear(sums: Moments, shift: Floats) -> Floats:
    """[w x+a y+b]ᵀ[w x+a y+b] from [w x y]ᵀ[w x y]."""
    m = sums.num_points
    count, first, products, _ = blocks(sums)
    out = np.empty((3, m, 3, m))
    out[0, :, 0] = count
    for c in range(2):
        out[1 + c, :, 0] = first[c] + shift[:, c, None] * count
        out[0, :, 1 + c] = out[1 + c, :, 0].T
        for d in range(2):
            out[1 + c, :, 1 + d] = (
                products[c, :, d]
                + shift[:, c, None] * first[d].T
                + first[c] * shift[None, :, d]
                + np.outer(shift[:, c], shift[:, d]) * count
            )
    return out.reshape(3 * m, 3 * m)


def _shifted_squares(sums: Moments, shift: Floats) -> Floats:
    """wᵀ[(x+a)² (x+a)(y+b) (y+b)²] from the sums about the old reference."""
    m = sums.num_points
    count, (x, y), _, (xx, xy, yy) = blocks(sums)
    a, b = shift[:, :1], shift[:, 1:]
    moved = np.stack(
        [
            xx + 2 * a * x + a * a * count,
            xy + b * x + a * y + a * b * count,
            yy + 2 * b * y + b * b * count,
        ]
    )
    return np.asarray(moved.reshape(3 * m, m).T)
