"""What a subject wears: glasses, and a cloth mask over mouth and nose.

Pieces are placed in the head's own axes by its anchors, so they turn with it.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from core.synthesis import textures
from core.synthesis.raster import fill_height_map
from core.synthesis.solids import Solid, disc, grid_triangles, merged, tube
from core.synthesis.subject import ExtraMesh, Subject
from core.synthesis.template import MeshLayer, Part, PosedHead

FloatArray = NDArray[np.floating]


def in_head(posed: PosedHead, points: FloatArray) -> FloatArray:
    """World points in the head's own axes, (…, 3)."""
    return (points - posed.anchors.origin) @ posed.anchors.axes.T


def to_world(posed: PosedHead, points: FloatArray) -> FloatArray:
    """The inverse of `in_head`."""
    return (points @ posed.anchors.axes + posed.anchors.origin).astype(np.float32)


def glasses(posed: PosedHead, kind: str, seed: int) -> tuple[ExtraMesh, ...]:
    """Rims, bridge, temples and lenses.

    Args:
        posed: Whose eyes they are fitted to.
        kind: "rim" (plastic), "thin" (wire) or "sun".
        seed: Of the frame's form and colour.
    """
    rng = np.random.default_rng(seed)
    marks = in_head(posed, posed.anchors.ibug68)
    width = float(np.linalg.norm(marks[45] - marks[36]))
    half = np.array([rng.uniform(0.22, 0.29), rng.uniform(0.15, 0.25)], np.float32) * width
    power, radius = rng.uniform(2.0, 4.5), {"thin": 0.012, "rim": 0.028, "sun": 0.03}[kind]
    radius *= float(rng.uniform(0.7, 1.4))
    drop, forward = rng.uniform(-0.08, 0.02) * width, rng.uniform(0.02, 0.12)
    rims, lenses = [], []
    front = max(marks[27, 2], marks[[19, 24], 2].max() - 0.06) + forward
    for corners in (marks[[36, 39]], marks[[42, 45]]):
        middle = corners.mean(0)
        curve = _rim(half, float(power))
        curve = curve + np.array([middle[0] * 1.04, middle[1] + drop, front], np.float32)
        curve[:, 2] -= 0.12 * (curve[:, 0] / width) ** 2  # frames wrap a little round the face
        rims.append(tube(np.concatenate([curve, curve[:2]]), radius, 6, caps=False))
        lenses.append(disc(curve[::-1] if _turns_back(curve) else curve))
    arms = [_temple(marks, rim, radius) for rim in (rims[0], rims[1])]
    inner = np.array([[-1, 0, 0], [0, 0.35, 0.15], [1, 0, 0]], np.float32)
    gap = (abs(marks[39, 0]) + abs(marks[42, 0])) / 2 * 1.04 - half[0] + 0.16 * width
    bridge = np.array([0, marks[36:48, 1].mean() + drop + 0.3 * half[1], front], np.float32)
    arms.append(tube(bridge + inner * np.float32(max(gap, 0.08)) * [1, 0.3, 0.3], radius, 6))
    frame = merged([*rims, *arms])
    colour = (
        rng.uniform(0.005, 0.25, 3) if rng.random() < 0.4 else np.full(3, rng.uniform(0.005, 0.06))
    )
    metal = kind == "thin"
    lens = merged(lenses)
    return (
        _extra(
            posed,
            frame,
            textures.flat(colour if not metal else colour + 0.2),
            "metal" if metal else "plastic",
        ),
        _extra(posed, lens, _lens_texture(rng, kind), "lens", alpha=True),
    )


def _extra(posed: PosedHead, solid: Solid, texture: textures.Texture, response: str,
           alpha: bool = False) -> ExtraMesh:  # fmt: skip
    return ExtraMesh(
        to_world(posed, solid.vertices), solid.triangles, solid.uv, Part.GLASSES, texture,
        response, alpha=alpha, two_sided=True, casts=not alpha,
    )  # fmt: skip


def _rim(half: FloatArray, power: float) -> FloatArray:
    """A superellipse in the plane z = 0, (28, 3), counter-clockwise."""
    angle = np.linspace(0, 2 * np.pi, 28, endpoint=False)
    cos, sin = np.cos(angle), np.sin(angle)
    x = np.sign(cos) * np.abs(cos) ** (2 / power) * half[0]
    y = np.sign(sin) * np.abs(sin) ** (2 / power) * half[1]
    return np.stack([x, y, np.zeros_like(x)], 1).astype(np.float32)


def _turns_back(curve: FloatArray) -> bool:
    x, y = curve[:, 0], curve[:, 1]
    return bool((x * np.roll(y, -1) - np.roll(x, -1) * y).sum() < 0)


