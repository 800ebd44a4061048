"""Data sets of pictures with label pictures: LaPa, Figaro-1k, and skin-clothes-hair.

    lapa:FOLDER               {train,val,test}/{images/A.jpg, labels/A.png, landmarks/A.txt}
    figaro:FOLDER             Original/{Training,Testing}/FrameN-org.jpg, GT/…/FrameN-gt.pbm
    skin-clothes-hair:FOLDER  image/A.png, annotation/A.png with 0 … 3

LaPa (Liu et al., AAAI 2020): label PNGs hold `lapa11` indices; the landmark file is the number 106,
then a line "x y" a point. Figaro-1k (Svanera et al.): white is hair. Written from these
descriptions; never seen a real file of the two. Skin-clothes-hair (Kazuhito00's segmentation
example) labels 0 background, 1 skin, 2 clothes, 3 hair over face and body; what no scheme here
tells apart is background, so it is read as `hair2`.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.datasets.label_maps import read_indices, same_size
from core.datasets.point_checks import parsed_numbers
from core.datasets.sample import Sample, checked_landmarks, missing_files
from core.errors import InputError

LAPA_SPLITS = {"train": "train", "val": "validation", "test": "test"}
FIGARO_SPLITS = {"Training": "train", "Testing": "test"}
SKIN_CLOTHES_HAIR = np.array([0, 0, 0, 1], np.uint8)
"""The `hair2` class of each of its labels."""
_LAPA = "{train,val,test}/images/A.jpg with labels/A.png and landmarks/A.txt"
_FIGARO = "Original/Training/Frame00001-org.jpg with GT/Training/Frame00001-gt.pbm"
_SKIN = "image/A.png with annotation/A.png"


def read_lapa(path: Path) -> list[Sample]:
    """All faces of LaPa, or of one of its three folders.

    Raises:
        InputError: If there are none, files are missing, or landmarks are damaged.
    """
    parts = {path: ""} if (path / "images").is_dir() else _present(path, LAPA_SPLITS)
    images = {f: split for part, split in parts.items() for f in sorted(part.glob("images/*.jpg"))}
    wanted = [("labels", ".png"), ("landmarks", ".txt")]
    beside = {f: [f.parents[1] / d / (f.stem + s) for d, s in wanted] for f in images}
    _complete("LaPa", path, beside, _LAPA)
    return [_lapa(file, beside[file], split) for file, split in images.items()]


def _lapa(image: Path, files: list[Path], split: str) -> Sample:
    labels, points = files
    try:
        count, *words = points.read_text(encoding="ascii").split()
    except (OSError, ValueError) as error:
        raise InputError(f"{points}: not a readable landmark file ({error}).") from error
    if count != "106" or len(words) != 212:
        raise InputError(f"{points}: 106 points wanted, {len(words) / 2:g} there.")
    xy = parsed_numbers(words, str(points)).reshape(106, 2)
    return Sample(
        name="/".join(filter(None, (split, image.stem))),
        image=image,
        scheme="points106",
        landmarks=checked_landmarks(xy, str(points), 106),
        mask_scheme="lapa11",
        labels=partial(read_indices, labels, image, "lapa11"),
        split=split,
    )


def read_figaro(path: Path) -> list[Sample]:
    """All pictures of Figaro-1k, with the official split.

    Raises:
        InputError: If there are none or masks are missing.
    """
    parts = _present(path / "Original", FIGARO_SPLITS)
    images = {f: split for part, split in parts.items() for f in sorted(part.glob("*-org.jpg"))}
    beside = {
        f: [path / "GT" / f.parent.name / f.name.replace("-org.jpg", "-gt.pbm")] for f in images
    }
    _complete("Figaro", path, beside, _FIGARO)
    return [
        Sample(
            name=file.stem.removesuffix("-org"),
            image=file,
            mask_scheme="hair2",
            labels=partial(_white, beside[file][0], file),
            split=split,
        )
        for file, split in images.items()
    ]


def _white(file: Path, image: Path) -> NDArray[np.uint8]:
    from core.video.images import read_image

    grey = read_image(file)[..., 0]
    same_size(grey.shape, file, image)
    if not np.isin(grey, (0, 255)).all():
        raise InputError(f"{file}: holds grey values; a mask is black and white.")
    return (grey > 0).astype(np.uint8)


def read_skin_clothes_hair(path: Path) -> list[Sample]:
    """All pictures of a folder.

    Raises:
        InputError: If there are none or annotations are missing.
    """
    images = sorted((path / "image").glob("*.png"))
    beside = {file: [path / "annotation" / file.name] for file in images}
    _complete("skin-clothes-hair", path, beside, _SKIN)
    return [
        Sample(
            name=file.stem,
            image=file,
            mask_scheme="hair2",
            labels=partial(_hair_of_four, beside[file][0], file),
        )
        for file in images
    ]


def _hair_of_four(file: Path, image: Path) -> NDArray[np.uint8]:
    from core.video.images import read_png_indexed

    labels = read_png_indexed(file)[0]
    same_size(labels.shape, file, image)
    if labels.max(initial=0) >= len(SKIN_CLOTHES_HAIR):
        raise InputError(f"{file}: holds label {int(labels.max())}; there are 0 … 3.")
    return SKIN_CLOTHES_HAIR[labels]


def _present(folder: Path, splits: dict[str, str]) -> dict[Path, str]:
    """The folders of a data set's splits that are there."""
    return {folder / name: split for name, split in splits.items() if (folder / name).is_dir()}


def _complete(what: str, path: Path, beside: dict[Path, list[Path]], layout: str) -> None:
    """Refuse a data set without pictures or with files missing."""
    if not beside:
        raise InputError(f"{path}: no {what} picture here; expected {layout}.")
    lost = [str(f.relative_to(path)) for files in beside.values() for f in files if not f.is_file()]
    if lost:
        raise missing_files(what, path, lost, layout)
