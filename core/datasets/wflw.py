"""WFLW's annotation lists: 98 points, box, six attributes and a picture's name a line.

Written from the description of the data set (Wu et al., CVPR 2018: "coordinates of 98 landmarks
(196) + coordinates of upper left corner and lower right corner of detection rectangle (4) +
attributes annotations (6) + image name (1)"); never seen a real file. The lists without boxes and
attributes (196 + 1 fields; the test set's subsets come so) are read as well. Expected:

    WFLW_annotations/list_98pt_rect_attr_train_test/list_98pt_rect_attr_{train,test}.txt
    WFLW_images/…

A folder means both lists with their official split, a list is taken as it is. Points count pixels
from 0. Who is shown is not known: the faces of one picture stay together.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from core.datasets.point_checks import parsed_numbers
from core.datasets.sample import Sample, checked_landmarks, missing_files, read_lines
from core.errors import InputError

ATTRIBUTES = ("pose", "expression", "illumination", "make_up", "occlusion", "blur")
"""The official subsets; a sample's name ends in those that hold for it."""
POINTS = 98
_FIELDS = (2 * POINTS + 4 + 6 + 1, 2 * POINTS + 1)
_LAYOUT = "list_98pt_rect_attr_test.txt with WFLW_images in its folder or one above"
_PATTERNS = ("list_98pt_rect_attr_{}.txt", "list_98pt_{}.txt")


def read_file(path: Path) -> list[Sample]:
    """All faces of a list, or of the train and test lists below a folder.

    Raises:
        InputError: If the list is missing or damaged, or pictures are missing.
    """
    lists = {"": path} if path.is_file() else _lists_of(path)
    return [sample for split, file in lists.items() for sample in _read_list(file, split)]


def _lists_of(folder: Path) -> dict[str, Path]:
    for pattern in _PATTERNS:
        found = {s: sorted(folder.rglob(pattern.format(s))) for s in ("train", "test")}
        if any(found.values()):
            return {split: files[0] for split, files in found.items() if files}
    raise InputError(f"{folder}: no WFLW list here; expected {_LAYOUT}.")


def _read_list(file: Path, split: str) -> list[Sample]:
    lines = [line.split() for line in read_lines(file, "WFLW list")]
    images = _image_folder(file)
    found = [_sample(file, images, n, line, split) for n, line in enumerate(lines, 1) if line]
    if not found:
        raise InputError(f"{file}: an empty list; expected {_LAYOUT}.")
    names = dict.fromkeys(s.subject for s in found)
    if lost := [name for name in names if not (images / name).is_file()]:
        raise missing_files("WFLW", images, lost, _LAYOUT)
    return found


def _image_folder(path: Path) -> Path:
    """WFLW_images in the list's folder or one of the three above."""
    for folder in list(path.parents)[:4]:
        if (folder / "WFLW_images").is_dir():
            return folder / "WFLW_images"
    raise InputError(f"{path}: no WFLW_images near it; expected {_LAYOUT}.")


def _sample(path: Path, images: Path, number: int, words: list[str], split: str) -> Sample:
    where = f"{path}: line {number}"
    if len(words) not in _FIELDS:
        raise InputError(f"{where} is damaged ({len(words)} fields, 207 or 197 expected).")
    values = parsed_numbers(words[:-1], where)
    box = values[2 * POINTS : 2 * POINTS + 4].astype(np.float32)
    if len(box) and (box[2:] <= box[:2]).any():
        raise InputError(f"{where} is damaged (its box {box.tolist()} has swapped corners).")
    flags = values[2 * POINTS + 4 :]
    named = [name for name, on in zip(ATTRIBUTES, flags, strict=False) if on]
    return Sample(
        name="+".join([f"{words[-1]}#{number}", *named]),
        image=images / words[-1],
        scheme="wflw98",
        landmarks=checked_landmarks(values[: 2 * POINTS].reshape(-1, 2), where, POINTS),
        box_xyxy=box if len(box) else None,
        subject=words[-1],
        split=split,
    )
