"""Drawing faces in action: expression, gaze and head pose.

Stated distributions for single pictures; `motion` makes clips. All angles in radians.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.synthesis.template import EXPRESSION_INDEX, EXPRESSION_UNITS, HeadPose

FloatArray = NDArray[np.float32]
_DEGREE = np.pi / 180.0

#: Mouths: name -> (probability, {unit: (least, most)}). Units are drawn uniformly in the range.
MOUTHS: dict[str, tuple[float, dict[str, tuple[float, float]]]] = {
    "closed": (0.36, {"mouth-compression": (-0.2, 0.5), "mouth-retraction": (-0.3, 0.4)}),
    "smile": (
        0.17,
        {
            "mouth-corner-puller": (0.2, 1.0),
            "mouth-retraction": (0.0, 0.5),
            "mouth-compression": (0.0, 0.4),
        },
    ),
    "laugh": (
        0.18,
        {
            "mouth-upward-retraction": (0.3, 1.0),
            "mouth-corner-puller": (0.1, 0.9),
            "mouth-open": (-0.15, 0.5),
            "mouth-parling": (0.0, 0.4),
        },
    ),
    "talk": (
        0.14,
        {
            "mouth-open": (0.05, 0.5),
            "mouth-pursing": (-0.4, 0.5),
            "mouth-retraction": (-0.4, 0.5),
            "mouth-parling": (0.0, 0.6),
        },
    ),
    "pucker": (
        0.05,
        {"mouth-pursing": (0.4, 1.0), "mouth-protusion": (0.0, 0.6), "mouth-open": (-0.2, 0.3)},
    ),
    "sneer": (
        0.05,
        {
            "mouth-elevation": (0.2, 1.0),
            "nose-left-elevation": (0.3, 1.0),
            "nose-right-elevation": (0.3, 1.0),
            "mouth-part-later": (0.0, 0.5),
        },
    ),
    "sad": (
        0.05,
        {
            "mouth-depression": (0.2, 1.0),
            "mouth-eversion": (0.0, 0.6),
            "neck-platysma": (-0.5, 0.4),
        },
    ),
    "shout": (
        0.04,
        {
            "mouth-open": (0.6, 1.15),
            "mouth-part-later": (0.0, 0.4),
            "mouth-upward-retraction": (-0.3, 0.5),
        },
    ),
    "teeth": (
        0.04,
        {"mouth-part-later": (0.2, 0.9), "mouth-depression-retraction": (0.0, 0.7)},
    ),
}
#: Brows: name -> (probability, {unit without its side: (least, most)}).
BROWS: dict[str, tuple[float, dict[str, tuple[float, float]]]] = {
    "still": (0.5, {"up": (-0.1, 0.6), "down": (-0.3, 0.2), "inner-up": (-0.2, 0.5)}),
    "raised": (0.22, {"up": (0.2, 1.0), "extern-up": (0.0, 0.6), "inner-up": (0.0, 0.5)}),
    "worried": (0.14, {"inner-up": (0.3, 1.0), "down": (-0.2, 0.3)}),
    "frown": (0.14, {"down": (0.3, 1.0), "inner-up": (-0.3, 0.2)}),
}


@dataclass(frozen=True)
class PoseRange:
    """How heads are turned: a mixture of a near-frontal and a wide normal, cut at the ends."""

    frontal_share: float = 0.55  #: of faces from the narrow normal
    yaw_deg: tuple[float, float, float] = (14.0, 42.0, 78.0)  #: narrow sd, wide sd, cut
    pitch_deg: tuple[float, float, float] = (9.0, 17.0, 42.0)
    roll_deg: tuple[float, float, float] = (7.0, 17.0, 42.0)


def sample_pose(rng: np.random.Generator, ranges: PoseRange | None = None) -> HeadPose:
    """Draw one frame of a head: about 65 % of the faces lie within ±30° yaw."""
    ranges = ranges or PoseRange()
    wide = int(rng.random() >= ranges.frontal_share)
    yaw, pitch, roll = (
        _cut_normal(rng, r[wide], r[2]) * _DEGREE
        for r in (ranges.yaw_deg, ranges.pitch_deg, ranges.roll_deg)
    )
    expression, tongue = sample_expression(rng)
    left, right = sample_gaze(rng, yaw)
    lopsided = sample_lopsided(rng)
    return HeadPose(expression, tongue, left, right, yaw, pitch, roll, lopsided=lopsided)


def sample_lopsided(rng: np.random.Generator) -> float:
    """Draw how unequally the halves of a mouth move: half of the people move them alike."""
    return float(np.clip(rng.normal(0.0, 0.3), -0.8, 0.8)) if rng.random() < 0.5 else 0.0


def _cut_normal(rng: np.random.Generator, sd: float, cut: float) -> float:
    """A normal number that is drawn again until it lies within ±cut."""
    while abs(value := rng.normal(0.0, sd)) > cut:
        pass
    return float(value)


def sample_expression(rng: np.random.Generator) -> tuple[FloatArray, float]:
    """Draw a sparse mixture of expression units.

    Returns:
        Weights (34,) and how far the tongue is out.
    """
    weights = np.zeros(len(EXPRESSION_UNITS), dtype=np.float32)
    strength = rng.beta(2.0, 1.3)  # weak and strong versions of everything
    tongue = _draw_mouth(rng, weights, strength)
    _draw_brows(rng, weights, strength)
    _draw_eyes(rng, weights)
    for side in ("left", "right"):
        if rng.random() < 0.2:
            _add(weights, f"nose-{side}-dilatation", rng.uniform(0.0, 0.8))
    return weights, tongue


def _add(weights: FloatArray, unit: str, amount: float) -> None:
    index = EXPRESSION_INDEX[unit]
    weights[index] = min(weights[index] + max(amount, 0.0), 1.2)


def _draw_mouth(rng: np.random.Generator, weights: FloatArray, strength: float) -> float:
    names = list(MOUTHS)
    chances = np.array([MOUTHS[name][0] for name in names])
    choice = rng.choice(len(names) + 1, p=[*(chances * 0.985 / chances.sum()), 0.015])
    if choice == len(names):
        _add(weights, "mouth-open", rng.uniform(0.3, 0.7))
        return float(rng.uniform(0.4, 1.0))
    for unit, (least, most) in MOUTHS[names[choice]][1].items():
        _add(weights, unit, strength * rng.uniform(least, most))
    if rng.random() < 0.3:  # a trace of something else
        other = MOUTHS[names[rng.integers(len(names))]][1]
        for unit, (least, most) in other.items():
            _add(weights, unit, 0.25 * rng.uniform(least, most))
    return 0.0


def _draw_brows(rng: np.random.Generator, weights: FloatArray, strength: float) -> None:
    names = list(BROWS)
    name = names[rng.choice(len(names), p=[BROWS[n][0] for n in names])]
    one_sided = rng.random() < 0.12
    silent = rng.integers(2)
    for index, side in enumerate(("left", "right")):
        if one_sided and index == silent:
            continue
        share = strength * rng.uniform(0.85, 1.0)
        for motion, (least, most) in BROWS[name][1].items():
            _add(weights, f"eyebrows-{side}-{motion}", share * rng.uniform(least, most))


def _draw_eyes(rng: np.random.Generator, weights: FloatArray) -> None:
    """Closed 10 %, one eye 3 %, half closed 17 %, narrowed 12 %, wide open 10 %."""
    kind = rng.random()
    amounts = {"left": rng.uniform(0.93, 1.0), "right": rng.uniform(0.93, 1.0)}
    for side, full in amounts.items():
        if (
            kind < 0.10
            or (kind < 0.115 and side == "left")
            or (0.115 <= kind < 0.13 and side != "left")
        ):
            _add(weights, f"eye-{side}-closure", full)
        elif 0.13 <= kind < 0.30:
            _add(weights, f"eye-{side}-closure", full * (kind - 0.13) / 0.17 * 0.9)
        elif 0.30 <= kind < 0.42:
            _add(weights, f"eye-{side}-slit", full * (kind - 0.30) / 0.12 * 0.9)
        elif 0.42 <= kind < 0.52:
            _add(weights, f"eye-{side}-opened-up", full * (kind - 0.42) / 0.10)


def sample_gaze(
    rng: np.random.Generator, yaw: float
) -> tuple[tuple[float, float], tuple[float, float]]:
    """Draw gaze (left, right): half look towards the camera as far as the eyes turn."""
    towards_camera = rng.random() < 0.5
    centre = np.clip(-yaw, -0.45, 0.45) if towards_camera else 0.0
    spread = 0.06 if towards_camera else 0.22
    gaze_yaw = float(np.clip(rng.normal(centre, spread), -0.6, 0.6))
    gaze_pitch = float(np.clip(rng.normal(0.0, 0.7 * spread + 0.03), -0.4, 0.4))
    converge = float(np.abs(rng.normal(0.0, 0.02)))  # near objects turn the eyes inwards
    return (gaze_yaw - converge, gaze_pitch), (gaze_yaw + converge, gaze_pitch)
