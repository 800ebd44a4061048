"""Where training data comes from: rendered faces in a cache, or a data set packed into one."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.datasets import face_cache
from core.datasets.face_cache import FaceCache
from core.datasets.registry import Spec, read_samples
from core.datasets.render_cache import (
    MASK_SCHEME,
    SCHEME,
    WORLD,
    WORLD_98,
    WORLD_PARTS,
    render_cache,
)
from core.datasets.sample import Sample, labels_in
from core.errors import InputError
from core.progress import Cancelled, Progress, Report, check
from core.schemes import load_landmark_scheme
from core.training.recipe import Recipe

_PACK_LENGTH = 250


def open_training_data(
    recipe: Recipe, report: Report, cancelled: Cancelled
) -> tuple[FaceCache, FaceCache | None]:
    """The training cache, and the validation cache where the recipe names one.

    Raises:
        InputError: If a data set is missing or unusable.
    """
    folder = cache_folder(recipe)
    if recipe.data.train:
        train = _open(recipe.data.train, recipe, folder, report, cancelled)
    else:
        train = _rendered(recipe, folder, report, cancelled)
    if not recipe.data.validation:
        return train, None
    return train, _open(recipe.data.validation, recipe, folder, report, cancelled)


def _rendered(recipe: Recipe, folder: Path, report: Report, cancelled: Cancelled) -> FaceCache:
    parsing = recipe.task == "parsing"
    if parsing and recipe.mask_scheme != MASK_SCHEME:
        raise InputError(
            f"Rendered faces have {MASK_SCHEME} labels, not {recipe.mask_scheme}; name data.train."
        )
    kind = "heads" if parsing else "rendered"
    renderer, scheme = WORLD_PARTS if parsing else WORLD, SCHEME
    if not parsing and recipe.scheme == "wflw98":
        kind, renderer, scheme = "rendered98", WORLD_98, recipe.scheme
    return render_cache(
        folder / f"{kind}-{recipe.seed}-{recipe.data.stored_size}",
        recipe.data.faces,
        recipe.seed,
        recipe.data.stored_size,
        renderer=renderer,
        scheme=scheme,
        mask_scheme=MASK_SCHEME if parsing else None,
        report=report,
        cancelled=cancelled,
    )


def cache_folder(recipe: Recipe) -> Path:
    """Where caches go."""
    if recipe.data.folder:
        return Path(recipe.data.folder).expanduser()
    from core import paths

    return paths.user_cache() / "faces"


def _open(
    specs: Sequence[str], recipe: Recipe, folder: Path, report: Report, cancelled: Cancelled
) -> FaceCache:
    parsed = [Spec.parse(text) for text in specs]
    if len(parsed) == 1 and parsed[0].reader == "synthetic" and parsed[0].split is None:
        if not parsed[0].path.exists():
            raise InputError(f"{parsed[0].path}: there is no such folder of rendered faces.")
        return _fitting(face_cache.open_cache(parsed[0].path), recipe)
    samples = [s for text in specs for s in read_samples(text)]
    key = _key(specs, recipe, samples)
    return pack(samples, recipe, folder / f"packed-{key}", report, cancelled)


def _key(specs: Sequence[str], recipe: Recipe, samples: Sequence[Sample]) -> str:
    """Names a packed cache; a project that was annotated further is another one."""
    settings = [list(specs), asdict(recipe.data), recipe.task, recipe.scheme]
    digest = hashlib.sha256(json.dumps(settings).encode())
    for sample in samples:
        digest.update(sample.name.encode())
        if sample.landmarks is not None:
            digest.update(np.ascontiguousarray(sample.landmarks).tobytes())
    return digest.hexdigest()[:16]


def _fitting(cache: FaceCache, recipe: Recipe) -> FaceCache:
    if recipe.task == "parsing" and cache.mask_scheme != recipe.mask_scheme:
        raise InputError(
            f"{cache.folder}: this cache has {cache.mask_scheme or 'no'} labels where the recipe "
            f"wants {recipe.mask_scheme}."
        )
    return cache


def pack(
    samples: Sequence[Sample], recipe: Recipe, folder: Path, report: Report, cancelled: Cancelled
) -> FaceCache:
    """Crop the samples that have a picture and landmarks (and labels, to parse) into a cache.

    Raises:
        InputError: If none has, or their points cannot be mapped to the recipe's scheme.
    """
    target = load_landmark_scheme(recipe.scheme)
    parsing = recipe.task == "parsing"
    usable = [s for s in samples if s.image is not None and s.landmarks is not None and s.scheme]
    usable = [s for s in usable if (s.labels is not None and s.mask_scheme) or not parsing]
    if not usable:
        what = "landmarks and labels" if parsing else "landmarks"
        raise InputError(f"The data sets named hold no picture with {what}.")
    origin = {"samples": len(usable)}
    size = recipe.data.stored_size
    mask_scheme = recipe.mask_scheme if parsing else None
    framing = face_cache.HEAD if parsing else face_cache.FACE
    face_cache.start_cache(folder, recipe.scheme, size, _PACK_LENGTH, origin, mask_scheme)
    for start in range(0, len(usable), _PACK_LENGTH):
        shard = start // _PACK_LENGTH
        if not all(f.is_file() for f in face_cache.shard_files(folder, shard, parsing)):
            images, points, visible, masks = [], [], [], []
            for sample in usable[start : start + _PACK_LENGTH]:
                assert sample.landmarks is not None
                assert sample.scheme is not None
                xy = load_landmark_scheme(sample.scheme).convert(sample.landmarks, target)
                if not np.isfinite(xy).any():
                    raise InputError(
                        f"{sample.name}: {sample.scheme} points say nothing of {recipe.scheme}."
                    )
                framed = _framed(sample, xy) if recipe.task == "weak" else xy
                image, moved = face_cache.stored_crop(sample.rgb(), framed, size, framing)
                moved = moved[: len(xy)]
                if parsing:
                    labels = labels_in(sample, recipe.mask_scheme)
                    masks.append(face_cache.stored_labels(labels, xy, size, framing))
                images.append(image)
                points.append(moved)
                visible.append(np.ones(target.num_points, bool))
                check(cancelled)
            stacked = np.stack(images), np.stack(points), np.stack(visible)
            face_cache.write_shard(folder, shard, *stacked, np.stack(masks) if parsing else None)
        report(Progress("pack", min(start + _PACK_LENGTH, len(usable)), len(usable)))
    return face_cache.open_cache(folder)


def _framed(sample: Sample, xy: NDArray[np.floating]) -> NDArray[np.floating]:
    """The points, and the corners of the face's box where some are missing, (M or M + 2, 2).

    The hull of a few points is smaller than the face; its box, where known, is not.
    """
    if sample.box_xyxy is None or np.isfinite(xy).all():
        return xy
    return np.concatenate([xy, np.asarray(sample.box_xyxy, xy.dtype).reshape(2, 2)])
