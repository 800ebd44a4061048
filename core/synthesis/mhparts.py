"""Which part of the face each skin triangle of MakeHuman's head shows.

Lips, mouth and nose are what closed paths of mesh edges enclose (makehuman_parts.json: vermilion
border, inner lip margin, foot of the nose); ears are what the ear targets move; neck, trunk and
scalp lie beyond curves in the side view.
"""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from core.synthesis.mhdata import HeadData
from core.synthesis.template import Part

# Curves in the side view of the unshaped base mesh, origin between the eyes: z -> y, decimetres.
_JAW_LINE = np.array(
    [(-0.75, -0.40), (-0.57, -0.70), (-0.45, -0.84), (-0.2, -0.95), (0.0, -1.05), (0.12, -1.11),
     (0.3, -1.14)]
)  # fmt: skip
_HAIR_LINE = np.array(
    [(-1.7, -0.75), (-1.3, -0.62), (-0.9, -0.3), (-0.62, -0.02), (-0.5, 0.15), (-0.4, 0.4),
     (-0.2, 0.62), (0.0, 0.8), (0.2, 0.85)]
)  # fmt: skip
_NECK_BOTTOM_Y, _NECK_WIDTH_X = -1.75, 0.6
_EAR_FRONT_Z = -0.58  # the skin before it moves with the ear but is cheek
_EAR_MOVE_DM = 0.004  # an ear target that moves a vertex less than this does not reach it


def skin_parts(data: HeadData) -> NDArray[np.uint8]:
    """Part of each skin triangle, (F,) values of `Part`."""
    from core.paths import resources

    text = (resources() / "synthesis" / "makehuman_parts.json").read_text(encoding="utf-8")
    table: dict[str, Any] = json.loads(text)
    parts = np.full(len(data.triangles), Part.SKIN, dtype=np.uint8)
    eyes = data.base[np.concatenate([data.joints["l-eye"], data.joints["r-eye"]])].mean(axis=0)
    vertices = data.base - eyes
    centre = vertices[data.triangles].mean(axis=1)
    _label_outskirts(parts, centre)
    _label_ears(parts, data, centre)
    nose, outer, inner = (table[name] for name in ("nose", "outer_lips", "inner_lips"))
    corners = [edge for path in table["mouth_corners"] for edge in pairwise(path)]
    lips = [*_closed(outer), *_closed(inner), *corners]
    inside = table["inside"]
    parts[_enclosed(data, _closed(nose), inside["nose"])] = Part.NOSE
    parts[_enclosed(data, lips, inside["upper_lip"])] = Part.UPPER_LIP
    parts[_enclosed(data, lips, inside["lower_lip"])] = Part.LOWER_LIP
    parts[_enclosed(data, lips, inside["mouth"])] = Part.MOUTH_INSIDE
    return parts


def _label_outskirts(parts: NDArray[np.uint8], centre: NDArray[np.float32]) -> None:
    """Neck, trunk and scalp by where a triangle's centre (F, 3) lies."""
    x, y, z = np.abs(centre[:, 0]), centre[:, 1], centre[:, 2]
    neck = y < np.interp(z, *_JAW_LINE.T)
    body = (y < _NECK_BOTTOM_Y) | ((x > _NECK_WIDTH_X) & (y < -1.2))
    scalp = y > np.interp(z, *_HAIR_LINE.T)
    parts[neck] = Part.NECK
    parts[scalp] = Part.SCALP
    parts[body] = Part.BODY


def _label_ears(parts: NDArray[np.uint8], data: HeadData, centre: NDArray[np.float32]) -> None:
    reach = ("-wing-", "-lobe-")
    rows = [
        i
        for i, name in enumerate(data.target_names)
        if name.startswith("ears/") and any(word in name for word in reach)
    ]
    moved = np.abs(data.targets[rows].toarray()).reshape(len(rows), -1, 3).max(axis=(0, 2))
    ear = (moved > _EAR_MOVE_DM)[data.triangles].all(axis=1) & (centre[:, 2] < _EAR_FRONT_Z)
    parts[ear & (centre[:, 0] > 0)] = Part.EAR_LEFT
    parts[ear & (centre[:, 0] < 0)] = Part.EAR_RIGHT


def _closed(path: list[int]) -> list[tuple[int, int]]:
    """The edges of a closed path."""
    return list(pairwise([*path, path[0]]))


def _enclosed(data: HeadData, walls: list[tuple[int, int]], inside: int) -> NDArray[np.bool_]:
    """Triangles that can be reached from a vertex without crossing a wall, (F,).

    Args:
        data: The head.
        walls: Edges in the file's vertex numbers.
        inside: The vertex to start from, in the file's number; on no wall.
    """
    num_vertices, num_faces = len(data.base), len(data.triangles)
    faces = np.tile(np.arange(num_faces), 3)
    edges = np.concatenate([data.triangles[:, pair] for pair in ([0, 1], [1, 2], [2, 0])])
    wall = np.searchsorted(data.kept, np.array(walls))
    free = ~np.isin(_edge_key(edges, num_vertices), _edge_key(wall, num_vertices))
    key, faces = _edge_key(edges, num_vertices)[free], faces[free]
    order = np.argsort(key, kind="stable")
    key, faces = key[order], faces[order]
    same = np.flatnonzero(key[1:] == key[:-1])
    links = (np.ones(len(same)), (faces[same], faces[same + 1]))
    graph = sparse.coo_matrix(links, shape=(num_faces, num_faces))
    label = connected_components(graph, directed=False)[1]
    start = int(np.searchsorted(data.kept, inside))
    return label == label[np.flatnonzero((data.triangles == start).any(axis=1))[0]]


def _edge_key(edges: NDArray[np.integer], num_vertices: int) -> NDArray[np.int64]:
    """One number an undirected edge (n, 2)."""
    return edges.min(axis=1).astype(np.int64) * num_vertices + edges.max(axis=1)
