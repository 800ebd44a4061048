"""Hair as single strands: beards that stand off the skin.

Roots are drawn once a subject on the skin's triangles where the atlas says beard; a strand is one
long thin triangle, so a few thousand cost little more than the head itself. They soften the outline
of jaw and lips, which a painted beard leaves as sharp as bare skin.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from core.synthesis import textures
from core.synthesis.atlas import MASKS, SkinAtlas
from core.synthesis.subject import ExtraMesh, Subject, atlas_of
from core.synthesis.template import MeshLayer, Part, PosedHead

FloatArray = NDArray[np.floating]

_STRANDS = 5000  # tried; those outside the beard fall away
_ATLAS = 512


def wears_beard(subject: Subject) -> bool:
    """Whether the subject's stubble is long enough to be hair: the darkest half of it."""
    look = subject.look
    return look.stubble > 0.4 and look.seed % 2 == 0


def beard(subject: Subject, posed: PosedHead) -> ExtraMesh:
    """The strands of a beard on a posed head.

    Args:
        subject: Whose colours, and whose seed places the roots.
        posed: Where the skin is.
    """
    index = next(i for i, layer in enumerate(subject.layers) if layer.kind == "skin")
    layer, points = subject.layers[index], posed.vertices[index]
    atlas = atlas_of(subject.template, _ATLAS)  # type: ignore[arg-type]
    triangle, weights, chance = _roots(layer, atlas, subject.look.seed)
    rng = np.random.default_rng(subject.look.seed + 3)
    corners = points[layer.triangles[triangle]]  # (N, 3, 3)
    root = (corners * weights[..., None]).sum(1)
    outward = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    outward /= np.maximum(np.linalg.norm(outward, axis=1, keepdims=True), 1e-9)
    down = -posed.anchors.axes[1]
    stray = rng.normal(0, 0.35, (len(root), 3)) @ posed.anchors.axes  # turns with the head
    lie = stray + down + outward * rng.uniform(0.25, 0.7)
    lie /= np.linalg.norm(lie, axis=1, keepdims=True)
    longest = 0.04 + 0.22 * (subject.look.stubble - 0.4) / 0.6
    length = longest * chance * rng.uniform(0.5, 1.2, len(root))
    tip = root + lie * length[:, None] + outward * 0.01
    aside = np.cross(lie, outward)
    aside *= 0.006 / np.maximum(np.linalg.norm(aside, axis=1, keepdims=True), 1e-9)
    vertices = np.stack([root - aside, root + aside, tip], 1).reshape(-1, 3)
    uv = np.repeat(rng.random((len(root), 2)), 3, axis=0)
    colour = np.asarray(subject.look.hair_rgb) * rng.uniform(0.5, 1.2, (16, 16, 1))
    texture = np.dstack([textures.to_srgb(colour) * 255, np.full((16, 16), 60.0)])
    return ExtraMesh(
        vertices.astype(np.float32), np.arange(len(vertices), dtype=np.int32).reshape(-1, 3),
        uv.astype(np.float32), Part.BEARD, texture.astype(np.uint8), "hair",
        two_sided=True, casts=False,
    )  # fmt: skip


@lru_cache(maxsize=8)
def _roots(
    layer: MeshLayer, atlas: SkinAtlas, seed: int
) -> tuple[NDArray[np.int64], FloatArray, FloatArray]:
    """Triangles, barycentric weights (N, 3) and density 0…1 (N,) of the strands that grow."""
    rng = np.random.default_rng(seed)
    size = (atlas.rows.stop - atlas.rows.start, atlas.columns.stop - atlas.columns.start)
    mask = atlas.masks[MASKS.index("beard")]
    # Texture area stands for skin area, which is near enough on a face.
    a, b, c = (layer.uv[layer.triangles[:, k]] for k in range(3))
    area = np.abs((b - a)[:, 0] * (c - a)[:, 1] - (b - a)[:, 1] * (c - a)[:, 0])
    density = area * _sampled(mask, atlas, size, (a + b + c) / 3)
    triangle = rng.choice(len(density), _STRANDS, p=density / density.sum())
    weights = rng.dirichlet([1.0, 1.0, 1.0], _STRANDS)
    at = (np.stack([a, b, c], 1)[triangle] * weights[..., None]).sum(1)
    chance = _sampled(mask, atlas, size, at)
    grows = rng.random(_STRANDS) < chance
    return triangle[grows], weights[grows], chance[grows]


def _sampled(
    mask: FloatArray, atlas: SkinAtlas, size: tuple[int, int], uv: FloatArray
) -> FloatArray:
    """The mask at texture coordinates; 0 outside the atlas' window."""
    row = (uv[:, 1] * atlas.size - atlas.rows.start).astype(int)
    column = (uv[:, 0] * atlas.size - atlas.columns.start).astype(int)
    inside = (row >= 0) & (column >= 0) & (row < size[0]) & (column < size[1])
    found = mask[np.clip(row, 0, size[0] - 1), np.clip(column, 0, size[1] - 1)]
    return np.where(inside, found, 0.0)
