"""What is done to a face crop before a net sees it: one affine map, then pixel changes.

The map goes from stored crop to net input and moves pixels and points alike (law test: points
follow pixels to 0.1 px). All randomness comes from the generator handed in, so that a sample is a
function of (seed, epoch, index) alone, whatever process makes it.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from core.geometry import Array, apply_affine, compose_affine, similarity
from core.training.recipe import AugmentRecipe

Image = NDArray[np.uint8]


class Placement(NamedTuple):
    """Where a crop lies."""

    matrix: Array
    """Stored crop → net input, (2, 3)."""
    flipped: bool


def base_matrix(
    xy: NDArray[np.floating],
    input_size: int,
    scale: float,
    angle_rad: float,
    shift_xy: tuple[float, float] = (0.0, 0.0),
) -> Array:
    """The undisturbed crop: the box rule of the exported card (`core.faces.crops.crop_matrix`).

    A square of `scale` × the longer side of the hull, moved by `shift_xy` × that side, all measured
    in the upright frame.
    """
    upright = similarity(1.0, -angle_rad, np.zeros(2))
    turned = apply_affine(upright, xy)
    low, high = np.nanmin(turned, axis=0), np.nanmax(turned, axis=0)
    side = scale * float((high - low).max())
    zoom = input_size / side
    centre = (low + high) / 2 + side * np.asarray(shift_xy)
    return compose_affine(similarity(zoom, 0.0, (input_size - 1) / 2 - zoom * centre), upright)


def random_placement(
    rng: np.random.Generator,
    xy: NDArray[np.floating],
    input_size: int,
    pair: tuple[int, int],
    recipe: AugmentRecipe,
) -> Placement:
    """The box rule's crop, disturbed as detectors and trackers disturb it."""
    eye = np.asarray(xy[pair[1]], float) - np.asarray(xy[pair[0]], float)
    angle = float(np.arctan2(eye[1], eye[0])) if np.isfinite(eye).all() else 0.0
    matrix = base_matrix(xy, input_size, recipe.crop_scale, angle, recipe.crop_shift)
    centre = (input_size - 1) / 2
    zoom = 1.0 / np.exp(rng.uniform(*np.log(recipe.zoom)))
    roll = np.deg2rad(
        np.clip(rng.normal(0.0, recipe.roll_deg / 2), -recipe.roll_deg, recipe.roll_deg)
    )
    shift = rng.uniform(-recipe.shift, recipe.shift, 2) * input_size
    flipped = bool(rng.random() < recipe.flip)
    linear = similarity(zoom, roll, np.zeros(2))[:, :2]
    stretch = 1.0 + rng.uniform(-recipe.aspect, recipe.aspect)
    linear = linear @ np.diag([(-1.0 if flipped else 1.0) * stretch, 1.0])
    offset = centre + shift - linear @ np.full(2, centre)
    return Placement(compose_affine(np.hstack([linear, offset[:, None]]), matrix), flipped)


def move_points(
    xy: NDArray[np.floating], placement: Placement, mirror: NDArray[np.integer]
) -> Array:
    """Points (M, 2) in the net's input; flips also swap mirror pairs."""
    moved = apply_affine(placement.matrix, xy)
    return moved[mirror] if placement.flipped else moved


def warp(image: Image, matrix: Array, size: int, rng: np.random.Generator | None = None) -> Image:
    """Resample to (size, size, 3); outside the picture black, or at random its edge or a mirror.

    Black is what a predictor shows beyond the frame.
    """
    border: int = cv2.BORDER_CONSTANT
    value: tuple[int, ...] = (0, 0, 0)
    if rng is not None:
        choice = rng.random()
        if choice < 0.4:
            border = cv2.BORDER_REPLICATE
        elif choice < 0.6:
            border = cv2.BORDER_REFLECT_101
        elif choice < 0.75:
            value = tuple(int(v) for v in rng.integers(0, 256, 3))
    return np.asarray(
        cv2.warpAffine(
            image,
            matrix,
            (size, size),
            flags=cv2.INTER_LINEAR,
            borderMode=border,
            borderValue=value,
        ),
        np.uint8,
    )


