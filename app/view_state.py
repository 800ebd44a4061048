"""How the open clip is looked at: frame, playing, chosen range, selected face, layers."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from PySide6.QtCore import QObject, Signal

from app import layers as layer_table
from app.layers import LayerState
from app.settings import Settings
from app.viewing import NO_FACE, SPEEDS, OpenedClip, Tone


class ViewState(QObject):
    """Place and looks; the session adds what is open and what is known of it.

    Signals:
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
        tone_changed: Brightness or contrast of the view changed. Canvas, layers dock.
    """

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

    def __init__(self, settings: Settings, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.settings = settings
        self.clip: OpenedClip | None = None
        self.layers = layer_table.initial_layers(settings.value("layers"))
        self.tone = Tone()
        self._frame_idx = 0
        self._shown_frame_idx = -1
        self._range: tuple[int, int] | None = None
        self._playing = False
        self._looping = False
        self._scrubbing = False
        self._speed = 1.0
        self._selected_track = NO_FACE
        self._overlays_hidden = False

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

    # Looks

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

    def _leave_view(self) -> None:
        """Nothing is looked at any more."""
        self.set_playing(False)
        self.set_scrubbing(False)
        self.clip = None
        self._frame_idx = 0
        self._shown_frame_idx = -1
        self.set_range(None)
        self.select_face(NO_FACE)
