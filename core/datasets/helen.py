"""`helen:FOLDER` — Helen with the parsing labels of Smith et al. (CVPR 2013), 11 classes.

    FOLDER/images/A.jpg
    FOLDER/labels/A/A_lbl00.png … A_lbl10.png    one grey picture a class: how much of it
    FOLDER/exemplars.txt, tuning.txt, testing.txt    lines "number , A": train, validation, test

A pixel takes the class with most of it, the lower one of equals; a pixel with none is background.
Classes come in the order of `helen11`. Which side the authors call "left" is nowhere stated, so it
is read off the picture: the faces were turned upright by them, and the person's left eye and brow
lie at the picture's right. Written from this description; never seen a real file.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.datasets.label_maps import same_size
from core.datasets.sample import Sample, missing_files, read_lines
from core.errors import InputError

CLASSES = 11
LISTS = {"exemplars.txt": "train", "tuning.txt": "validation", "testing.txt": "test"}
_LEFT_BROW, _RIGHT_BROW, _LEFT_EYE, _RIGHT_EYE = 2, 3, 4, 5
_LAYOUT = "images/A.jpg with labels/A/A_lbl00.png … A_lbl10.png"


def read_folder(path: Path) -> list[Sample]:
    """All faces, with the official split where the lists are there.

    Raises:
        InputError: If there are none, labels are missing or a list is damaged.
    """
    images = sorted((path / "images").glob("*.jpg"))
    if not images:
        raise InputError(f"{path}: no Helen picture here; expected {_LAYOUT}.")
    files = {f: [_label(path, f.stem, k) for k in range(CLASSES)] for f in images}
    lost = [str(m.relative_to(path)) for maps in files.values() for m in maps if not m.is_file()]
    if lost:
        raise missing_files("Helen", path, lost, _LAYOUT)
    splits = _splits(path)
    return [
        Sample(
            name=image.stem,
            image=image,
            mask_scheme="helen11",
            labels=partial(read_labels, maps, image),
            # 2267480952_1 is a face of picture 2267480952
            subject=image.stem.split("_")[0],
            split=splits.get(image.stem, ""),
        )
        for image, maps in files.items()
        if not splits or image.stem in splits
    ]


def _label(path: Path, stem: str, number: int) -> Path:
    return path / "labels" / stem / f"{stem}_lbl{number:02d}.png"


def _splits(path: Path) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, split in LISTS.items():
        if not (path / name).is_file():
            continue
        for line in read_lines(path / name, "Helen list"):
            _, comma, stem = line.partition(",")
            if not comma and line.strip():
                raise InputError(f"{path / name}: {line!r} is no line 'number , name'.")
            found[stem.strip()] = split
    found.pop("", None)
    return found


def read_labels(files: list[Path], image: Path) -> NDArray[np.uint8]:
    """The `helen11` labels (H, W) of one face.

    Raises:
        InputError: If a map is damaged or of another size than the picture.
    """
    from core.video.images import read_image

    maps = []
    for file in files:
        maps.append(read_image(file)[..., 0])
        same_size(maps[-1].shape, file, image)
    labels = np.argmax(maps, axis=0).astype(np.uint8)
    return _sides_swapped(labels) if _left_lies_left(labels) else labels


def _left_lies_left(labels: NDArray[np.uint8]) -> bool:
    """Whether what is called left lies left of what is called right in the picture."""
    for left, right in ((_LEFT_EYE, _RIGHT_EYE), (_LEFT_BROW, _RIGHT_BROW)):
        columns = [np.nonzero(labels == k)[1] for k in (left, right)]
        if all(len(c) for c in columns):
            return bool(columns[0].mean() < columns[1].mean())
    return False


def _sides_swapped(labels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    lookup = np.arange(CLASSES, dtype=np.uint8)
    lookup[[_LEFT_BROW, _RIGHT_BROW, _LEFT_EYE, _RIGHT_EYE]] = [3, 2, 5, 4]
    return lookup[labels]
