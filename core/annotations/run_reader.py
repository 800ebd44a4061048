"""What every run answers, sealed or still growing."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from core.annotations.records import NO_SOURCE, FaceRecord, RunHeader
from core.annotations.segment_columns import NOT_SAID

COLUMNS = ("flags", "box", "score", "source", "landmarks", "landmark_scores", "visible")
"""Columns of a track. `flags` bit 0 = the track has a face there."""


class RunReader(Protocol):
    """A run, read from any thread.

    Columns have one row a frame of the clip from `start` to `stop`: landmarks (T, M, 2) float32 and
    landmark_scores (T, M) float32, NaN = missing; visible (T, M) uint8, 255 = nothing said;
    box (T, 4) float32 and score (T,) float32, NaN where the track has no face; source (T,) uint8,
    255 there; flags (T,) uint8, 0 there.
    """

    header: RunHeader
    sealed: bool

    @property
    def track_ids(self) -> list[int]:
        """Every track of the run, increasing."""

    @property
    def frames_done(self) -> int:
        """Frames processed so far."""

    @property
    def points(self) -> int:
        """M; 0 for a run without landmarks."""

    @property
    def value_names(self) -> list[str]:
        """Names of the frames' own values."""

    def frame(self, frame_idx: int, masks: bool = True) -> list[FaceRecord]:
        """Faces of a frame by track; empty where there is none or it is not processed.

        Args:
            frame_idx: Frame of the clip.
            masks: Whether to decode the label maps too.

        Raises:
            StoreError: If the file is damaged there.
        """

    def processed(self, frame_idx: int) -> bool:
        """Whether the run says anything about a frame (also "no face")."""

    def processed_column(self, start: int, stop: int) -> NDArray[np.bool_]:
        """`processed` of a range of frames, (T,) bool."""

    def column(self, track_id: int, name: str, start: int, stop: int) -> NDArray[Any]:
        """A column of a track, one of `COLUMNS`, for a range of frames.

        Raises:
            KeyError: If the run has no such track or column.
            StoreError: If the file is damaged there.
        """

    def frame_values(self, name: str, start: int, stop: int) -> NDArray[np.float32]:
        """One of the frames' own values, (T,) float32, NaN where it is not recorded."""

    def check(self) -> None:
        """Look at every byte.

        Raises:
            StoreError: If a checksum does not fit.
        """

    def close(self) -> None:
        """Let go of the file."""


def column_shape(name: str, points: int) -> tuple[tuple[int, ...], np.dtype[Any], float]:
    """Shape of a row, dtype, and what stands where the track has no face.

    Raises:
        KeyError: If there is no such column.
    """
    rows: dict[str, tuple[tuple[int, ...], str, float]] = {
        "flags": ((), "|u1", 0),
        "box": ((4,), "<f4", np.nan),
        "score": ((), "<f4", np.nan),
        "source": ((), "|u1", NO_SOURCE),
        "landmarks": ((points, 2), "<f4", np.nan),
        "landmark_scores": ((points,), "<f4", np.nan),
        "visible": ((points,), "|u1", NOT_SAID),
    }
    shape, dtype, missing = rows[name]
    return shape, np.dtype(dtype), missing


def empty_column(name: str, points: int, length: int) -> NDArray[Any]:
    """A column of a track that has no face in `length` frames."""
    shape, dtype, missing = column_shape(name, points)
    return np.full((length, *shape), missing, dtype)
