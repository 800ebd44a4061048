"""WFLW's annotation lists: 98 points, box, six attributes and a picture's name a line.

Written from the description of the data set (Wu et al., CVPR 2018: "coordinates of 98 landmarks
(196) + coordinates of upper left corner and lower right corner of detection rectangle (4) +
attributes annotations (6) + image name (1)"); never seen a real file. Expected:

    WFLW_annotations/list_98pt_rect_attr_train_test/list_98pt_rect_attr_{train,test}.txt
    WFLW_images/…
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from core.datasets.sample import Sample, checked_landmarks, missing_files
from core.errors import InputError

ATTRIBUTES = ("pose", "expression", "illumination", "make_up", "occlusion", "blur")
"""The official subsets; a sample's name ends in those that hold for it."""
_FIELDS = 196 + 4 + 6 + 1
_LAYOUT = "list_98pt_rect_attr_test.txt with WFLW_images in its folder or one above"


def read_file(path: Path) -> list[Sample]:
    """All faces of a list (or of the test list below a folder).

    Raises:
        InputError: If the list is missing or damaged, or pictures are missing.
    """
    path = _list_of(path)
    try:
        lines = [line.split() for line in path.read_text(encoding="utf-8").splitlines()]
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: not a readable WFLW list ({error}).") from error
    images = _image_folder(path)
    found = [_sample(path, images, n, line) for n, line in enumerate(lines, 1) if line]
    if not found:
        raise InputError(f"{path}: an empty list; expected {_LAYOUT}.")
    lost = sorted(
        {str(s.image) for s in found if isinstance(s.image, Path) and not s.image.is_file()}
    )
    if lost:
        raise missing_files("WFLW", images, lost, _LAYOUT)
    return found


def _list_of(path: Path) -> Path:
    if path.is_file():
        return path
    files = sorted(path.rglob("list_98pt_rect_attr_test.txt"))
    if len(files) != 1:
        raise InputError(f"{path}: {len(files)} test lists here; expected {_LAYOUT}.")
    return files[0]


def _image_folder(path: Path) -> Path:
    """WFLW_images in the list's folder or one of the three above."""
    for folder in list(path.parents)[:4]:
        if (folder / "WFLW_images").is_dir():
            return folder / "WFLW_images"
    raise InputError(f"{path}: no WFLW_images near it; expected {_LAYOUT}.")


def _sample(path: Path, images: Path, number: int, words: list[str]) -> Sample:
    where = f"{path}: line {number}"
    try:
        if len(words) != _FIELDS:
            raise ValueError(f"{len(words)} fields, {_FIELDS} expected")
        numbers = np.array([float(word) for word in words[:-1]])
    except ValueError as error:
        raise InputError(f"{where} is damaged ({error}).") from error
    flags = [name for name, on in zip(ATTRIBUTES, numbers[200:206], strict=True) if on]
    return Sample(
        name="+".join([f"{words[-1]}#{number}", *flags]),
        image=images / words[-1],
        scheme="wflw98",
        landmarks=checked_landmarks(numbers[:196].reshape(98, 2), where, 98),
        box_xyxy=numbers[196:200].astype(np.float32),
        subject=words[-1],
    )
