"""What the user looks at: the only place that changes it.

Canvas, timeline, docks and transport bar listen to the signals and call the setters; none of them
talks to another. Data changes go through `apply`, which is the only writer while a window is open.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QUndoStack

from app import data_colours
from app.comparison import Comparison
from app.document import ClipColumns, ClipEntry, Document, empty_columns
from app.edits import Edits
from app.messages import MessageHub
from app.places import Places
from app.settings import Settings
from app.view_state import ViewState
from app.viewing import OpenedClip
from core.errors import CoreError


class Session(ViewState):
    """What the user is looking at.

    Signals:
        document_changed: A project or clips were opened or closed. Main window, clip list.
        entries_changed: The clip list's content changed. Clip list.
        clip_changed: Another clip is being opened (or none). Everything that shows a clip.
        clip_ready: The clip has been opened; frames, rate and size are known. The same.
        clip_failed: The sentence why it cannot be opened. Banner.
        markers_changed: A frame was marked or unmarked. Timeline.
        columns_changed: The clip's columns were read anew. Timeline, navigator.
        data_changed: First and one past the last frame whose faces changed. Canvas, columns.
        faces_changed: Somebody is hidden or shown again. Canvas, landmarks dock.
    """

    document_changed = Signal()
    entries_changed = Signal()
    clip_changed = Signal()
    clip_ready = Signal()
    clip_failed = Signal(str)
    columns_changed = Signal()
    markers_changed = Signal()
    data_changed = Signal(int, int)
    faces_changed = Signal()

    def __init__(self, settings: Settings, hub: MessageHub, parent: QObject | None = None) -> None:
        super().__init__(settings, parent)
        self.hub = hub
        self.edits = Edits(self)
        self.document: Document | None = None
        self.entry: ClipEntry | None = None
        self.comparison = Comparison(self)
        self.columns: ClipColumns = empty_columns(0)
        self._faces_key: tuple[str, int] | None = None
        self._faces: Sequence[Any] = ()
        self._places = Places(settings)
        self._markers: list[int] | None = None

    @property
    def undo_stack(self) -> QUndoStack:
        """What can be undone and redone."""
        return self.edits.stack

    # What is open

    def open_document(self, document: Document) -> None:
        """Show a document instead of the one before, at its first clip that has no problem."""
        self.close_document()
        self.document = document
        self.edits.load()
        self.document_changed.emit()
        self.entries_changed.emit()
        for note in document.notes:
            self.hub.warning(note)
        entries = document.entries()
        good = [entry for entry in entries if not entry.problem]
        if entries:
            self.open_clip((good or entries)[0].clip_id)

    def close_document(self) -> None:
        """Go back to showing nothing."""
        if self.document is None:
            return
        self.edits.slow.settle()
        self._leave_clip()
        self.document.close()
        self.document = None
        self.edits.stack.clear()
        self.clip_changed.emit()
        self.document_changed.emit()
        self.entries_changed.emit()

    def open_clip(self, clip_id: str) -> None:
        """Turn to another clip of the document; the loader opens it and answers."""
        if self.document is None or (self.entry and self.entry.clip_id == clip_id):
            return
        self._leave_clip()
        self.entry = next(e for e in self.document.entries() if e.clip_id == clip_id)
        self.clip_changed.emit()

    def reopen_clip(self) -> None:
        """Open the current clip again, after it was found at another place."""
        if self.entry is not None:
            clip_id = self.entry.clip_id
            self._leave_clip()
            self.open_clip(clip_id)

    def clip_opened(self, clip: OpenedClip) -> None:
        """Take the loader's answer for the clip being opened."""
        if self.document is None or self.entry is None:
            return
        self.entry = replace(
            self.entry, frames=clip.frames, fps=clip.fps, width=clip.width, height=clip.height,
            problem="",
        )  # fmt: skip
        self.document.update_entry(self.entry)
        self.clip = clip
        self.columns = empty_columns(clip.frames)
        place = self._frame_idx or self._places.frame_of(self.entry.path)
        self._frame_idx = min(place, clip.frames - 1)
        self.entries_changed.emit()
        self.clip_ready.emit()
        self.columns_changed.emit()
        self.frame_changed.emit(self._frame_idx)

    def clip_not_opened(self, sentence: str) -> None:
        """Take the loader's answer that the clip cannot be opened."""
        if self.document is None or self.entry is None:
            return
        self.entry = replace(self.entry, problem=sentence)
        self.document.update_entry(self.entry)
        self.entries_changed.emit()
        self.clip_failed.emit(sentence)

    # Faces

    def faces(self, frame_idx: int) -> Sequence[Any]:
        """FaceRecords of a frame of the open clip; asked once a frame, whoever wants them."""
        if self.document is None or self.entry is None or self.clip is None:
            return ()
        key = (self.entry.clip_id, frame_idx)
        if key != self._faces_key:
            self._faces = self.document.shown(*key)
            self._faces_key = key
        return self._faces

    def scheme_name(self, face: Any) -> str | None:
        """Scheme of a face's landmarks: its own, else the clip's."""
        own = getattr(face, "landmark_scheme", None)
        if own is not None or self.document is None or self.entry is None:
            return own
        return self.document.landmark_scheme(self.entry.clip_id)

    def name_of(self, track_id: int) -> str:
        """What a face is called."""
        if self.document is None or self.entry is None:
            return ""
        return self.document.person_name(self.entry.clip_id, track_id)

    def colour_of(self, track_id: int) -> data_colours.Rgb:
        """The colour of a person."""
        if self.document is None or self.entry is None:
            return data_colours.face_colour(track_id)
        chosen = self.document.person(self.entry.clip_id, track_id)[1]
        return data_colours.face_colour(track_id, chosen)

    def set_columns(self, clip_id: str, columns: ClipColumns) -> None:
        """Take a clip's columns; those of another clip come too late and are dropped."""
        if self.entry and self.entry.clip_id == clip_id and columns.frames == self.num_frames:
            self.columns = columns
            self.columns_changed.emit()

    # Markers

    @property
    def markers(self) -> list[int]:
        """Frames of the open clip the person has marked, increasing."""
        if self.document is None or self.entry is None:
            return []
        if self._markers is None:
            self._markers = self.document.markers(self.entry.clip_id)
        return self._markers

    def toggle_marker(self, frame_idx: int) -> None:
        """Mark a frame, or take its mark away."""
        if self.document is None or self.entry is None:
            return
        marked = sorted(set(self.markers) ^ {frame_idx})
        try:
            self.document.set_markers(self.entry.clip_id, marked)
        except CoreError as error:
            self.hub.error(error)
            return
        self._markers = marked
        self.markers_changed.emit()

    # Edits

    def apply(self, edit: Any) -> bool:
        """Apply an edit (`core.annotations.edits.Edit`): the only way data changes here.

        Returns:
            Whether it was done; a failure has been told and nothing has changed.
        """
        return self.edits.apply(edit)

    def go_to_edit(self, clip_id: str, frame_idx: int) -> None:
        """Go to where an edit acted, in whichever clip."""
        if self.document is None:
            return
        if self.entry is None or self.entry.clip_id != clip_id:
            entry = next(one for one in self.document.entries() if one.clip_id == clip_id)
            self._places.keep(entry.path, frame_idx)
            self.open_clip(clip_id)
        else:
            self.set_frame(frame_idx)

    def note_faces_changed(self) -> None:
        """Other faces are shown than before, though nothing about them has changed."""
        self._faces_key = None
        self.faces_changed.emit()

    def note_data_changed(self, start: int, stop: int) -> None:
        """Faces on frames [start, stop) are other than they were."""
        self._faces_key = None
        self.data_changed.emit(start, stop)

    def _leave_clip(self) -> None:
        self.comparison.stop()
        if self.entry is not None and self.clip is not None:
            self._places.keep(self.entry.path, self._frame_idx)
        self.entry = None
        self.columns = empty_columns(0)
        self._faces_key = None
        self._markers = None
        self._leave_view()
