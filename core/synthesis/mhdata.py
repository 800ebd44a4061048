"""The MakeHuman folder as arrays: read once, kept as one `.npz` in the user's cache.

Only vertices that can be seen on a portrait (head, neck, shoulders) and those that proxies hang on
are kept. The cache is keyed by the content of every file read, so a changed folder is read anew.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
import zipfile
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from core.errors import InputError
from core.synthesis.mhfiles import ObjMesh, ProxyFit, read_fit, read_obj, read_target

_FORMAT = 3  # counts changes of what the cache holds
_JOINTS = ("l-eye", "r-eye", "neck", "head", "jaw")
_PROXIES = ("eyes/high-poly", "eyebrows", "eyelashes", "teeth", "tongue", "hair", "clothes")
_LOWEST_Y, _WIDEST_X = 4.6, 2.6  # shoulders, in the base mesh; below is never in a portrait


@dataclass(frozen=True, eq=False)
class Proxy:
    """A mesh that rides on the base mesh (indices are *kept* base vertices)."""

    fit: ProxyFit
    triangles: NDArray[np.int32]  #: (F, 3) proxy vertices
    triangles_uv: NDArray[np.int32]  #: (F, 3)
    uv: NDArray[np.float32]  #: (U, 2), v up


@dataclass(frozen=True, eq=False)
class HeadData:
    """Everything read from the folder."""

    kept: NDArray[np.int32]  #: (V,) rows of the file's vertex list
    base: NDArray[np.float32]  #: (V, 3)
    triangles: NDArray[np.int32]  #: (F, 3) skin
    triangles_uv: NDArray[np.int32]  #: (F, 3)
    uv: NDArray[np.float32]  #: (U, 2), v up
    joints: dict[str, NDArray[np.int32]]  #: name -> (8,) kept vertices whose mean is the joint
    target_names: tuple[str, ...]  #: "nose/nose-hump-incr", sorted
    targets: sparse.csr_matrix  #: (T, 3V) float32
    proxies: dict[str, Proxy]  #: "hair/short01" -> mesh

    def target_row(self, name: str) -> int:
        """Row of a target; KeyError when there is none."""
        return self._rows()[name]

    def _rows(self) -> dict[str, int]:
        rows: dict[str, int] | None = self.__dict__.get("_row_index")
        if rows is None:
            rows = {name: row for row, name in enumerate(self.target_names)}
            object.__setattr__(self, "_row_index", rows)
        return rows


def read_head(folder: Path, cache: Path | None) -> HeadData:
    """Read a head folder, or its cache.

    Args:
        folder: The folder with base.obj.gz, targets/ and proxies/.
        cache: Folder for the cache file; None = read the sources and keep nothing.

    Raises:
        InputError: If the folder lacks a part or a file in it is damaged.
    """
    files = _source_files(folder)
    if cache is None:
        return _assemble(folder, files)
    path = cache / f"head-{_digest(files)}.npz"
    if path.is_file():
        try:
            return _unpack(path)
        except (OSError, ValueError, KeyError, zipfile.BadZipFile):
            path.unlink(missing_ok=True)  # torn by a crash or a full disk: made again below
    data = _assemble(folder, files)
    _pack(path, data)
    return data


def _source_files(folder: Path) -> list[Path]:
    base = folder / "base.obj.gz"
    if not base.is_file():
        raise InputError(
            f"{folder} holds no base.obj.gz; LINEAMENT_HEAD must name a MakeHuman head folder."
        )
    targets = sorted((folder / "targets").rglob("*.target.gz"))
    fits = [p for part in _PROXIES for p in sorted((folder / "proxies" / part).rglob("*.mhclo.gz"))]
    if not targets or not fits:
        raise InputError(f"{folder} lacks targets or proxies; fetch the head folder again.")
    return [base, *targets, *fits]


def _digest(files: list[Path]) -> str:
    sha = hashlib.sha256(f"{_FORMAT} {_LOWEST_Y} {_WIDEST_X}".encode())
    for path in files:
        sha.update(path.name.encode())
        try:
            sha.update(path.read_bytes())
        except OSError as error:
            raise InputError(f"{path} cannot be read ({error.strerror}).") from error
    return sha.hexdigest()[:24]


def _assemble(folder: Path, files: list[Path]) -> HeadData:
    mesh = read_obj(files[0])
    skin = _skin_triangles(mesh)
    joints = {name: _group_vertices(mesh, f"joint-{name}") for name in _JOINTS}
    target_files = [p for p in files if p.name.endswith(".target.gz")]
    raw = {_proxy_name(p, folder): _read_proxy(p) for p in files if p.name.endswith(".mhclo.gz")}
    used = [np.unique(mesh.triangles[skin]), *joints.values()]
    used += [p.fit.base.ravel() for p in raw.values()]
    used += [p.fit.scale_vertices.ravel() for p in raw.values()]
    kept = np.unique(np.concatenate(used)).astype(np.int32)
    new = np.full(len(mesh.vertices), -1, dtype=np.int32)
    new[kept] = np.arange(len(kept), dtype=np.int32)
    names = tuple(
        str(p.relative_to(folder / "targets"))[: -len(".target.gz")] for p in target_files
    )
    return HeadData(
        kept,
        mesh.vertices[kept],
        new[mesh.triangles[skin]],
        mesh.triangles_uv[skin],
        mesh.uv,
        {name: new[v] for name, v in joints.items()},
        names,
        _target_matrix(target_files, new, len(kept)),
        {name: _renumber(p, new) for name, p in raw.items()},
    )


def _group_vertices(mesh: ObjMesh, name: str) -> NDArray[np.int32]:
    if name not in mesh.groups:
        raise InputError(f"The base mesh has no group {name!r}; it is not MakeHuman's hm08.")
    return np.unique(mesh.triangles[mesh.group_of == mesh.groups.index(name)]).astype(np.int32)


def _skin_triangles(mesh: ObjMesh) -> NDArray[np.bool_]:
    seen = (mesh.vertices[:, 1] > _LOWEST_Y) & (np.abs(mesh.vertices[:, 0]) < _WIDEST_X)
    body = mesh.group_of == mesh.groups.index("body") if "body" in mesh.groups else None
    if body is None:
        raise InputError("The base mesh has no group 'body'; it is not MakeHuman's hm08.")
    return body & seen[mesh.triangles].all(axis=1)


def _target_matrix(
    files: list[Path], new: NDArray[np.int32], num_vertices: int
) -> sparse.csr_matrix:
    """Targets as rows over the flattened kept vertices, (T, 3V)."""
    rows, columns, values = [], [], []
    for row, path in enumerate(files):
        index, offset = read_target(path)
        if index.size and index.max() >= len(new):
            raise InputError(f"{path} moves a vertex the base mesh has not; fetch it again.")
        keep = new[index] >= 0
        flat = (new[index[keep]][:, None] * 3 + np.arange(3)).ravel()
        columns.append(flat)
        values.append(offset[keep].ravel())
        rows.append(np.full(len(flat), row, dtype=np.int32))
    entries = (np.concatenate(values), (np.concatenate(rows), np.concatenate(columns)))
    return sparse.csr_matrix(entries, shape=(len(files), 3 * num_vertices), dtype=np.float32)


def _proxy_name(path: Path, folder: Path) -> str:
    kind = path.relative_to(folder / "proxies").parts[0]
    return f"{kind}/{path.name[: -len('.mhclo.gz')]}"


def _read_proxy(path: Path) -> Proxy:
    fit = read_fit(path)
    mesh_path = path.with_name(path.name.replace(".mhclo", ".obj"))
    mesh = read_obj(mesh_path)
    if len(mesh.vertices) != len(fit.base):
        raise InputError(
            f"{path} fits {len(fit.base)} vertices, {mesh_path.name} has {len(mesh.vertices)}."
        )
    return Proxy(fit, mesh.triangles, mesh.triangles_uv, mesh.uv)


def _renumber(proxy: Proxy, new: NDArray[np.int32]) -> Proxy:
    fit = proxy.fit
    renumbered = ProxyFit(
        new[fit.base], fit.weights, fit.offsets, new[fit.scale_vertices], fit.scale_lengths
    )
    return Proxy(renumbered, proxy.triangles, proxy.triangles_uv, proxy.uv)


def _pack(path: Path, data: HeadData) -> None:
    """Write the cache under a temporary name, then rename; a cache that fails is no error."""
    arrays: dict[str, NDArray[np.generic]] = {
        name: getattr(data, name) for name in ("kept", "base", "triangles", "triangles_uv", "uv")
    }
    arrays |= {f"joint:{name}": v for name, v in data.joints.items()}
    arrays["target_names"] = np.array(data.target_names)
    for part in ("data", "indices", "indptr"):
        arrays[f"targets.{part}"] = getattr(data.targets, part)
    for name, proxy in data.proxies.items():
        arrays |= {f"proxy:{name}:{f.name}": getattr(proxy.fit, f.name) for f in fields(ProxyFit)}
        for part in ("triangles", "triangles_uv", "uv"):
            arrays[f"proxy:{name}:{part}"] = getattr(proxy, part)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, suffix=".part")
    except OSError:
        return  # a read-only home: every start reads the sources
    try:
        with os.fdopen(handle, "wb") as stream:
            np.savez(stream, allow_pickle=False, **arrays)
        os.replace(temporary, path)
    except OSError:
        Path(temporary).unlink(missing_ok=True)


def _unpack(path: Path) -> HeadData:
    # opened here, since np.load leaves a torn file open
    with path.open("rb") as stream, np.load(stream, allow_pickle=False) as file:
        arrays = {name: file[name] for name in file.files}
    joints = {n[6:]: v for n, v in arrays.items() if n.startswith("joint:")}
    csr = tuple(arrays[f"targets.{part}"] for part in ("data", "indices", "indptr"))
    names = tuple(str(n) for n in arrays["target_names"])
    proxies = {}
    for key in arrays:
        if key.startswith("proxy:") and key.endswith(":uv"):
            name = key[6:-3]
            fit = ProxyFit(*(arrays[f"proxy:{name}:{f.name}"] for f in fields(ProxyFit)))
            parts = (arrays[f"proxy:{name}:{p}"] for p in ("triangles", "triangles_uv", "uv"))
            proxies[name] = Proxy(fit, *parts)
    return HeadData(
        arrays["kept"],
        arrays["base"],
        arrays["triangles"],
        arrays["triangles_uv"],
        arrays["uv"],
        joints,
        names,
        sparse.csr_matrix(csr, shape=(len(names), arrays["base"].size)),
        proxies,
    )
