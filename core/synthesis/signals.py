"""Time series with the timing of faces: smooth noise, blinks, saccades, syllables, episodes."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter

Array = NDArray[np.float64]


def smooth_noise(rng: np.random.Generator, frames: int, fps: float, tau_s: float) -> Array:
    """Unit-variance noise with correlation time `tau_s` and continuous velocity, (T,).

    An Ornstein–Uhlenbeck process passed once more through the same low-pass (its exact discrete
    form), started long before the first frame so that it is stationary.
    """
    decay = np.exp(-1.0 / (fps * tau_s))
    warm_up = int(np.ceil(8.0 * fps * tau_s))
    white = rng.normal(size=frames + warm_up)
    once = lfilter([1.0], [1.0, -decay], white)
    twice = lfilter([1.0], [1.0, -decay], once)[warm_up:]
    # variance of the double filter: (1 + d²) / (1 − d²)³
    return np.asarray(twice / np.sqrt((1.0 + decay**2) / (1.0 - decay**2) ** 3))


def blinks(
    rng: np.random.Generator, frames: int, fps: float, rate_hz: float
) -> tuple[Array, Array]:
    """Lid closure 0…1 of the left and the right eye, (T,) each.

    A blink closes in about 80 ms, stays shut 30–80 ms and opens in about 170 ms (Caffier et al.
    2003); pauses are exponential but never under 0.4 s. The lids differ by up to 10 ms.
    """
    time = np.arange(frames) / fps
    left, right = np.zeros(frames), np.zeros(frames)
    start = rng.exponential(1.0 / rate_hz)
    while start < time[-1] + 0.5:
        close, shut, reopen = (
            rng.uniform(0.06, 0.1),
            rng.uniform(0.03, 0.08),
            rng.uniform(0.13, 0.22),
        )
        depth = 1.0 if rng.random() < 0.9 else rng.uniform(0.5, 0.9)
        for lid in (left, right):
            onset = start + rng.uniform(0.0, 0.01)
            knots = onset + np.cumsum([0.0, close, shut, reopen])
            np.maximum(lid, depth * _eased(np.interp(time, knots, [0.0, 1.0, 1.0, 0.0])), out=lid)
        start += 0.4 + rng.exponential(1.0 / rate_hz)
    return left, right


def _eased(t: Array) -> Array:
    """Smooth-step of values in 0…1."""
    return np.asarray(t * t * (3.0 - 2.0 * t))


def saccades(rng: np.random.Generator, frames: int, fps: float) -> Array:
    """Gaze (T, 2) yaw and pitch, rad: fixations of 0.25–2 s joined by jumps of 30–70 ms."""
    times, targets = [0.0], [rng.normal(0.0, [0.12, 0.07])]
    while times[-1] < frames / fps:
        jump = rng.uniform(0.03, 0.07)
        hold = 0.25 + rng.exponential(0.6)
        target = rng.normal(0.0, [0.14, 0.07])
        times += [times[-1] + hold, times[-1] + hold + jump]
        targets += [targets[-1], target]
    now = np.arange(frames) / fps
    path = np.array(targets)
    return np.stack([np.interp(now, times, path[:, k]) for k in (0, 1)], axis=1)


def syllables(
    rng: np.random.Generator, frames: int, fps: float, share: float
) -> tuple[Array, Array]:
    """Speech: jaw opening 0…1 and lip shape −1 (spread) … 1 (rounded), (T,) each.

    Syllables come at 3–5.5 a second in phrases of 1–4 s (Chandrasekaran et al. 2009: mouth area
    moves at 2–7 Hz); between phrases the mouth is shut.
    """
    now = np.arange(frames) / fps
    talking = _phrases(rng, frames, fps, share)
    rate = rng.uniform(3.0, 5.5)
    wobble = 0.25 * smooth_noise(rng, frames, fps, 0.4)
    phase = 2.0 * np.pi * (rate * now + np.cumsum(wobble) / fps * rate)
    size = np.clip(0.6 + 0.35 * smooth_noise(rng, frames, fps, 0.15), 0.0, 1.3)
    opening = talking * size * (0.5 - 0.5 * np.cos(phase))
    lips = talking * np.tanh(smooth_noise(rng, frames, fps, 0.12))
    return np.clip(opening, 0.0, 1.0), lips


def _phrases(rng: np.random.Generator, frames: int, fps: float, share: float) -> Array:
    """1 while speaking, 0 in pauses, with edges of 0.1 s, (T,)."""
    mean_pause = 2.5 * (1.0 - share) / max(share, 1e-3)
    knots, level = [0.0], [float(rng.random() < share)]
    while knots[-1] < frames / fps:
        length = rng.uniform(1.0, 4.0) if level[-1] else 0.2 + rng.exponential(mean_pause)
        knots += [knots[-1] + length, knots[-1] + length + 0.1]
        level += [level[-1], 1.0 - level[-1]]
    return np.interp(np.arange(frames) / fps, knots, level)


def episodes(
    rng: np.random.Generator, frames: int, fps: float, pause_s: float, hold_s: float
) -> Iterator[tuple[int, int, Array]]:
    """Stretches that rise in 0.15–0.5 s, hold, and fall: (start, stop, envelope 0…1).

    Args:
        rng: Source of chance.
        frames: Length of the shot.
        fps: Frames a second.
        pause_s: Mean time between two episodes.
        hold_s: Mean time at full strength.
    """
    start = rng.exponential(pause_s)
    while start * fps < frames:
        rise, hold, fall = rng.uniform(0.15, 0.5), rng.exponential(hold_s), rng.uniform(0.25, 0.8)
        first = int(np.ceil(start * fps))
        last = min(int(np.floor((start + rise + hold + fall) * fps)) + 1, frames)
        if last > first:
            now = np.arange(first, last) / fps
            knots = start + np.cumsum([0.0, rise, hold, fall])
            yield first, last, _eased(np.interp(now, knots, [0.0, 1.0, 1.0, 0.0]))
        start += rise + hold + fall + rng.exponential(pause_s)
