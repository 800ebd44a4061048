"""The camera after the lens: blur, low resolution, exposure, colour, noise, JPEG, video coding.

`CameraFaults` are drawn once a shot; `develop` turns linear light into the picture a person would
have on disk. Geometry is never touched: landmarks stay where they are.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.floating]
Image = NDArray[Any]  # (H, W, 3) uint8; OpenCV's stubs know no more


@dataclass(frozen=True)
class CameraFaults:
    """What one camera does to a picture. Lengths are pixels of the picture."""

    exposure: float = 1.0  # multiplies linear light
    white_balance: tuple[float, float, float] = (1.0, 1.0, 1.0)  # gain a channel
    gamma: float = 1.0  # exponent on the sRGB value
    contrast: float = 1.0
    saturation: float = 1.0  # 0 = grey
    defocus_px: float = 0.0  # sigma
    motion_px: float = 0.0  # length of the streak
    motion_rad: float = 0.0  # its direction
    scale: float = 1.0  # resolution kept, 0…1
    noise: float = 0.0  # sd at mid-grey, 0…255
    sharpen: float = 0.0  # unsharp mask, as phones do
    jpeg: int = 100  # quality; 100 = none
    video: int = 100  # quality of a video's predicted frame; 100 = none
    video_px: tuple[float, float] = (0.0, 0.0)  # how far its prediction is off


def sample_faults(
    rng: np.random.Generator, eye_distance_px: float, strength: float = 1.0
) -> CameraFaults:
    """Draw a camera.

    Args:
        rng: Source of chance.
        eye_distance_px: Between the outer eye corners; blur and reduction stop where about 20 px
            of it would be left.
        strength: 0 = a good camera … 1 = any.
    """
    room = max(eye_distance_px / 20.0, 1.0)  # how much resolution can be lost

    def sometimes(chance: float) -> bool:
        return bool(rng.random() < chance * strength)

    return CameraFaults(
        exposure=float(np.exp(rng.normal(0.0, 0.22 * strength))),
        white_balance=(
            float(np.exp(rng.normal(0, 0.08 * strength))), 1.0,
            float(np.exp(rng.normal(0, 0.1 * strength))),
        ),
        gamma=float(np.exp(rng.normal(0, 0.15 * strength))),
        contrast=float(np.exp(rng.normal(0.02, 0.12 * strength))),
        saturation=0.0 if sometimes(0.1) else float(np.clip(rng.normal(0.9, 0.2), 0.3, 1.5)),
        defocus_px=float(rng.uniform(0.2, min(0.45 * room, 3.5))) if sometimes(0.45) else 0.0,
        motion_px=float(rng.uniform(1.5, min(2.2 * room, 14.0))) if sometimes(0.15) else 0.0,
        motion_rad=float(rng.uniform(0, np.pi)),
        scale=float(rng.uniform(1.0 / room, 1.0)) if sometimes(0.3) else 1.0,
        noise=float(rng.gamma(1.2, 3.0)) if sometimes(0.6) else 0.0,
        sharpen=float(rng.uniform(0.2, 1.2)) if sometimes(0.2) else 0.0,
        jpeg=int(rng.integers(25, 96)) if sometimes(0.55) else 100,
        video=int(rng.integers(8, 60)) if sometimes(0.25) else 100,
        video_px=(float(rng.normal(0, 0.5)), float(rng.normal(0, 0.5))),
    )  # fmt: skip


def develop(linear: FloatArray, faults: CameraFaults, rng: np.random.Generator) -> Image:
    """Linear light to the picture on disk.

    Args:
        linear: (H, W, 3) linear light, 1 = white.
        faults: The camera.
        rng: For the noise.

    Returns:
        (H, W, 3) uint8 sRGB.
    """
    light = linear * (np.asarray(faults.white_balance, np.float32) * np.float32(faults.exposure))
    light = _blurred(light, faults)
    image = _tone(light)
    if faults.scale < 1.0:
        image = _through_small(image, faults.scale)
    if faults.contrast != 1.0 or faults.gamma != 1.0:
        image = cv2.LUT(image, _curve(faults.gamma, faults.contrast))
    if faults.saturation != 1.0:
        grey = cv2.cvtColor(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
        image = cv2.addWeighted(image, faults.saturation, grey, 1.0 - faults.saturation, 0)
    if faults.sharpen > 0:
        soft = cv2.GaussianBlur(image, (0, 0), 1.0)
        image = cv2.addWeighted(image, 1 + faults.sharpen, soft, -faults.sharpen, 0)
    if faults.noise > 0:
        image = _noisy(image, faults, rng)
    if faults.jpeg < 100:
        image = _through_jpeg(image, faults.jpeg)
    if faults.video < 100:
        image = _through_video(image, faults)
    return image


def without_motion(faults: CameraFaults) -> CameraFaults:
    """The same camera, held still."""
    return replace(faults, motion_px=0.0)


_STEPS = np.arange(4096) / 4095.0 * 2.0
_TONE = np.where(
    _STEPS <= 0.0031308, 12.92 * _STEPS, 1.055 * np.maximum(_STEPS, 1e-9) ** (1 / 2.4) - 0.055
).astype(np.float32)


def _shoulder() -> Image:
    """Table from linear 0…2 (4096 steps) to sRGB: straight up to 0.75, then rolling off."""
    knee = 0.75
    over = np.maximum(_TONE - knee, 0.0)
    value = np.minimum(_TONE, knee) + (1 - knee) * (1.0 - np.exp(-over / (1 - knee)))
    return (value * 255.0).clip(0, 255).round().astype(np.uint8)


_SHOULDER = _shoulder()


def _tone(light: FloatArray) -> Image:
    index = np.clip(light * np.float32(4095 / 2.0), 0, 4095).astype(np.uint16)
    return _SHOULDER[index]


def _curve(gamma: float, contrast: float) -> Image:
    value = (np.arange(256) / 255.0) ** gamma
    value = 0.5 + (value - 0.5) * contrast
    return (value * 255).clip(0, 255).round().astype(np.uint8)


def _blurred(light: NDArray[Any], faults: CameraFaults) -> NDArray[Any]:
    if faults.defocus_px > 0.15:
        light = cv2.GaussianBlur(light, (0, 0), faults.defocus_px)
    if faults.motion_px > 1.0:
        light = cv2.filter2D(light, -1, streak(faults.motion_px, faults.motion_rad))
    return light


def streak(length_px: float, angle_rad: float) -> FloatArray:
    """A centred line of the given length as a filter that sums to 1."""
    half = int(np.ceil(length_px / 2)) + 1
    kernel = np.zeros((2 * half + 1, 2 * half + 1), np.float32)
    for t in np.linspace(-length_px / 2, length_px / 2, 4 * half + 1):
        x, y = half + t * np.cos(angle_rad), half + t * np.sin(angle_rad)
        ix, iy = int(np.floor(x)), int(np.floor(y))
        fx, fy = x - ix, y - iy
        kernel[iy, ix] += (1 - fx) * (1 - fy)
        kernel[iy, ix + 1] += fx * (1 - fy)
        kernel[iy + 1, ix] += (1 - fx) * fy
        kernel[iy + 1, ix + 1] += fx * fy
    return kernel / kernel.sum()


def _through_small(image: Image, scale: float) -> Image:
    """Reduce and enlarge about the picture's own area, so that nothing shifts."""
    height, width = image.shape[:2]
    small = (max(8, round(width * scale)), max(8, round(height * scale)))
    reduced = cv2.resize(image, small, interpolation=cv2.INTER_AREA)
    return cv2.resize(reduced, (width, height), interpolation=cv2.INTER_LINEAR)


