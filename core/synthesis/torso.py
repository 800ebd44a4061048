"""A trunk below a head whose mesh ends, torn, at the chest: no picture shows where it ends.

A loft of rings hugs the lowest part of the skin from inside and goes on straight down. It is made
once on the neutral subject; in a frame it follows the trunk, which moves as a rigid body.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.synthesis.template import MeshLayer, Part
from core.synthesis.turning import head_share

FloatArray = NDArray[np.float32]

_AROUND = 36  # directions, every 10°
_ENDS_ABOVE = -4.0  # a skin that reaches deeper needs no trunk
_SNUG = 0.985  # how far inside the skin the rings lie
_MARKS = 40  # vertices the trunk's motion is read from


@dataclass(frozen=True, eq=False)
class Torso:
    """The trunk of one subject."""

    rest: FloatArray  #: (V, 3) on the neutral subject
    triangles: NDArray[np.int32]  #: (F, 3)
    uv: FloatArray  #: (V, 2)
    top: float  #: height below which the skin's lower edge may lie
    marks: NDArray[np.int64]  #: (n,) skin vertices that move with the trunk
    marks_rest: FloatArray  #: (n, 3)

    def place(self, skin: FloatArray) -> FloatArray:
        """Vertices (V, 3) for the posed skin, by the best rigid motion (Kabsch 1976)."""
        there = skin[self.marks]
        middle, middle_there = self.marks_rest.mean(0), there.mean(0)
        u, _, vt = np.linalg.svd((self.marks_rest - middle).T @ (there - middle_there))
        flip = np.diag([1.0, 1.0, np.sign(np.linalg.det(u @ vt))])
        return ((self.rest - middle) @ (u @ flip @ vt) + middle_there).astype(np.float32)


def make_torso(layer: MeshLayer, points: FloatArray) -> Torso | None:
    """The trunk for a neutral skin, or None where the skin itself goes down far enough.

    Args:
        layer: The skin.
        points: Its vertices on the neutral subject, (V, 3).
    """
    own = np.unique(layer.triangles[layer.parts == Part.BODY])
    if not len(own) or points[own, 1].min() < _ENDS_ABOVE:
        return None
    body = points[own]
    centre = float(np.median(body[:, 2]))
    angle = np.arctan2(body[:, 0], body[:, 2] - centre)
    radius = np.hypot(body[:, 0], body[:, 2] - centre)
    sector = np.round(angle / (2 * np.pi) * _AROUND).astype(int) % _AROUND
    lowest = np.array([_lowest(body[sector == k, 1]) for k in range(_AROUND)])
    top, bottom = float(np.nanmax(lowest)), float(body[:, 1].min())
    heights = np.concatenate(
        [np.linspace(top + 0.3, bottom, 7), bottom - np.array([0.5, 1.2, 3.5])]
    )
    rings = _hug(body[:, 1], sector, radius, heights)
    around = np.arange(_AROUND + 1) / _AROUND * 2 * np.pi  # the last column repeats the first
    rings = np.concatenate([rings, rings[:, :1]], axis=1)
    rest = np.stack(
        [rings * np.sin(around), np.repeat(heights[:, None], _AROUND + 1, 1),
         centre + rings * np.cos(around)], axis=-1,
    )  # fmt: skip
    rigid = np.flatnonzero(head_share(points) == 0.0)
    marks = rigid[np.linspace(0, len(rigid) - 1, min(_MARKS, len(rigid))).astype(int)]
    triangles, uv = _sheet(*rings.shape)
    flat = rest.reshape(-1, 3).astype(np.float32)
    return Torso(flat, triangles, uv, top, marks, points[marks])


def _lowest(heights: FloatArray) -> float:
    return float(heights.min()) if len(heights) else float("nan")


def _hug(
    y: FloatArray, sector: NDArray[np.int64], radius: FloatArray, heights: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Radius of each ring in each direction: the skin's, never less than further up. (K, A)."""
    rings = np.full((len(heights), _AROUND), np.nan)
    for k, height in enumerate(heights):
        near = np.abs(y - height) < 0.15
        for a in range(_AROUND):
            there = radius[near & (sector == a)]
            if len(there):
                rings[k, a] = there.max()
    filled = rings[~np.isnan(rings).all(axis=1)]
    place = np.arange(_AROUND)
    for row in filled:
        known = ~np.isnan(row)
        row[~known] = np.interp(place[~known], place[known], row[known], period=_AROUND)
    filled = np.maximum.accumulate(filled, axis=0)
    filled = (np.roll(filled, 1, 1) + 2 * filled + np.roll(filled, -1, 1)) / 4 * _SNUG
    rows = np.minimum(np.arange(len(heights)), len(filled) - 1)
    return np.asarray(filled[rows])


def _sheet(rows: int, columns: int) -> tuple[NDArray[np.int32], FloatArray]:
    """Triangles that face outwards, and texture coordinates."""
    index = np.arange(rows * columns).reshape(rows, columns)
    a, b, c, d = index[:-1, :-1], index[:-1, 1:], index[1:, :-1], index[1:, 1:]
    triangles = np.stack([a, c, d, a, d, b], axis=-1).reshape(-1, 3).astype(np.int32)
    u, v = np.meshgrid(np.linspace(0, 4, columns), np.linspace(0, 1.5, rows))
    return triangles, np.stack([u.ravel(), v.ravel()], axis=1).astype(np.float32)
