"""How a head moves through a clip: turns, speech, blinks, gaze, moods, cuts.

A clip is cut into shots; within a shot every channel is smooth noise or a train of events with the
timing of real faces. The whole clip's channels are drawn once from the seed (a minute is a few
hundred kilobytes), so any frame can be asked for at any time and is always the same.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.synthesis.expression import BROWS, MOUTHS, sample_lopsided
from core.synthesis.signals import Array, blinks, episodes, saccades, smooth_noise, syllables
from core.synthesis.template import EXPRESSION_INDEX, EXPRESSION_UNITS, HeadPose

_DEGREE = np.pi / 180.0
_LIMITS_DEG = {"yaw": 75.0, "pitch": 40.0, "roll": 40.0}


@dataclass(frozen=True)
class MotionSettings:
    """How lively a clip is."""

    shot_s: tuple[float, float] = (4.0, 20.0)  #: length of a shot; cuts stand between shots
    hard_share: float = 0.3  #: of the shots that are hard: wide, fast turns and strong faces
    yaw_deg: tuple[float, float] = (9.0, 30.0)  #: standard deviation in easy and hard shots
    pitch_deg: tuple[float, float] = (5.0, 13.0)
    roll_deg: tuple[float, float] = (3.5, 11.0)
    turn_s: tuple[float, float] = (1.1, 0.45)  #: time constant of head turns
    sway_dm: float = 0.25  #: standard deviation of the head's shift
    blink_hz: float = 0.28  #: Bentivoglio et al. 1997: 17 a minute at rest
    talk_share: float = 0.55  #: of the time spent speaking
    same_subject: float = 0.5  #: chance that a cut keeps the subject


@dataclass(frozen=True)
class Shot:
    """Frames between two cuts, start ≤ frame < stop."""

    start: int
    stop: int
    subject: int  #: 0, 1, … within the clip
    hard: bool


class Motion:
    """A clip's head poses."""

    def __init__(
        self, seed: int, frames: int, fps: float = 25.0, settings: MotionSettings | None = None
    ) -> None:
        """Draw a clip.

        Args:
            seed: The same seed, length and settings give the same clip.
            frames: Length, at least 1.
            fps: Frames a second, > 0.
            settings: How lively; None = the defaults.

        Raises:
            ValueError: If frames or fps is not positive.
        """
        if frames < 1 or fps <= 0:
            raise ValueError("a clip needs at least one frame and a positive frame rate")
        self.frames, self.fps = frames, fps
        self._settings = settings or MotionSettings()
        rng = np.random.default_rng([seed, 0xC11F])
        self.shots = _cut(rng, frames, fps, self._settings)
        drawn = [_draw_shot(rng, shot, fps, self._settings) for shot in self.shots]
        self._units, self._other = (np.concatenate(parts) for parts in zip(*drawn, strict=True))
        own = np.random.default_rng([seed, 0x51DE])  # so that the rest stays as it was
        self._lopsided = [sample_lopsided(own) for _ in range(self.shots[-1].subject + 1)]

    def shot(self, frame: int) -> Shot:
        """The shot a frame belongs to.

        Raises:
            IndexError: If the clip has no such frame.
        """
        if not 0 <= frame < self.frames:
            raise IndexError(f"frame {frame} is outside the clip's {self.frames} frames")
        starts = [shot.start for shot in self.shots]
        return self.shots[int(np.searchsorted(starts, frame, side="right")) - 1]

    def pose(self, frame: int) -> HeadPose:
        """The head in one frame.

        Raises:
            IndexError: If the clip has no such frame.
        """
        if not 0 <= frame < self.frames:
            raise IndexError(f"frame {frame} is outside the clip's {self.frames} frames")
        yaw, pitch, roll, x, y, z, gaze_yaw, gaze_pitch, converge = map(float, self._other[frame])
        return HeadPose(
            self._units[frame],
            0.0,
            (gaze_yaw - converge, gaze_pitch),
            (gaze_yaw + converge, gaze_pitch),
            yaw,
            pitch,
            roll,
            (x, y, z),
            self._lopsided[self.shot(frame).subject],
        )


def _cut(
    rng: np.random.Generator, frames: int, fps: float, settings: MotionSettings
) -> tuple[Shot, ...]:
    """Divide a clip into shots; a stub at the end joins the last shot."""
    shots: list[Shot] = []
    start, subject = 0, 0
    shortest = round(settings.shot_s[0] * fps)
    while start < frames:
        stop = start + max(1, round(rng.uniform(*settings.shot_s) * fps))
        if frames - stop < shortest:
            stop = frames
        shots.append(Shot(start, stop, subject, bool(rng.random() < settings.hard_share)))
        subject += int(rng.random() >= settings.same_subject)
        start = stop
    return tuple(shots)


