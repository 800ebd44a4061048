"""`pairs:FOLDER` — pictures with indexed label PNGs of the same name.

    FOLDER/images/a.jpg   (or image/, pictures/)
    FOLDER/labels/a.png   (or annotation/, annotations/, masks/)
    FOLDER/scheme.txt     the mask scheme's name (a bundled one, or a JSON file beside it)

Label PNGs hold class indices; a palette is not looked at.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.datasets.pts import IMAGES
from core.datasets.sample import Sample, missing_files
from core.errors import InputError
from core.schemes import MaskScheme, load_mask_scheme

IMAGE_FOLDERS = ("images", "image", "pictures")
LABEL_FOLDERS = ("labels", "annotation", "annotations", "masks")
_LAYOUT = "images/NAME.jpg with labels/NAME.png and a scheme.txt that names the mask scheme"


def read_folder(path: Path) -> list[Sample]:
    """All pairs of a folder.

    Raises:
        InputError: If folders, labels or the scheme are missing.
    """
    images, labels = (_one_of(path, names) for names in (IMAGE_FOLDERS, LABEL_FOLDERS))
    scheme = _scheme(path)
    files = sorted(p for p in images.iterdir() if p.suffix.lower() in IMAGES)
    if not files:
        raise InputError(f"{images}: no picture here; expected {_LAYOUT}.")
    lost = [
        f"{labels.name}/{p.stem}.png" for p in files if not (labels / f"{p.stem}.png").is_file()
    ]
    if lost:
        raise missing_files("pairs", path, lost, _LAYOUT)
    return [
        Sample(
            name=file.stem,
            image=file,
            mask_scheme=scheme.name,
            labels=partial(_read_labels, file, labels / f"{file.stem}.png", scheme),
        )
        for file in files
    ]


def _one_of(path: Path, names: tuple[str, ...]) -> Path:
    found = [path / name for name in names if (path / name).is_dir()]
    if len(found) != 1:
        raise InputError(f"{path}: {len(found)} folders called {' or '.join(names)}; {_LAYOUT}.")
    return found[0]


def _scheme(path: Path) -> MaskScheme:
    file = path / "scheme.txt"
    if not file.is_file():
        raise InputError(f"{path}: scheme.txt is missing; expected {_LAYOUT}.")
    name = file.read_text(encoding="utf-8").strip()
    beside = path / name
    return load_mask_scheme(beside if name and beside.is_file() else name)


def _read_labels(image: Path, file: Path, scheme: MaskScheme) -> NDArray[np.uint8]:
    from core.video.images import read_image, read_png_indexed

    labels = read_png_indexed(file)[0]
    size = read_image(image).shape[:2]
    if labels.shape != size:
        raise InputError(
            f"{file}: {labels.shape[1]}×{labels.shape[0]} px, its picture {size[1]}×{size[0]}; "
            "labels must have the picture's size."
        )
    if labels.max(initial=0) >= scheme.num_classes:
        raise InputError(
            f"{file}: holds label {int(labels.max())}; {scheme.name} has 0 … "
            f"{scheme.num_classes - 1}."
        )
    return labels
