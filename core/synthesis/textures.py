"""One subject's textures: skin of any tone, lips, irises, hair colours, baked once a subject.

Skins come from the head's folder (or from noise, for a head without pictures), shifted along the
tones people have: in log reflectance melanin and blood are additive (Beer–Lambert; Tsumura et al.
2003), so a tone is a gain by channel in linear light. Lips, beard shadow, freckles, make-up and
shine are painted over it where a map of the neutral head (`SkinAtlas`) says they belong.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from core.synthesis.atlas import MASKS, SkinAtlas
from core.synthesis.face_paint import paint_face
from core.synthesis.look import Look

Texture = NDArray[Any]  # uint8 (h, w, 4) RGBA, sRGB; alpha is coverage, or gloss on opaque layers
FloatArray = NDArray[np.floating]

FLAT = 64  # side of a texture without a picture


@lru_cache(maxsize=128)
def load_picture(path: Path, size: int) -> Texture:
    """A texture file as RGBA, reduced to at most `size` pixels a side."""
    picture = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    if picture is None:
        from core.errors import InputError

        raise InputError(f"{path} cannot be read as a picture; is the head's folder complete?")
    if picture.ndim == 2:
        picture = cv2.cvtColor(picture, cv2.COLOR_GRAY2BGR)
    if picture.shape[2] == 3:
        picture = cv2.cvtColor(picture, cv2.COLOR_BGR2BGRA)
    picture = cv2.cvtColor(picture, cv2.COLOR_BGRA2RGBA)
    height, width = picture.shape[:2]
    if max(height, width) > size:
        scale = size / max(height, width)
        picture = _shrink(picture, (round(height * scale), round(width * scale)))
    return np.ascontiguousarray(picture)


def _shrink(picture: Texture, hw: tuple[int, int]) -> Texture:
    """Area average in which transparent texels do not bleed their colour into the others."""
    alpha = picture[..., 3:].astype(np.float32) / 255.0
    if alpha.min() == 1.0:
        return cv2.resize(picture, hw[::-1], interpolation=cv2.INTER_AREA)
    colour = cv2.resize(picture[..., :3] * alpha, hw[::-1], interpolation=cv2.INTER_AREA)
    cover = cv2.resize(alpha[..., 0], hw[::-1], interpolation=cv2.INTER_AREA)
    solid = colour / np.maximum(cover, 1e-3)[..., None]
    mean = colour.sum((0, 1)) / max(float(cover.sum()), 1e-3)
    solid = np.where(cover[..., None] > 2e-3, solid, mean)
    return np.dstack([solid, cover * 255.0]).clip(0, 255).round().astype(np.uint8)


def to_linear(srgb: FloatArray) -> FloatArray:
    """SRGB 0…1 to linear light."""
    return np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4).astype(
        np.float32
    )


def to_srgb(linear: FloatArray) -> FloatArray:
    """Linear light 0…1 to sRGB 0…1."""
    linear = np.clip(linear, 0.0, 1.0)
    return np.where(
        linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055
    ).astype(np.float32)


def gain_table(gain: FloatArray, contrast: float = 1.0, pivot: FloatArray | None = None) -> Texture:
    """A look-up table (256, 1, 3) that multiplies linear light by `gain` a channel."""
    value = to_linear(np.arange(256, dtype=np.float32)[:, None] / 255.0)
    middle = np.float32(1.0) if pivot is None else pivot[None]
    value = middle * (np.maximum(value, 1e-5) / middle) ** contrast * gain[None]
    return (to_srgb(value) * 255.0).round().astype(np.uint8)[:, None, :]


@lru_cache(maxsize=64)
def _mean_colour(path: Path, atlas: SkinAtlas) -> FloatArray:
    """Mean linear colour of the cheeks and forehead of one skin picture, (3,)."""
    picture = load_picture(path, atlas.size)
    weight = atlas.masks[MASKS.index("plain")][..., None]
    crop = to_linear(picture[atlas.rows, atlas.columns, :3].astype(np.float32) / 255.0)
    return ((crop * weight).sum((0, 1)) / weight.sum()).astype(np.float32)


def bake_skin(look: Look, atlas: SkinAtlas, folder: Path | None) -> Texture:
    """The skin of one subject: RGB, and gloss in alpha. (size, size, 4)."""
    target = np.asarray(look.skin_rgb, np.float32)
    if look.skin_file is None or folder is None:
        whole = np.full((atlas.size, atlas.size, 4), 200, np.uint8)
        mean = to_linear(np.full(3, 200 / 255, np.float32))
        own_lips = 0.8 - 0.5 * look.lip_plainness  # no picture brings lips along
        look = replace(
            look, lipstick=max(look.lipstick, own_lips), mottle=look.mottle + 0.02,
            eye_shadow=max(look.eye_shadow, 0.8), eye_shadow_rgb=(0.46, 0.39, 0.38),
        )  # fmt: skip
    else:
        whole = load_picture(folder / look.skin_file, atlas.size)
        mean = _mean_colour(folder / look.skin_file, atlas)
    table = gain_table(target / mean, look.skin_contrast, mean)
    skin = np.empty((*whole.shape[:2], 4), np.uint8)
    toned = cv2.LUT(np.ascontiguousarray(whole[..., :3]), table)
    cv2.mixChannels([toned], [skin], [0, 0, 1, 1, 2, 2])
    skin[..., 3] = 40  # as `paint_face` gives dry skin
    window = (atlas.rows, atlas.columns)
    skin[window] = paint_face(toned[window], look, atlas)
    return skin


@lru_cache(maxsize=64)
def _greyness(path: Path, size: int) -> NDArray[np.uint8]:
    """Brightness of a hair picture, scaled so that its mean is 96. (h, w)."""
    picture = load_picture(path, size)
    grey = to_linear(picture[..., :3].astype(np.float32) / 255.0).mean(-1)
    weight = (picture[..., 3] > 100).astype(np.float32)
    mean = float((grey * weight).sum() / max(float(weight.sum()), 1.0))
    return (grey / max(mean, 1e-4) * 96.0).clip(0, 255).astype(np.uint8)


def bake_hair(
    path: Path | None, size: int, rgb: FloatArray, contrast: float, curly: bool = False
) -> Texture:
    """A hair picture in another colour; without one, curls or vertical strands of noise."""
    if path is None and curly:
        grey, alpha = curl_noise(size)
    elif path is None:
        grey, alpha = strand_noise(size), np.full((size, size), 255, np.uint8)
    else:
        grey, alpha = _greyness(path, size), load_picture(path, size)[..., 3]
    level = np.maximum(np.arange(256, dtype=np.float32)[:, None] / 96.0, 0.02) ** contrast
    table = (to_srgb(level * rgb[None]) * 255.0).round().astype(np.uint8)
    return np.dstack([table[grey], alpha])


@lru_cache(maxsize=4)
def strand_noise(size: int) -> NDArray[np.uint8]:
    """Vertical streaks, mean 96, (size, size)."""
    rng = np.random.default_rng(7)
    fine = cv2.GaussianBlur(rng.normal(size=(size, size)).astype(np.float32), (1, 0), 0.6, None, 24)
    broad = cv2.GaussianBlur(rng.normal(size=(size, size)).astype(np.float32), (0, 0), 3, None, 40)
    streaks = fine / fine.std() * 0.28 + broad / broad.std() * 0.22
    return (96.0 * (1.0 + streaks)).clip(0, 255).astype(np.uint8)


@lru_cache(maxsize=4)
def curl_noise(size: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Curls: brightness (mean 96) and coverage; the lower third is a fringe with ragged edges."""
    rng = np.random.default_rng(8)

    def clouds(sigma: float) -> FloatArray:
        wide = cv2.GaussianBlur(rng.normal(size=(size, size)).astype(np.float32), (0, 0), sigma)
        return wide / wide.std()

    rings = np.cos(2.5 * clouds(0.006 * size)) * 0.35 + clouds(0.004 * size) * 0.2
    grey = (96.0 * (1.0 + rings)).clip(10, 255).astype(np.uint8)
    v = (np.arange(size, dtype=np.float32)[:, None] + 0.5) / size
    along = (v - 0.68) / 0.32
    edge = np.minimum(along, 1 - along) * 6.0 + clouds(0.008 * size) - 0.6
    alpha = np.where(v < 0.66, 1.0, np.clip(edge, 0.0, 1.0))
    return grey, (alpha * 255).astype(np.uint8)


