"""Face crops on disk, ready for training: uint8 shards read by memory map, landmarks beside them.

    cache.json            size, scheme, count, shard length, where it came from
    images-0003.npy       (n, S, S, 3) uint8
    labels-0003.npz       landmarks (n, M, 2) float32 in crop pixels, visible (n, M) bool
    masks-0003.npy        (n, S, S) uint8 classes of the header's mask_scheme, 255 = not known;
                          only in caches for parsing

A shard is written whole and renamed, so that an interrupted cache goes on where it stopped.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from core.errors import InputError, StoreError

Floats = NDArray[np.float64]
FORMAT_VERSION = 1
STORED_SCALE = 1.7
"""Side of a stored crop over the longer side of its landmark hull: room for shifts and turns."""
UNKNOWN = 255
"""Label of pixels nobody knows the class of: beyond the picture."""


class Framing(NamedTuple):
    """What of a picture a stored crop shows."""

    scale: float = STORED_SCALE
    """Its side over the longer side of the landmark hull."""
    shift_xy: tuple[float, float] = (0.0, 0.0)
    """How far its centre lies off the hull's, shares of its side."""


FACE = Framing()
HEAD = Framing(2.8, (0.0, -0.11))
"""With hair and neck, for parsing."""


def stored_matrix(xy: NDArray[np.floating], size: int, framing: Framing = FACE) -> Floats:
    """The map from picture to stored crop, (2, 3)."""
    low, high = np.nanmin(xy, axis=0), np.nanmax(xy, axis=0)
    side = framing.scale * float((high - low).max())
    centre = (low + high) / 2 + side * np.asarray(framing.shift_xy)
    scale = size / side
    shift = (size - 1) / 2 - scale * centre
    return np.array([[scale, 0.0, shift[0]], [0.0, scale, shift[1]]])


def stored_labels(
    labels: NDArray[np.uint8], xy: NDArray[np.floating], size: int, framing: Framing = HEAD
) -> NDArray[np.uint8]:
    """The label map (H, W) in the stored crop, (size, size); UNKNOWN beyond the picture."""
    crop = cv2.warpAffine(
        labels, stored_matrix(xy, size, framing), (size, size),
        flags=cv2.INTER_NEAREST, borderMode=cv2.BORDER_CONSTANT, borderValue=(UNKNOWN,),
    )  # fmt: skip
    return np.asarray(crop, np.uint8)