def _draw_shot(
    rng: np.random.Generator, shot: Shot, fps: float, settings: MotionSettings
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Expression units (T, 34) and the other channels (T, 9) of one shot."""
    frames, hard = shot.stop - shot.start, int(shot.hard)
    units = np.zeros((frames, len(EXPRESSION_UNITS)))
    _speak(rng, units, fps, settings)
    _feel(rng, units, fps, hard)
    for side, lids in zip(
        ("left", "right"), blinks(rng, frames, fps, settings.blink_hz), strict=True
    ):
        column = EXPRESSION_INDEX[f"eye-{side}-closure"]
        units[:, column] = np.maximum(units[:, column], lids)
    other = np.zeros((frames, 9))
    for k, name in enumerate(("yaw", "pitch", "roll")):
        other[:, k] = _turning(rng, frames, fps, settings, name, hard)
    for k in (3, 4, 5):
        other[:, k] = settings.sway_dm * smooth_noise(rng, frames, fps, 1.5)
    gaze = saccades(rng, frames, fps)
    # the eyes hold their target while the head turns (vestibulo-ocular reflex), partly
    other[:, 6] = np.clip(gaze[:, 0] - 0.5 * (other[:, 0] - other[:, 0].mean()), -0.6, 0.6)
    other[:, 7] = np.clip(gaze[:, 1] - 0.4 * (other[:, 1] - other[:, 1].mean()), -0.4, 0.4)
    other[:, 8] = abs(rng.normal(0.0, 0.02))
    return np.clip(units, 0.0, 1.2).astype(np.float32), other.astype(np.float32)


def _turning(
    rng: np.random.Generator,
    frames: int,
    fps: float,
    settings: MotionSettings,
    name: str,
    hard: int,
) -> Array:
    """One angle of the head, rad: a resting direction and a wandering round it."""
    spread = {"yaw": settings.yaw_deg, "pitch": settings.pitch_deg, "roll": settings.roll_deg}[name]
    wander = spread[hard] * smooth_noise(rng, frames, fps, settings.turn_s[hard])
    angle = rng.normal(0.0, 0.6 * spread[hard]) + wander
    limit = _LIMITS_DEG[name]
    return np.asarray(limit * np.tanh(angle / limit) * _DEGREE)


def _speak(rng: np.random.Generator, units: Array, fps: float, settings: MotionSettings) -> None:
    """Jaw and lips in syllables while speaking."""
    frames = len(units)
    opening, lips = syllables(rng, frames, fps, settings.talk_share)
    loud = rng.uniform(0.25, 0.6)
    _put(units, "mouth-open", loud * opening)
    _put(units, "mouth-pursing", 0.5 * np.maximum(lips, 0.0) * (opening > 0))
    _put(units, "mouth-retraction", 0.4 * np.maximum(-lips, 0.0))
    _put(units, "mouth-parling", 0.35 * np.sqrt(opening))


def _feel(rng: np.random.Generator, units: Array, fps: float, hard: int) -> None:
    """Episodes of mouths and brows; strong ones in hard shots."""
    frames = len(units)
    strength = (0.45, 0.9)[hard]
    moods = [name for name in MOUTHS if name not in ("closed", "talk")]
    for start, stop, envelope in episodes(rng, frames, fps, pause_s=3.0, hold_s=2.0):
        mood = MOUTHS[moods[rng.integers(len(moods))]][1]
        for unit, (least, most) in mood.items():
            amount = max(rng.uniform(least, most), 0.0) * strength
            _put(units[start:stop], unit, amount * envelope)
    for start, stop, envelope in episodes(rng, frames, fps, pause_s=2.5, hold_s=1.0):
        brow = BROWS[list(BROWS)[rng.integers(len(BROWS))]][1]
        for motion, (least, most) in brow.items():
            amount = max(rng.uniform(least, most), 0.0) * strength
            for side in ("left", "right"):
                share = amount * rng.uniform(0.8, 1.0)
                _put(units[start:stop], f"eyebrows-{side}-{motion}", share * envelope)


def _put(units: Array, unit: str, values: Array) -> None:
    """Add to one channel of (T, 34) in place."""
    units[:, EXPRESSION_INDEX[unit]] += values
