"""Drawing people: identity from stated distributions.

Everything is a function of a `numpy.random.Generator`, so a seed is a person. Weights are those of
`HeadShape.modes` (−1…1); the table below states the spread of each group of modes, steered by hand
until renders look like people and the point clouds of `study realism` match.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np

from core.synthesis.template import HeadShape, HeadTemplate

#: Standard deviation of a mode's weight, by the longest matching start of its name.
MODE_SPREAD: dict[str, float] = {
    "head/": 0.3,
    "head/head-trans": 0.0,  # moves the whole head: the camera's business
    "head/head-scale": 0.25,
    "head/head-oval": 0.12,
    "head/head-round": 0.12,
    "head/head-square": 0.15,
    "head/head-rectangular": 0.2,
    "head/head-triangular": 0.12,
    "eyes/": 0.3,
    "eyes/l-eye-trans": 0.2,
    "eyes/r-eye-trans": 0.2,
    "eyes/l-eye-push": 0.15,  # eyeballs would leave their lids
    "eyes/r-eye-push": 0.15,
    "eyes/l-eye-scale": 0.25,
    "eyes/r-eye-scale": 0.25,
    "nose/": 0.3,
    "mouth/": 0.3,
    "mouth/mouth-scale-horiz": 0.4,
    "cheek/": 0.35,
    "chin/": 0.3,
    "ears/": 0.4,
    "ears/l-ear-wing": 0.15,  # flat ears would sink into the skull
    "ears/r-ear-wing": 0.15,
    "ears/l-ear-shape": 0.25,
    "ears/r-ear-shape": 0.25,
    "ears/l-ear-flap": 0.2,
    "ears/r-ear-flap": 0.2,
    "forehead/": 0.3,
    "eyebrows/": 0.35,
    "neck/": 0.3,
    "neck/neck-trans": 0.1,
    "asym/": 0.2,
}
#: Mean of a mode's weight where it is not 0: MakeHuman's average person has wider-set jaws, lower
#: brows and mouths and fuller lips than the average portrait. Left modes ("/l-") stand for both.
MODE_CENTRE: dict[str, float] = {
    "chin/chin-height-incr": -0.06,
    "eyebrows/eyebrows-trans-up": 0.8,
    "eyes/l-eye-height2-incr": -0.2,
    "eyes/l-eye-push2-out": 0.15,
    "eyes/l-eye-scale-incr": 0.3,
    "eyes/l-eye-trans-out": 0.2,
    "eyes/l-eye-trans-up": -0.3,
    "head/head-fat-incr": -0.12,
    "mouth/mouth-lowerlip-height-incr": -0.25,
    "mouth/mouth-scale-horiz-incr": 0.4,
    "mouth/mouth-trans-up": 0.35,
    "mouth/mouth-upperlip-height-incr": -0.25,
    "mouth/mouth-upperlip-volume-incr": 0.25,
}
_USED_SHARE = 0.6  # of the modes a person deviates in
_SIDE_SPREAD = 0.2  # difference between the sides, relative to the mode's spread
_MOST = 1.0


def sample_shape(seed: int, template: HeadTemplate) -> HeadShape:
    """Draw one person.

    Half women, half men with some in between; one ancestry dominates in 70 % (30 % African, 30 %
    Asian, 40 % European), the rest is mixed; ages 18…80 with more young than old; muscle and
    weight normal round the average; 60 % of the template's identity modes deviate.

    Args:
        seed: Also kept in the shape.
        template: Whose modes and meshes are drawn from.
    """
    rng = np.random.default_rng([seed, 0x5E11])
    gender = _gender(rng)
    return HeadShape(
        template=template.name,
        seed=seed,
        ancestry=_ancestry(rng),
        age_years=float(18.0 + 62.0 * rng.beta(1.2, 1.8)),
        gender=gender,
        muscle=float(np.clip(rng.normal(0.5, 0.18), 0.0, 1.0)),
        weight=float(np.clip(rng.normal(0.5, 0.2), 0.0, 1.0)),
        modes=sample_modes(rng, template.modes),
        choices=_choices(rng, template.options, gender),
    )


def _gender(rng: np.random.Generator) -> float:
    if rng.random() < 0.1:
        return float(rng.random())
    centre = 0.08 if rng.random() < 0.5 else 0.92
    return float(np.clip(rng.normal(centre, 0.1), 0.0, 1.0))


def _ancestry(rng: np.random.Generator) -> tuple[float, float, float]:
    if rng.random() < 0.3:
        shares = rng.dirichlet([1.0, 1.0, 1.0])
    else:
        main = rng.choice(3, p=[0.3, 0.3, 0.4])
        rest = rng.uniform(0.0, 0.25)
        shares = rest * rng.dirichlet([1.0, 1.0, 1.0])
        shares[main] += 1.0 - rest
    return float(shares[0]), float(shares[1]), float(shares[2])


def sample_modes(rng: np.random.Generator, modes: Sequence[str]) -> dict[str, float]:
    """Draw identity weights.

    Left and right modes ("…/l-…", "…/r-…") share their draw and differ by a little.

    Args:
        rng: Source of chance.
        modes: All mode names; the result holds those that deviate from 0.
    """
    weights: dict[str, float] = {}
    known = frozenset(modes)
    for mode in modes:
        if "/r-" in mode and mode.replace("/r-", "/l-") in known:
            continue  # drawn with its left twin
        spread = mode_spread(mode)
        used, common, side = rng.random() < _USED_SHARE, rng.normal(), rng.normal()
        centre = MODE_CENTRE.get(mode, 0.0)
        spread *= used
        if centre == spread == 0.0:
            continue
        weights[mode] = _clipped(centre + common * spread)
        twin = mode.replace("/l-", "/r-")
        if twin != mode and twin in known:
            weights[mode] = _clipped(centre + (common + _SIDE_SPREAD * side) * spread)
            weights[twin] = _clipped(centre + (common - _SIDE_SPREAD * side) * spread)
    return weights


@cache
def mode_spread(mode: str) -> float:
    """The standard deviation of a mode (unknown names: 0.3)."""
    matches = [start for start in MODE_SPREAD if mode.startswith(start)]
    return MODE_SPREAD[max(matches, key=len)] if matches else 0.3


def _clipped(weight: float) -> float:
    return float(min(max(weight, -_MOST), _MOST))


def _choices(
    rng: np.random.Generator, options: dict[str, tuple[str, ...]], gender: float
) -> dict[str, str]:
    """Meshes of one person: hair for 85 % of women's and 70 % of men's share, hats for 6 %."""
    chosen = {kind: str(rng.choice(names)) for kind, names in sorted(options.items()) if names}
    if "eyes" in options:
        chosen["eyes"] = options["eyes"][0]
    if "hair" in options:
        bald = rng.random() < 0.15 + 0.15 * gender
        chosen["hair"] = "" if bald else _hair(rng, options["hair"], gender)
    if "hat" in options:
        hats = [name for name in options["hat"] if name]
        chosen["hat"] = str(rng.choice(hats)) if hats and rng.random() < 0.06 else ""
    return chosen


def _hair(rng: np.random.Generator, names: Sequence[str], gender: float) -> str:
    """Long styles fall mostly to women, short ones mostly to men."""
    styles = [name for name in names if name]
    if not styles:
        return ""
    short = np.array([name.startswith(("short", "afro")) for name in styles])
    weights = np.where(short, 0.25 + 0.75 * gender, 1.0 - 0.85 * gender)
    return str(rng.choice(styles, p=weights / weights.sum()))
