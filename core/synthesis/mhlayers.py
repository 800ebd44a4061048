"""Static meshes of a MakeHuman subject: triangles, texture coordinates, welds, part labels."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from core.synthesis.mhdata import HeadData, Proxy
from core.synthesis.template import LayerKind, MeshLayer, Part

FloatArray = NDArray[np.float32]
_KIND_FOLDERS: dict[str, tuple[LayerKind, str]] = {
    "brows": ("brow", "eyebrows"),
    "lashes": ("lash", "eyelashes"),
    "teeth": ("teeth", "teeth"),
    "tongue": ("tongue", "tongue"),
    "hair": ("hair", "hair"),
    "hat": ("hat", "clothes"),
    "eyes": ("eye", "eyes"),
}
#: Hair meshes that are cards with cut-out strands; the others are closed caps.
ALPHA_KINDS = frozenset({"brow", "lash", "hair"})


@dataclass(frozen=True, eq=False)
class BoundProxy:
    """A proxy ready to follow the base mesh."""

    layer: MeshLayer
    bind: sparse.csr_matrix  #: (P, V) barycentric weights
    offsets: FloatArray  #: (P, 3)
    scale_vertices: NDArray[np.int32]  #: (3, 2)
    scale_lengths: FloatArray  #: (3,)
    split: NDArray[np.int32]  #: (V_layer,) proxy vertex of each layer vertex

    def place(self, base: FloatArray, scale: FloatArray) -> FloatArray:
        """Proxy vertices (P, 3) on base vertices (V, 3) with offsets times `scale` (3,)."""
        return np.asarray(self.bind @ base) + self.offsets * scale

    def scale(self, base: FloatArray) -> FloatArray:
        """How much the subject is larger than the fit's model along x, y, z, (3,)."""
        ends = base[self.scale_vertices, np.arange(3)[:, None]]
        return np.abs(ends[:, 0] - ends[:, 1]) / self.scale_lengths


def split_at_seams(
    triangles: NDArray[np.int32], triangles_uv: NDArray[np.int32], uv: FloatArray
) -> tuple[NDArray[np.int32], FloatArray, NDArray[np.int32]]:
    """Give each (vertex, texture coordinate) pair its own vertex.

    Returns:
        Triangles (F, 3) over the split vertices, their uv (n, 2) with v down, and their source
        vertex (n,), which serves as the weld.
    """
    pairs = triangles.astype(np.int64) * (len(uv) + 1) + triangles_uv
    unique, inverse = np.unique(pairs, return_inverse=True)
    source = (unique // (len(uv) + 1)).astype(np.int32)
    own_uv = uv[unique % (len(uv) + 1)]
    flipped = np.stack([own_uv[:, 0], 1.0 - own_uv[:, 1]], axis=1).astype(np.float32)
    return inverse.reshape(triangles.shape).astype(np.int32), flipped, source


def bind_proxy(data: HeadData, name: str, kind_name: str, folder: Path) -> BoundProxy:
    """Make a layer of one proxy mesh.

    Args:
        data: The head.
        name: The mesh's own name, "short01".
        kind_name: What it is chosen as in `HeadShape.choices`: "hair", "brows", …
        folder: The head's folder, searched for a texture.
    """
    kind, folder_name = _KIND_FOLDERS[kind_name]
    proxy = data.proxies[f"{folder_name}/{name}"]
    if kind == "eye":
        proxy = _without_cornea(proxy)
    triangles, uv, split = split_at_seams(proxy.triangles, proxy.triangles_uv, proxy.uv)
    layer = MeshLayer(
        kind_name,
        kind,
        triangles,
        uv,
        split,
        _parts(kind, proxy, data),
        kind in ALPHA_KINDS,
        find_texture(folder, folder_name, name),
    )
    fit = proxy.fit
    rows = np.repeat(np.arange(len(fit.base)), 3)
    bind = sparse.csr_matrix(
        (fit.weights.ravel(), (rows, fit.base.ravel())), shape=(len(fit.base), len(data.base))
    )
    return BoundProxy(layer, bind, fit.offsets, fit.scale_vertices, fit.scale_lengths, split)


def _without_cornea(proxy: Proxy) -> Proxy:
    """Drop the transparent shell of each eyeball: the foremost connected piece on its side.

    The fit's base vertices are on the eye helpers; the shell's offsets reach furthest forward.
    """
    edges = proxy.triangles[:, [0, 1, 1, 2]].reshape(-1, 2).T
    links = sparse.coo_matrix((np.ones(edges.shape[1]), edges), shape=(len(proxy.fit.base),) * 2)
    pieces, label = connected_components(links, directed=False)
    if pieces <= 2:  # a model without corneas
        return proxy
    depth = np.array([proxy.fit.offsets[label == p, 2].max() for p in range(pieces)])
    shells = np.argsort(depth)[-2:]
    keep = ~np.isin(label[proxy.triangles[:, 0]], shells)
    return Proxy(proxy.fit, proxy.triangles[keep], proxy.triangles_uv[keep], proxy.uv)


def _parts(kind: LayerKind, proxy: Proxy, data: HeadData) -> NDArray[np.uint8]:
    """Part of each triangle; left and right by the side of its middle in the base mesh."""
    sided = {"eye": (Part.EYE_LEFT, Part.EYE_RIGHT), "brow": (Part.BROW_LEFT, Part.BROW_RIGHT)}
    single = {
        "lash": Part.LASHES,
        "hair": Part.HAIR,
        "teeth": Part.TEETH,
        "tongue": Part.TONGUE,
        "hat": Part.HAT,
    }
    if kind in single:
        return np.full(len(proxy.triangles), single[kind], dtype=np.uint8)
    x = np.einsum("ni,ni->n", proxy.fit.weights, data.base[proxy.fit.base, 0])
    left = x[proxy.triangles].mean(axis=1) > 0
    return np.where(left, *(np.uint8(part) for part in sided[kind])).astype(np.uint8)


def find_texture(folder: Path, folder_name: str, name: str) -> str | None:
    """The diffuse texture of a proxy relative to the head folder, or None if it has none."""
    defaults = {"eyes": "eyes/materials/brown_eye.png", "teeth": "teeth/materials/teeth.png"}
    candidates = [
        f"textures/{folder_name}/{name}/{name}_diffuse.png",
        f"textures/{folder_name}/{name}/{name}.png",
    ]
    if folder_name in defaults:
        candidates.append(f"textures/{defaults[folder_name]}")
    return next((c for c in candidates if (folder / c).is_file()), None)
