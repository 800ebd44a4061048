"""Reading MakeHuman's text files: Wavefront meshes, shape targets, proxy fits (all may be gzipped).

Formats: https://static.makehumancommunity.org (file formats of MakeHuman 1.x). Numbers stay in the
files' unit, the decimetre, y up, z towards the viewer.
"""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.errors import InputError

IntArray = NDArray[np.int32]
FloatArray = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class ObjMesh:
    """A mesh of quads and triangles, already cut into triangles."""

    vertices: FloatArray  #: (V, 3)
    uv: FloatArray  #: (U, 2), v up as in the file; one row of zeros when the file has none
    triangles: IntArray  #: (F, 3) vertex indices
    triangles_uv: IntArray  #: (F, 3) rows of `uv`
    groups: tuple[str, ...]  #: group names in order of appearance
    group_of: IntArray  #: (F,) index into `groups`


@dataclass(frozen=True, eq=False)
class ProxyFit:
    """How each vertex of a proxy rides on three base vertices (a `.mhclo` file)."""

    base: IntArray  #: (V, 3) base vertices
    weights: FloatArray  #: (V, 3) barycentric
    offsets: FloatArray  #: (V, 3), multiplied by `axis scale`
    scale_vertices: IntArray  #: (3, 2) pairs of base vertices whose distance along x, y, z …
    scale_lengths: FloatArray  #: (3,) … is divided by these


def read_lines(path: Path) -> list[str]:
    """The lines of a text file, gzipped or not.

    Raises:
        InputError: If the file is missing or no text.
    """
    try:
        with gzip.open(path, "rb") if path.suffix == ".gz" else open(path, "rb") as stream:
            return stream.read().decode("utf-8").splitlines()
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise InputError(f"{path} cannot be read as a MakeHuman file ({error}).") from error


def read_obj(path: Path) -> ObjMesh:
    """Read a Wavefront mesh (v, vt, f and g lines; the rest is skipped).

    Raises:
        InputError: If the file is missing, empty or has a malformed line.
    """
    vertices: list[list[str]] = []
    uv: list[list[str]] = []
    corners: list[tuple[tuple[int, int], ...]] = []
    owners: list[int] = []
    groups: dict[str, int] = {"": 0}
    group = 0
    try:
        for line in read_lines(path):
            key, _, rest = line.partition(" ")
            if key == "v":
                vertices.append(rest.split()[:3])
            elif key == "vt":
                uv.append(rest.split()[:2])
            elif key == "g":
                group = groups.setdefault(rest.strip(), len(groups))
            elif key == "f":
                face = tuple(_corner(text) for text in rest.split())
                for second in range(1, len(face) - 1):
                    corners.append((face[0], face[second], face[second + 1]))
                    owners.append(group)
        triangles = np.array(corners, dtype=np.int32).reshape(-1, 3, 2)
        xyz = np.array(vertices, dtype=np.float32).reshape(-1, 3)
        texture = np.array(uv or [["0", "0"]], dtype=np.float32).reshape(-1, 2)
    except ValueError as error:
        raise InputError(f"{path} is not a readable mesh ({error}).") from error
    if not len(triangles) or triangles.max() >= max(len(xyz), len(texture)):
        raise InputError(f"{path} holds no usable mesh; fetch the file again.")
    return ObjMesh(
        xyz,
        texture,
        np.ascontiguousarray(triangles[..., 0]),
        np.ascontiguousarray(triangles[..., 1]),
        tuple(groups),
        np.array(owners, dtype=np.int32),
    )


def _corner(text: str) -> tuple[int, int]:
    vertex, _, rest = text.partition("/")
    texture = rest.partition("/")[0]
    return int(vertex) - 1, int(texture) - 1 if texture else 0


def read_target(path: Path) -> tuple[IntArray, FloatArray]:
    """Read a shape target.

    Returns:
        Vertex indices (n,) and offsets (n, 3).

    Raises:
        InputError: If a line is not `vertex dx dy dz`.
    """
    rows = [line for line in read_lines(path) if line and not line.startswith("#")]
    try:
        table = np.array(" ".join(rows).split(), dtype=np.float64).reshape(-1, 4)
    except ValueError as error:
        raise InputError(f"{path} is not a shape target ({error}).") from error
    return table[:, 0].astype(np.int32), table[:, 1:].astype(np.float32)


def read_fit(path: Path) -> ProxyFit:
    """Read the fit of a proxy; other header lines may stand between `verts` and the first row.

    Raises:
        InputError: If a row or a scale line is malformed, or rows are missing.
    """
    base: list[list[int]] = []
    numbers: list[list[float]] = []
    scales: dict[str, tuple[int, int, float]] = {}
    in_rows = False
    try:
        for line in read_lines(path):
            words = line.split()
            if not words or words[0].startswith("#"):
                continue
            if words[0] in ("x_scale", "y_scale", "z_scale"):
                scales[words[0][0]] = (int(words[1]), int(words[2]), float(words[3]))
            elif words[0] == "verts":
                in_rows = True
            elif in_rows and words[0].isdigit():
                row = _fit_row(words)
                base.append(row[0])
                numbers.append(row[1])
            elif in_rows and base:
                break  # "delete_verts" and other tables after the fit
        table = np.array(numbers, dtype=np.float32).reshape(-1, 6)
        axes = [scales[axis] for axis in "xyz"]
    except (ValueError, KeyError, IndexError) as error:
        raise InputError(f"{path} is not a readable proxy fit ({error!r}).") from error
    return ProxyFit(
        np.array(base, dtype=np.int32).reshape(-1, 3),
        table[:, :3],
        table[:, 3:],
        np.array([axis[:2] for axis in axes], dtype=np.int32),
        np.array([axis[2] for axis in axes], dtype=np.float32),
    )


def _fit_row(words: list[str]) -> tuple[list[int], list[float]]:
    """One row: `v` | `v dx dy dz` | `v1 v2 v3 w1 w2 w3 dx dy dz`."""
    if len(words) == 1:
        return [int(words[0])] * 3, [1.0, 0.0, 0.0, 0.0, 0.0, 0.0]
    if len(words) == 4:
        return [int(words[0])] * 3, [1.0, 0.0, 0.0, *map(float, words[1:])]
    return [int(w) for w in words[:3]], [float(w) for w in words[3:9]]
