"""Skies and lamps: drawing the light of a scene."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from core.synthesis.irradiance import Light

FloatArray = NDArray[np.float32]


def sphere_directions(count: int) -> FloatArray:
    """Evenly spread unit vectors (Fibonacci spiral), (count, 3)."""
    index = np.arange(count) + 0.5
    y = 1.0 - 2.0 * index / count
    angle = np.pi * (1.0 + 5.0**0.5) * index
    ring = np.sqrt(1.0 - y * y)
    return np.stack([ring * np.cos(angle), y, ring * np.sin(angle)], 1).astype(np.float32)


def direction(yaw: float, pitch: float) -> FloatArray:
    """Unit vector towards a light: yaw to the viewer's right of the camera axis, pitch up."""
    return np.array(
        [np.sin(yaw) * np.cos(pitch), np.sin(pitch), np.cos(yaw) * np.cos(pitch)], np.float32
    )


def temperature(warmth: float) -> FloatArray:
    """Linear colour of light, green 1: warmth −1 blue sky … 0 daylight … 1 candle."""
    return np.exp(warmth * np.array([0.32, 0.0, -0.55])).astype(np.float32)


def sample_light(rng: np.random.Generator, sky_count: int = 16) -> Light:
    """Draw a light: overcast, indoor lamps, sun, flash, from the side and from behind.

    The sky is a base colour, brighter above than below, with one to three broad patches (windows,
    walls); its mean is about 0.45 and the key light's share is drawn between none and most.
    """
    around = sphere_directions(sky_count)
    turn = rng.uniform(0, 2 * np.pi)
    cos, sin = np.cos(turn), np.sin(turn)
    around = around @ np.array([[cos, 0, sin], [0, 1, 0], [-sin, 0, cos]], np.float32)
    warmth = float(rng.normal(0.0, 0.35))
    up = float(rng.uniform(0.0, 0.8))
    sky = (1.0 + up * around[:, 1:2]) * temperature(warmth)
    for _ in range(int(rng.integers(1, 4))):
        where = direction(rng.uniform(-2.2, 2.2), rng.uniform(-0.3, 1.1))
        sharp = rng.uniform(2.0, 10.0)
        lobe = np.exp(sharp * (around @ where - 1.0))[:, None]
        sky = sky + lobe * rng.uniform(0.5, 4.0) * temperature(float(rng.normal(warmth, 0.3)))
    sky *= 0.45 / sky.mean()
    kind = rng.random()
    if kind < 0.25:  # overcast: hardly a key at all
        yaw, pitch, share, softness = rng.uniform(-1.5, 1.5), rng.uniform(0.0, 1.2), 0.2, 0.25
    elif kind < 0.75:  # a lamp or window in front, to one side
        yaw, pitch, share, softness = rng.normal(0, 0.7), rng.normal(0.55, 0.3), 0.9, 0.12
    elif kind < 0.9:  # sun
        yaw, pitch, share, softness = rng.uniform(-1.4, 1.4), rng.uniform(0.2, 1.3), 1.8, 0.04
    elif kind < 0.95:  # flash on the camera
        yaw, pitch, share, softness = rng.normal(0, 0.1), rng.normal(0.1, 0.1), 1.2, 0.04
    else:  # from behind: a bright rim
        yaw, pitch, share, softness = rng.uniform(1.9, 2.7), rng.uniform(0.1, 0.8), 2.0, 0.1
        yaw = yaw if rng.random() < 0.5 else -yaw
    key = rng.uniform(0.4, 1.3) * share * temperature(float(rng.normal(-0.3 * warmth, 0.3)))
    if rng.random() < 0.15:  # one lamp in the dark: a studio, a street at night
        sky = sky * rng.uniform(0.08, 0.4)
    towards = direction(float(yaw), float(np.clip(pitch, -0.5, 1.4)))
    # The camera meters: a surface that faces it halfway up gets about the light of a white sky.
    facing = np.maximum(around @ direction(0.0, 0.2), 0.0)
    metered = (sky.mean(1) * facing).mean() * 4 + key.mean() * max(float(towards[2]), 0.0)
    gain = rng.uniform(0.75, 1.15) / max(float(metered), 0.35)
    sky, key = sky * gain, key * gain
    return Light(
        around.astype(np.float32),
        sky.astype(np.float32),
        towards,
        key.astype(np.float32),
        float(softness),
    )
