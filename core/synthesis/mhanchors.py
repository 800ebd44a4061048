"""Landmark anchors on MakeHuman's mesh: which vertices, with which weights.

The numbers were chosen for this project by geometry and by eye (lid margins, vermilion border, the
frontal silhouette in front of the ear …) and lie in resources/synthesis/makehuman_anchors.json.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from core.synthesis.landmarks import assemble
from core.synthesis.template import Anchors

PUPIL_RADIUS = 0.14  # decimetres from the eyeball's centre to the iris

FloatArray = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class AnchorMap:
    """Linear maps from base vertices (V of them) to anchor points."""

    fixed: sparse.csr_matrix  #: (41 + 16 + 33 K, V) iBUG 27…67, WFLW eyes, jaw rings
    ring_length: int  #: K
    jaw_directions: FloatArray  #: (33, 2)
    brows: dict[str, sparse.csr_matrix]  #: brow mesh -> (2·2·K_b, V)
    brow_offsets: dict[str, FloatArray]  #: brow mesh -> (2·2·K_b, 3) times the proxy's axis scale

    def assemble(
        self,
        fixed: FloatArray,
        brows: FloatArray,
        pupils: FloatArray,
        axes: FloatArray,
        origin: FloatArray,
    ) -> Anchors:
        """Sort mapped points into `Anchors`.

        Args:
            fixed: (…, 41 + 16 + 33 K, 3) from the matrix `fixed`.
            brows: (…, 2·2·K_b, 3) from one matrix of `brows`, offsets added.
            pupils: (…, 2, 3) right, left.
            axes: (…, 3, 3).
            origin: (…, 3).
        """
        batch = fixed.shape[:-2]
        rings = fixed[..., 57:, :].reshape(*batch, 33, self.ring_length, 3)
        brow_rings = brows.reshape(*batch, 2, 2, -1, 3)
        inner, eyes = fixed[..., :41, :], fixed[..., 41:57, :]
        return assemble(inner, eyes, pupils, rings, self.jaw_directions, brow_rings, axes, origin)

    def columns(self) -> NDArray[np.int64]:
        """Vertices that any anchor needs, sorted."""
        used = [self.fixed.indices, *(m.indices for m in self.brows.values())]
        return np.unique(np.concatenate(used)).astype(np.int64)

    def restricted(self, columns: NDArray[np.int64]) -> AnchorMap:
        """The same map over a subset of the vertices."""
        return AnchorMap(
            self.fixed[:, columns].tocsr(),
            self.ring_length,
            self.jaw_directions,
            {name: m[:, columns].tocsr() for name, m in self.brows.items()},
            self.brow_offsets,
        )


def load_anchor_map(kept: NDArray[np.int32]) -> AnchorMap:
    """Read the anchors.

    Args:
        kept: (V,) the file's vertex number of each base vertex, sorted (`HeadData.kept`).
    """
    from core.paths import resources

    text = (resources() / "synthesis" / "makehuman_anchors.json").read_text(encoding="utf-8")
    table: dict[str, Any] = json.loads(text)
    rings = table["jaw_rings"]
    rows = [*table["inner68"], *table["eyes98"], *(row for ring in rings for row in ring)]
    brows = {
        name: [row for side in sides for line in side for row in line]
        for name, sides in table["brows"].items()
    }
    return AnchorMap(
        _matrix(rows, kept),
        len(rings[0]),
        np.array(table["jaw_directions"], dtype=np.float32),
        {name: _matrix((row[:2] for row in rows), kept) for name, rows in brows.items()},
        {name: np.array([r[2] for r in rows], dtype=np.float32) for name, rows in brows.items()},
    )


def _matrix(rows: Iterable[list[Any]], kept: NDArray[np.int32]) -> sparse.csr_matrix:
    """Rows of [vertex numbers, weights] as a matrix over the kept vertices."""
    indices: list[int] = []
    weights: list[float] = []
    starts = [0]
    for vertices, shares in rows:
        indices += vertices
        weights += shares
        starts.append(len(indices))
    columns = np.searchsorted(kept, np.array(indices))
    if (kept[np.minimum(columns, len(kept) - 1)] != indices).any():
        raise ValueError("an anchor lies on a vertex that is not kept")
    shape = (len(starts) - 1, len(kept))
    values = np.array(weights, dtype=np.float32)
    return sparse.csr_matrix((values, columns.astype(np.int32), np.array(starts)), shape=shape)