def _noisy(image: Image, faults: CameraFaults, rng: np.random.Generator) -> Image:
    """Noise that grows towards the light, a little less in the dark, grey where the picture is."""
    noise = rng.standard_normal(image.shape, dtype=np.float32)
    if faults.saturation == 0.0:
        noise[:] = noise[..., :1]
    amount = faults.noise * (0.5 + image.astype(np.float32) / 255.0)
    return (image + noise * amount).clip(0, 255).astype(np.uint8)


def _through_jpeg(image: Image, quality: int) -> Image:
    ok, data = cv2.imencode(".jpg", image[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not ok:
        raise ValueError("the picture could not be coded as JPEG")
    return np.ascontiguousarray(np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR))[..., ::-1])


_BLOCK = 8  # pixels


def _through_video(image: Image, faults: CameraFaults) -> Image:
    """A predicted frame of a coded video, as H.264 makes it, by means of JPEG's transform.

    The frame before, coded itself and moved nearly into place, predicts this one; the rest is coded
    coarsely, and blocks whose rest is small are not coded at all: they keep what was predicted.
    """
    dx, dy = faults.video_px
    matrix = np.array([[1.0, 0.0, dx], [0.0, 1.0, dy]])
    height, width = image.shape[:2]
    before = cv2.warpAffine(image, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE)
    before = _through_jpeg(before, min(faults.video + 20, 95)).astype(np.int16)
    rest = image.astype(np.int16) - before
    coded = _through_jpeg((rest // 2 + 128).clip(0, 255).astype(np.uint8), faults.video)
    small = (width + _BLOCK - 1) // _BLOCK, (height + _BLOCK - 1) // _BLOCK
    amount = cv2.resize(
        np.abs(rest).mean(axis=2).astype(np.float32), small, interpolation=cv2.INTER_AREA
    )
    skipped = amount < 12.0 - 0.15 * faults.video
    mask = np.repeat(np.repeat(skipped, _BLOCK, axis=0), _BLOCK, axis=1)[:height, :width]
    kept = 2 * (coded.astype(np.int16) - 128)
    kept[mask] = 0
    return np.asarray((before + kept).clip(0, 255), np.uint8)
