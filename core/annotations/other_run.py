"""A run beside the shown one: its faces under the numbers of the faces shown, to compare both."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from numpy.typing import NDArray

from core.annotations.face_columns import face_column, shown_tracks
from core.annotations.records import FaceRecord, RunHeader
from core.annotations.rows import Spans
from core.annotations.run_reader import RunReader
from core.annotations.shown import renamed


class OtherRun:
    """A run as it would be shown, without what people decided. Close it after use."""

    def __init__(self, reader: RunReader, spans: Mapping[int, Spans]) -> None:
        """Take the run and where its tracks are other faces (see `align_tracks`)."""
        self._reader = reader
        self._spans = spans

    @property
    def header(self) -> RunHeader:
        """What the run is about."""
        return self._reader.header

    @property
    def tracks(self) -> set[int]:
        """Every face of it, under the numbers people know."""
        return shown_tracks(self._reader, self._spans)

    def frame(self, frame_idx: int, masks: bool = True) -> list[FaceRecord]:
        """Faces of a frame; see `RunReader.frame`."""
        return renamed(self._reader.frame(frame_idx, masks), self._spans, frame_idx)

    def column(self, track_id: int, name: str, start: int, stop: int) -> NDArray[Any]:
        """A column of a face; see `RunReader.column`."""
        return face_column(self._reader, self._spans, track_id, name, start, stop)

    def close(self) -> None:
        """Let go of the file."""
        self._reader.close()
