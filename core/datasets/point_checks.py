"""Points that cannot be right: no numbers where a format knows none missing, mirrored order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.datasets.sample import Sample
from core.errors import InputError
from core.schemes import LandmarkScheme, load_landmark_scheme

_SINE = -0.5
_NARROWEST = 0.5
"""Eye distance over eye-mouth distance from which a mirrored order is certain: in profile the eye
corners nearly coincide, and either may lie in front."""


LARGEST_PX = 1e6
"""No picture is that large: a number beyond it is damage (and could not be a float32)."""


def parsed_numbers(words: Sequence[str], where: str) -> NDArray[np.float64]:
    """Numbers of a line.

    Raises:
        InputError: If one is none, NaN or infinite.
    """
    try:
        values = np.array([float(word) for word in words])
    except ValueError as error:
        raise InputError(f"{where} is damaged ({error}); repair or remove it.") from error
    if not np.isfinite(values).all():
        raise InputError(f"{where} is damaged (NaN or infinity in it); repair or remove it.")
    return plausible(values, where)


def plausible(values: NDArray[np.float64], where: str) -> NDArray[np.float64]:
    """Coordinates, unless one is larger than any picture (NaN may be among them).

    Raises:
        InputError: If one is.
    """
    largest = np.nanmax(np.abs(values), initial=0.0)
    if largest > LARGEST_PX:
        raise InputError(f"{where} is damaged ({largest:g} is no pixel); repair or remove it.")
    return values


def reversed_faces(xy: NDArray[np.floating], scheme: LandmarkScheme) -> NDArray[np.bool_]:
    """Faces whose points run in mirrored order (or whose x and y are swapped).

    Seen from the eyes, a face's mouth lies clockwise of the way from its right to its left eye
    corner, however the head is turned in the picture; a mirrored order makes it anticlockwise.

    Args:
        xy: (N, M, 2), NaN where not located.
        scheme: Their scheme.

    Returns:
        (N,); False where eyes or mouth are not located or too close to tell.
    """
    mouth = [i for i, n in enumerate(scheme.point_names) if "lip_" in n or n == "mouth_centre"]
    right, left = (xy[:, i].astype(np.float64) for i in scheme.normalising_pair)
    across, down = left - right, xy[:, mouth].mean(axis=1) - (left + right) / 2
    lengths = np.hypot(*across.T), np.hypot(*down.T)
    cross = across[:, 0] * down[:, 1] - across[:, 1] * down[:, 0]
    wide = lengths[0] > _NARROWEST * lengths[1]
    return np.asarray(wide & (cross < _SINE * lengths[0] * lengths[1]))


def refuse_reversed(samples: Iterable[Sample], path: Path) -> None:
    """Refuse a data set with faces in mirrored order.

    Raises:
        InputError: If there are any; names the first few.
    """
    groups: dict[str, list[Sample]] = {}
    for sample in samples:
        if sample.scheme is not None and sample.landmarks is not None:
            groups.setdefault(sample.scheme, []).append(sample)
    found: list[str] = []
    for name, group in groups.items():
        wrong = reversed_faces(
            np.stack([s.landmarks for s in group if s.landmarks is not None]),
            load_landmark_scheme(name),
        )
        found += [group[i].name for i in np.flatnonzero(wrong)]
    if found:
        shown = ", ".join(found[:3]) + (f" and {len(found) - 3} more" if len(found) > 3 else "")
        raise InputError(
            f"{path}: right and left of the face (or x and y) are swapped in {shown}; "
            "repair or remove these faces."
        )
