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

from app import layers as layer_table
from app.document import ClipColumns, ClipEntry, Document, empty_columns
from app.edits import Edits
from app.layers import LayerState
from app.messages import MessageHub
from app.settings import Settings
from app.viewing import NO_FACE, SPEEDS, OpenedClip, Tone
from core.errors import CoreError


class Session(QObject):
    """What the user is looking at.

    Signals:
        document_changed: A project or clips were opened or closed. Main window, clip list.
        entries_changed: The clip list's content changed. Clip list.
        clip_changed: Another clip is being opened (or none). Everything that shows a clip.
        clip_ready: The clip has been opened; frames, rate and size are known. The same.
        clip_failed: The sentence why it cannot be opened. Banner.
        frame_changed: Index of the frame asked for, after a real change. Loader, timeline, bar.
        frame_shown: Index of the frame now on the canvas with its overlays. HUD, landmarks dock.
        playing_changed: Whether it plays. Loader, playback clock, bar.
        speed_changed: Speed as a factor. Clock, bar.
        looping_changed: Whether playing starts over. Clock, bar.
        range_changed: In or out moved. Timeline, bar.
        scrubbing_changed: Whether a drag through frames is going on. Loader.
        face_selected: Track of the selected face or NO_FACE. Canvas, docks.
        layers_changed: How layers are shown. Canvas, layers dock.
        overlays_hidden_changed: Whether all overlays are hidden for the moment. Canvas.
        markers_changed: A frame was marked or unmarked. Timeline.
        tone_changed: Brightness or contrast of the view changed. Canvas, layers dock.
        columns_changed: The clip's columns were read anew. Timeline, navigator.
        data_changed: First and one past the last frame whose faces changed. Canvas, columns.
    """

    document_changed = Signal()
    entries_changed = Signal()
    clip_changed = Signal()
    clip_ready = Signal()
    clip_failed = Signal(str)
    frame_changed = Signal(int)
    frame_shown = Signal(int)
    playing_changed = Signal(bool)
    speed_changed = Signal(float)
    looping_changed = Signal(bool)
    range_changed = Signal()
    scrubbing_changed = Signal(bool)
    face_selected = Signal(int)
    layers_changed = Signal()
    overlays_hidden_changed = Signal(bool)
    tone_changed = Signal()
    columns_changed = Signal()
    markers_changed = Signal()
    data_changed = Signal(int, int)

    def __init__(self, settings: Settings, hub: MessageHub, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.settings = settings
        self.hub = hub
        self.edits = Edits(self)
        self.document: Document | None = None
        self.entry: ClipEntry | None = None
        self.clip: OpenedClip | None = None
        self.columns: ClipColumns = empty_columns(0)
        self.layers = layer_table.initial_layers(settings.value("layers"))
        self._frame_idx = 0
        self._shown_frame_idx = -1
        self._range: tuple[int, int] | None = None
        self._playing = False
        self._looping = False
        self._scrubbing = False
        self._speed = 1.0
        self._selected_track = NO_FACE
        self._overlays_hidden = False
        self.tone = Tone()
        self._faces_key: tuple[str, int] | None = None
        self._faces: Sequence[Any] = ()
        self._last_places: dict[str, int] = {}
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
        self._leave_clip()
        self.document.close()
        self.document = None
        self.edits.stack.clear()
        self._last_places.clear()
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
        place = self._frame_idx or self._last_places.get(self.entry.clip_id, 0)
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

    @property
    def num_frames(self) -> int:
        """Frames of the open clip; 0 without one."""
        return self.clip.frames if self.clip else 0

    def time_s(self, frame_idx: int) -> float:
        """When a frame is shown, from the clip's start."""
        return self.clip.time_s(frame_idx) if self.clip else 0.0

    def frame_at(self, time_s: float) -> int:
        """The frame shown at a time."""
        return self.clip.frame_at(time_s) if self.clip else 0

    # Where in it

    @property
    def frame_idx(self) -> int:
        """The frame asked for; the canvas may still be on its way there."""
        return self._frame_idx

    @property
    def shown_frame_idx(self) -> int:
        """The frame on the canvas, −1 before the first."""
        return self._shown_frame_idx

    def set_frame(self, frame_idx: int) -> None:
        """Ask for a frame; outside the clip means its nearest end."""
        frame_idx = min(max(frame_idx, 0), self.num_frames - 1)
        if frame_idx >= 0 and frame_idx != self._frame_idx:
            self._frame_idx = frame_idx
            self.frame_changed.emit(frame_idx)

    def note_shown(self, frame_idx: int) -> None:
        """The canvas shows a frame with its overlays."""
        self._shown_frame_idx = frame_idx
        self.frame_shown.emit(frame_idx)

    @property
    def scrubbing(self) -> bool:
        """Whether a drag through frames is going on."""
        return self._scrubbing

    def set_scrubbing(self, scrubbing: bool) -> None:
        """Begin or end a drag through frames."""
        if scrubbing != self._scrubbing:
            self._scrubbing = scrubbing
            self.scrubbing_changed.emit(scrubbing)

    @property
    def playing(self) -> bool:
        """Whether it plays."""
        return self._playing

    def set_playing(self, playing: bool) -> None:
        """Start or stop playing."""
        playing = playing and self.num_frames > 1
        if playing != self._playing:
            self._playing = playing
            self.playing_changed.emit(playing)

    @property
    def speed(self) -> float:
        """Playing speed as a factor of the clip's rate."""
        return self._speed

    def set_speed(self, speed: float) -> None:
        """Choose a speed between 0.1 and 4."""
        speed = min(max(speed, SPEEDS[0]), SPEEDS[-1])
        if speed != self._speed:
            self._speed = speed
            self.speed_changed.emit(speed)

    @property
    def looping(self) -> bool:
        """Whether playing starts over at the end."""
        return self._looping

    def set_looping(self, looping: bool) -> None:
        """Choose whether playing starts over at the end."""
        if looping != self._looping:
            self._looping = looping
            self.looping_changed.emit(looping)

    @property
    def range(self) -> tuple[int, int] | None:
        """The chosen frames as half-open [start, stop), None if none are."""
        return self._range

    def set_range(self, chosen: tuple[int, int] | None) -> None:
        """Choose frames [start, stop), cut to the clip; an empty choice is none."""
        if chosen is not None:
            start, stop = max(min(chosen), 0), min(max(chosen), self.num_frames)
            chosen = (start, stop) if start < stop else None
        if chosen != self._range:
            self._range = chosen
            self.range_changed.emit()

    # Faces and layers

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

    @property
    def selected_track(self) -> int:
        """Track of the selected face, NO_FACE if none is."""
        return self._selected_track

    def select_face(self, track_id: int) -> None:
        """Select a face by track, or none by NO_FACE."""
        if track_id != self._selected_track:
            self._selected_track = track_id
            self.face_selected.emit(track_id)

    def set_layer(self, name: str, **changes: Any) -> None:
        """Change how a layer is shown: visible, opacity, outline_only, colour_by."""
        state = replace(self.layers[name], **changes)
        self.set_layers({**self.layers, name: state})

    def set_layers(self, layers: dict[str, LayerState]) -> None:
        """Change how layers are shown, and remember it."""
        if layers != self.layers:
            self.layers = layers
            self.settings.set_value("layers", layer_table.to_plain(layers))
            self.layers_changed.emit()

    @property
    def overlays_hidden(self) -> bool:
        """Whether all overlays are hidden, whatever the layers say."""
        return self._overlays_hidden

    def set_overlays_hidden(self, hidden: bool) -> None:
        """Hide all overlays for the moment."""
        if hidden != self._overlays_hidden:
            self._overlays_hidden = hidden
            self.overlays_hidden_changed.emit(hidden)

    def set_tone(self, tone: Tone) -> None:
        """Change brightness and contrast of the view; the clip stays as it is."""
        if tone != self.tone:
            self.tone = tone
            self.tone_changed.emit()

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
        if self.entry is None or self.entry.clip_id != clip_id:
            self._last_places[clip_id] = frame_idx
            self.open_clip(clip_id)
        else:
            self.set_frame(frame_idx)

    def note_data_changed(self, start: int, stop: int) -> None:
        """Faces on frames [start, stop) are other than they were."""
        self._faces_key = None
        self.data_changed.emit(start, stop)

    def _leave_clip(self) -> None:
        self.set_playing(False)
        self.set_scrubbing(False)
        if self.entry is not None and self.clip is not None:
            self._last_places[self.entry.clip_id] = self._frame_idx
        self.entry = None
        self.clip = None
        self.columns = empty_columns(0)
        self._faces_key = None
        self._markers = None
        self._frame_idx = 0
        self._shown_frame_idx = -1
        self.set_range(None)
        self.select_face(NO_FACE)
