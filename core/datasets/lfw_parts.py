"""`lfw-parts:FOLDER` — LFW Part Labels (Kae et al., CVPR 2013): hair, face, background.

    FOLDER/lfw_funneled/NAME/NAME_0001.jpg
    FOLDER/parts_lfw_funneled_gt_images/NAME_0001.ppm       red hair, green face, blue background
    FOLDER/parts_lfw_funneled_superpixels_mat/NAME/NAME_0001.dat    a number a pixel, where present
    FOLDER/parts_train.txt, parts_validation.txt, parts_test.txt    lines "NAME 1"

The classes are read into `helen11` indices: background, skin (the whole face with eyes and mouth),
hair. The person is the subject. Written from this description; never seen a real file.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.datasets.label_maps import same_size
from core.datasets.sample import Sample, missing_files, read_lines
from core.errors import InputError

MASK_SCHEME = "helen11"
COLOURS = {(255, 0, 0): 10, (0, 255, 0): 1, (0, 0, 255): 0}
"""The helen11 index of each label colour."""
GROUPS = {
    "background": ("background",),
    "skin": (
        *("skin", "ears", "neck", "glasses", "nose", "upper_lip", "inner_mouth", "lower_lip"),
        *("left_brow", "right_brow", "left_eye", "right_eye"),
    ),
    "hair": ("hair",),
}
"""What each label holds, by the class names of our schemes."""
LISTS = {
    "parts_train.txt": "train",
    "parts_validation.txt": "validation",
    "parts_test.txt": "test",
}
_LAYOUT = "lfw_funneled/NAME/NAME_0001.jpg with parts_lfw_funneled_gt_images/NAME_0001.ppm"


def read_folder(path: Path) -> list[Sample]:
    """All labelled faces, with the official split where the lists are there.

    Raises:
        InputError: If there are none, pictures or labels are missing, or a list is damaged.
    """
    labels = {f.stem: f for f in (path / "parts_lfw_funneled_gt_images").glob("*.ppm")}
    splits = _splits(path)
    names = sorted(splits or labels)
    if not names:
        raise InputError(f"{path}: no LFW part label here; expected {_LAYOUT}.")
    images = {n: path / "lfw_funneled" / _person(n) / f"{n}.jpg" for n in names}
    lost = [f"{n}.ppm" for n in names if n not in labels]
    lost += [f.name for f in images.values() if not f.is_file()]
    if lost:
        raise missing_files("LFW parts", path, lost, _LAYOUT)
    return [_sample(path, n, images[n], labels[n], splits.get(n, "")) for n in names]


def _sample(path: Path, name: str, image: Path, label: Path, split: str) -> Sample:
    numbers = path / "parts_lfw_funneled_superpixels_mat" / _person(name) / f"{name}.dat"
    return Sample(
        name=name,
        image=image,
        mask_scheme=MASK_SCHEME,
        mask_groups=GROUPS,
        labels=partial(read_labels, label, image),
        subject=_person(name),
        split=split,
        superpixels=partial(read_superpixels, numbers, image) if numbers.is_file() else None,
    )


def _person(name: str) -> str:
    return name.rpartition("_")[0]


def _splits(path: Path) -> dict[str, str]:
    found: dict[str, str] = {}
    for file, split in LISTS.items():
        if not (path / file).is_file():
            continue
        for line in read_lines(path / file, "LFW parts list"):
            words = line.split()
            if words and (len(words) != 2 or not words[1].isdecimal()):
                raise InputError(f"{path / file}: {line!r} is no line 'NAME number'.")
            if words:
                found[f"{words[0]}_{int(words[1]):04d}"] = split
    return found


def read_labels(file: Path, image: Path) -> NDArray[np.uint8]:
    """The helen11 labels (H, W) of a colour label picture.

    Raises:
        InputError: If it is damaged, of another size, or has other colours than the three.
    """
    from core.video.images import read_image

    rgb = read_image(file)
    same_size(rgb.shape[:2], file, image)
    labels = np.full(rgb.shape[:2], 255, np.uint8)
    for colour, index in COLOURS.items():
        labels[(rgb == colour).all(axis=2)] = index
    if (labels == 255).any():
        wrong = rgb[labels == 255][0].tolist()
        raise InputError(f"{file}: holds colour {wrong}; labels are red, green and blue.")
    return labels


def read_superpixels(file: Path, image: Path) -> NDArray[np.int32]:
    """The number of each pixel's super-pixel, (H, W).

    Raises:
        InputError: If it is damaged or of another size than the picture.
    """
    try:
        numbers = np.loadtxt(file, dtype=np.int32, ndmin=2)
    except (OSError, ValueError) as error:
        raise InputError(f"{file}: not a readable table of super-pixels ({error}).") from error
    same_size(numbers.shape, file, image)
    return numbers
