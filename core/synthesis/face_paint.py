# ruff: noqa: ANN001, ANN202  (numba derives the types of its kernels)
"""Paint over the toned skin in one pass: lips, freckles, beard shadow, make-up, shine."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from core.synthesis.atlas import MASKS, NOISES, SkinAtlas
from core.synthesis.look import Look, Rgb
from core.synthesis.raster import QUICK

FloatArray = NDArray[np.float32]

_LIPS, _BEARD, _CHEEKS, _LIDS, _T_ZONE, _FRECKLES, _WRINKLES, _SCALP = (
    MASKS.index(name)
    for name in ("lips", "beard", "cheeks", "lids", "t_zone", "freckles", "wrinkles", "scalp")
)
_PORES, _MOTTLE, _SPOTS, _GRAIN = (
    NOISES.index(name) for name in ("pores", "mottle", "freckles", "grain")
)


def paint_face(face: NDArray[Any], look: Look, atlas: SkinAtlas) -> NDArray[np.uint8]:
    """The face of one subject.

    Args:
        face: (h, w, 3) toned skin in the atlas' window, sRGB.
        look: Appearance.
        atlas: Where what belongs.

    Returns:
        (h, w, 4): sRGB, and gloss in alpha.
    """
    rng = np.random.default_rng(look.seed)
    shifts = rng.integers(0, face.shape[:2], (len(NOISES), 2)).astype(np.int32)
    strengths = np.array(
        [
            look.lip_plainness * 0.9, look.lipstick, look.blush, look.eye_shadow, look.freckles,
            look.wrinkles, look.stubble, look.scalp_hair, look.pores, look.mottle,
            look.oiliness, look.lip_gloss,
        ],
        np.float32,
    )  # fmt: skip
    hair = np.asarray(look.hair_rgb, np.float32)
    colours = np.stack(
        [_bytes(look.skin_rgb), _bytes(look.lip_rgb), _bytes(hair * 0.8), _bytes(hair * 0.6)]
    )
    shadow = np.asarray(look.eye_shadow_rgb, np.float32)
    out = np.empty((*face.shape[:2], 4), np.uint8)
    _paint(face, atlas.masks, atlas.noise, shifts, strengths, colours, shadow, out)
    return out


def _bytes(linear: Rgb | FloatArray) -> FloatArray:
    value = np.clip(np.asarray(linear, np.float32), 0.0, 1.0)
    curve = np.where(value <= 0.0031308, value * 12.92, 1.055 * value ** (1 / 2.4) - 0.055)
    return (curve * 255.0).astype(np.float32)


@njit(**QUICK)
def _paint(face, masks, noise, shifts, strengths, colours, shadow, out):  # type: ignore[no-untyped-def]
    height, width = face.shape[0], face.shape[1]
    plain, stick, blush, lids, freckles, wrinkles = strengths[:6]
    stubble, scalp, pores, mottle, oil, lip_gloss = strengths[6:]
    skin_mean = (colours[0, 0] + colours[0, 1] + colours[0, 2]) / np.float32(3.0)
    for y in range(height):
        for x in range(width):
            lips = masks[_LIPS, y, x]
            fine = noise[_PORES, (y + shifts[0, 0]) % height, (x + shifts[0, 1]) % width]
            broad = noise[_MOTTLE, (y + shifts[1, 0]) % height, (x + shifts[1, 1]) % width]
            change = np.float32(1.0) + pores * fine + mottle * broad
            if freckles > 0.0:
                spot = noise[_SPOTS, (y + shifts[2, 0]) % height, (x + shifts[2, 1]) % width]
                change -= freckles * spot * masks[_FRECKLES, y, x]
            change -= (
                wrinkles * masks[_WRINKLES, y, x] * (np.float32(0.7) + np.float32(0.2) * broad)
            )
            brightness = (np.float32(face[y, x, 0]) + face[y, x, 1] + face[y, x, 2]) / np.float32(3)
            folds = min(max(brightness / skin_mean, np.float32(0.4)), np.float32(1.3))
            rouge = blush * masks[_CHEEKS, y, x]
            lid = lids * masks[_LIDS, y, x]
            beard = np.float32(0.0)
            if stubble > 0.0:
                grain = noise[_GRAIN, (y + shifts[3, 0]) % height, (x + shifts[3, 1]) % width]
                beard = stubble * masks[_BEARD, y, x] * (np.float32(0.7) + np.float32(0.45) * grain)
                beard = min(beard, np.float32(0.85))
            crown = scalp * masks[_SCALP, y, x]
            for k in range(3):
                value = np.float32(face[y, x, k])
                # Own lip colour fades towards the skin's; lipstick keeps the light of the folds.
                value += lips * plain * (colours[0, k] - value)
                value += lips * stick * (colours[1, k] * folds - value)
                red = np.float32(0.92) if k == 0 else np.float32(0.5)
                value *= np.float32(1.0) + rouge * (red - np.float32(1.0))
                value *= np.float32(1.0) + lid * (shadow[k] - np.float32(1.0))
                value *= change
                value += beard * (colours[2, k] - value)
                value += crown * (colours[3, k] - value)
                out[y, x, k] = np.uint8(min(max(value, np.float32(0)), np.float32(255)))
            gloss = np.float32(0.25) + oil * masks[_T_ZONE, y, x] + lip_gloss * lips
            gloss *= (np.float32(1.0) + np.float32(0.12) * fine) * (1 - np.float32(0.6) * beard)
            out[y, x, 3] = np.uint8(
                min(max(gloss * np.float32(160.0), np.float32(0)), np.float32(255))
            )
