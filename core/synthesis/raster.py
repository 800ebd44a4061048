# ruff: noqa: ANN001, ANN202, ANN201  (numba derives the types of its kernels)
"""A z-buffer in numba: which triangle is seen in which pixel, and where inside it.

One pass over the triangles writes their numbers and perspective-correct barycentrics; colour,
labels, flow and depth are read from that afterwards. Pixel coordinates follow `core.geometry`
(integer = pixel centre) of the image being filled. `nearness` is 1 / depth, so that 0 means "empty"
and interpolation along the screen is linear (Heckbert & Moreton 1991).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

NOTHING = np.int32(-1)

#: How every kernel is compiled: kept on disk, without the interpreter's lock, dividing as C does.
QUICK: dict[str, Any] = {
    "cache": True,
    "nogil": True,
    "error_model": "numpy",
    "fastmath": {"contract", "arcp", "nsz"},
}

# What the rasteriser does with a triangle.
HIDDEN, TWO_SIDED, ONE_SIDED, BLENDED = 0, 1, 2, 3


@dataclass(frozen=True)
class Fragments:
    """What the z-buffer saw, at the resolution it was filled at."""

    triangle: NDArray[np.int32]  # (H, W), -1 where nothing was drawn
    barycentric: NDArray[np.float32]  # (H, W, 2): weights of corners 1 and 2; corner 0 has the rest
    nearness: NDArray[np.float32]  # (H, W): 1 / depth, 0 where nothing was drawn

    @classmethod
    def empty(cls, image_hw: tuple[int, int]) -> Fragments:
        """Buffers in which nothing is drawn yet."""
        return cls(
            np.full(image_hw, NOTHING, np.int32),
            np.zeros((*image_hw, 2), np.float32),
            np.zeros(image_hw, np.float32),
        )


def rasterise(
    xy: NDArray[np.float32],
    depth: NDArray[np.float32],
    triangles: NDArray[np.int32],
    mode: NDArray[np.uint8],
    into: Fragments,
) -> None:
    """Draw the opaque triangles into the buffers.

    Args:
        xy: (V, 2) corners in pixels of the buffers.
        depth: (V,) distance along the view axis, positive away; triangles that reach behind
            `NEAR` are left out.
        triangles: (F, 3) corner numbers, counter-clockwise seen from outside.
        mode: (F,) `HIDDEN`, `TWO_SIDED`, `ONE_SIDED` (back faces are culled) or `BLENDED` (left to
            the card pass).
        into: Buffers that are filled.
    """
    _rasterise(xy, depth, triangles, mode, into.triangle, into.barycentric, into.nearness)


NEAR = 0.3  # decimetres in front of the camera


@njit(**QUICK)
def _rasterise(xy, depth, triangles, mode, triangle_of, bary, nearness):  # type: ignore[no-untyped-def]
    height, width = triangle_of.shape
    for f in range(triangles.shape[0]):
        if mode[f] == 0 or mode[f] == 3:
            continue
        a, b, c = triangles[f, 0], triangles[f, 1], triangles[f, 2]
        if depth[a] < NEAR or depth[b] < NEAR or depth[c] < NEAR:
            continue
        ax, ay = xy[a, 0], xy[a, 1]
        abx, aby = xy[b, 0] - ax, xy[b, 1] - ay
        acx, acy = xy[c, 0] - ax, xy[c, 1] - ay
        area = abx * acy - acx * aby
        # Rows run downwards, so a triangle that faces us has negative area.
        if area == 0.0 or (mode[f] == 2 and area > 0.0):
            continue
        left = max(0, int(np.ceil(ax + min(0.0, abx, acx))))
        right = min(width - 1, int(np.floor(ax + max(0.0, abx, acx))))
        top = max(0, int(np.ceil(ay + min(0.0, aby, acy))))
        bottom = min(height - 1, int(np.floor(ay + max(0.0, aby, acy))))
        if left > right or top > bottom:
            continue
        inverse = np.float32(1.0) / area
        one = np.float32(1.0)
        wa, wb, wc = one / depth[a], one / depth[b], one / depth[c]
        step_b, step_c = acy * inverse, -aby * inverse
        for y in range(top, bottom + 1):
            py = np.float32(y) - ay
            px = np.float32(left) - ax
            u = px * step_b - py * acx * inverse
            v = px * step_c + py * abx * inverse
            for x in range(left, right + 1):
                if u >= 0.0 and v >= 0.0 and u + v <= one:
                    near = wa + u * (wb - wa) + v * (wc - wa)
                    if near > nearness[y, x]:
                        nearness[y, x] = near
                        triangle_of[y, x] = f
                        bary[y, x, 0] = u * wb / near
                        bary[y, x, 1] = v * wc / near
                u += step_b
                v += step_c


@njit(**QUICK)
def fill_height_map(points, axes, centre, scale, triangles, casts, height_map):  # type: ignore[no-untyped-def]
    """A parallel projection's z-buffer: for every cell the point farthest along `axes[2]`.

    Args:
        points: (V, 3).
        axes: (3, 3): two axes across, then the axis towards the light.
        centre: (3,) point at the map's middle.
        scale: Cells a decimetre.
        triangles: (F, 3).
        casts: (F,) bool: whether the triangle casts a shadow.
        height_map: (S, S) float32, filled; -1e9 where nothing was drawn.
    """
    size = height_map.shape[0]
    height_map[:] = -1e9
    flat = np.empty((points.shape[0], 3), np.float32)
    middle = np.float32(0.5 * (size - 1))
    for i in range(points.shape[0]):
        x, y, z = points[i, 0] - centre[0], points[i, 1] - centre[1], points[i, 2] - centre[2]
        flat[i, 0] = (x * axes[0, 0] + y * axes[0, 1] + z * axes[0, 2]) * scale + middle
        flat[i, 1] = (x * axes[1, 0] + y * axes[1, 1] + z * axes[1, 2]) * scale + middle
        flat[i, 2] = x * axes[2, 0] + y * axes[2, 1] + z * axes[2, 2]
    for f in range(triangles.shape[0]):
        if not casts[f]:
            continue
        a, b, c = triangles[f, 0], triangles[f, 1], triangles[f, 2]
        ax, ay = flat[a, 0], flat[a, 1]
        abx, aby = flat[b, 0] - ax, flat[b, 1] - ay
        acx, acy = flat[c, 0] - ax, flat[c, 1] - ay
        left = max(0, int(np.ceil(ax + min(0.0, abx, acx))))
        right = min(size - 1, int(np.floor(ax + max(0.0, abx, acx))))
        top = max(0, int(np.ceil(ay + min(0.0, aby, acy))))
        bottom = min(size - 1, int(np.floor(ay + max(0.0, aby, acy))))
        area = abx * acy - acx * aby
        if left > right or top > bottom or area == 0.0:
            continue
        inverse = np.float32(1.0) / area
        az = flat[a, 2]
        rise_b, rise_c = flat[b, 2] - az, flat[c, 2] - az
        for y in range(top, bottom + 1):
            py = np.float32(y) - ay
            for x in range(left, right + 1):
                px = np.float32(x) - ax
                u = (px * acy - py * acx) * inverse
                v = (py * abx - px * aby) * inverse
                if u >= 0.0 and v >= 0.0 and u + v <= 1.0:
                    z = az + u * rise_b + v * rise_c
                    if z > height_map[y, x]:
                        height_map[y, x] = z


@njit(**QUICK)
def light_reaches(px, py, pz, axes, centre, scale, height_map, bias):  # type: ignore[no-untyped-def]
    """The share of light from `axes[2]` that reaches a point, 0 … 1 (bilinear over four cells)."""
    size = height_map.shape[0]
    x, y, z = px - centre[0], py - centre[1], pz - centre[2]
    middle = np.float32(0.5 * (size - 1))
    u = (x * axes[0, 0] + y * axes[0, 1] + z * axes[0, 2]) * scale + middle
    v = (x * axes[1, 0] + y * axes[1, 1] + z * axes[1, 2]) * scale + middle
    height = x * axes[2, 0] + y * axes[2, 1] + z * axes[2, 2] + bias
    if u < 1.0 or v < 1.0 or u > size - 3.0 or v > size - 3.0:
        return np.float32(1.0)
    iu, iv = int(u), int(v)
    one = np.float32(1.0)
    fu, fv = u - np.float32(iu), v - np.float32(iv)
    lit = np.float32(0.0)
    if height_map[iv, iu] < height:
        lit += (one - fu) * (one - fv)
    if height_map[iv, iu + 1] < height:
        lit += fu * (one - fv)
    if height_map[iv + 1, iu] < height:
        lit += (one - fu) * fv
    if height_map[iv + 1, iu + 1] < height:
        lit += fu * fv
    return np.float32(lit)
