"""A project folder: clips, runs, annotations, history. The one door to everything stored.

`project.db` is written by one process, the holder of the lock. Runs are files of their own, so that
a job in another process writes one while a window has the project open.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.annotations import annotation_reader, opening, rejections
from core.annotations.active_runs import ActiveRuns
from core.annotations.align import align_tracks
from core.annotations.changes import write_row
from core.annotations.derived_masks import repaint_derived
from core.annotations.digest import digest_tables
from core.annotations.edits import FOREVER, CompositeEdit, Edit
from core.annotations.face_columns import face_column, review_of, shown_tracks
from core.annotations.frame_states import PRESENCE, REVIEW, stored_states
from core.annotations.history import (
    AppliedEdit,
    History,
    read_history,
    read_position,
    transaction,
)
from core.annotations.open_project import write_setting
from core.annotations.other_run import OtherRun
from core.annotations.records import (
    Annotation,
    Bytes,
    FaceRecord,
    ShownFace,
    Track,
)
from core.annotations.remembered import Remembered
from core.annotations.rows import Spans, spans_to_row
from core.annotations.run_store import RunStore
from core.annotations.shown import merge, renamed
from core.annotations.track_edits import TrackEdit
from core.errors import StoreError


class Project(RunStore):
    """An open project. Every method may be called from any thread; close it or use `with`."""

    def __init__(self, folder: Path, database: opening.OpenDatabase, program_version: str) -> None:
        super().__init__(folder, database, program_version)
        self._active = ActiveRuns(self._files, self._chosen_run)
        self._remembered = Remembered()

    def close(self) -> None:
        """Close; give the lock back."""
        self._active.close()
        super().close()

    # Runs

    def look_again(self, clip_id: str) -> None:
        """Another process has written, sealed or removed a run of a clip: see what is shown now."""
        self._remembered.clear()
        self._active.forget(clip_id)

    def other_run(self, clip_id: str, run_id: str) -> OtherRun:
        """Open a run to compare what is shown with; its tracks are numbered as if it were shown.

        Raises:
            InputError: If there is no such run.
            StoreError: If it is damaged.
        """
        spans = self.track_spans(clip_id, run_id) or self._aligned(clip_id, run_id)
        return OtherRun(self.open_run(run_id), spans)

    def active_run(self, clip_id: str) -> str | None:
        """The run that is shown: the one set, else the oldest sealed, else the oldest one."""
        return self._active.run_id(clip_id)

    def set_active_run(self, clip_id: str, run_id: str | None) -> None:
        """Choose the run that is shown; None goes back to the default.

        A run shown for the first time has its tracks renumbered to the faces shown so far that they
        overlap, so that annotations stay with the person they were made for.

        Raises:
            InputError: If there is no such run.
        """
        spans = {} if run_id is None else self._aligned(clip_id, run_id)
        settled = rejections.settled_runs(self, clip_id)
        with self._writing() as connection, transaction(connection):
            for track, row in spans.items():
                write_row(connection, "track_map", (clip_id, run_id, track), spans_to_row(row))
            write_setting(connection, _active_key(clip_id), run_id)
            write_setting(connection, rejections.settled_key(clip_id), settled)
        self._remembered.clear()
        self._active.forget(clip_id)

    # What people decided

    def annotation(self, clip_id: str, frame: int, track_id: int) -> Annotation | None:
        """Everything decided about a face in a frame; None if nothing is."""
        return self.annotations(clip_id, frame).get(track_id)

    def annotations(self, clip_id: str, frame: int, masks: bool = True) -> dict[int, Annotation]:
        """By track: everything decided in a frame."""
        with self._reading() as connection:
            return annotation_reader.annotations_at(connection, clip_id, frame, masks)

    def annotated_frames(self, clip_id: str, track_id: int | None = None) -> NDArray[np.int64]:
        """Frames with a decided point, mask or box, increasing; of one face or of all."""
        with self._reading() as connection:
            return annotation_reader.annotated_frames(connection, clip_id, track_id)

    def corrected_frames(self, clip_id: str, track_id: int) -> NDArray[np.int64]:
        """Frames on which a person set a landmark of a face by hand, increasing."""
        with self._reading() as connection:
            return annotation_reader.corrected_frames(connection, clip_id, track_id)

    def landmark_sources(
        self, clip_id: str, track_id: int
    ) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
        """Frames on which landmarks of a face are decided, and where those mostly came from."""
        with self._reading() as connection:
            return annotation_reader.landmark_sources(connection, clip_id, track_id)

    def tracks(self, clip_id: str) -> list[Track]:
        """Every face of a clip: of the shown run and of people, with names."""
        named = self.named(clip_id)
        with self._reading() as connection:
            known = annotation_reader.annotated_tracks(connection, clip_id)
        with self._active.using(clip_id) as reader:
            if reader is not None:
                known |= shown_tracks(reader, self.track_spans(clip_id, reader.header.run_id))
        return [named.get(track, Track(clip_id, track)) for track in sorted(known)]

    def new_track_id(self, clip_id: str) -> int:
        """A number no face of the clip has, in no run and no annotation."""
        with self._reading() as connection:
            taken = annotation_reader.annotated_tracks(connection, clip_id)
        for header in self.runs(clip_id):
            with closing(self.open_run(header.run_id)) as reader:
                taken |= set(reader.track_ids)
                taken |= {
                    face
                    for spans in self.track_spans(clip_id, header.run_id).values()
                    for _, _, face in spans
                }
        return max(taken, default=0) + 1

    def shown(self, clip_id: str, frame: int, masks: bool = True) -> list[ShownFace]:
        """What is shown and exported of a frame: annotation over shown run, point by point.

        Args:
            clip_id: The clip.
            frame: The frame.
            masks: Whether to decode label maps.

        Raises:
            StoreError: If something is damaged there.
        """
        with self._active.using(clip_id) as reader:
            faces = [] if reader is None else reader.frame(frame, masks)
            scheme, derived = None, ()
            if reader is not None:
                scheme = reader.header.landmark_scheme
                derived = reader.header.settings.get("derived_masks", ())
                faces = renamed(faces, self.track_spans(clip_id, reader.header.run_id), frame)
        annotations = self.annotations(clip_id, frame, masks)
        merged = merge(faces, annotations, self.named(clip_id), scheme, derived)
        if masks and derived and annotations:
            clip = self.clip(clip_id)
            repaint_derived(merged, annotations, derived, (clip.height, clip.width))
        return merged

    def rejected(self, clip_id: str, frame: int) -> list[FaceRecord]:
        """Faces of the shown run that a person said are none; a new run should not find them."""
        absent = {
            t for t, a in self.annotations(clip_id, frame, False).items() if a.present is False
        }
        with self._active.using(clip_id) as reader:
            if reader is None or not absent:
                return []
            spans = self.track_spans(clip_id, reader.header.run_id)
            faces = renamed(reader.frame(frame, masks=False), spans, frame)
        return [face for face in faces if face.track_id in absent]

    def review_column(self, clip_id: str, track_id: int, start: int, stop: int) -> Bytes:
        """Review states of a face, (T,) uint8 of `ReviewState`."""
        face, span = (clip_id, track_id), (start, stop)
        with self._reading() as connection:
            stored = stored_states(connection, REVIEW, face, span)
            presence = stored_states(connection, PRESENCE, face, span)
        flags = self.shown_column(clip_id, track_id, "flags", start, stop)
        return stored if flags is None else review_of(stored, flags, presence)

    def presence_column(self, clip_id: str, track_id: int, start: int, stop: int) -> Bytes:
        """What people said about whether a face is there, (T,) uint8 of `Presence`."""
        with self._reading() as connection:
            return stored_states(connection, PRESENCE, (clip_id, track_id), (start, stop))

    def shown_column(
        self, clip_id: str, track_id: int, name: str, start: int, stop: int
    ) -> NDArray[Any] | None:
        """A column of the shown run for a face under the number people gave it; None: no run.

        Args:
            clip_id: The clip.
            track_id: The face.
            name: See `RunReader.column`.
            start: First frame.
            stop: One past the last frame.
        """
        with self._active.using(clip_id) as reader:
            if reader is None:
                return None
            spans = self.track_spans(clip_id, reader.header.run_id)
            return face_column(reader, spans, track_id, name, start, stop)

    # Edits

    def apply(self, edit: Edit, who: str) -> AppliedEdit:
        """Apply an edit and record it, in one transaction.

        Args:
            edit: What a person did.
            who: The person's name.

        Raises:
            ValueError: If the edit is outside its clip or its arrays do not fit together.
            StoreError: If the project is read-only or damaged.
            ResourceError: If the disk is full; nothing has changed then.
        """
        self._check_span(edit)
        with self._editing() as history:
            return history.apply(edit, who)

    def amend(self, seq: int, edit: Edit, who: str) -> AppliedEdit:
        """Let an edit take the place of edit `seq`, the last one in force; see `History.amend`."""
        self._check_span(edit)
        with self._editing() as history:
            return history.amend(seq, edit, who)

    def undo(self) -> AppliedEdit | None:
        """Take the last edit back; None when there is none."""
        with self._editing() as history:
            return history.undo()

    def redo(self) -> AppliedEdit | None:
        """Do the edit last undone again; None when there is none."""
        with self._editing() as history:
            return history.redo()

    def history(self, limit: int = 1000) -> list[AppliedEdit]:
        """The newest edits, newest first; those numbered above `history_position` are undone."""
        with self._reading() as connection:
            return read_history(connection, limit)

    @property
    def history_position(self) -> int:
        """Number of the last edit in force; 0 = none."""
        with self._reading() as connection:
            return read_position(connection)

    def digest(self) -> str:
        """One number for all content of the tables; equal before an edit and after its undo."""
        with self._reading() as connection:
            return digest_tables(connection)

    def check(self) -> None:
        """Check every page of the database and every byte of the sealed runs.

        Raises:
            StoreError: Naming the first damage.
        """
        with self._reading() as connection:
            opening.check_pages(self._database.path, connection)
        for clip in self.clips():
            for reason in self.damaged_runs(clip.clip_id).values():
                raise StoreError(reason)
            for header in self.runs(clip.clip_id):
                with closing(self.open_run(header.run_id)) as reader:
                    reader.check()

    # Inside

    @contextmanager
    def _editing(self) -> Iterator[History]:
        """The history; what is remembered of the tables is forgotten afterwards."""
        with self._writing() as connection:
            try:
                yield History(self._database.path, connection)
            finally:
                self._remembered.clear()

    def _check_span(self, edit: Edit) -> None:
        if isinstance(edit, CompositeEdit):
            for part in edit.edits:
                self._check_span(part)
            return
        frames = self._clip_frames(edit.clip)
        start, stop = edit.span
        endless = isinstance(edit, TrackEdit) and stop == FOREVER
        if not 0 <= start < stop or (stop > frames and not endless):
            raise ValueError(f"frames {start} … {stop - 1} are outside a clip of {frames}")

    def _aligned(self, clip_id: str, run_id: str) -> dict[int, Spans]:
        """How the tracks of a run are to be numbered; nothing where that is settled."""
        before = self.active_run(clip_id)
        self._files.path(run_id)
        if before in (None, run_id) or self.track_spans(clip_id, run_id):
            return {}
        taken = [track.track_id for track in self.tracks(clip_id)]
        with closing(self.open_run(run_id)) as run:
            return align_tracks(run, lambda frame: self._known_faces(clip_id, frame), taken)

    def _known_faces(self, clip_id: str, frame: int) -> list[FaceRecord]:
        """Also those rejected: one that another run has found as well stays rejected."""
        return [*self.shown(clip_id, frame, masks=False), *self.rejected(clip_id, frame)]

    def _chosen_run(self, clip_id: str) -> str | None:
        chosen = self.setting(_active_key(clip_id))
        return chosen if isinstance(chosen, str) else None

    def track_spans(self, clip_id: str, run_id: str) -> dict[int, Spans]:
        """By track of a run: where it is shown as another face."""

        def read() -> dict[int, Spans]:
            with self._reading() as connection:
                return annotation_reader.track_map(connection, clip_id, run_id)

        return read() if self.read_only else self._remembered.get(("map", clip_id, run_id), read)

    def named(self, clip_id: str) -> dict[int, Track]:
        """By track: names and colours people gave."""

        def read() -> dict[int, Track]:
            with self._reading() as connection:
                return annotation_reader.named_tracks(connection, clip_id)

        return read() if self.read_only else self._remembered.get(("names", clip_id), read)


def _active_key(clip_id: str) -> str:
    return f"active_run/{clip_id}"