def stored_crop(
    rgb: NDArray[np.uint8], xy: NDArray[np.floating], size: int, framing: Framing = FACE
) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """The square about the landmarks' hull, resampled; and the landmarks in it.

    Args:
        rgb: (H, W, 3).
        xy: (M, 2), NaN = missing.
        size: Side of the crop in pixels.
        framing: What it shows.

    Returns:
        (size, size, 3) and (M, 2). Beyond the picture its edge is repeated.
    """
    matrix = stored_matrix(xy, size, framing)
    scale = float(matrix[0, 0])
    shrunk = scale < 0.6
    if shrunk:  # a bilinear warp alone would alias
        rgb = np.asarray(cv2.GaussianBlur(rgb, (0, 0), 0.45 / scale), np.uint8)
    crop = cv2.warpAffine(
        rgb, matrix, (size, size), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(crop, np.uint8), np.asarray(xy * scale + matrix[:, 2], np.float32)


@dataclass(frozen=True)
class FaceCache:
    """An open cache; images are read as they are asked for."""

    folder: Path
    scheme: str
    size: int
    shards: tuple[NDArray[np.uint8], ...]
    landmarks: NDArray[np.float32]
    """(N, M, 2) crop pixels."""
    visible: NDArray[np.bool_]
    """(N, M)."""
    shard_length: int
    origin: Mapping[str, Any]
    mask_scheme: str | None = None
    masks: tuple[NDArray[np.uint8], ...] = ()
    """Label maps by shard, where the cache has a mask scheme."""

    def __len__(self) -> int:
        return len(self.landmarks)

    def image(self, index: int) -> NDArray[np.uint8]:
        """Crop `index`, (S, S, 3), a copy."""
        shard, row = divmod(index, self.shard_length)
        return np.array(self.shards[shard][row])

    def label_map(self, index: int) -> NDArray[np.uint8]:
        """Label map `index`, (S, S), a copy; only where the cache has a mask scheme."""
        shard, row = divmod(index, self.shard_length)
        return np.array(self.masks[shard][row])


def open_cache(folder: Path) -> FaceCache:
    """Open a finished or growing cache; incomplete last shards are simply not there yet.

    Raises:
        InputError: If the folder is no cache or holds no shard.
        StoreError: If it was written by a newer program or a shard is damaged.
    """
    header = _read_header(folder)
    images: list[NDArray[np.uint8]] = []
    masks: list[NDArray[np.uint8]] = []
    points, visible = [], []
    mask_scheme = header.get("mask_scheme")
    while True:
        files = shard_files(folder, len(images), mask_scheme is not None)
        if not all(file.is_file() for file in files):
            break
        try:
            images.append(np.load(files[0], mmap_mode="r"))
            with np.load(files[1]) as labels:
                points.append(labels["landmarks"])
                visible.append(labels["visible"])
            if mask_scheme is not None:
                masks.append(np.load(files[2], mmap_mode="r"))
        except (ValueError, KeyError, OSError) as error:
            raise StoreError(f"{files[0]}: damaged shard ({error}); delete it.") from error
        if len(images[-1]) != len(points[-1]) or (masks and len(masks[-1]) != len(points[-1])):
            raise StoreError(f"{files[0]}: its labels have another length; delete both.")
        if len(images[-1]) < header["shard_length"]:
            break  # only the last shard may be short
    if not images:
        raise InputError(f"{folder}: this face cache holds no finished shard yet.")
    return FaceCache(
        folder=folder,
        scheme=header["scheme"],
        size=header["size"],
        shards=tuple(images),
        landmarks=np.concatenate(points),
        visible=np.concatenate(visible),
        shard_length=header["shard_length"],
        origin=header["origin"],
        mask_scheme=mask_scheme,
        masks=tuple(masks),
    )


def start_cache(
    folder: Path,
    scheme: str,
    size: int,
    shard_length: int,
    origin: Mapping[str, Any],
    mask_scheme: str | None = None,
) -> None:
    """Write the header of a new cache, or check that an existing one is the same.

    Raises:
        InputError: If the folder holds a cache of something else.
    """
    header = {
        "format_version": FORMAT_VERSION,
        "scheme": scheme,
        "size": size,
        "shard_length": shard_length,
        "origin": dict(origin),
    }
    if mask_scheme is not None:
        header["mask_scheme"] = mask_scheme
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "cache.json"
    if file.is_file():
        if _read_header(folder) != json.loads(json.dumps(header)):
            raise InputError(
                f"{folder}: holds a face cache made with other settings; choose another folder."
            )
        return
    _write_whole(file, lambda part: part.write_text(json.dumps(header, indent=1), "utf-8"))


def shard_files(folder: Path, shard: int, with_masks: bool = False) -> tuple[Path, ...]:
    """Image and label file of a shard, and its mask file in caches for parsing."""
    files = folder / f"images-{shard:04d}.npy", folder / f"labels-{shard:04d}.npz"
    return (*files, folder / f"masks-{shard:04d}.npy") if with_masks else files


def write_shard(
    folder: Path,
    shard: int,
    images: NDArray[np.uint8],
    landmarks: NDArray[np.float32],
    visible: NDArray[np.bool_],
    masks: NDArray[np.uint8] | None = None,
) -> None:
    """Write a shard; it is there wholly or not at all (the labels are written last)."""
    image_file, label_file, mask_file = shard_files(folder, shard, with_masks=True)
    if masks is not None:
        _write_whole(mask_file, lambda part: _save(part, lambda f: np.save(f, masks)))
    _write_whole(image_file, lambda part: _save(part, lambda f: np.save(f, images)))
    _write_whole(
        label_file,
        lambda part: _save(part, lambda f: np.savez(f, landmarks=landmarks, visible=visible)),
    )


def _save(path: Path, write: Callable[[Any], None]) -> None:
    with path.open("wb") as file:
        write(file)


def _write_whole(path: Path, write: Callable[[Path], Any]) -> None:
    part = path.with_name(path.name + ".part")
    write(part)
    part.replace(path)


def _read_header(folder: Path) -> dict[str, Any]:
    file = folder / "cache.json"
    if not file.is_file():
        raise InputError(f"{folder}: no face cache here (cache.json is missing).")
    try:
        header: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        version = int(header["format_version"])
        known = {"scheme", "size", "shard_length", "origin"} <= set(header)
    except (ValueError, KeyError, TypeError) as error:
        raise StoreError(f"{file}: damaged ({error}).") from error
    if version > FORMAT_VERSION or not known:
        raise StoreError(f"{file}: written by a newer version; update Lineament.")
    return header
