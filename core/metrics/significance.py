"""Is one variant better than another? Paired over subjects, and seed by seed.

Two variants are trained with the same seeds and judged on the same subjects. A test over subjects
says whether the difference between *these* nets would be seen on other people; how the differences
of single seeds scatter says whether other trainings would show it. Both are reported.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]


@dataclass(frozen=True)
class Paired:
    """Variant minus reference, in the units of the values."""

    difference: float
    """Mean over subjects and seeds."""
    p: float
    """Two-sided paired t-test over subjects, each subject's values averaged over seeds; 1 where
    all differences are equal to zero, NaN with fewer than two subjects."""
    seeds: int
    same_sign: int
    """Seeds whose mean difference has the sign of `difference`."""
    seed_sd: float
    """Standard deviation of the seeds' mean differences; NaN with one seed."""
    subjects: int

    def as_record(self) -> dict[str, float | int]:
        """JSON-ready."""
        return asdict(self)


def paired(variant: Floats, reference: Floats) -> Paired:
    """Compare two variants.

    Args:
        variant: (seeds, subjects), the same seeds and subjects in both; NaN = not measured, such a
            subject is left out.
        reference: Likewise.

    Raises:
        ValueError: If the shapes differ or no subject is left.
    """
    variant, reference = np.asarray(variant, np.float64), np.asarray(reference, np.float64)
    if variant.shape != reference.shape or variant.ndim != 2:
        raise ValueError(f"shapes differ: {variant.shape}, {reference.shape}")
    off = variant - reference
    off = off[:, np.isfinite(off).all(axis=0)]
    if off.size == 0:
        raise ValueError("no subject was measured with both variants")
    by_seed, by_subject = off.mean(axis=1), off.mean(axis=0)
    difference = float(off.mean())
    return Paired(
        difference=difference,
        p=_t_test(by_subject),
        seeds=len(off),
        same_sign=int((np.sign(by_seed) == np.sign(difference)).sum()),
        seed_sd=float(by_seed.std(ddof=1)) if len(off) > 1 else float("nan"),
        subjects=off.shape[1],
    )


def _t_test(differences: Floats) -> float:
    """Two-sided p of the mean being zero."""
    from scipy import stats

    count = len(differences)
    if count < 2:
        return float("nan")
    spread = float(differences.std(ddof=1))
    if spread == 0.0:
        return 1.0 if differences[0] == 0.0 else 0.0
    t = abs(float(differences.mean())) / (spread / np.sqrt(count))
    return float(2.0 * stats.t.sf(t, count - 1))
