"""Every format that records are written to or read from, by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from core.errors import InputError
from core.formats import coco, mask_folder, openface_csv, pts
from core.formats.records import ExportClip, Frames, ImportedClip


@dataclass(frozen=True)
class Format:
    """How one kind of file is written and read."""

    name: str
    title: str
    write: Callable[[Path, ExportClip, Frames], int]
    """Write frames to a path, return how many; nothing half-written stays."""
    read: Callable[[Path], ImportedClip]
    lost: Callable[[ExportClip], list[str]]
    """What an export of the clip leaves out, a sentence each."""


FORMATS = {
    entry.name: entry
    for entry in (
        Format(
            "masks", "indexed PNGs, a folder", mask_folder.write, mask_folder.read, mask_folder.lost
        ),
        Format("csv", "OpenFace's table", openface_csv.write, openface_csv.read, openface_csv.lost),
        Format("coco", "COCO keypoints and masks, JSON", coco.write, coco.read, coco.lost),
        Format("pts", "iBUG .pts files, a folder", pts.write, pts.read, pts.lost),
    )
}


def find_format(name: str) -> Format:
    """The format of a name.

    Raises:
        InputError: If there is none; lists the known ones.
    """
    if name not in FORMATS:
        raise InputError(f'"{name}" is no format; known: {", ".join(FORMATS)}.')
    return FORMATS[name]
