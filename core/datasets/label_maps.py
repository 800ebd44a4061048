"""What every reader of label pictures checks: size and values."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.errors import InputError
from core.schemes import load_mask_scheme


def picture_hw(file: Path) -> tuple[int, int]:
    """Height and width as shown, from the file's header alone.

    Raises:
        InputError: If it is missing or no picture.
    """
    from core.video.images import open_image, shown_size

    with open_image(file) as image:
        width, height = shown_size(image)
    return height, width


def checked_labels(
    labels: NDArray[np.uint8], file: Path, image: Path | None, scheme: str
) -> NDArray[np.uint8]:
    """The label map (H, W), if it has its picture's size and known values only.

    Args:
        labels: What was read.
        file: Where from, for the sentence.
        image: Its picture; None = of any size.
        scheme: Mask scheme of the values.

    Raises:
        InputError: If size or values are wrong.
    """
    if image is not None:
        same_size(labels.shape[:2], file, image)
    classes = load_mask_scheme(scheme).num_classes
    if labels.max(initial=0) >= classes:
        raise InputError(
            f"{file}: holds label {int(labels.max())}; {scheme} has 0 … {classes - 1}."
        )
    return labels


def same_size(hw: tuple[int, ...], file: Path, image: Path) -> None:
    """Refuse labels of another size than their picture.

    Raises:
        InputError: If they differ.
    """
    height, width = picture_hw(image)
    if tuple(hw) != (height, width):
        raise InputError(
            f"{file}: {hw[1]}×{hw[0]} px, its picture {width}×{height}; "
            "labels must have the picture's size."
        )


def read_indices(file: Path, image: Path | None, scheme: str) -> NDArray[np.uint8]:
    """Class indices of an indexed or grey PNG, checked.

    Raises:
        InputError: If it is missing, damaged, of another size, or holds unknown values.
    """
    from core.video.images import read_png_indexed

    return checked_labels(read_png_indexed(file)[0], file, image, scheme)