def bake_brow(path: Path | None, size: int, rgb: FloatArray, strength: float) -> Texture:
    """A brow or lash card of one colour whose coverage is multiplied by `strength`."""
    if path is None:
        alpha = np.full((FLAT, FLAT), 255, np.uint8)
    else:
        alpha = load_picture(path, size)[..., 3]
    out = np.empty((*alpha.shape, 4), np.uint8)
    out[..., :3] = (to_srgb(rgb) * 255.0).round().astype(np.uint8)
    out[..., 3] = (alpha * np.float32(strength)).clip(0, 255).astype(np.uint8)
    return out


def bake_eye(path: Path | None, size: int, look: Look) -> Texture:
    """Iris and sclera of one subject. Alpha is gloss; 0 marks the clear cornea, not drawn."""
    if path is None:
        picture = painted_eye(FLAT * 2)
    else:
        picture = _with_darker_iris(path, size)
    gain = np.asarray(look.eye_gain, np.float32)
    colour = cv2.LUT(np.ascontiguousarray(picture[..., :3]), gain_table(gain))
    return np.dstack([colour, picture[..., 3]])


_IRISES = np.array([(725, 304), (301, 719)], np.float32) / 1024  # x, y in the head's pictures
_IRIS_RADIUS = 0.115
_IRIS_ALBEDO = 0.15  # of the palest irises; the pictures have up to 0.4


