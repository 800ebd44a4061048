"""The outline of a jaw as a camera sees it, and where people put points along it.

A jaw point slides along its ring to the visible silhouette. People who annotate do not know rings:
they spread the points over the outline, so that each lies at its share of the outline's length.
Turned heads show the difference: towards the camera the jaw's underside opens out, away from it
the same points would crowd at the chin.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from core.synthesis.template import Anchors

FloatArray = NDArray[np.float32]

_CHIN = 16  # of the 33 points
# Where iBUG's jaw points lie between ear and chin, shares of the outline's length: nearly even,
# the first one a little above the ring it starts from.
_SHARES = np.array([-0.013, 0.12, 0.251, 0.384, 0.505, 0.63, 0.756, 0.881, 1.0])
_DENSE = np.interp(np.arange(_CHIN + 1) / 2, np.arange(9), _SHARES).astype(np.float32)


class Projector(Protocol):
    """What `Camera` and `CameraStack` can do."""

    def project(self, points: NDArray[np.floating]) -> tuple[FloatArray, FloatArray]:
        """Pixels (…, 2) and depth (…,) of world points (…, 3)."""
        ...


def image_axes(anchors: Anchors, camera: Projector) -> tuple[FloatArray, FloatArray]:
    """Unit vectors in the image, (…, 2): the head's "to the viewer's right" and its "up"."""
    step = np.float32(0.2)  # decimetres; short enough for a derivative, long enough for float32
    ends = np.stack([anchors.origin, anchors.origin + step * anchors.axes[..., 1, :]], axis=-2)
    pixels = camera.project(ends)[0]
    up = pixels[..., 1, :] - pixels[..., 0, :]
    up = up / np.maximum(np.linalg.norm(up, axis=-1, keepdims=True), 1e-6)
    return np.stack([-up[..., 1], up[..., 0]], axis=-1), up


def silhouette(
    anchors: Anchors, camera: Projector, horizontal: FloatArray, up: FloatArray
) -> FloatArray:
    """The outermost point of each jaw ring as the camera sees it, (…, 33, 3)."""
    pixels = camera.project(anchors.jaw_rings)[0]  # (…, 33, K, 2)
    d = anchors.jaw_directions
    outward = d[:, :1] * horizontal[..., None, :] + d[:, 1:] * up[..., None, :]  # (…, 33, 2)
    reach = np.einsum("...kc,...c->...k", pixels, outward)
    return spread(camera, take(anchors.jaw_rings, peak(reach)))


def spread(camera: Projector, outline: FloatArray) -> FloatArray:
    """Points moved along the outline to the shares of its length where people put them.

    Args:
        camera: Sees the outline.
        outline: (…, 33, 3) world positions.

    Returns:
        (…, 33, 3); the chin stays.
    """
    seen = camera.project(outline)[0]
    moved = outline.copy()
    for half, wanted in (
        (slice(0, _CHIN + 1), _DENSE),
        (slice(_CHIN, 2 * _CHIN + 1), 1.0 - _DENSE[::-1]),
    ):
        position = _position(_shares(seen[..., half, :]), wanted)
        line = outline[..., half, :]
        wide = np.broadcast_to(line[..., None, :, :], (*position.shape, *line.shape[-2:]))
        moved[..., half, :] = take(wide, position)
    return moved


def _shares(line: FloatArray) -> FloatArray:
    """Length up to each point of a line (…, n, c), as a share of the whole, (…, n)."""
    steps = np.linalg.norm(np.diff(line, axis=-2), axis=-1)
    length = np.concatenate([np.zeros_like(steps[..., :1]), np.cumsum(steps, axis=-1)], axis=-1)
    return np.asarray(length / np.maximum(length[..., -1:], 1e-6), np.float32)


def _position(shares: FloatArray, wanted: FloatArray) -> FloatArray:
    """Where, in steps of the line, its length reaches the wanted shares (n,): (…, n) → (…, n)."""
    last = shares.shape[-1] - 1
    low = (shares[..., None, 1:] <= wanted[:, None]).sum(axis=-1).clip(0, last - 1)
    start, end = (np.take_along_axis(shares, low + o, axis=-1) for o in (0, 1))
    inside = (wanted - start) / np.maximum(end - start, 1e-9)
    # Beyond an end the line goes on straight, but never far: a far cheek may be a few pixels long.
    return np.asarray(low + inside.clip(-0.5, 1.5), np.float32)


def peak(values: FloatArray) -> FloatArray:
    """Position of the largest value along the last axis, refined by a parabola, (…,)."""
    last = values.shape[-1] - 1
    best = values.argmax(axis=-1)
    inside = np.clip(best, 1, last - 1)
    low, mid, high = (
        np.take_along_axis(values, (inside + o)[..., None], axis=-1)[..., 0] for o in (-1, 0, 1)
    )
    bend = low - 2.0 * mid + high
    shift = np.where(bend < -1e-9, 0.5 * (low - high) / np.minimum(bend, -1e-9), 0.0)
    refined = inside + np.clip(shift, -0.5, 0.5)
    return np.where((best == 0) | (best == last), best, refined).astype(np.float32)


def take(rings: FloatArray, position: FloatArray) -> FloatArray:
    """Linear interpolation along the next-to-last axis: rings (…, K, 3), position (…,)."""
    low = np.clip(position.astype(np.int64), 0, rings.shape[-2] - 2)
    mix = (position - low)[..., None, None]
    a = np.take_along_axis(rings, low[..., None, None], axis=-2)
    b = np.take_along_axis(rings, low[..., None, None] + 1, axis=-2)
    return ((1.0 - mix) * a + mix * b)[..., 0, :].astype(np.float32)
