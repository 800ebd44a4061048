"""dlib's imglab XML: boxes with numbered `part` points, several faces a picture."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from core.datasets.pts import SCHEMES
from core.datasets.sample import Sample, checked_landmarks, missing_files
from core.errors import InputError

_LAYOUT = "an imglab .xml with its pictures at the paths it names"


def read_file(path: Path) -> list[Sample]:
    """All faces of an imglab file (or of the only .xml of a folder that lists parts).

    Raises:
        InputError: If it is no such file, or pictures or points are missing.
    """
    from defusedxml import DefusedXmlException, ElementTree

    path = _xml_of(path)
    try:
        root = ElementTree.parse(path).getroot()
    except (ElementTree.ParseError, OSError, DefusedXmlException) as error:
        raise InputError(f"{path}: not a readable imglab file ({error}).") from error
    images = [(node, node.get("file", "")) for node in root.iter("image")]
    lost = [name for _, name in images if not name or not (path.parent / name).is_file()]
    if lost:
        raise missing_files("dlib", path.parent, lost, _LAYOUT)
    found = [s for node, name in images for s in _faces(node, name, path)]
    if not found:
        raise InputError(f"{path}: no box with parts; expected {_LAYOUT}.")
    return found


def _xml_of(path: Path) -> Path:
    if path.is_file():
        return path
    files = sorted(path.glob("*landmarks*.xml")) or sorted(path.glob("*.xml"))
    if len(files) != 1:
        raise InputError(f"{path}: {len(files)} .xml files here; name the one to read.")
    return files[0]


def _faces(node: Any, name: str, path: Path) -> Iterator[Sample]:
    size = (int(node.get("width") or 0), int(node.get("height") or 0))
    for number, box in enumerate(node.iter("box")):
        parts = list(box.iter("part"))
        if not parts:
            continue
        where = f"{path}: face {number} of {name}"
        scheme = SCHEMES.get(len(parts))
        if scheme is None:
            raise InputError(f"{where} has {len(parts)} parts; known are {sorted(SCHEMES)}.")
        try:
            xy = np.full((len(parts), 2), np.nan)
            for part in parts:
                xy[int(part.get("name"))] = float(part.get("x")), float(part.get("y"))
            left, top, width, height = (
                float(box.get(k)) for k in ("left", "top", "width", "height")
            )
        except (TypeError, ValueError, IndexError) as error:
            raise InputError(f"{where} is damaged ({error}).") from error
        yield Sample(
            name=f"{name}#{number}",
            image=path.parent / name,
            scheme=scheme,
            landmarks=checked_landmarks(xy, where, len(parts), size if all(size) else None),
            box_xyxy=np.array([left, top, left + width, top + height], np.float32),
            subject=f"{name}#{number}",
        )