def _temple(marks: FloatArray, rim: Solid, radius: float) -> Solid:
    """The arm from the rim's outer upper corner to the ear."""
    side = 1.0 if rim.vertices[:, 0].mean() > 0 else -1.0
    outer = rim.vertices[np.argmax(side * rim.vertices[:, 0] + 0.6 * rim.vertices[:, 1])]
    ear = marks[16 if side > 0 else 0] + np.array([side * 0.06, 0.12, -0.25], np.float32)
    knee = np.array([ear[0], 0.7 * outer[1] + 0.3 * ear[1], 0.75 * outer[2] + 0.25 * ear[2]])
    return tube(np.stack([outer, knee, ear]).astype(np.float32), radius, 5)


def _lens_texture(rng: np.random.Generator, kind: str) -> textures.Texture:
    """Nearly clear with a reflected window, or dark."""
    size = 48
    out = np.zeros((size, size, 4), np.uint8)
    glare: NDArray[Any] = np.zeros((size, size), np.float32)
    if rng.random() < 0.6:
        corners = rng.uniform(0, size, 2) + rng.normal(0, 0.3 * size, (4, 2))
        cv2.fillConvexPoly(
            glare, cv2.convexHull(corners.astype(np.int32)), float(rng.uniform(0.15, 0.8))
        )
        glare = cv2.GaussianBlur(glare, (0, 0), float(rng.uniform(1.0, 6.0)))
    dark = float(rng.uniform(0.6, 0.95)) if kind == "sun" else float(rng.uniform(0.0, 0.12))
    tint = rng.uniform(5, 60, 3) if kind == "sun" else rng.uniform(60, 140, 3)
    cover = dark + glare * (1 - dark)
    share = (glare / np.maximum(cover, 1e-3))[..., None]
    out[..., :3] = tint * (1 - share) + 235.0 * share
    out[..., 3] = cover * 255
    return out


def face_mask(subject: Subject, posed: PosedHead, seed: int) -> ExtraMesh:
    """A cloth mask over nose, mouth and chin: a sheet that rests on what stands out of the face."""
    rng = np.random.default_rng(seed)
    index = next(i for i, layer in enumerate(subject.layers) if layer.kind == "skin")
    marks = in_head(posed, posed.anchors.ibug68)
    relief = _relief(in_head(posed, posed.vertices[index]), subject.layers[index])
    rows, columns = 18, 22
    share = np.linspace(0, 1, rows)[:, None]
    top = marks[30, 1] + float(rng.uniform(-0.1, 0.6)) * (marks[27, 1] - marks[30, 1])
    y = top + share * (marks[8, 1] - 0.06 - top)
    across = np.linspace(-1, 1, columns)[None]
    y = y + 0.1 * across**2 * (0.5 - share) * 2
    reach = float(np.abs(marks[[3, 13], 0]).mean()) * np.where(
        share < 0.3, 0.55 + 1.4 * share, 0.97 - 0.5 * np.maximum(share - 0.45, 0)
    )
    x = across * reach
    z = _height_at(relief, x, y) + 0.05
    points = np.stack(np.broadcast_arrays(x, y, z), -1).reshape(-1, 3).astype(np.float32)
    choice = ((0.55, 0.72, 0.8), (0.8, 0.8, 0.8), (0.02, 0.02, 0.02), tuple(rng.random(3)))
    colour = np.asarray(choice[int(rng.integers(len(choice)))], np.float32)
    uv = np.stack(np.broadcast_arrays(0.5 + 0.5 * across, share), -1).reshape(-1, 2)
    return ExtraMesh(
        to_world(posed, points), grid_triangles(rows, columns, closed=False)[:, ::-1].copy(),
        uv.astype(np.float32), Part.OCCLUDER, textures.cloth(rng, colour), "cloth",
        two_sided=True, casts=False,
    )  # fmt: skip


_RELIEF, _RELIEF_SCALE = 72, 24.0  # cells a side, cells a decimetre


def _relief(points: FloatArray, layer: MeshLayer) -> FloatArray:
    """How far the face stands out towards the front, hollows filled, (72, 72)."""
    relief = np.empty((_RELIEF, _RELIEF), np.float32)
    axes, centre = np.eye(3, dtype=np.float32), np.array([0, -0.6, 0], np.float32)
    everything = np.ones(len(layer.triangles), bool)
    fill_height_map(
        points, axes, centre, np.float32(_RELIEF_SCALE), layer.triangles, everything, relief
    )
    relief[relief < -5] = np.min(relief[relief > -5], initial=0.0)
    soft = cv2.GaussianBlur(cv2.dilate(relief, np.ones((5, 5), np.uint8)), (0, 0), 1.6)
    return np.asarray(soft, np.float32)


def _height_at(relief: FloatArray, x: FloatArray, y: FloatArray) -> FloatArray:
    column = x * _RELIEF_SCALE + 0.5 * (_RELIEF - 1)
    row = (y + 0.6) * _RELIEF_SCALE + 0.5 * (_RELIEF - 1)
    column, row = np.broadcast_arrays(column, row)
    height = cv2.remap(
        relief, column.astype(np.float32), row.astype(np.float32), cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )  # fmt: skip
    return np.asarray(height, np.float32)
