"""A sparse format as a landmark scheme of its own, to annotate and train with.

Its points keep their names, so that it maps to and from the scheme it was chosen from.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from core.errors import InputError, ResourceError
from core.schemes import LandmarkScheme
from core.schemes.landmarks import Contour


def format_document(
    scheme: LandmarkScheme, points: Sequence[int], name: str, note: str = ""
) -> dict[str, Any]:
    """The scheme file of a format.

    Args:
        scheme: The dense scheme.
        points: The chosen landmarks, from 0.
        name: Of the new scheme.
        note: What it says about itself.

    Raises:
        InputError: If there are fewer than two points: a scheme needs two to measure by.
    """
    chosen = sorted(points)
    if len(chosen) < 2:
        raise InputError("A scheme has at least two points, to measure by; choose m = 2 or more.")
    place = {point: index for index, point in enumerate(chosen)}
    document: dict[str, Any] = {
        "format_version": 1,
        "kind": "landmarks",
        "name": name,
        "title": f"{scheme.title}: {len(chosen)} chosen points",
        "note": note,
        "points": [scheme.point_names[point] for point in chosen],
        "normalising_pair": [place[point] for point in _pair(scheme, chosen)],
        "contours": [
            {"name": contour.name, "points": [place[p] for p in kept], "kind": contour.kind}
            for contour in scheme.contours
            if len(kept := _kept(contour, place)) >= 2
        ],
        "components": [
            {"name": part, "points": kept, "colour": "#{:02X}{:02X}{:02X}".format(*colour)}
            for part, members in scheme.components.items()
            if (kept := [place[p] for p in members if p in place])
            for colour in [scheme.component_colours[part]]
        ],
    }
    pairs = [
        [place[p], place[int(q)]] for p in chosen if (q := scheme.mirror[p]) > p and int(q) in place
    ]
    if pairs:
        document["mirror_pairs"] = pairs
    return document


def save_format(path: Path, document: dict[str, Any]) -> None:
    """Write a scheme file; it is there whole or not at all.

    Raises:
        InputError: If the name does not end in .json.
        ResourceError: If it cannot be written.
    """
    if path.suffix.lower() != ".json":
        raise InputError(f"{path}: a scheme file ends in .json.")
    part = path.with_name(path.name + ".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", "utf-8")
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise ResourceError(f"{path}: cannot be written ({error.strerror or error}).") from error


def _kept(contour: Contour, place: dict[int, int]) -> list[int]:
    """The contour's points that are chosen; of a closed one too, as an open curve."""
    return [point for point in contour.points if point in place]


def _pair(scheme: LandmarkScheme, chosen: Sequence[int]) -> tuple[int, int]:
    """Two points to measure by: the dense scheme's pair, else a mirror pair, else the ends."""
    if set(scheme.normalising_pair) <= set(chosen):
        return scheme.normalising_pair
    for point in chosen:
        image = int(scheme.mirror[point])
        if image != point and image in chosen:
            return point, image
    return chosen[0], chosen[-1]
