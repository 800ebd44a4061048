"""`celebamask:FOLDER` — CelebAMask-HQ (Lee et al., CVPR 2020), 19 classes.

    FOLDER/CelebA-HQ-img/0.jpg                                1024 × 1024
    FOLDER/CelebAMask-HQ-mask-anno/0/00000_skin.png …         512 × 512, white is the part
    FOLDER/CelebA-HQ-to-CelebA-mapping.txt                    idx, orig_idx, orig_file
    FOLDER/list_eval_partition.txt, identity_CelebA.txt       CelebA's; used where present

Parts that are there are painted in class order (as the data set's own script does), and labels are
repeated to the picture's size. Split and person are those of the CelebA picture. Written from this
description; never seen a real file.
"""

from __future__ import annotations

from collections import defaultdict
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.datasets.label_maps import picture_hw
from core.datasets.sample import Sample, missing_files, read_lines
from core.errors import InputError

PARTS = (
    "skin nose eye_g l_eye r_eye l_brow r_brow l_ear r_ear mouth u_lip l_lip hair hat ear_r neck_l"
    " neck cloth"
).split()
"""The files' names in the order of `celebamask19`, from class 1."""
SPLITS = {"0": "train", "1": "validation", "2": "test"}
_LAYOUT = "CelebA-HQ-img/0.jpg with CelebAMask-HQ-mask-anno/0/00000_skin.png"


def read_folder(path: Path) -> list[Sample]:
    """All faces.

    Raises:
        InputError: If there are none, or masks are missing or of unknown parts.
    """
    images = {int(f.stem): f for f in (path / "CelebA-HQ-img").glob("*.jpg") if f.stem.isdecimal()}
    if not images:
        raise InputError(f"{path}: no CelebAMask-HQ picture here; expected {_LAYOUT}.")
    parts = _parts(path / "CelebAMask-HQ-mask-anno")
    lost = [f"{number:05d}_skin.png" for number in sorted(images) if number not in parts]
    if lost:
        raise missing_files("CelebAMask-HQ", path, lost, _LAYOUT)
    mapping = _table(path / "CelebA-HQ-to-CelebA-mapping.txt")
    originals = {int(row[0]): row[-1] for row in mapping if row[0].isdecimal()}
    partition = {row[0]: row[1] for row in _table(path / "list_eval_partition.txt")}
    people = {row[0]: row[1] for row in _table(path / "identity_CelebA.txt")}
    return [
        Sample(
            name=f"{number:05d}",
            image=image,
            mask_scheme="celebamask19",
            labels=partial(read_labels, parts[number], image),
            subject=people.get(originals.get(number, ""), ""),
            split=SPLITS.get(partition.get(originals.get(number, ""), ""), ""),
        )
        for number, image in sorted(images.items())
    ]


def _parts(folder: Path) -> dict[int, dict[int, Path]]:
    """Of each picture the file of each class it has."""
    found: dict[int, dict[int, Path]] = defaultdict(dict)
    for file in folder.glob("*/*.png"):
        number, _, part = file.stem.partition("_")
        if not number.isdecimal() or part not in PARTS:
            raise InputError(f"{file}: no known part; they are {', '.join(PARTS)}.")
        found[int(number)][PARTS.index(part) + 1] = file
    return found


def _table(file: Path) -> list[list[str]]:
    """The rows of a list that begin with a number or a picture's name; none without the file."""
    if not file.is_file():
        return []
    rows = [line.split() for line in read_lines(file, "CelebA list")]
    rows = [row for row in rows if row and row[0][:1].isdecimal()]
    if any(len(row) < 2 for row in rows):
        raise InputError(f"{file}: a line has one field only; is it cut short?")
    return rows


def read_labels(parts: dict[int, Path], image: Path) -> NDArray[np.uint8]:
    """The `celebamask19` labels (H, W) at the picture's size.

    Raises:
        InputError: If a mask is damaged or its size no whole part of the picture's.
    """
    from core.video.images import read_image

    height, width = picture_hw(image)
    labels = np.zeros((0, 0), np.uint8)
    for number, file in sorted(parts.items()):
        inside = read_image(file)[..., 0] > 127
        factor = height // inside.shape[0]
        wrong = (inside.shape[0] * factor, inside.shape[1] * factor) != (height, width)
        if wrong or (labels.size and inside.shape != labels.shape):
            raise InputError(
                f"{file}: {inside.shape[1]}×{inside.shape[0]} px, its picture {width}×{height}; "
                "masks must have the picture's size or a whole part of it."
            )
        labels = labels if labels.size else np.zeros(inside.shape, np.uint8)
        labels[inside] = number
    factor = height // labels.shape[0]
    return labels.repeat(factor, axis=0).repeat(factor, axis=1)
