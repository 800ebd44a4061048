"""Rendered clips with exact labels, for judging parsing nets through time.

One person a clip, without cuts, kept in a file so that every net sees the same frames.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.errors import StoreError
from core.progress import Cancelled, Progress, Report, check, ignore, never

Images = NDArray[np.uint8]

SIZE = 224
FPS = 25.0
_CLIP_SEED = 3100
"""Clip numbers start here; their people are none of `render_face`'s."""


@dataclass(frozen=True, eq=False)
class LabelledClip:
    """Frames of one person and what is true of them."""

    name: str
    frames: Images
    """(T, H, W, 3)."""
    labels: Images
    """(T, H, W) parts14."""
    landmarks: NDArray[np.float32]
    """(T, 68, 2)."""


def labelled_clips(
    folder: Path, count: int, frames: int, report: Report = ignore, cancelled: Cancelled = never
) -> list[LabelledClip]:
    """Clips 0 … count − 1 of this length, rendered where the folder lacks them.

    Raises:
        StoreError: If a file is damaged.
        JobCancelled: If cancelled; finished clips stay.
    """
    folder.mkdir(parents=True, exist_ok=True)
    found = []
    for number in range(count):
        check(cancelled)
        file = folder / f"clip-{number:03d}-{frames}.npz"
        if not file.is_file():
            _write(file, render(number, frames, cancelled))
        found.append(_read(file))
        report(Progress("clips", number + 1, count))
    return found


def render(number: int, frames: int, cancelled: Cancelled = never) -> LabelledClip:
    """Render one clip: a whole head of one person, in motion, before the camera's faults."""
    from core.synthesis.clip import Clip
    from core.synthesis.motion import MotionSettings
    from core.synthesis.recipe import PRESETS

    world = replace(PRESETS["default"], eye_distance_share=(0.19, 0.22), off_centre=0.03)
    whole = (2 * frames / FPS, 3 * frames / FPS)  # longer than the clip: no cut
    settings = MotionSettings(shot_s=whole, yaw_deg=(9.0, 16.0), pitch_deg=(5.0, 8.0))
    clip = Clip(_CLIP_SEED + number, frames, (SIZE, SIZE), world, FPS, settings=settings)
    pictures, labels, points = [], [], []
    for index in range(frames):
        check(cancelled)
        frame = clip.frame(index, ("rgb", "parts14"))
        assert frame.rgb is not None
        assert frame.parts14 is not None
        pictures.append(frame.rgb)
        labels.append(frame.parts14)
        points.append(frame.landmarks["ibug68"])
    return LabelledClip(f"clip {number}", np.stack(pictures), np.stack(labels), np.stack(points))


def _write(file: Path, clip: LabelledClip) -> None:
    part = file.with_name(file.name + ".part")
    with part.open("wb") as stream:
        np.savez_compressed(
            stream, frames=clip.frames, labels=clip.labels, landmarks=clip.landmarks
        )
    part.replace(file)


def _read(file: Path) -> LabelledClip:
    try:
        with np.load(file) as stored:
            return LabelledClip(file.stem, stored["frames"], stored["labels"], stored["landmarks"])
    except (ValueError, KeyError, OSError) as error:
        raise StoreError(f"{file}: a damaged clip ({error}); delete it.") from error