@lru_cache(maxsize=32)
def _with_darker_iris(path: Path, size: int) -> Texture:
    """An eye picture whose irises reflect no more light than real ones."""
    picture = load_picture(path, size).copy()
    side = picture.shape[0]
    axis = (np.arange(side, dtype=np.float32) + 0.5) / side
    away = np.min([np.hypot(axis[None] - x, axis[:, None] - y) for x, y in _IRISES], axis=0)
    iris = np.clip((_IRIS_RADIUS - away) / 0.012, 0.0, 1.0)[..., None]
    light = to_linear(picture[..., :3].astype(np.float32) / 255.0)
    mean = float((light * iris).sum() / (3.0 * iris.sum()))
    light = light * (1.0 + iris * (min(1.0, _IRIS_ALBEDO / mean) - 1.0))
    picture[..., :3] = (to_srgb(light) * 255.0).round().astype(np.uint8)
    return picture


@lru_cache(maxsize=2)
def painted_eye(size: int) -> Texture:
    """An eye by formula: the gaze axis at the middle, v and u across; iris radius 0.17."""
    axis = (np.arange(size, dtype=np.float32) + 0.5) / size - 0.5
    radius = np.hypot(axis[None], axis[:, None])
    angle = np.arctan2(axis[:, None], axis[None])
    rays = 0.85 + 0.15 * np.sin(angle * 23) * np.sin(angle * 7 + radius * 60)
    iris = np.array([92, 66, 40], np.float32) * rays[..., None]
    sclera = np.array([158, 149, 143], np.float32)
    blend = np.clip((radius - 0.165) / 0.015, 0, 1)[..., None]
    limbus = 1.0 - 0.45 * np.exp(-(((radius - 0.163) / 0.018) ** 2))[..., None]
    eye = (iris * (1 - blend) + sclera * blend) * limbus
    eye = eye * np.clip((radius - 0.06) / 0.012, 0.05, 1)[..., None]
    return np.dstack([eye.clip(0, 255), np.full((size, size), 255.0)]).astype(np.uint8)


def flat(rgb: FloatArray, alpha: int = 255, size: int = 4) -> Texture:
    """One linear colour everywhere."""
    out = np.empty((size, size, 4), np.uint8)
    out[..., :3] = (to_srgb(np.asarray(rgb, np.float32)) * 255.0).round().astype(np.uint8)
    out[..., 3] = alpha
    return out


def cloth(rng: np.random.Generator, rgb: FloatArray, size: int = FLAT) -> Texture:
    """Woven cloth: plain, striped or checked, with a little noise."""
    axis = np.arange(size)
    period = int(rng.integers(4, 24))
    bands = (axis % period < period // 2).astype(np.float32)
    kind = rng.random()
    pattern = np.zeros((size, size), np.float32)
    if kind < 0.25:
        pattern = np.broadcast_to(bands[:, None], pattern.shape).copy()
    elif kind < 0.4:
        pattern = 0.5 * (bands[:, None] + bands[None])
    other = np.asarray(rgb, np.float32) * np.float32(rng.uniform(0.3, 1.8))
    colour = rgb + pattern[..., None] * (other - rgb)
    colour = colour * (1.0 + 0.12 * rng.normal(size=(size, size, 1)).astype(np.float32))
    return np.dstack([to_srgb(colour) * 255.0, np.full((size, size), 60.0)]).astype(np.uint8)


def felt(rng: np.random.Generator, rgb: FloatArray, size: int = FLAT) -> Texture:
    """Hats: a muted shade of a colour, a little uneven."""
    grey = np.full(3, float(np.asarray(rgb).mean()), np.float32)
    colour = (grey + 0.3 * (rgb - grey)) * np.float32(0.6) + np.float32(0.01)
    uneven = cv2.GaussianBlur(rng.normal(size=(size, size)).astype(np.float32), (0, 0), 1.5)
    colour = colour * (1.0 + 0.5 * uneven[..., None])
    return np.dstack([to_srgb(colour) * 255.0, np.full((size, size), 60.0)]).astype(np.uint8)


@dataclass(frozen=True)
class PackedTextures:
    """Textures end to end, as the shader reads them."""

    texels: NDArray[np.uint8]  # (N, 4)
    table: NDArray[np.int32]  # (M, 3): first texel, rows, columns


def pack(textures: list[Texture]) -> PackedTextures:
    """Lay textures end to end."""
    starts = np.cumsum([0] + [t.shape[0] * t.shape[1] for t in textures])
    table = [(start, *t.shape[:2]) for start, t in zip(starts[:-1], textures, strict=True)]
    return PackedTextures(
        np.concatenate([t.reshape(-1, 4) for t in textures]), np.array(table, np.int32)
    )


def bake_picture(path: Path | None, size: int, gain: FloatArray, fallback: FloatArray) -> Texture:
    """A picture times a gain (teeth, tongue), or a flat colour; fully glossy."""
    if path is None:
        return flat(fallback * gain)
    picture = load_picture(path, size)
    colour = cv2.LUT(np.ascontiguousarray(picture[..., :3]), gain_table(gain))
    return np.dstack([colour, np.full(picture.shape[:2], 255, np.uint8)])
