"""Writing a run: frames go into 256-frame segments of a `.part` file, which seals to HDF5."""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from core.annotations.database import storing
from core.annotations.part_file import (
    create_part,
    open_part_to_write,
    read_fact,
    read_header,
    release_part,
    remove_part,
    write_fact,
)
from core.annotations.records import FaceRecord, RunHeader
from core.annotations.run_reader import RunReader
from core.annotations.run_shape import RunShape
from core.annotations.segment_columns import SEGMENT, SegmentColumns
from core.annotations.segments import Segment
from core.errors import StoreError

_FLUSH_S = 1.0
"""A frame is on disk, and visible to readers, at the latest this long after the next append."""


class RunWriter:
    """A run in progress. One writer a run; every method may be called from any thread.

    A failed write (disk full) raises and keeps what was appended: free space and `flush` again.
    """

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self._path = path
        self._connection = connection
        self._lock = threading.RLock()
        self._shape = RunShape()
        self._number = 0
        self._segment = Segment()
        self._revision = 0
        self._unsaved = False
        self._closed = False
        self._flushed_s = time.monotonic()
        self._last_frame = -1
        self.header = read_header(connection, path)

    @classmethod
    def create(cls, path: Path, header: RunHeader) -> RunWriter:
        """Start a new run.

        Raises:
            ResourceError: If the place cannot be written.
        """
        return cls(path, create_part(path, header))

    @classmethod
    def resume(cls, path: Path) -> RunWriter:
        """Go on with an interrupted run, where its saved state stands (else after its last frame).

        Raises:
            StoreError: If the file is damaged or a living process is writing it.
            ResourceError: If it cannot be written.
        """
        connection = open_part_to_write(path)
        try:
            with storing(path):
                writer = cls(path, connection)
                writer._go_on()
        except BaseException:
            connection.close()
            raise
        return writer

    @property
    def next_frame(self) -> int:
        """One past the last frame appended; the run's first frame before any."""
        return max(self._last_frame + 1, self.header.start)

    def append(
        self,
        frame_idx: int,
        faces: Sequence[FaceRecord],
        values: Mapping[str, float] | None = None,
    ) -> None:
        """Record what the run says about a frame.

        Args:
            frame_idx: Larger than every frame before; frames left out count as not processed.
            faces: Each with its own track; empty = there is no face.
            values: The frame's own numbers, kept as float32: scheduler state and the like.

        Raises:
            ValueError: If the frame is out of order or a face does not fit the run's sizes.
            ResourceError: If the disk is full.
        """
        with self._lock:
            if frame_idx < self.next_frame or frame_idx >= self.header.stop:
                raise ValueError(
                    f"frame {frame_idx} is outside {self.next_frame} … {self.header.stop - 1}"
                )
            if time.monotonic() - self._flushed_s > _FLUSH_S:
                self.flush()  # before the frame is taken in: an error means it was not
            self._shape.take_in(faces, values or {})
            if frame_idx // SEGMENT != self._number:
                self.flush()
                self._number, self._segment, self._revision = frame_idx // SEGMENT, Segment(), 0
            self._segment.append(frame_idx % SEGMENT, faces, values or {})
            self._last_frame, self._unsaved = frame_idx, True

    def flush(self) -> None:
        """Bring everything appended to disk, where readers see it.

        Raises:
            ResourceError: If the disk is full; nothing is lost, flush again later.
        """
        with self._lock:
            if self._unsaved:
                self._commit({})

    def save_state(self, state: Mapping[str, Any]) -> None:
        """Save a job's own state (JSON) together with the frames appended so far, in one step.

        `resume` comes back to this point: frames appended later are then dropped, so that state
        and frames always belong together.
        """
        with self._lock:
            self._commit({"state": {"frame": self._last_frame, "values": dict(state)}})

    def load_state(self) -> dict[str, Any] | None:
        """The state last saved; None if none was."""
        with self._lock, storing(self._path):
            saved = read_fact(self._connection, self._path, "state")
        return dict(saved["values"]) if saved else None

    def seal(self) -> RunReader:
        """Turn the run into its final, immutable file and close this writer.

        Killed at any point, either the `.part` is still there and resumes, or the sealed file is.

        Raises:
            ResourceError: If the disk is full; the run in progress is kept.
        """
        from core.annotations.run_seal import seal_part
        from core.annotations.run_sealed import SealedRunReader

        with self._lock:
            self.flush()
            sealed = seal_part(self._path)
            self._closed = True
            self._connection.close()
            remove_part(self._path)
            return SealedRunReader(sealed)

    def close(self) -> None:
        """Flush and close; the run stays in progress and can be resumed. Harmless once sealed."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            try:
                self.flush()
                with storing(self._path):
                    release_part(self._connection)
            finally:
                self._connection.close()

    def __enter__(self) -> RunWriter:
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        self.close()

    def _commit(self, facts: Mapping[str, Any]) -> None:
        """One transaction: the segment in hand, the run's sizes, and the facts."""
        with storing(self._path):
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                self._write_segment()
                for key, value in facts.items():
                    write_fact(self._connection, key, value)
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise
        self._unsaved = False
        self._flushed_s = time.monotonic()

    def _write_segment(self) -> None:
        if not self._segment.frames:
            return
        columns, heap = self._segment.encode()
        self._revision += 1
        self._connection.execute(
            "INSERT OR REPLACE INTO segments VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                self._number,
                self._revision,
                len(self._segment.frames),
                self._last_frame,
                json.dumps(self._segment.tracks()),
                columns,
                heap,
            ),
        )
        write_fact(self._connection, "shape", self._shape.to_json())

    def _go_on(self) -> None:
        """Come back to the saved state, or to the last frame on disk."""
        saved = read_fact(self._connection, self._path, "state")
        try:
            if saved is not None:
                self._cut_after(int(saved["frame"]))
            shape = read_fact(self._connection, self._path, "shape")
            self._shape = RunShape.from_json(shape) if shape else RunShape()
            self._load_last_segment(None if saved is None else int(saved["frame"]))
        except (KeyError, IndexError, TypeError, ValueError) as error:
            raise StoreError(f"{self._path} is damaged: {error}; predict again.") from error

    def _cut_after(self, frame: int) -> None:
        self._connection.execute("DELETE FROM segments WHERE number > ?", (frame // SEGMENT,))

    def _load_last_segment(self, upto: int | None) -> None:
        row = self._connection.execute(
            "SELECT number, revision, last_frame, columns, heap FROM segments "
            "ORDER BY number DESC LIMIT 1"
        ).fetchone()
        if row is None:
            return
        self._number, self._revision, self._last_frame, columns, heap = row
        self._segment = Segment.decode(SegmentColumns(columns), heap)
        if upto is not None and upto < self._last_frame:
            self._segment.cut(upto - self._number * SEGMENT + 1)
            self._last_frame = upto
            self._commit({})
