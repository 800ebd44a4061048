"""What a document says of its clips, their runs and their columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

NO_SOURCE = 255
"""Stands in a source column where a track has no face."""


@dataclass(frozen=True)
class ClipEntry:
    """One clip of the list."""

    clip_id: str
    title: str
    path: Path
    frames: int = 0
    """0 while the clip has not been read yet."""
    fps: float = 0.0
    width: int = 0
    height: int = 0
    problem: str = ""
    """Why it cannot be shown, as a sentence; empty if it can."""


@dataclass(frozen=True)
class RunEntry:
    """One run of a clip, for lists."""

    run_id: str
    title: str
    model: str
    """Names of the nets, or the kind of run where there is none."""
    frames: int
    """Frames it is about."""
    created: str
    """ISO 8601, UTC."""
    is_sealed: bool
    """False while a job is still writing it, or was stopped."""
    is_shown: bool
    problem: str = ""
    """Why it cannot be used; empty if it can."""


@dataclass(frozen=True)
class RunModel:
    """The landmark model a run was made by."""

    run_id: str
    name: str
    sha256: str


@dataclass(frozen=True)
class ClipColumns:
    """What the timeline shows of a clip, a value a frame (T frames, F tracks)."""

    track_ids: tuple[int, ...]
    processed: NDArray[np.bool_]
    """(T,) whether the active run has looked at the frame."""
    source: NDArray[np.uint8]
    """(F, T) Source of the face, NO_SOURCE where there is none."""
    confidence: NDArray[np.float32]
    """(F, T) in [0, 1], NaN where there is no face."""
    jitter: NDArray[np.float32]
    """(T,) mean landmark acceleration in percent of the face's size, largest over tracks."""
    review: NDArray[np.uint8]
    """(T,) ReviewState, the least reviewed face's."""
    edited: NDArray[np.bool_]
    """(T,) whether a person changed anything on the frame."""
    key: NDArray[np.bool_] | None = None
    """(T,) whether the heavy net ran on the frame, also where a person corrected it since; None:
    where a source says so."""
    values: Mapping[str, NDArray[np.float32]] = field(default_factory=dict)
    """By name, (T,) the run's own numbers of frames, such as a scheduler's state; NaN = none."""

    @property
    def frames(self) -> int:
        """T."""
        return len(self.review)

    def is_key(self) -> NDArray[np.bool_]:
        """(T,) whether the heavy net ran on the frame."""
        if self.key is not None:
            return self.key
        return np.asarray((self.source == 0).any(axis=0))


def empty_columns(frames: int) -> ClipColumns:
    """Columns of a clip nothing is known of."""
    return ClipColumns(
        track_ids=(),
        processed=np.zeros(frames, bool),
        source=np.zeros((0, frames), np.uint8),
        confidence=np.zeros((0, frames), np.float32),
        jitter=np.full(frames, np.nan, np.float32),
        review=np.zeros(frames, np.uint8),
        edited=np.zeros(frames, bool),
    )