def disturb(image: Image, rng: np.random.Generator, recipe: AugmentRecipe) -> Image:
    """Change pixels, not places: occluders first, then light, then the camera."""
    for chance, change in (
        (recipe.occlusion, occlude),
        (recipe.light, shade),
        (recipe.colour, shift_colours),
        (recipe.gamma, change_gamma),
        (recipe.grey, to_grey),
        (recipe.blur, blur),
        (recipe.low_resolution, lower_resolution),
        (recipe.sharpen, sharpen),
        (recipe.noise, add_noise),
        (recipe.jpeg, compress),
    ):
        if rng.random() < chance:
            image = change(image, rng)
    return image


def occlude(image: Image, rng: np.random.Generator) -> Image:
    """Put one to three ellipses or boxes over the picture: colour, noise or a piece of it."""
    size = image.shape[0]
    out = image.copy()
    for _ in range(int(rng.integers(1, 4))):
        mask = np.zeros((size, size), np.uint8)
        centre = tuple(int(v) for v in rng.integers(0, size, 2))
        axes = tuple(int(v) for v in size * rng.uniform(0.04, 0.28, 2))
        angle = float(rng.uniform(0, 180))
        if rng.random() < 0.6:
            cv2.ellipse(mask, centre, axes, angle, 0, 360, 255, -1)
        else:
            corners = cv2.boxPoints((centre, (2.0 * axes[0], 2.0 * axes[1]), angle))
            cv2.fillConvexPoly(mask, corners.astype(np.int32), 255)
        out[mask > 0] = _filling(image, rng)[mask > 0]
    return out


