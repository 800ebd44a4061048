"""One subject ready to draw: packed meshes and baked textures, the same in every frame."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.synthesis import textures
from core.synthesis.atlas import SkinAtlas, build_atlas
from core.synthesis.look import Look
from core.synthesis.raster import BLENDED, HIDDEN, ONE_SIDED, TWO_SIDED
from core.synthesis.shading import Materials, Mesh
from core.synthesis.template import HeadPose, HeadShape, HeadTemplate, MeshLayer, Part, PosedHead
from core.synthesis.torso import Torso, make_torso

FloatArray = NDArray[np.float32]

#: Answers to light by kind: SHINE, EXPONENT, WRAP red, green, blue, SHEEN (shading.py).
RESPONSES: dict[str, tuple[float, ...]] = {
    "skin": (0.30, 16.0, 0.40, 0.22, 0.15, 0.25),
    "eye": (1.4, 220.0, 0.25, 0.2, 0.2, 0.0),
    "brow": (0.0, 8.0, 0.3, 0.3, 0.3, 0.0),
    "lash": (0.0, 8.0, 0.3, 0.3, 0.3, 0.0),
    "hair": (0.05, 12.0, 0.35, 0.35, 0.35, 0.1),
    "teeth": (0.35, 40.0, 0.3, 0.3, 0.3, 0.0),
    "tongue": (0.25, 20.0, 0.5, 0.3, 0.3, 0.0),
    "hat": (0.02, 8.0, 0.1, 0.1, 0.1, 0.2),
    "cloth": (0.02, 8.0, 0.1, 0.1, 0.1, 0.15),
    "plastic": (0.5, 60.0, 0.1, 0.1, 0.1, 0.3),
    "metal": (0.9, 40.0, 0.0, 0.0, 0.0, 0.5),
    "lens": (3.0, 300.0, 0.0, 0.0, 0.0, 1.5),
}


@dataclass(frozen=True, eq=False)
class ExtraMesh:
    """Something put into the scene beside the head: glasses, a hand, a mask, hair strands."""

    vertices: FloatArray  # (V, 3) world coordinates
    triangles: NDArray[np.int32]  # (F, 3)
    uv: FloatArray  # (V, 2)
    part: Part
    texture: textures.Texture
    response: str  # a name in RESPONSES
    alpha: bool = False
    two_sided: bool = False
    casts: bool = True


@dataclass(frozen=True, eq=False)
class Subject:
    """Everything about one person that does not change from frame to frame."""

    template: HeadTemplate
    shape: HeadShape
    look: Look
    layers: tuple[MeshLayer, ...]
    mesh: Mesh
    textures: tuple[textures.Texture, ...]
    responses: tuple[str, ...]
    skin: int  # which layer is the skin
    trunk: Torso | None

    def materials(self, extras: tuple[ExtraMesh, ...] = ()) -> Materials:
        """Textures and responses of the layers, then of the extras."""
        packed = textures.pack([*self.textures, *(e.texture for e in extras)])
        names = [*self.responses, *(e.response for e in extras)]
        response = np.array([RESPONSES[name] for name in names], np.float32)
        return Materials(packed.texels, packed.table, response)


@lru_cache(maxsize=6)
def atlas_of(template: HeadTemplate, size: int) -> SkinAtlas:
    """The skin atlas of a head at a texture size, made once."""
    return build_atlas(template, size)


def head_files(template: HeadTemplate, below: str) -> tuple[Path | None, tuple[str, ...]]:
    """The template's folder, and its pictures below one folder (relative names, sorted)."""
    folder: Path | None = getattr(template, "folder", None)
    if folder is None:
        return None, ()
    found = sorted((folder / "textures" / below).rglob("*.png"))
    return folder, tuple(p.relative_to(folder).as_posix() for p in found)


def prepare_subject(
    template: HeadTemplate, shape: HeadShape, look: Look, texture_size: int
) -> Subject:
    """Bake one subject.

    Args:
        template: Source of the head.
        shape: Who.
        look: Appearance.
        texture_size: Side of the skin texture; others are in proportion.
    """
    layers = template.layers(shape)
    folder: Path | None = getattr(template, "folder", None)
    cloth_rng = np.random.default_rng(look.seed + 1)
    baked = [_bake_layer(layer, shape, look, template, folder, texture_size) for layer in layers]
    cloth = textures.cloth(cloth_rng, np.asarray(look.cloth_rgb, np.float32))
    index = next(i for i, layer in enumerate(layers) if layer.kind == "skin")
    skin = template.deform(shape, HeadPose()).vertices[index]
    trunk = make_torso(layers[index], skin)
    mesh = _pack(layers, baked, len(layers), _collar(look, layers, index, skin, trunk))
    kinds = (*(x.kind for x in layers), "cloth")
    return Subject(template, shape, look, layers, mesh, (*baked, cloth), kinds, index, trunk)


