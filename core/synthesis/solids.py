"""Simple meshes: tubes, ellipsoids, discs. Counter-clockwise from outside, y up."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.floating]


@dataclass(frozen=True, eq=False)
class Solid:
    """A mesh without looks."""

    vertices: FloatArray  # (V, 3)
    triangles: NDArray[np.int32]  # (F, 3)
    uv: FloatArray  # (V, 2): u round, v along


def merged(solids: list[Solid]) -> Solid:
    """Several meshes as one."""
    starts = np.cumsum([0] + [len(s.vertices) for s in solids])
    return Solid(
        np.concatenate([s.vertices for s in solids]),
        np.concatenate([s.triangles + k for s, k in zip(solids, starts[:-1], strict=True)]),
        np.concatenate([s.uv for s in solids]),
    )


def grid_triangles(rows: int, columns: int, closed: bool) -> NDArray[np.int32]:
    """Triangles of a grid of vertices, row by row; `closed` joins the last column to the first."""
    r = np.arange(rows - 1)[:, None]
    c = np.arange(columns if closed else columns - 1)[None]
    a, b = r * columns + c, r * columns + (c + 1) % columns
    quads = np.stack([a, b, b + columns, a, b + columns, a + columns], -1)
    return quads.reshape(-1, 3).astype(np.int32)


def tube(path: FloatArray, radii: FloatArray | float, sides: int = 8, caps: bool = True) -> Solid:
    """A tube round a path, its ends rounded by `caps`.

    Args:
        path: (N, 3), N ≥ 2.
        radii: (N,) or one for all.
        sides: Corners of the cross-section.
        caps: Whether the ends are closed by half-balls.
    """
    path = np.asarray(path, np.float32)
    radii = np.broadcast_to(np.asarray(radii, np.float32), (len(path),))
    if caps:
        path, radii = _with_caps(path, radii)
    forward = _unit(np.gradient(path, axis=0))
    aside = _carried_normal(forward)
    other = np.cross(forward, aside)
    angle = 2 * np.pi * np.arange(sides, dtype=np.float32) / sides
    ring = (
        np.cos(angle)[None, :, None] * aside[:, None]
        + np.sin(angle)[None, :, None] * other[:, None]
    )
    vertices = path[:, None] + radii[:, None, None] * ring
    along = np.linspace(0, 1, len(path), dtype=np.float32)
    uv = np.stack(np.broadcast_arrays(np.abs(angle / np.pi - 1)[None], along[:, None]), -1)
    return Solid(
        vertices.reshape(-1, 3).astype(np.float32),
        grid_triangles(len(path), sides, closed=True),
        uv.reshape(-1, 2).astype(np.float32),
    )


def _with_caps(path: FloatArray, radii: FloatArray) -> tuple[FloatArray, FloatArray]:
    turn = np.linspace(0.02, np.pi / 2, 4, dtype=np.float32)
    first, last = _unit(path[0] - path[1]), _unit(path[-1] - path[-2])
    head = path[0] + radii[0] * np.cos(turn)[:, None] * first
    tail = path[-1] + radii[-1] * np.cos(turn[::-1])[:, None] * last
    inner = slice(1, -1)
    return (
        np.concatenate([head, path[inner], tail]).astype(np.float32),
        np.concatenate(
            [radii[0] * np.sin(turn), radii[inner], radii[-1] * np.sin(turn[::-1])]
        ).astype(np.float32),
    )


def _unit(vectors: FloatArray) -> FloatArray:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-9)


def _carried_normal(forward: FloatArray) -> FloatArray:
    """Normals along a path that do not twist about it (projection from one to the next)."""
    start = np.array([0, 1, 0] if abs(forward[0, 1]) < 0.9 else [1, 0, 0], np.float32)
    normals = np.empty_like(forward)
    for i, direction in enumerate(forward):
        start = start - direction * (start @ direction)
        start = start / max(float(np.linalg.norm(start)), 1e-9)
        normals[i] = start
    return normals


def ellipsoid(centre: FloatArray, axes: FloatArray, rings: int = 10, sides: int = 14) -> Solid:
    """An ellipsoid; `axes` (3, 3) are its half axes as rows, right-handed."""
    polar = np.linspace(0.02, np.pi - 0.02, rings, dtype=np.float32)[:, None]
    around = (2 * np.pi * np.arange(sides, dtype=np.float32) / sides)[None]
    unit = np.stack(
        np.broadcast_arrays(
            np.sin(polar) * np.sin(around), np.cos(polar), np.sin(polar) * np.cos(around)
        ),
        -1,
    )
    uv = np.stack(np.broadcast_arrays(np.abs(around / np.pi - 1), polar / np.pi), -1)
    flipped = grid_triangles(rings, sides, closed=True)[:, ::-1]
    return Solid(
        (centre + unit.reshape(-1, 3) @ axes).astype(np.float32),
        np.ascontiguousarray(flipped),
        uv.reshape(-1, 2).astype(np.float32),
    )


def disc(rim: FloatArray) -> Solid:
    """A flat fan inside a closed curve (N, 3); uv spans its bounding box in the first two axes."""
    centre = rim.mean(0, keepdims=True)
    vertices = np.concatenate([centre, rim]).astype(np.float32)
    index = np.arange(len(rim))
    triangles = np.stack([np.zeros_like(index), 1 + index, 1 + (index + 1) % len(rim)], 1)
    low, high = vertices[:, :2].min(0), vertices[:, :2].max(0)
    uv = (vertices[:, :2] - low) / np.maximum(high - low, 1e-6)
    return Solid(vertices, triangles.astype(np.int32), (0.02 + 0.96 * uv).astype(np.float32))
