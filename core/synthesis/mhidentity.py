"""From a `HeadShape` to weights of MakeHuman's targets.

A person is a weighted mean of ancestry × gender × age shapes, one of gender × age × muscle × weight
shapes, and signed identity modes: the paired targets `…-decr`/`…-incr` (likewise down/up, in/out,
backward/forward, …) are one mode whose sign chooses the target.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from core.synthesis.template import HeadShape

ANCESTRIES = ("african", "asian", "caucasian")
_PAIRS = (
    ("decr", "incr"),
    ("down", "up"),
    ("in", "out"),
    ("backward", "forward"),
    ("concave", "convex"),
    ("compress", "uncompress"),
    ("l", "r"),
)
_MODE_FOLDERS = (
    "head eyes nose mouth cheek chin ears forehead eyebrows neck asym".split()  # not macro, units
)
_AGE_KNOTS = ((10.0, "child"), (25.0, "young"), (90.0, "old"))  # MakeHuman's calibration, years


def identity_modes(target_names: tuple[str, ...]) -> dict[str, tuple[str | None, str]]:
    """Signed identity modes.

    Args:
        target_names: As `HeadData.target_names`.

    Returns:
        Mode -> (target for negative weights or None, target for positive weights); a mode is
        called like the latter, since one stem may have several pairs.
    """
    known = {n for n in target_names if n.split("/")[0] in _MODE_FOLDERS}
    known = {n for n in known if "asymm-" not in n}  # breast and trunk
    modes: dict[str, tuple[str | None, str]] = {}
    for name in sorted(known):
        stem, _, suffix = name.rpartition("-")
        pair = next((p for p in _PAIRS if suffix in p), None)
        if pair is None:
            modes[name] = (None, name)
        elif suffix == pair[1] or f"{stem}-{pair[1]}" not in known:
            negative = f"{stem}-{pair[0]}"
            modes[name] = (negative if negative in known else None, name)
    return modes


def target_weights(
    shape: HeadShape,
    rows: dict[str, int],
    modes: dict[str, tuple[str | None, str]],
) -> NDArray[np.float32]:
    """Weights of all targets for one subject without expression, (T,).

    Args:
        shape: The subject.
        rows: Target name -> row.
        modes: As `identity_modes` returns.

    Raises:
        KeyError: If the shape names a mode this head has not.
    """
    weights = np.zeros(len(rows), dtype=np.float32)
    for name, weight in macro_weights(shape).items():
        weights[rows[name]] += weight
    for mode, weight in shape.modes.items():
        negative, positive = modes[mode]
        target = positive if weight >= 0 else negative
        if target is not None:
            weights[rows[target]] += abs(weight)
    return weights


def macro_weights(shape: HeadShape) -> dict[str, float]:
    """Weights of the whole-person targets; ancestry shapes sum to 1, universal ones to 1."""
    ages = _age_weights(shape.age_years)
    genders = {"female": 1.0 - shape.gender, "male": shape.gender}
    muscle = _level_weights(shape.muscle, "muscle")
    weight = _level_weights(shape.weight, "weight")
    result: dict[str, float] = {}
    for gender, g in genders.items():
        for age, a in ages.items():
            for ancestry, share in zip(ANCESTRIES, shape.ancestry, strict=True):
                result[f"macrodetails/{ancestry}-{gender}-{age}"] = g * a * share
            for muscle_name, m in muscle.items():
                for weight_name, w in weight.items():
                    name = f"macrodetails/universal-{gender}-{age}-{muscle_name}-{weight_name}"
                    result[name] = g * a * m * w
    return {name: w for name, w in result.items() if w > 0.0}


def _age_weights(years: float) -> dict[str, float]:
    """Linear blend of the two neighbouring age shapes."""
    years = min(max(years, _AGE_KNOTS[0][0]), _AGE_KNOTS[-1][0])
    for (low, low_name), (high, high_name) in pairwise(_AGE_KNOTS):
        if years <= high:
            share = (years - low) / (high - low)
            return {low_name: 1.0 - share, high_name: share}
    raise AssertionError("age is clamped to the knots")


def _level_weights(value: float, what: str) -> dict[str, float]:
    """0 = min, 0.5 = average, 1 = max, linear between."""
    high = max(0.0, 2.0 * value - 1.0)
    low = max(0.0, 1.0 - 2.0 * value)
    return {f"min{what}": low, f"average{what}": 1.0 - low - high, f"max{what}": high}
