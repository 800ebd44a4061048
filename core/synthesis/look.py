"""What one subject looks like beyond the shape: colours, skin's state, make-up, clothes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.synthesis.template import HeadShape

FloatArray = NDArray[np.floating]
Rgb = tuple[float, float, float]

# Tones of human skin from the palest to the darkest, sRGB (after the Monk scale, widened a little).
_TONES = np.array(
    [
        (238, 202, 182), (230, 186, 162), (220, 172, 144), (206, 156, 126), (190, 138, 106),
        (170, 120, 86), (144, 98, 68), (120, 80, 57), (104, 69, 50), (90, 60, 46), (78, 53, 42),
    ],
    np.float32,
) / 255.0  # fmt: skip

# Hair colours, sRGB: name -> colour; weights below.
_HAIR = np.array(
    [
        (28, 24, 22), (46, 34, 27), (74, 52, 37), (104, 74, 50), (140, 104, 66), (186, 150, 100),
        (214, 188, 146), (128, 58, 30), (152, 148, 144), (218, 216, 212),
    ],
    np.float32,
) / 255.0  # fmt: skip
_HAIR_WEIGHTS = np.array([0.2, 0.2, 0.17, 0.12, 0.08, 0.07, 0.04, 0.04, 0.05, 0.03])


@dataclass(frozen=True)
class Look:
    """Appearance of one subject. Colours are linear RGB, strengths 0…1."""

    seed: int
    skin_file: str | None  # below the head's folder
    skin_rgb: Rgb  # mean reflectance of the cheeks
    skin_contrast: float  # exponent of the picture's own variation
    pores: float
    mottle: float
    freckles: float
    wrinkles: float
    stubble: float
    scalp_hair: float  # hair painted on the scalp, under a hair mesh or shaved
    oiliness: float
    lip_plainness: float  # 0 own colour … 1 no colour of their own
    lip_rgb: Rgb
    lipstick: float
    lip_gloss: float
    blush: float
    eye_shadow: float
    eye_shadow_rgb: Rgb
    iris_file: str | None
    eye_gain: Rgb
    hair_rgb: Rgb
    hair_contrast: float
    brow_rgb: Rgb
    brow_strength: float
    lash_strength: float
    teeth_gain: Rgb
    cloth_rgb: Rgb
    bare_shoulders: bool
    glasses: str  # "", "rim", "thin", "sun"


def _linear(srgb: NDArray[np.floating]) -> FloatArray:
    return np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4).astype(
        np.float32
    )


def _rgb(colour: NDArray[np.floating]) -> Rgb:
    r, g, b = (float(c) for c in np.clip(colour, 0.002, 0.95))
    return r, g, b


def _gain(factor: NDArray[np.floating]) -> Rgb:
    r, g, b = (float(c) for c in factor)
    return r, g, b


def skin_tone(position: float, warmth: float) -> FloatArray:
    """Linear reflectance at a position on the scale of tones, 0 pale … 1 dark.

    `warmth` (−1…1) moves along blood and carotene: redder and yellower, or paler and cooler.
    """
    place = np.clip(position, 0.0, 1.0) * (len(_TONES) - 1)
    low = min(int(place), len(_TONES) - 2)
    srgb = _TONES[low] + (place - low) * (_TONES[low + 1] - _TONES[low])
    # In log reflectance blood darkens green most, then blue.
    return _linear(srgb) * np.exp(warmth * np.array([0.04, -0.10, -0.12], np.float32))


def sample_look(
    rng: np.random.Generator, shape: HeadShape, skins: tuple[str, ...], irises: tuple[str, ...]
) -> Look:
    """Draw a look that fits the subject loosely: any tone and hair colour can meet any shape."""
    african, asian, _ = shape.ancestry
    expected = 0.2 + 0.52 * african + 0.08 * asian
    tone = float(np.clip(rng.normal(expected, 0.14), 0.0, 1.0))
    if rng.random() < 0.25:
        tone = float(rng.random())
    skin_rgb = skin_tone(tone, float(rng.normal(0.0, 0.5)))
    old = float(np.clip((shape.age_years - 35.0) / 35.0, 0.0, 1.0))
    male = shape.gender > 0.5
    make_up = (not male) * float(rng.random() < 0.45)
    hair_rgb = _hair_colour(rng, tone, old)
    lips = skin_rgb * np.array([0.86, 0.56, 0.55], np.float32) * rng.uniform(0.7, 1.15)
    stick = _linear(rng.uniform([0.35, 0.05, 0.08], [0.85, 0.4, 0.45]).astype(np.float32))
    brow_rgb = hair_rgb * rng.uniform(0.35, 1.0) if tone < 0.7 else hair_rgb * 0.5
    # Brows grey last: however white the hair, they stay a little darker than the skin.
    brow_rgb *= min(1.0, 0.75 * float(skin_rgb.mean()) / float(brow_rgb.mean()))
    return Look(
        seed=int(rng.integers(2**31)),
        skin_file=_choose_skin(rng, skins, tone, old, male),
        skin_rgb=_rgb(skin_rgb),
        skin_contrast=float(rng.uniform(0.7, 1.15)),
        pores=float(rng.uniform(0.0, 0.04)),
        mottle=float(rng.uniform(0.0, 0.03)),
        freckles=float(rng.random() < 0.2) * float(rng.uniform(0.05, 0.4)),
        wrinkles=old * float(rng.uniform(0.05, 0.3)) + float(rng.uniform(0, 0.06)),
        stubble=float(male and rng.random() < 0.5) * float(rng.uniform(0.08, 0.85)) ** 1.3,
        scalp_hair=float(rng.random() < 0.8) * float(rng.uniform(0.3, 0.95)),
        oiliness=float(rng.uniform(0.0, 1.0)) ** 1.5,
        lip_plainness=float(rng.random()) ** 2.5,
        lip_rgb=_rgb(stick if make_up else lips),
        lipstick=float(rng.uniform(0.4, 0.95)) if make_up else float(rng.random() < 0.3) * 0.4,
        lip_gloss=float(rng.uniform(0.0, 0.9)),
        blush=(0.6 + 0.5 * make_up) * float(rng.uniform(0.0, 0.5)),
        eye_shadow=float(rng.uniform(0.0, 0.25 + 0.6 * make_up)),
        eye_shadow_rgb=_rgb(rng.uniform([0.3, 0.25, 0.25], [0.8, 0.65, 0.75])),
        iris_file=_choose_iris(rng, irises, tone),
        eye_gain=_rgb(  # pigment of dark people's conjunctiva dims the sclera
            np.full(3, rng.uniform(0.5, 0.95)) * (1.0 - 0.4 * tone) * rng.uniform(0.94, 1.0, 3)
        ),
        hair_rgb=_rgb(hair_rgb),
        hair_contrast=float(rng.uniform(0.6, 1.3)),
        brow_rgb=_rgb(brow_rgb),
        brow_strength=float(rng.uniform(0.6, 2.8)),
        lash_strength=float(rng.uniform(0.1, 0.6)) + make_up * float(rng.uniform(0.0, 0.6)),
        teeth_gain=_gain(rng.uniform(1.0, 1.9) * rng.uniform([1, 0.88, 0.7], [1, 1, 0.95])),
        cloth_rgb=_rgb(_cloth(rng)),
        bare_shoulders=bool(rng.random() < 0.2),
        glasses="",
    )  # fmt: skip


def _hair_colour(rng: np.random.Generator, tone: float, old: float) -> FloatArray:
    weights = _HAIR_WEIGHTS.copy()
    weights[3:8] *= max(0.08, 1.0 - 1.6 * tone)
    weights[8:] *= 0.2 + 6.0 * old
    colour = _linear(_HAIR[rng.choice(len(_HAIR), p=weights / weights.sum())])
    if rng.random() < 0.01:  # dyed
        dye = rng.uniform(0.1, 0.8, 3).astype(np.float32)
        colour = _linear(0.5 * dye + 0.5 * dye.mean())
    return (colour * rng.uniform(0.7, 1.3) * rng.uniform(0.93, 1.07, 3)).astype(np.float32)


def _cloth(rng: np.random.Generator) -> FloatArray:
    """Mostly muted colours, black and white among them."""
    grey = rng.uniform(0.04, 0.95)
    vivid = rng.random() ** 2
    srgb = grey + vivid * (rng.uniform(0.03, 0.95, 3) - grey)
    return _linear(srgb.astype(np.float32))


def _choose_skin(
    rng: np.random.Generator, skins: tuple[str, ...], tone: float, old: float, male: bool
) -> str | None:
    """A picture whose age, tone and gender are near; any other one in ten times."""
    if not skins:
        return None
    wanted = []
    for name in skins:
        stem = name.rsplit("/", 1)[-1]
        weight = 1.0
        dark = "dark" in stem
        weight *= 1.0 if dark == (tone > rng.uniform(0.4, 0.6)) else 0.02
        age = 1.0 if stem.startswith("old") else 0.55 if stem.startswith("middle") else 0.0
        weight *= float(np.exp(-(((age - old) / 0.45) ** 2))) + 0.05
        if not dark:
            weight *= 1.0 if ("female" in stem) != male else 0.1
        weight *= 0.15 if "special" in stem else 1.0  # a painted face: seldom
        wanted.append(weight)
    chance = np.array(wanted)
    return skins[int(rng.choice(len(skins), p=chance / chance.sum()))]


def _choose_iris(rng: np.random.Generator, irises: tuple[str, ...], tone: float) -> str | None:
    if not irises:
        return None
    brown = np.array(["brown" in name for name in irises])
    chance = np.where(brown, 1.0 + 4.0 * tone, 0.6 * max(0.05, 1.0 - 1.5 * tone))
    return irises[int(rng.choice(len(irises), p=chance / chance.sum()))]
