"""What a subject wears: glasses, and a cloth mask over mouth and nose.

Pieces are placed in the head's own axes by its anchors, so they turn with it.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from core.synthesis import textures
from core.synthesis.solids import Solid, disc, merged, tube
from core.synthesis.subject import ExtraMesh, Subject
from core.synthesis.template import HeadPose, MeshLayer, Part, PosedHead

FloatArray = NDArray[np.float32]


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
    glare = np.zeros((size, size), np.float32)
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
    """A cloth mask over nose, mouth and chin: the face's own mesh, smoothed and lifted off it."""
    rng = np.random.default_rng(seed)
    index = next(i for i, layer in enumerate(subject.layers) if layer.kind == "skin")
    layer = subject.layers[index]
    height = float(rng.uniform(-0.1, 0.6))
    chosen = _mask_triangles(subject, layer, index, height)
    used, triangles = np.unique(layer.weld[layer.triangles[chosen]], return_inverse=True)
    triangles = triangles.reshape(-1, 3).astype(np.int32)
    first = np.full(int(layer.weld.max()) + 1, -1)
    first[layer.weld[::-1]] = np.arange(len(layer.weld))[::-1]
    points = _smoothed(in_head(posed, posed.vertices[index][first[used]]), triangles, 14)
    middle = points.mean(0) - np.array([0, 0, 0.9], np.float32)
    away = points - middle
    points = points + 0.07 * away / np.linalg.norm(away, axis=1, keepdims=True)
    uv = points[:, :2] * 1.5
    colour = rng.choice(
        [(0.55, 0.72, 0.8), (0.8, 0.8, 0.8), (0.02, 0.02, 0.02), tuple(rng.random(3))]
    )
    return ExtraMesh(
        to_world(posed, points.astype(np.float32)), triangles, uv.astype(np.float32),
        Part.OCCLUDER, textures.cloth(rng, np.asarray(colour, np.float32)), "cloth",
        two_sided=True, casts=False,
    )  # fmt: skip


def _mask_triangles(
    subject: Subject, layer: MeshLayer, index: int, height: float
) -> NDArray[np.bool_]:
    """Skin triangles that a mask covers on the neutral face; `height` along the nose, 0…1."""
    neutral = subject.template.deform(subject.shape, HeadPose())
    marks = in_head(neutral, neutral.anchors.ibug68)
    points = in_head(neutral, neutral.vertices[index])[layer.triangles].mean(1)
    top = marks[30, 1] + height * (marks[27, 1] - marks[30, 1])
    bottom = marks[8, 1] - 0.05
    reach = np.abs(marks[[3, 13], 0]).mean()
    narrow = np.clip((points[:, 1] - marks[30, 1]) / max(top - marks[30, 1] + 1e-3, 0.05), 0, 1)
    chosen = (points[:, 1] < top) & (points[:, 1] > bottom)
    chosen &= np.abs(points[:, 0]) < reach * (1.0 - 0.45 * narrow)
    chosen &= points[:, 2] > marks[[3, 13], 2].mean() - 0.05
    return chosen & np.isin(layer.parts, (Part.SKIN, Part.NOSE, Part.UPPER_LIP, Part.LOWER_LIP))


def _smoothed(points: FloatArray, triangles: NDArray[np.int32], rounds: int) -> FloatArray:
    """Replace points by their neighbours' mean, several times."""
    ends = np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]])
    ends = np.concatenate([ends, ends[:, ::-1]])
    count = np.bincount(ends[:, 0], minlength=len(points))[:, None]
    for _ in range(rounds):
        total = np.stack(
            [np.bincount(ends[:, 0], points[ends[:, 1], k], len(points)) for k in range(3)], 1
        )
        # Never inwards: cloth spans hollows and rests on what stands out.
        mean = total / np.maximum(count, 1)
        mean[:, 2] = np.maximum(mean[:, 2], points[:, 2])
        points = mean.astype(np.float32)
    return points
