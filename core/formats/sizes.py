"""Which scheme a file without a scheme's name means."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

from core.errors import InputError
from core.schemes import (
    LandmarkScheme,
    MaskScheme,
    landmark_scheme_names,
    load_landmark_scheme,
    load_mask_scheme,
    mask_scheme_names,
)


def scheme_of_size(
    points: int, path: Path, point_names: Sequence[str] | None = None
) -> LandmarkScheme:
    """The known landmark scheme with these point names, else the first with so many points.

    Raises:
        InputError: If there is none; names the file.
    """
    schemes = [load_landmark_scheme(name) for name in landmark_scheme_names()]
    fitting = [scheme for scheme in schemes if scheme.num_points == points]
    for scheme in fitting:
        if point_names is not None and tuple(point_names) == scheme.point_names:
            return scheme
    if fitting:
        return fitting[0]
    raise InputError(
        f"{path}: has {points} points and no known scheme does; add a scheme file of your own."
    )


def scheme_of_classes(names: Collection[str]) -> MaskScheme | None:
    """The known mask scheme with most of these class names, the smallest of equals.

    None when no scheme knows any.
    """
    best, most = None, 0
    schemes = [load_mask_scheme(name) for name in mask_scheme_names()]
    for scheme in sorted(schemes, key=lambda scheme: scheme.num_classes):
        known = len(set(names) & set(scheme.class_names[1:]))
        if known > most:
            best, most = scheme, known
    return best
