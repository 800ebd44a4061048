# ruff: noqa: ANN001, ANN201  (numba derives the types of its kernels)
"""The light of a scene, and how much of the sky reaches each vertex.

Everything is linear light. The sky is a sum of parallel lights from all round; what of each reaches
a vertex is tested against a height map from its direction, which gives ambient occlusion, dark
nostrils, a soft shadow under the chin and coloured bounce in one sum.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from core.synthesis.raster import QUICK, fill_height_map, light_reaches

FloatArray = NDArray[np.float32]

SKY_MAP = 96  # cells across a height map of the sky


@dataclass(frozen=True)
class Light:
    """The light of one frame."""

    sky_directions: FloatArray  # (K, 3) unit, towards the light
    sky_rgb: FloatArray  # (K, 3) radiance, linear
    key_direction: FloatArray  # (3,) unit, towards the light
    key_rgb: FloatArray  # (3,) linear
    key_softness: float  # radius of the shadow's penumbra, decimetres


@njit(**QUICK)
def vertex_normals(points, triangles, weld):  # type: ignore[no-untyped-def]
    """Area-weighted unit normals; vertices of one weld share theirs. (V, 3) float32."""
    total = np.zeros((points.shape[0], 3), np.float32)
    for f in range(triangles.shape[0]):
        a, b, c = triangles[f, 0], triangles[f, 1], triangles[f, 2]
        ux = points[b, 0] - points[a, 0]
        uy = points[b, 1] - points[a, 1]
        uz = points[b, 2] - points[a, 2]
        vx = points[c, 0] - points[a, 0]
        vy = points[c, 1] - points[a, 1]
        vz = points[c, 2] - points[a, 2]
        nx, ny, nz = uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx
        for i in (a, b, c):
            w = weld[i]
            total[w, 0] += nx
            total[w, 1] += ny
            total[w, 2] += nz
    normals = np.empty((points.shape[0], 3), np.float32)
    for i in range(points.shape[0]):
        w = weld[i]
        x, y, z = total[w, 0], total[w, 1], total[w, 2]
        length = np.sqrt(x * x + y * y + z * z) + np.float32(1e-12)
        normals[i, 0], normals[i, 1], normals[i, 2] = x / length, y / length, z / length
    return normals


@njit(**QUICK)
def frame_towards(direction):  # type: ignore[no-untyped-def]
    """Two axes across a direction, then the direction; (3, 3) float32."""
    axes = np.empty((3, 3), np.float32)
    d = direction
    if abs(d[1]) < 0.9:
        ux, uy, uz = d[2], np.float32(0.0), -d[0]
    else:
        ux, uy, uz = np.float32(0.0), -d[2], d[1]
    length = np.sqrt(ux * ux + uy * uy + uz * uz)
    axes[0, 0], axes[0, 1], axes[0, 2] = ux / length, uy / length, uz / length
    axes[1, 0] = d[1] * axes[0, 2] - d[2] * axes[0, 1]
    axes[1, 1] = d[2] * axes[0, 0] - d[0] * axes[0, 2]
    axes[1, 2] = d[0] * axes[0, 1] - d[1] * axes[0, 0]
    axes[2, 0], axes[2, 1], axes[2, 2] = d[0], d[1], d[2]
    return axes


@njit(**QUICK)
def sky_irradiance(points, normals, triangles, casts, directions, rgb, centre, radius):  # type: ignore[no-untyped-def]
    """Sky light that reaches every vertex, as a share of albedo. (V, 3) float32.

    A white sky of radiance 1 on all sides gives 1 to an unoccluded vertex.
    """
    count = directions.shape[0]
    out = np.zeros((points.shape[0], 3), np.float32)
    height_map = np.empty((SKY_MAP, SKY_MAP), np.float32)
    scale = np.float32(0.5 * SKY_MAP / radius)
    lift = np.float32(0.02)
    share = np.float32(4.0 / count)
    for k in range(count):
        axes = frame_towards(directions[k])
        fill_height_map(points, axes, centre, scale, triangles, casts, height_map)
        for i in range(points.shape[0]):
            nx, ny, nz = normals[i, 0], normals[i, 1], normals[i, 2]
            cosine = nx * axes[2, 0] + ny * axes[2, 1] + nz * axes[2, 2]
            if cosine <= 0.0:
                continue
            reach = light_reaches(
                points[i, 0] + nx * lift,
                points[i, 1] + ny * lift,
                points[i, 2] + nz * lift,
                axes, centre, scale, height_map, np.float32(0.03),
            )  # fmt: skip
            amount = cosine * reach * share
            out[i, 0] += amount * rgb[k, 0]
            out[i, 1] += amount * rgb[k, 1]
            out[i, 2] += amount * rgb[k, 2]
    return out
