"""Who goes with whom at the least cost in all (the Hungarian method)."""

from __future__ import annotations

import numpy as np

from core.geometry import Array


def pairs(costs: Array, limit: float) -> dict[int, int]:
    """Match rows to columns so that the sum of costs is least.

    Args:
        costs: (R, C).
        limit: Pairs that cost more are never made; leaving a row alone costs as much as the limit.

    Returns:
        Row → column of the pairs made.
    """
    if costs.size == 0:
        return {}
    from scipy.optimize import linear_sum_assignment  # 0.4 s to import: only with someone to match

    capped = np.minimum(costs, limit) if np.isfinite(limit) else costs
    rows, columns = linear_sum_assignment(capped)
    return {int(r): int(c) for r, c in zip(rows, columns, strict=True) if costs[r, c] <= limit}
