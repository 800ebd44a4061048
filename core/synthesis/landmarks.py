"""Landmarks of a posed head in two conventions.

`3d`: fixed points of the mesh, projected. `2d` (the default; what people click in 300W and WFLW):
jaw points that the cheek hides slide along their ring to the visible silhouette, and hidden ends of
brows likewise. Schemes: "ibug68" and "wflw98", numbered as `core.schemes` numbers them, 0-based.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from core.synthesis.camera import Camera
from core.synthesis.outline import Projector, image_axes, peak, silhouette, take
from core.synthesis.template import Anchors

FloatArray = NDArray[np.float32]
Convention = Literal["2d", "3d"]
Scheme = Literal["ibug68", "wflw98"]

_IBUG_BROWS = np.array([0.0, 0.23, 0.48, 0.735, 0.98])  # along the brow from the temple
_WFLW_UPPER = np.array([0.0, 0.25, 0.5, 0.75, 1.0])
_WFLW_LOWER = np.array([1.0, 0.75, 0.5, 0.25])
_UPPER_SHARE = 0.95  # iBUG brow points: how far from the lower to the upper edge of the hair
# How much higher than that people click, towards the nose above all: parts of the brow's thickness.
_BROW_LIFT = np.array([0.2, 0.15, 0.36, 0.55, 0.52], np.float32)
# Where people click a little inside of the mesh's own corner: (iBUG point, towards which, how far).
_MOVES68 = (
    (36, 39, 0.07), (45, 42, 0.07),  # the lids' outer meeting, not the fold beyond it
    (49, 50, 0.1), (53, 52, 0.1), (55, 56, 0.1), (59, 58, 0.1),
    (60, 64, 0.04), (64, 60, 0.04),
)  # fmt: skip
_MOVES98 = ((60, 64, 0.07), (72, 68, 0.07))

# Upper and lower points of lids and inner lips: rows of `inner68` (iBUG − 27), of WFLW's eyes.
_LIDS68 = np.array([(37, 41), (38, 40), (43, 47), (44, 46)]) - 27
_LIPS68 = np.array([(61, 67), (62, 66), (63, 65)]) - 27
_LIDS98 = np.array([(61, 67), (62, 66), (63, 65), (69, 75), (70, 74), (71, 73)]) - 60


@dataclass(frozen=True, eq=False)
class CameraStack:
    """B cameras that project B sets of points at once."""

    focal_px: FloatArray  #: (B,)
    centre_px: FloatArray  #: (B, 2)
    position: FloatArray  #: (B, 3)

    @classmethod
    def of(cls, cameras: Sequence[Camera]) -> CameraStack:
        """Stack single cameras."""
        return cls(
            np.array([c.focal_px for c in cameras], dtype=np.float32),
            np.array([c.centre_px for c in cameras], dtype=np.float32),
            np.array([c.position for c in cameras], dtype=np.float32),
        )

    def project(self, points: NDArray[np.floating]) -> tuple[FloatArray, FloatArray]:
        """As `Camera.project`, for points (B, …, 3)."""
        inner = (1,) * (points.ndim - 2)
        relative = points.astype(np.float32) - self.position.reshape(-1, *inner, 3)
        depth = np.maximum(-relative[..., 2], np.float32(0.05))
        scale = self.focal_px.reshape(-1, *inner) / depth
        uv = relative[..., :2] * scale[..., None]
        uv[..., 1] *= -1.0
        return uv + self.centre_px.reshape(-1, *inner, 2), depth


def assemble(
    inner68: FloatArray,
    eyes98: FloatArray,
    pupils: FloatArray,
    jaw_rings: FloatArray,
    jaw_directions: FloatArray,
    brow_rings: FloatArray,
    axes: FloatArray,
    origin: FloatArray,
) -> Anchors:
    """Make `Anchors` from the pieces a template knows.

    Args:
        inner68: (…, 41, 3) iBUG points 27…67.
        eyes98: (…, 16, 3) WFLW points 60…75.
        pupils: (…, 2, 3) WFLW points 96 (right eye) and 97.
        jaw_rings: (…, 33, K, 3), see `Anchors`.
        jaw_directions: (33, 2), see `Anchors`.
        brow_rings: (…, 2, 2, K, 3), see `Anchors`.
        axes: (…, 3, 3).
        origin: (…, 3).
    """
    up = axes[..., 1, :]
    inner68, eyes98 = _moved(inner68, _MOVES68, 27), _moved(eyes98, _MOVES98, 60)
    inner68 = _uncrossed(_uncrossed(inner68, _LIDS68, up, 0.0), _LIPS68, up, 0.5)
    eyes98 = _uncrossed(eyes98, _LIDS98, up, 0.0)
    brows68, brows98 = _brow_points(brow_rings, np.zeros((*brow_rings.shape[:-4], 2), np.float32))
    jaw = jaw_rings[..., 0, :]
    ibug = np.concatenate([jaw[..., ::2, :], brows68, inner68], axis=-2)
    wflw = np.concatenate(
        [jaw, brows98, inner68[..., :9, :], eyes98, inner68[..., 21:, :], pupils], axis=-2
    )
    return Anchors(ibug, wflw, jaw_rings, jaw_directions, brow_rings, axes, origin)


def _moved(points: FloatArray, moves: Sequence[tuple[int, int, float]], first: int) -> FloatArray:
    """Points (…, M, 3) of which some went a share of the way to another; `first` is M's first."""
    result = points.copy()
    for which, towards, share in moves:
        way = points[..., towards - first, :] - points[..., which - first, :]
        result[..., which - first, :] += np.float32(share) * way
    return result