def _filling(image: Image, rng: np.random.Generator) -> Image:
    size = image.shape[0]
    choice = rng.random()
    if choice < 0.3:  # another part of the same picture: skin where no skin belongs
        return np.roll(image, tuple(int(v) for v in rng.integers(size // 4, size, 2)), (0, 1))
    colour = rng.integers(0, 256, 3)
    if choice < 0.65:
        return np.broadcast_to(colour.astype(np.uint8), image.shape)
    coarse = rng.normal(0, 40, (int(rng.integers(2, 12)),) * 2 + (1,)) + colour
    grown = cv2.resize(coarse.astype(np.float32), (size, size), interpolation=cv2.INTER_LINEAR)
    return np.clip(grown, 0, 255).astype(np.uint8)


def shade(image: Image, rng: np.random.Generator) -> Image:
    """Light from one side: a smooth step across the picture, the dark side at 6 … 70 %."""
    size = image.shape[0]
    angle = rng.uniform(0, 2 * np.pi)
    across = (np.arange(size) / size - 0.5).astype(np.float32)
    place = np.cos(angle) * across[None, :] + np.sin(angle) * across[:, None]
    place = (place - rng.uniform(-0.25, 0.25)) / np.exp(rng.uniform(np.log(0.01), np.log(0.3)))
    dark = np.exp(rng.uniform(np.log(0.06), np.log(0.7)))
    gain = dark + (1.0 - dark) / (1.0 + np.exp(-place.clip(-20, 20)))
    gain *= rng.uniform(0.9, 1.4)
    return (image * gain[..., None].astype(np.float32)).clip(0, 255).astype(np.uint8)


def sharpen(image: Image, rng: np.random.Generator) -> Image:
    """Unsharp mask."""
    soft = cv2.GaussianBlur(image, (0, 0), rng.uniform(0.6, 1.5))
    amount = rng.uniform(0.3, 1.8)
    return np.asarray(cv2.addWeighted(image, 1 + amount, soft, -amount, 0), np.uint8)


def shift_colours(image: Image, rng: np.random.Generator) -> Image:
    """White balance, brightness, contrast and saturation by one 3×4 colour matrix."""
    saturation = rng.uniform(0.3, 1.5)
    grey = np.full((3, 3), 1.0 / 3.0)
    matrix = saturation * np.eye(3) + (1 - saturation) * grey
    matrix = np.diag(rng.uniform(0.8, 1.2, 3)) @ matrix * rng.uniform(0.6, 1.35)
    offset = rng.uniform(-30, 30)
    return np.asarray(cv2.transform(image, np.hstack([matrix, np.full((3, 1), offset)])), np.uint8)


def change_gamma(image: Image, rng: np.random.Generator) -> Image:
    """V ↦ v^γ, γ from 0.5 to 2."""
    gamma = np.exp(rng.uniform(-0.7, 0.7))
    table = (255.0 * (np.arange(256) / 255.0) ** gamma).astype(np.uint8)
    return np.asarray(cv2.LUT(image, table), np.uint8)


def to_grey(image: Image, rng: np.random.Generator) -> Image:
    """Grey, sometimes toned (sepia and its like)."""
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)[..., None].astype(np.float32)
    tone = rng.uniform(0.8, 1.0, 3) if rng.random() < 0.3 else np.ones(3)
    return (grey * tone).astype(np.uint8)


def blur(image: Image, rng: np.random.Generator) -> Image:
    """Defocus or motion blur."""
    if rng.random() < 0.6:
        return np.asarray(cv2.GaussianBlur(image, (0, 0), rng.uniform(0.4, 2.0)), np.uint8)
    length = int(rng.integers(3, 9))
    kernel = np.zeros((length, length), np.float32)
    direction = rng.uniform(0, np.pi)
    half = (length - 1) / 2
    step = half * np.array([np.cos(direction), np.sin(direction)])
    a, b = (tuple(int(v) for v in np.rint(half + s * step)) for s in (-1, 1))
    cv2.line(kernel, a, b, 1.0)
    return np.asarray(cv2.filter2D(image, -1, kernel / kernel.sum()), np.uint8)


def lower_resolution(image: Image, rng: np.random.Generator) -> Image:
    """Through a smaller picture and back: faces far away."""
    size = image.shape[0]
    small = max(16, int(size * np.exp(rng.uniform(np.log(0.25), np.log(0.8)))))
    reduced = cv2.resize(image, (small, small), interpolation=cv2.INTER_AREA)
    how = (cv2.INTER_LINEAR, cv2.INTER_CUBIC, cv2.INTER_NEAREST)[int(rng.integers(0, 3))]
    return np.asarray(cv2.resize(reduced, (size, size), interpolation=how), np.uint8)


def add_noise(image: Image, rng: np.random.Generator) -> Image:
    """Gaussian noise, grey or coloured, of 2 to 18 levels."""
    height, width, channels = image.shape[0], image.shape[1], 1 if rng.random() < 0.4 else 3
    noise = np.zeros((height, width * channels), np.int16)
    # cv2's generator is several times faster than numpy's; it is seeded from ours.
    cv2.setRNGSeed(int(rng.integers(0, 2**31 - 1)))
    cv2.randn(noise, np.zeros(1), np.full(1, rng.uniform(2, 18)))
    loud = image.astype(np.int16) + noise.reshape(height, width, channels)
    return loud.clip(0, 255).astype(np.uint8)


def compress(image: Image, rng: np.random.Generator) -> Image:
    """JPEG of quality 15 to 80."""
    quality = int(rng.integers(15, 81))
    done, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8) if done else image


def no_face(image: Image, rng: np.random.Generator, size: int) -> Image:
    """A crop without a face, made from one with: tiles in disorder, a small corner, or texture."""
    choice = rng.random()
    if choice < 0.45:
        return _shuffled(np.asarray(cv2.resize(image, (size, size)), np.uint8), rng)
    if choice < 0.85:
        side = int(image.shape[0] * rng.uniform(0.12, 0.3))
        edge = image.shape[0] - side
        x, y = int(rng.choice([0, edge])), int(rng.choice([0, edge]))
        if rng.random() < 0.5:
            x = int(rng.integers(0, edge + 1))
        else:
            y = int(rng.integers(0, edge + 1))
        return np.asarray(cv2.resize(image[y : y + side, x : x + side], (size, size)), np.uint8)
    coarse = rng.integers(0, 256, (int(rng.integers(1, 9)),) * 2 + (3,)).astype(np.uint8)
    return np.asarray(cv2.resize(coarse, (size, size), interpolation=cv2.INTER_CUBIC), np.uint8)


def _shuffled(image: Image, rng: np.random.Generator) -> Image:
    count = int(rng.integers(3, 6))
    side = image.shape[0] // count
    tiles = [
        image[r * side : (r + 1) * side, c * side : (c + 1) * side]
        for r in range(count)
        for c in range(count)
    ]
    order = rng.permutation(len(tiles))
    rows = [
        np.concatenate([np.rot90(tiles[i], int(rng.integers(0, 4))) for i in row], axis=1)
        for row in order.reshape(count, count)
    ]
    whole = np.concatenate(rows, axis=0)
    return np.asarray(cv2.resize(whole, image.shape[1::-1]), np.uint8)
