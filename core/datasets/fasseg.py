"""FASSEG: frontal (V2) and multi-pose (V3) faces with colour label pictures.

Labels are RGB pictures with soft edges, so every pixel takes the nearest of six colours. Their
conventions: brows count as hair, ears and neck as skin. They are read into `helen11` indices:
background, skin, hair, eyes (as left eye), nose, mouth (as upper lip).
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.datasets.sample import Sample, missing_files
from core.errors import InputError

MASK_SCHEME = "helen11"
COLOURS = {
    "background": ((255, 0, 0), 0),
    "skin": ((255, 255, 0), 1),
    "hair": ((127, 0, 0), 10),
    "eyes": ((0, 0, 255), 4),
    "nose": ((0, 255, 255), 6),
    "mouth": ((0, 255, 0), 7),
}
"""Colour and helen11 index of each of the six labels."""
GROUPS = {
    "background": ("background",),
    "skin": ("skin", "ears", "neck", "glasses"),
    "hair": ("hair", "left_brow", "right_brow"),
    "eyes": ("left_eye", "right_eye"),
    "nose": ("nose",),
    "mouth": ("upper_lip", "inner_mouth", "lower_lip"),
}
"""What each label holds, by the class names of our schemes."""
_LAYOUT = "V2/Train_RGB/*.bmp with V2/Train_Labels/*.bmp (V3: Train_labels)"


def nearest_labels(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The helen11 index of the nearest colour, (H, W, 3) to (H, W)."""
    palette = np.array([colour for colour, _ in COLOURS.values()], np.int32)
    indices = np.array([index for _, index in COLOURS.values()], np.uint8)
    best = np.full(rgb.shape[:2], np.iinfo(np.int32).max, np.int32)
    labels = np.zeros(rgb.shape[:2], np.uint8)
    for colour, index in zip(palette, indices, strict=True):
        distance = ((rgb.astype(np.int32) - colour) ** 2).sum(axis=2)
        nearer = distance < best
        best[nearer], labels[nearer] = distance[nearer], index
    return labels


def read_folder(path: Path) -> list[Sample]:
    """All picture-label pairs below a folder.

    Raises:
        InputError: If there is none or a label picture is missing.
    """
    images = sorted(p for p in path.rglob("*.bmp") if "_rgb" in str(p.relative_to(path)).lower())
    if not images:
        raise InputError(f"{path}: no FASSEG picture here; expected {_LAYOUT}.")
    pairs = [(image, _label_of(image, path)) for image in images]
    lost = [image.relative_to(path).as_posix() for image, label in pairs if label is None]
    if lost:
        raise missing_files("FASSEG", path, [f"the labels of {name}" for name in lost], _LAYOUT)
    return [
        Sample(
            name=image.relative_to(path).with_suffix("").as_posix(),
            image=image,
            mask_scheme=MASK_SCHEME,
            mask_groups=GROUPS,
            labels=partial(_read_labels, image, label),
            subject=image.stem.split("+")[0].split("-")[0],
        )
        for image, label in pairs
        if label is not None
    ]


def _label_of(image: Path, root: Path) -> Path | None:
    parts = list(image.relative_to(root).parts)
    for number, part in enumerate(parts):
        if part.lower().endswith("_rgb"):
            for suffix in ("_Labels", "_labels"):
                trial = root.joinpath(*parts[:number], part[:-4] + suffix, *parts[number + 1 :])
                if trial.is_file():
                    return trial
    return None


def _read_labels(image: Path, label: Path) -> NDArray[np.uint8]:
    from core.video.images import read_image

    colours, picture = read_image(label), read_image(image)
    if colours.shape != picture.shape:
        raise InputError(
            f"{label}: {colours.shape[1]}×{colours.shape[0]} px, its picture "
            f"{picture.shape[1]}×{picture.shape[0]}; labels must have the picture's size."
        )
    return nearest_labels(colours)