def _uncrossed(
    points: FloatArray, pairs: NDArray[np.int64], up: FloatArray, share: float
) -> FloatArray:
    """Let points that passed each other meet: a shut lid covers the lower margin, lips touch.

    Args:
        points: (…, M, 3).
        pairs: (n, 2) upper and lower point.
        up: (…, 3) the head's upward axis.
        share: How much of the way the upper point gives in; the lower one does the rest.
    """
    result = points.copy()
    upper, lower = points[..., pairs[:, 0], :], points[..., pairs[:, 1], :]
    passed = np.maximum(np.einsum("...nc,...c->...n", lower - upper, up), 0.0)[..., None]
    result[..., pairs[:, 0], :] = upper + share * passed * up[..., None, :]
    result[..., pairs[:, 1], :] = lower - (1.0 - share) * passed * up[..., None, :]
    return result.astype(np.float32)


def landmark_points(
    anchors: Anchors,
    camera: Projector,
    scheme: Scheme = "ibug68",
    convention: Convention = "2d",
) -> FloatArray:
    """World positions of the landmarks, (…, M, 3) float32 decimetres (for visibility tests)."""
    fixed = anchors.ibug68 if scheme == "ibug68" else anchors.wflw98
    if convention == "3d":
        return fixed
    points = fixed.copy()
    horizontal, up = image_axes(anchors, camera)
    jaw = silhouette(anchors, camera, horizontal, up)
    brows68, brows98 = _visible_brows(anchors, camera, horizontal)
    if scheme == "ibug68":
        points[..., :17, :] = jaw[..., ::2, :]
        points[..., 17:27, :] = brows68
    else:
        points[..., :33, :] = jaw
        points[..., 33:51, :] = brows98
    return points


def project_landmarks(
    anchors: Anchors,
    camera: Projector,
    scheme: Scheme = "ibug68",
    convention: Convention = "2d",
) -> FloatArray:
    """Landmarks in pixels.

    Args:
        anchors: Of one face, or of B faces.
        camera: A `Camera`; for B faces a `CameraStack`.
        scheme: Which points.
        convention: "2d" as people annotate pictures, "3d" fixed on the mesh.

    Returns:
        (…, M, 2) float32, integer = pixel centre.
    """
    return camera.project(landmark_points(anchors, camera, scheme, convention))[0]


def _visible_brows(
    anchors: Anchors, camera: Projector, horizontal: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Brow points spread over the part of each brow that is not behind the brow ridge."""
    middle = anchors.brow_rings.mean(axis=-3)  # (…, 2, K, 3)
    pixels = camera.project(middle)[0]
    lateral = np.einsum("...skc,...c->...sk", pixels, horizontal)
    lateral[..., 0, :] *= -1.0  # the right brow's temple is on the viewer's left
    hidden = peak(lateral) / (middle.shape[-2] - 1)
    return _brow_points(anchors.brow_rings, hidden)


def _brow_points(rings: FloatArray, hidden: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Brow points of both schemes: iBUG (…, 10, 3), WFLW (…, 18, 3).

    Args:
        rings: (…, 2, 2, K, 3).
        hidden: (…, 2) share of the brow, from the temple, that must not be used.
    """
    upper, lower = rings[..., 0, :, :], rings[..., 1, :, :]  # (…, 2, K, 3)
    high = _UPPER_SHARE * upper + (1.0 - _UPPER_SHARE) * lower
    thick = (upper - lower).mean(axis=-2)[..., None, :]  # (…, 2, 1, 3)
    ibug = _along(high, hidden, _IBUG_BROWS) + _BROW_LIFT[:, None] * thick  # (…, 2, 5, 3)
    top = _along(upper, hidden, _WFLW_UPPER)
    bottom = _along(lower, hidden, _WFLW_LOWER)
    tips = 0.5 * (top[..., :1, :] + _along(lower, hidden, _WFLW_UPPER[:1]))
    right = [tips[..., 0, :, :], top[..., 0, 1:, :], bottom[..., 0, :, :]]
    # the left brow runs from the nose to the temple and back
    left = [top[..., 1, :0:-1, :], tips[..., 1, :, :], bottom[..., 1, ::-1, :]]
    ten = np.concatenate([ibug[..., 0, :, :], ibug[..., 1, ::-1, :]], axis=-2)
    return ten, np.concatenate([*right, *left], axis=-2)


def _along(rings: FloatArray, hidden: FloatArray, shares: NDArray[np.float64]) -> FloatArray:
    """Points at shares of the visible part: rings (…, S, K, 3) → (…, S, len(shares), 3)."""
    visible = hidden[..., None] + (1.0 - hidden[..., None]) * shares  # (…, S, n)
    position = (visible * (rings.shape[-2] - 1)).astype(np.float32)
    wide = np.broadcast_to(
        rings[..., None, :, :], (*position.shape, *rings.shape[-2:])
    )  # (…, S, n, K, 3)
    return take(wide, position)
