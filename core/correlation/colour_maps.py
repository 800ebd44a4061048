"""Colours for affinities: equal steps of a number look equally large.

Both maps run along paths in OKLab (Ottosson 2020), a space whose distances follow what people see,
at constant speed and with lightness going one way, so that they also read in grey and for the
colour-blind. `SEQUENTIAL` goes from dark violet to light yellow. `DIVERGING` is light at zero,
violet below and green above: [Yan20] paints over-correlated green.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Colours = NDArray[np.uint8]

UNKNOWN = (128, 128, 128)
"""Of a cell that has no number."""
_TO_LMS = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
_TO_LAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)


def oklab(rgb: NDArray[np.floating] | Colours) -> Floats:
    """OKLab of sRGB colours 0 … 255, (…, 3)."""
    share = np.asarray(rgb, dtype=np.float64) / 255
    linear = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
    return np.asarray(np.cbrt(linear @ _TO_LMS.T) @ _TO_LAB.T)


def _srgb(lab: Floats) -> Colours:
    linear = ((lab @ np.linalg.inv(_TO_LAB).T) ** 3) @ np.linalg.inv(_TO_LMS).T
    linear = np.clip(linear, 0.0, 1.0)
    share = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return np.rint(255 * share).astype(np.uint8)


def _path(stops: tuple[str, ...], count: int) -> Colours:
    """Colours at equal distances along straight lines in OKLab from stop to stop."""
    lab = oklab(np.array([list(bytes.fromhex(stop)) for stop in stops]))
    along = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(lab, axis=0), axis=1))])
    at = np.linspace(0.0, along[-1], count)
    return _srgb(np.stack([np.interp(at, along, channel) for channel in lab.T], axis=1))


def _frozen(table: Colours) -> Colours:
    table.flags.writeable = False
    return table


SEQUENTIAL = _frozen(_path(("2A0A4A", "414487", "22A884", "7AD151", "FDF0A0"), 256))
"""(256, 3): 0 … 1."""
DIVERGING = _frozen(
    np.concatenate(
        [
            _path(("4B1D6B", "A27BB8", "F5F5F5"), 128),
            _path(("F5F5F5", "6FAE78", "0B4A22"), 128)[1:],
        ]
    )
)
"""(255, 3): −range … +range; the middle one is zero."""


def colourise(matrix: NDArray[np.floating], table: Colours, low: float, high: float) -> Colours:
    """A colour for every number.

    Args:
        matrix: Any shape; NaN becomes `UNKNOWN`.
        table: `SEQUENTIAL` or `DIVERGING`.
        low: Number of the first colour; what lies below has it too.
        high: Number of the last colour.

    Returns:
        The shape with a last axis of 3.
    """
    span = high - low if high > low else 1.0
    share = (np.asarray(matrix, dtype=np.float64) - low) / span
    known = np.isfinite(share)
    index = np.clip(np.where(known, share, 0.0), 0.0, 1.0) * (len(table) - 1)
    colours = table[np.rint(index).astype(np.int64)]
    colours[~known] = UNKNOWN
    return colours


def automatic_range(matrix: NDArray[np.floating], diverging: bool) -> tuple[float, float]:
    """The range that shows a matrix best: its off-diagonal extremes; zero-centred if diverging."""
    known = matrix[np.isfinite(matrix) & ~np.eye(len(matrix), dtype=bool)]
    if not len(known):
        return (-1.0, 1.0) if diverging else (0.0, 1.0)
    if diverging:
        most = max(float(np.abs(known).max()), 1e-3)
        return -most, most
    low, high = float(known.min()), float(known.max())
    return (low, high) if high - low > 1e-6 else (low - 0.5e-3, high + 0.5e-3)
