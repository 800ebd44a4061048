"""How deep each point of an eyeball lies below its lids, for the shade of lids and lashes.

Height maps of the whole head are too coarse for a lid that overhangs by a millimetre. So the shader
darkens the eyeball by its distance from the two lid lines, taken from the posed landmarks.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from core.synthesis.template import PosedHead

FloatArray = NDArray[np.float32]

_RIGHT, _LEFT = 36, 42  # first iBUG point of each eye: corner, two above, corner, two below
UNSHADED = np.float32(9.0)


def lid_distances(posed: PosedHead, vertex_count: int) -> FloatArray:
    """Distance below the upper and above the lower lid's line, in eye widths.

    Args:
        posed: The head.
        vertex_count: Of the scene's mesh, which begins with the head's layers.

    Returns:
        (V, 2) float32; `UNSHADED` off the eyeballs.
    """
    out = np.full((vertex_count, 2), UNSHADED, np.float32)
    anchors = posed.anchors
    axes = np.asarray(anchors.axes)
    marks = np.asarray((anchors.ibug68[36:48] - anchors.origin) @ axes.T, np.float32)
    start = 0
    for layer, points in zip(posed.layers, posed.vertices, strict=True):
        if layer.kind == "eye":
            own = (points - anchors.origin) @ axes.T
            middle = 0.5 * (marks[:6, 0].mean() + marks[6:, 0].mean())
            for first in (_RIGHT, _LEFT):
                side = (own[:, 0] > middle) == (first == _LEFT)
                out[start : start + len(points)][side] = _below(own[side], marks[first - 36 :][:6])
        start += len(points)
    return out


def _below(points: FloatArray, lids: FloatArray) -> FloatArray:
    """Distances of (n, 3) points in the head's frame from the lids (6, 3), (n, 2)."""
    width = max(float(abs(lids[3, 0] - lids[0, 0])), 1e-3)
    upper, lower = lids[[0, 1, 2, 3]], lids[[0, 5, 4, 3]]
    lines = []
    for line in (upper, lower):
        line = line[np.argsort(line[:, 0])]
        lines.append(np.interp(points[:, 0], line[:, 0], line[:, 1]))
    deep = np.stack([lines[0] - points[:, 1], points[:, 1] - lines[1]], axis=1) / width
    return np.maximum(deep, 0.0).astype(np.float32)
