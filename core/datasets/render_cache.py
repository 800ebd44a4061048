"""Render faces into a face cache with every core, resumable; `synthetic:` data sets read it."""

from __future__ import annotations

import importlib
import math
import multiprocessing
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from core.datasets import face_cache
from core.datasets.face_cache import FaceCache
from core.errors import InputError
from core.progress import Cancelled, Progress, Report, check, ignore, never


class Rendered(NamedTuple):
    """A face as a renderer hands it over."""

    rgb: NDArray[np.uint8]
    """(H, W, 3)."""
    landmarks: NDArray[np.float32]
    """(M, 2) picture pixels."""
    visible: NDArray[np.bool_]
    """(M,)."""
    labels: NDArray[np.uint8] | None = None
    """(H, W) classes, where the cache is for parsing."""


WORLD = "core.datasets.render_cache:render_world_face"
"""The renderer of `synthetic:` data sets."""
WORLD_98 = "core.datasets.render_cache:render_world_face98"
"""The same faces with WFLW's 98 points."""
WORLD_PARTS = "core.datasets.render_cache:render_world_parts"
"""The same for parsing: whole heads, with `parts14` label maps."""
SCHEME = "ibug68"
MASK_SCHEME = "parts14"
RENDER_SIZE = 192
RENDER_SIZE_PARTS = 224
SHARD_LENGTH = 250


def render_world_face(seed: int) -> Rendered:
    """One face of core.synthesis.world, with 68 points in the `2d` convention.

    Framed so that the stored crop lies inside the picture; the camera's faults are milder than the
    world's own, because augmentation adds its own at training time, and fewer faces look straight
    ahead: turned ones are what nets find hard.
    """
    return _world_face(seed, SCHEME)


def render_world_face98(seed: int) -> Rendered:
    """The same face with 98 points."""
    return _world_face(seed, "wflw98")


def _world_face(seed: int, scheme: str) -> Rendered:
    from core.synthesis.recipe import PRESETS
    from core.synthesis.world import render_face

    world = replace(
        PRESETS["default"],
        eye_distance_share=(0.25, 0.3), off_centre=0.03, faults=0.7, frontal_share=0.45,
    )  # fmt: skip
    face = render_face(seed, RENDER_SIZE, ("rgb", "visible"), world)
    assert face.rgb is not None
    return Rendered(face.rgb, face.landmarks[scheme], face.visible[scheme])


def render_world_parts(seed: int) -> Rendered:
    """One whole head with its part labels, smaller in the picture than `render_world_face`'s."""
    from core.synthesis.recipe import PRESETS
    from core.synthesis.world import render_face

    world = replace(
        PRESETS["default"], eye_distance_share=(0.19, 0.22), off_centre=0.03, faults=0.7
    )
    face = render_face(seed, RENDER_SIZE_PARTS, ("rgb", "visible", MASK_SCHEME), world)
    assert face.rgb is not None
    return Rendered(face.rgb, face.landmarks[SCHEME], face.visible[SCHEME], face.parts14)


def render_cache(
    folder: Path,
    count: int,
    seed: int,
    size: int = 160,
    processes: int = 0,
    renderer: str = WORLD,
    mask_scheme: str | None = None,
    report: Report = ignore,
    cancelled: Cancelled = never,
    scheme: str = SCHEME,
) -> FaceCache:
    """Fill a cache up to `count` faces (rounded up to whole shards) and open it.

    Args:
        folder: Where; an existing cache of the same settings is continued.
        count: Faces wanted.
        seed: Chooses the faces: face i is rendered with a seed drawn from (seed, i).
        size: Side of the stored crops, pixels.
        processes: Worker processes; 0 = one a core, 1 = none but this one.
        renderer: `module:function` from a seed to Rendered; a name, so that workers can import it.
        mask_scheme: Of its labels; None = it gives none, and crops show the face alone.
        report: Told after every shard.
        cancelled: Looked at after every shard.
        scheme: Of the landmarks the renderer gives.

    Raises:
        InputError: If the folder holds another cache.
        JobCancelled: If cancelled; finished shards stay.
    """
    shards = math.ceil(count / SHARD_LENGTH)
    origin = {"renderer": renderer, "seed": seed}
    face_cache.start_cache(folder, scheme, size, SHARD_LENGTH, origin, mask_scheme)
    masked = mask_scheme is not None
    todo = [
        n
        for n in range(shards)
        if not all(f.is_file() for f in face_cache.shard_files(folder, n, masked))
    ]
    jobs = [(str(folder), shard, seed, size, renderer, masked) for shard in todo]
    done = shards - len(todo)
    report(Progress("render", done * SHARD_LENGTH, shards * SHARD_LENGTH))
    if processes == 1:
        for job in jobs:
            done += _render_shard(job)
            report(Progress("render", done * SHARD_LENGTH, shards * SHARD_LENGTH))
            check(cancelled)
    elif jobs:
        # spawn: children of a process that has used threads must not be forked.
        context = multiprocessing.get_context("spawn")
        with context.Pool(min(processes or os.cpu_count() or 1, len(jobs)), _quiet) as pool:
            for one in pool.imap_unordered(_render_shard, jobs):
                done += one
                report(Progress("render", done * SHARD_LENGTH, shards * SHARD_LENGTH))
                check(cancelled)
    return face_cache.open_cache(folder)


def face_seed(seed: int, index: int) -> int:
    """The seed of face `index` of a data set, 32 bits."""
    return int(np.random.SeedSequence([seed, index]).generate_state(1)[0])


def _quiet() -> None:
    cv2.setNumThreads(1)


def _render_shard(job: tuple[str, int, int, int, str, bool]) -> int:
    folder, shard, seed, size, renderer, masked = job
    render = _named(renderer)
    framing = face_cache.HEAD if masked else face_cache.FACE
    images, points, visible, masks = [], [], [], []
    for row in range(SHARD_LENGTH):
        face = Rendered(*render(face_seed(seed, shard * SHARD_LENGTH + row)))
        image, moved = face_cache.stored_crop(face.rgb, face.landmarks, size, framing)
        images.append(image)
        points.append(moved)
        visible.append(face.visible)
        if masked:
            if face.labels is None:
                raise InputError(f"The renderer {renderer!r} gives no label maps.")
            masks.append(face_cache.stored_labels(face.labels, face.landmarks, size, framing))
    stacked = np.stack(images), np.stack(points), np.stack(visible)
    face_cache.write_shard(Path(folder), shard, *stacked, np.stack(masks) if masked else None)
    return 1


def _named(renderer: str) -> Callable[[int], Rendered]:
    module, _, name = renderer.partition(":")
    try:
        found: Callable[[int], Rendered] = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError, ValueError) as error:
        raise InputError(f"There is no renderer {renderer!r} ({error}).") from error
    return found
