"""Which m points are annotated everywhere: from a recipe's words to indices."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.correlation.affinity import affinity_of
from core.correlation.sparse_format import search
from core.errors import InputError
from core.schemes import LandmarkScheme

SEARCHED, RANDOM, ALL = "searched", "random", "all"


def sparse_points(
    text: str, budget: int, scheme: LandmarkScheme, dense: NDArray[np.floating], seed: int
) -> tuple[int, ...]:
    """The sparse points, ascending, counted from 0.

    Args:
        text: `WeakRecipe.format`.
        budget: m, where the points are searched or drawn.
        scheme: The dense format.
        dense: The n densely annotated faces (n, M, 2), which "searched" looks at.
        seed: Of "random".

    Raises:
        InputError: If there is no such format, or it does not fit the scheme or the budget.
    """
    total = scheme.num_points
    if text == ALL:
        return tuple(range(total))
    if text in (SEARCHED, RANDOM):
        if not 1 <= budget < total:
            raise InputError(
                f"weak.budget must be 1 … {total - 1} points of {scheme.name}, not {budget}."
            )
        if text == RANDOM:
            drawn = np.random.default_rng([seed, budget]).permutation(total)[:budget]
            return tuple(sorted(int(i) for i in drawn))
        return _searched(dense, budget, scheme)
    points = _written(text, scheme)
    if not points or len(set(points)) != len(points) or not 0 <= min(points) <= max(points) < total:
        raise InputError(
            f"{text}: a sparse format is some of the points 0 … {total - 1}, each once."
        )
    return tuple(sorted(points))


def _written(text: str, scheme: LandmarkScheme) -> list[int]:
    if text in scheme.sparse_formats:
        return list(scheme.sparse_formats[text])
    if re.fullmatch(r"\s*\d+(\s*[, ]\s*\d+)*\s*", text):
        return [int(i) for i in re.split(r"[\s,]+", text.strip())]
    file = Path(text).expanduser()
    if not file.is_file():
        known = ", ".join([*scheme.sparse_formats, SEARCHED, RANDOM, ALL])
        raise InputError(
            f"There is no sparse format {text!r} of {scheme.name}; known are {known}, a list as "
            "0,5,8, or a JSON file written by sparse-format."
        )
    try:
        points = json.loads(file.read_text(encoding="utf-8"))["points"]
        return [int(i) for i in points]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"{file}: no sparse format in it (a list `points` is expected)."
        ) from error


def _searched(dense: NDArray[np.floating], budget: int, scheme: LandmarkScheme) -> tuple[int, ...]:
    complete = dense[np.isfinite(dense).all(axis=(1, 2))]
    if len(complete) < 3:
        raise InputError("Searching a sparse format needs at least three densely annotated faces.")
    found = search(affinity_of(complete, scheme).matrix, budget, mirror=scheme.mirror)
    return tuple(sorted(int(i) for i in found.points))
