"""Every format that records are written to or read from, by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from core.errors import InputError
from core.formats import coco, mask_folder, openface_csv, pts
from core.formats.records import ExportClip, Frames, ImportedClip, Reading


@dataclass(frozen=True)
class Format:
    """How one kind of file is written and read."""

    name: str
    title: str
    write: Callable[[Path, ExportClip, Frames], int]
    """Write frames to a path, return how many; nothing half-written stays."""
    read: Callable[[Path, Reading], ImportedClip]
    """Read a file or folder."""
    recognises: Callable[[Path], bool]
    """Whether a file or folder looks like one of these; a short look, no judgement."""
    lost: Callable[[ExportClip], list[str]]
    """What an export of the clip leaves out, a sentence each."""


FORMATS = {
    name: Format(name, title, kind.write, kind.read, kind.recognises, kind.lost)
    for name, title, kind in (
        ("masks", "indexed PNGs, a folder", mask_folder),
        ("csv", "OpenFace's table", openface_csv),
        ("coco", "COCO keypoints and masks, JSON", coco),
        ("pts", "iBUG .pts files, a folder", pts),
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


def detect_format(path: Path) -> Format:
    """The format a file or folder looks like.

    Raises:
        InputError: If it is not there, cannot be looked at, or looks like none.
    """
    if not path.exists():
        raise InputError(f"{path}: there is no such file or folder; check the path.")
    try:
        for entry in FORMATS.values():
            if entry.recognises(path):
                return entry
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}).") from error
    known = "; ".join(f"{entry.name}: {entry.title}" for entry in FORMATS.values())
    raise InputError(f"{path}: looks like no format that can be read ({known}).")
