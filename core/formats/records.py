"""What every format writes and reads: a clip's description and its frames, one after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from core.annotations.records import FaceRecord
from core.errors import InputError
from core.schemes import LandmarkScheme, MaskScheme


@dataclass(frozen=True)
class ExportClip:
    """What the frames belong to."""

    name: str
    """The clip's file name."""
    width: int
    height: int
    fps: float
    frames: int
    """Frames of the whole clip, exported or not."""
    landmark_scheme: LandmarkScheme | None = None
    mask_schemes: tuple[MaskScheme, ...] = ()
    track_names: Mapping[int, str] = field(default_factory=dict)
    """Names a person gave, by track."""

    @property
    def frame_hw(self) -> tuple[int, int]:
        """Height and width."""
        return self.height, self.width


@dataclass(frozen=True)
class ExportFrame:
    """One processed frame; without faces it says "no face here"."""

    index: int
    """0-based, in presentation order."""
    time_s: float
    faces: Sequence[FaceRecord] = ()


Frames = Iterable[ExportFrame]
"""Frames in rising order; frames that nobody has processed are left out."""


@dataclass(frozen=True)
class ImportedClip:
    """What a file held."""

    clip: ExportClip
    frames: list[ExportFrame]
    skipped: tuple[str, ...] = ()
    """What was left out and why, a sentence each."""


def refuse(error: InputError) -> None:
    """Take no damaged item: the whole file is refused."""
    raise error


@dataclass(frozen=True)
class Reading:
    """How a file is read."""

    first_pixel: int = 1
    """Number of the first pixel, in formats that do not fix it: .pts files count from 1 or 0."""
    on_damage: Callable[[InputError], None] = refuse
    """Told of a damaged item, a line or picture or annotation; where it returns, the item is left
    out and the rest is read on."""


STRICT = Reading()
"""By the conventions, and nothing damaged is passed over."""


def lost_always(clip: ExportClip, *, landmarks: bool, masks: bool) -> list[str]:
    """Sentences about whole kinds of data that a format has no place for."""
    lost = []
    if landmarks and clip.landmark_scheme is not None:
        lost.append(f"Landmarks ({clip.landmark_scheme.name}) are not written.")
    if masks and clip.mask_schemes:
        names = ", ".join(scheme.name for scheme in clip.mask_schemes)
        lost.append(f"Label maps ({names}) are not written.")
    return lost


def frame_stem(index: int) -> str:
    """File stem of a frame, `frame_000000`."""
    return f"frame_{index:06d}"


def index_of_stem(path: Path) -> int | None:
    """The frame a file name is about, None when it is no such name."""
    head, _, digits = path.stem.partition("frame_")
    return int(digits) if not head and digits.isascii() and digits.isdigit() else None
