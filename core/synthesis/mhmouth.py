"""MakeHuman's mouth: a cavity that stays inside the head, and halves that move unequally.

Each expression unit moves the lips, and the cavity behind them, for itself; several at once push
the cavity out through cheeks and upper lip. So the cavity retreats as the mouth opens. Units are
symmetric; people are not: a lopsided pose takes from one half of the face what it gives the other.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.csgraph import dijkstra

from core.synthesis.mhdata import HeadData
from core.synthesis.template import EXPRESSION_INDEX, EXPRESSION_UNITS, HeadPose, Part

FloatArray = NDArray[np.float32]

#: How much each unit opens the mouth, relative to the jaw drop.
_OPENERS = {
    "mouth-open": 1.0,
    "mouth-part-later": 1.0,
    "mouth-upward-retraction": 0.7,
    "mouth-depression-retraction": 0.7,
    "mouth-protusion": 0.7,
    "mouth-elevation": 0.5,
    "mouth-pursing": 0.4,
    "mouth-corner-puller": 0.3,
}
#: Which units a lopsided pose moves unequally: the lips' own, not the jaw's.
LOPSIDED = np.array(
    [unit.startswith("mouth-") and unit != "mouth-open" for unit in EXPRESSION_UNITS]
)
_MIDDLE_DM = 0.2  # half the width over which one half passes into the other

_REACH_DM = 0.06  # from the lips' inner margin, over which the retreat sets in
_NARROW, _BACK_DM = 0.3, 0.14  # at opening 1


def side_gain(x: FloatArray, lopsided: FloatArray | float) -> FloatArray:
    """What a lopsided pose adds to the lips' offsets, as a share of them.

    Args:
        x: Sideways place of the vertices, decimetres, > 0 = the person's left.
        lopsided: As `HeadPose.lopsided`, to be broadcast with `x`.
    """
    return np.asarray(lopsided * np.tanh(x / _MIDDLE_DM), np.float32)


@dataclass(frozen=True, eq=False)
class MouthBag:
    """The vertices behind the lips."""

    vertices: NDArray[np.int64]  #: (n,)
    depth: FloatArray  #: (n,) 0 at the lips … 1 inside

    @classmethod
    def of(cls, data: HeadData, parts: NDArray[np.uint8]) -> MouthBag:
        """Find the cavity of a head.

        Args:
            data: The head.
            parts: As `mhparts.skin_parts`.
        """
        cavity = parts == Part.MOUTH_INSIDE
        inside = np.unique(data.triangles[cavity])
        rim = np.intersect1d(inside, np.unique(data.triangles[~cavity]))
        edges = data.triangles[cavity][:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2).T
        length = np.linalg.norm(data.base[edges[0]] - data.base[edges[1]], axis=1)
        graph = sparse.coo_matrix((length, edges), shape=(len(data.base),) * 2).tocsr()
        graph = graph.maximum(graph.T)
        distance = dijkstra(graph, directed=False, indices=rim, min_only=True)
        own = np.setdiff1d(inside, rim)
        depth = np.minimum(distance[own] / _REACH_DM, 1.0)
        return cls(own, depth.astype(np.float32))

    def retreat(self, base: FloatArray, pose: HeadPose) -> None:
        """Move the cavity inwards and back in place, (V, 3)."""
        opening = sum(w * pose.expression[EXPRESSION_INDEX[u]] for u, w in _OPENERS.items())
        amount = np.float32(min(opening, 1.6)) * self.depth
        part = base[self.vertices]
        part[:, 0] *= 1.0 - _NARROW * amount
        part[:, 2] -= _BACK_DM * amount
        base[self.vertices] = part
