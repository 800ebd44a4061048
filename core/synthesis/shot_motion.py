"""How a head moves through one shot: turns, speech, blinks, glances, changing expressions.

All tracks are smooth random processes (white noise through a Gaussian) or events with a shape, so
positions, speeds and accelerations stay continuous.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from core.synthesis.expression import sample_expression
from core.synthesis.template import EXPRESSION_INDEX, HeadPose

FloatArray = NDArray[np.floating]


@dataclass(frozen=True, eq=False)
class ShotMotion:
    """The head's pose in every frame of a shot."""

    poses: list[HeadPose]


def wander(rng: np.random.Generator, length: int, fps: float, smooth_s: float) -> FloatArray:
    """A stationary smooth random track, sd 1, correlated over about `smooth_s` seconds.

    Returns (length,) values. A longer track is not the continuation of a shorter one.
    """
    sigma = max(smooth_s * fps, 1e-3)
    pad = int(4 * sigma) + 1
    white = rng.normal(size=length + 2 * pad)
    smooth = gaussian_filter1d(white, sigma, mode="reflect")
    # The sd of filtered white noise is known: 1 / sqrt(2 σ √π) for σ ≫ 1.
    gain = np.sqrt(2.0 * sigma * np.sqrt(np.pi)) if sigma > 0.5 else 1.0
    return np.asarray(smooth[pad : pad + length] * gain)


def plan_motion(
    seed: int, length: int, fps: float, start: HeadPose, expression: float
) -> ShotMotion:
    """Draw the motion of one shot.

    Args:
        seed: Source of chance.
        length: Frames.
        fps: Frames a second.
        start: The pose about which the head moves.
        expression: Strength of expressions, 1 = as drawn.
    """
    rng = np.random.default_rng([0x307, seed])
    lively = float(rng.uniform(0.2, 1.0))
    slow = np.stack([wander(rng, length, fps, s) for s in (0.9, 0.8, 1.0)], 1)
    quick = np.stack([wander(rng, length, fps, 0.22) for _ in range(3)], 1)
    turn = np.array([start.yaw, start.pitch, start.roll])
    turn = turn + lively * (slow * [0.22, 0.11, 0.07] + quick * [0.02, 0.025, 0.012])
    turn = np.clip(turn, [-1.35, -0.75, -0.75], [1.35, 0.75, 0.75])
    shift = np.stack([wander(rng, length, fps, 1.2) for _ in range(3)], 1) * [0.12, 0.06, 0.15]
    faces = _expressions(rng, length, fps) * expression
    _speak(rng, faces, fps, expression)
    _blink(rng, faces, fps)
    gaze = _glances(rng, length, fps) - 0.3 * (turn[:, :2] - [start.yaw, start.pitch])
    gaze = np.clip(gaze, [-0.55, -0.35], [0.55, 0.35])
    poses = [
        replace(
            start,
            expression=faces[t].astype(np.float32),
            tongue=start.tongue,
            gaze_left=(float(gaze[t, 0]), float(gaze[t, 1])),
            gaze_right=(float(gaze[t, 0]), float(gaze[t, 1])),
            yaw=float(turn[t, 0]),
            pitch=float(turn[t, 1]),
            roll=float(turn[t, 2]),
            translation=(float(shift[t, 0]), float(shift[t, 1]), float(shift[t, 2])),
        )
        for t in range(length)
    ]
    return ShotMotion(poses)


def _ease(value: FloatArray) -> FloatArray:
    value = np.clip(value, 0.0, 1.0)
    return value * value * (3.0 - 2.0 * value)


def _expressions(rng: np.random.Generator, length: int, fps: float) -> FloatArray:
    """One expression melts into the next every second or three, (length, E)."""
    keys = [0.0]
    while keys[-1] < length:
        keys.append(keys[-1] + fps * float(rng.uniform(0.8, 3.5)))
    drawn = np.stack([sample_expression(rng)[0] for _ in keys]) * 0.7
    for side in ("left", "right"):  # lids are `_blink`'s; a drawn wink would last for seconds
        drawn[:, EXPRESSION_INDEX[f"eye-{side}-closure"]] *= 0.3
    time = np.arange(length)
    index = np.searchsorted(keys, time, side="right") - 1
    spans = np.diff([*keys, keys[-1] + fps])
    # Held, then a change within 0.5 s at the end of the span.
    share = 1.0 - (np.array(keys)[index] + spans[index] - time) / (0.5 * fps)
    following = np.minimum(index + 1, len(keys) - 1)
    mix = _ease(share)[:, None]
    return np.asarray(drawn[index] * (1 - mix) + drawn[following] * mix)


def _speak(rng: np.random.Generator, faces: FloatArray, fps: float, strength: float) -> None:
    """Syllables at about 4 a second in phrases with pauses."""
    length = len(faces)
    phrase = _ease(0.5 + 1.5 * (wander(rng, length, fps, 0.7) + float(rng.normal(0, 0.7))))
    jaw = np.maximum(wander(rng, length, fps, 0.055), 0.0) * 0.28
    round_lips = np.maximum(wander(rng, length, fps, 0.08), 0.0) * 0.3
    spread = np.maximum(wander(rng, length, fps, 0.08), 0.0) * 0.25
    for name, track in (
        ("mouth-open", jaw), ("mouth-pursing", round_lips), ("mouth-parling", spread),
    ):  # fmt: skip
        column = EXPRESSION_INDEX[name]
        faces[:, column] = np.clip(faces[:, column] + strength * phrase * track, 0.0, 1.0)


def _blink(rng: np.random.Generator, faces: FloatArray, fps: float) -> None:
    """A blink every two to six seconds: 0.1 s down, 0.15 s up (slower for the tired)."""
    length = len(faces)
    closed = np.zeros(length)
    time = np.arange(length) / fps
    at = float(rng.uniform(0, 3))
    pace = float(rng.uniform(0.9, 1.6))
    while at < length / fps + 0.3:
        before, after = (at - time) / (0.1 * pace), (time - at) / (0.15 * pace)
        closed = np.maximum(closed, _ease(1.0 - np.where(time < at, before, after)))
        at += float(rng.uniform(0.4, 6.0))
    for side in ("left", "right"):
        column = EXPRESSION_INDEX[f"eye-{side}-closure"]
        faces[:, column] = np.maximum(faces[:, column], closed)
        wide = EXPRESSION_INDEX[f"eye-{side}-opened-up"]
        faces[:, wide] *= 1.0 - closed


def _glances(rng: np.random.Generator, length: int, fps: float) -> FloatArray:
    """Gaze holds for half a second to two, then jumps within 50 ms, (length, 2)."""
    gaze = np.empty((length, 2))
    t, current = 0, rng.normal(0, [0.12, 0.06])
    while t < length:
        stop = t + max(1, round(fps * float(rng.uniform(0.5, 2.2))))
        gaze[t:stop] = current
        current = rng.normal(0, [0.16, 0.08])
        t = stop
    smooth = gaussian_filter1d(gaze, max(0.02 * fps, 1e-3), axis=0, mode="nearest")
    return np.asarray(smooth)