def _bake_layer(
    layer: MeshLayer,
    shape: HeadShape,
    look: Look,
    template: HeadTemplate,
    folder: Path | None,
    size: int,
) -> textures.Texture:
    """The texture of one layer in this subject's colours."""
    path = folder / layer.texture if folder is not None and layer.texture else None
    hair = np.asarray(look.hair_rgb, np.float32)
    if layer.kind == "skin":
        atlas = atlas_of(template, size)  # type: ignore[arg-type]
        return textures.bake_skin(look, atlas, folder)
    if layer.kind == "eye":
        if look.iris_file is not None and folder is not None:
            path = folder / look.iris_file
        return textures.bake_eye(path, max(size // 4, 64), look)
    if layer.kind == "brow":
        brow = np.asarray(look.brow_rgb, np.float32)
        return textures.bake_brow(path, max(size // 4, 64), brow, look.brow_strength)
    if layer.kind == "lash":
        return textures.bake_brow(path, max(size // 4, 64), hair * 0.3, look.lash_strength)
    if layer.kind == "hair":
        curly = shape.choices.get("hair", "").startswith("afro")
        return textures.bake_hair(path, max(size // 2, 64), hair, look.hair_contrast, curly)
    if layer.kind == "hat":
        cloth = np.asarray(look.cloth_rgb, np.float32)
        return textures.felt(np.random.default_rng(look.seed + 3), cloth)
    fallback = (0.75, 0.7, 0.62) if layer.kind == "teeth" else (0.45, 0.15, 0.14)
    gain = np.asarray(look.teeth_gain, np.float32)
    return textures.bake_picture(path, max(size // 4, 64), gain, np.array(fallback, np.float32))


def _pack(
    layers: tuple[MeshLayer, ...], baked: list[textures.Texture], cloth: int, collar: FloatArray
) -> Mesh:
    """All layers as one mesh. Layer i has material i; skin below the collar has `cloth`."""
    triangles, welds, materials, modes, casts = [], [], [], [], []
    vertices = weld_count = 0
    for index, layer in enumerate(layers):
        triangles.append(layer.triangles + vertices)
        welds.append(layer.weld + weld_count)
        vertices += len(layer.uv)
        weld_count += int(layer.weld.max()) + 1
        material = np.full(len(layer.triangles), index, np.int16)
        materials.append(material)
        opaque = ONE_SIDED if layer.kind == "skin" else TWO_SIDED
        mode = np.full(len(layer.triangles), BLENDED if layer.alpha else opaque, np.uint8)
        if layer.kind == "eye":  # the cornea is clear; its highlight is put on the iris
            mode[_middle_alpha(layer, baked[index]) < 128] = HIDDEN
        modes.append(mode)
        casts.append(_casts(layer, baked[index]))
    return Mesh(
        np.ascontiguousarray(np.concatenate(triangles), np.int32),
        np.ascontiguousarray(np.concatenate([x.uv for x in layers]), np.float32),
        np.concatenate(welds).astype(np.int32),
        np.concatenate([x.parts for x in layers]).astype(np.uint8),
        np.concatenate(materials),
        np.concatenate(modes),
        np.concatenate(casts),
        collar,
        cloth,
    )


def _collar(
    look: Look, layers: tuple[MeshLayer, ...], index: int, points: FloatArray, trunk: Torso | None
) -> FloatArray:
    """Heights of every vertex above the edge of the clothes and above the neck's foot, (V, 2).

    1 where there can be neither. Measured on the neutral subject (`points` of the skin, layer
    `index`), so clothes do not slide. Bare shoulders end in a top, above the skin's torn edge.
    """
    values = [np.ones((len(layer.uv), 2), np.float32) for layer in layers]
    layer = layers[index]
    body = np.zeros(len(layer.uv), bool)
    body[layer.triangles[layer.parts == Part.BODY]] = True
    neck = np.zeros(len(layer.uv), bool)
    neck[layer.triangles[layer.parts == Part.NECK]] = True
    if not (body & neck).any():
        return np.concatenate(values)
    rng = np.random.default_rng(look.seed + 2)
    x, y, z = points.T
    edge = float(y[body & neck].mean())
    low = edge + float(rng.choice([-0.5, -0.1, 0.0, 0.35], p=[0.2, 0.3, 0.4, 0.1]))
    front = np.clip((z - np.median(z[neck])) / 0.5 + 0.5, 0.0, 1.0)
    if rng.random() < 0.35:  # an open neck: a V down the front
        low = low - front * np.maximum(0.9 - 1.6 * np.abs(x), 0.0) * rng.uniform(0.3, 1.0)
    low = low + 0.12 * np.abs(x) * (low < edge + 0.3)
    own = body | neck
    if look.bare_shoulders:
        low = np.full_like(y, -9.0 if trunk is None else trunk.top + 0.25)
    values[index][own, 0] = (y - low)[own]
    values[index][own, 1] = (y - edge - 0.05 + 0.25 * front)[own]
    return np.concatenate(values)


def trunk_mesh(posed: PosedHead, subject: Subject) -> tuple[ExtraMesh, ...]:
    """What lies below the modelled shoulders, in clothes."""
    trunk = subject.trunk
    if trunk is None:
        return ()
    place = trunk.place(posed.vertices[subject.skin])
    return (
        ExtraMesh(
            place, trunk.triangles, trunk.uv, Part.BODY, subject.textures[-1], "cloth", casts=False
        ),
    )


def _casts(layer: MeshLayer, texture: textures.Texture) -> NDArray[np.bool_]:
    """Which triangles throw a shadow: skin and hats, and hair cards that are mostly hair."""
    count = len(layer.triangles)
    if layer.kind in ("skin", "hat"):
        return np.ones(count, bool)
    if layer.kind != "hair":
        return np.zeros(count, bool)
    return np.asarray(_middle_alpha(layer, texture) > 100)


def _middle_alpha(layer: MeshLayer, texture: textures.Texture) -> NDArray[np.uint8]:
    """The texture's alpha at the middle of each triangle, (F,)."""
    middle = layer.uv[layer.triangles].mean(1) % 1.0
    height, width = texture.shape[:2]
    rows = np.minimum((middle[:, 1] * height).astype(int), height - 1)
    columns = np.minimum((middle[:, 0] * width).astype(int), width - 1)
    return texture[rows, columns, 3]
