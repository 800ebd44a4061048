"""`synthetic:FOLDER` — rendered faces from a face cache, as samples."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np

from core.datasets.face_cache import open_cache
from core.datasets.sample import Sample


def read_folder(path: Path) -> list[Sample]:
    """All faces of a cache; every face is its own subject.

    Raises:
        InputError: If the folder is no cache.
    """
    cache = open_cache(path)
    return [
        Sample(
            name=f"{path.name}#{index}",
            image=partial(cache.image, index),
            scheme=cache.scheme,
            landmarks=np.asarray(cache.landmarks[index], np.float32),
            visible=cache.visible[index],
            mask_scheme=cache.mask_scheme,
            labels=partial(cache.label_map, index) if cache.mask_scheme else None,
        )
        for index in range(len(cache))
    ]
