"""Play, step, go to, speed, loop, range: the bar above the timeline."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QComboBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QToolButton,
    QWidget,
)

from app import theme
from app.actions import Actions
from app.playback import Player
from app.session import Session
from app.timecode import parse_time, timecode
from app.viewing import SPEEDS

_STEPS = ("first_frame", "previous_frame", "play", "next_frame", "last_frame")
_RANGE = ("loop", "mark_in", "mark_out", "clear_range")


class GoToBox(QLineEdit):
    """The number of the frame; type another, or a time such as 1:02.5, and press Enter.

    Signals:
        go_asked: Frame to go to. The main window passes it on.
        left: The person is done typing; the canvas takes the focus.
    """

    go_asked = Signal(int)
    left = Signal()

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.setAccessibleName("Go to frame")
        self.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.setToolTip("Frame number; type another one or a time such as 1:02.5 and press Enter")
        self.returnPressed.connect(self._go)
        session.frame_changed.connect(self.show_frame)

    @Slot(int)
    def show_frame(self, frame_idx: int) -> None:
        """Show where we are, unless the person is typing."""
        if not (self.hasFocus() and self.isModified()):
            self.setText(str(frame_idx))

    def begin(self) -> None:
        """Take the focus for typing."""
        self.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.selectAll()

    def target(self) -> int | None:
        """The frame that is typed, None if it is none."""
        text = self.text().replace(",", "").replace(" ", "").lstrip("#")
        if text.isdecimal():
            return int(text)
        seconds = parse_time(text)
        return None if seconds is None else self._session.frame_at(seconds)

    def _go(self) -> None:
        frame_idx = self.target()
        if frame_idx is None:
            self._session.hub.info(
                f"“{self.text()}” is neither a frame number nor a time such as 1:02.5."
            )
        else:
            self.go_asked.emit(frame_idx)
        self._leave()

    def _leave(self) -> None:
        self.setModified(False)
        self.show_frame(self._session.frame_idx)
        self.left.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Escape leaves without going."""
        if event.key() == Qt.Key.Key_Escape:
            self._leave()
        else:
            super().keyPressEvent(event)


class TransportBar(QWidget):
    """Everything about time in one line."""

    def __init__(
        self, session: Session, player: Player, actions: Actions, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._actions = actions
        self.go_to_box = GoToBox(session, self)
        self._count = QLabel(self)
        self._time = QLabel(self)
        self._rate = QLabel(self)
        self._zoom = QLabel(self)
        self._range = QLabel(self)
        self._speed = self._build_speed()
        self._lay_out()
        self._use_figures()
        session.clip_ready.connect(self._on_clip_ready)
        session.clip_changed.connect(self._on_clip_ready)
        session.frame_changed.connect(self._on_frame_changed)
        session.playing_changed.connect(self._on_playing)
        session.speed_changed.connect(self._on_speed_changed)
        session.range_changed.connect(self._on_range_changed)
        session.looping_changed.connect(actions["loop"].setChecked)
        player.counted.connect(self._on_counted)
        self._on_clip_ready()

    @Slot(float)
    def show_zoom(self, zoom: float) -> None:
        """Show how many screen pixels a clip pixel takes."""
        self._zoom.setText(f"{100 * zoom * self.devicePixelRatioF():.0f} %")

    def _build_speed(self) -> QComboBox:
        box = QComboBox(self)
        box.setAccessibleName("Speed")
        box.setToolTip("Playing speed")
        box.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        for speed in SPEEDS:
            box.addItem(f"{speed:g}×", speed)
        box.setCurrentIndex(SPEEDS.index(1.0))
        box.currentIndexChanged.connect(lambda index: self._session.set_speed(SPEEDS[index]))
        return box

    def _lay_out(self) -> None:
        layout = QHBoxLayout(self)
        layout.setContentsMargins(8, 4, 8, 4)
        layout.setSpacing(2)
        for name in _STEPS:
            layout.addWidget(self._button(name))
        layout.addSpacing(8)
        for widget in (self.go_to_box, self._count):
            layout.addWidget(widget)
        layout.addSpacing(12)
        layout.addWidget(self._time)
        layout.addSpacing(12)
        layout.addWidget(self._speed)
        layout.addWidget(_line(self))
        for name in _RANGE:
            layout.addWidget(self._button(name))
        layout.addSpacing(4)
        layout.addWidget(self._range)
        layout.addStretch(1)
        layout.addWidget(self._rate)
        layout.addWidget(_line(self))
        for name in ("zoom_out", "fit", "zoom_in"):
            layout.addWidget(self._button(name))
        layout.addWidget(self._zoom)

    def _button(self, action_id: str) -> QToolButton:
        button = QToolButton(self)
        button.setDefaultAction(self._actions[action_id])
        button.setAutoRaise(True)
        button.setAccessibleName(self._actions[action_id].toolTip().splitlines()[0])
        # A click must not take the focus: Space and the arrows belong to the canvas.
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        return button

    def _use_figures(self) -> None:
        figures = theme.figures_font(self.font())
        for widget in (
            self.go_to_box,
            self._count,
            self._time,
            self._range,
            self._rate,
            self._zoom,
        ):
            widget.setFont(figures)
        width = self.fontMetrics().horizontalAdvance
        self._time.setMinimumWidth(width("0:00:00.000"))
        self._zoom.setMinimumWidth(width("6400 %"))
        self._zoom.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)

    @Slot()
    def _on_clip_ready(self) -> None:
        last = max(self._session.num_frames - 1, 0)
        self._count.setText(f"/ {last:,}" if self._session.clip else "")
        digits = max(len(str(last)), 4)
        self.go_to_box.setFixedWidth(self.fontMetrics().horizontalAdvance("0" * digits) + 22)
        self.go_to_box.setEnabled(self._session.clip is not None)
        self._rate.clear()
        self._on_frame_changed(self._session.frame_idx)

    @Slot(int)
    def _on_frame_changed(self, frame_idx: int) -> None:
        is_open = self._session.clip is not None
        self._time.setText(timecode(self._session.time_s(frame_idx)) if is_open else "")

    @Slot(bool)
    def _on_playing(self, playing: bool) -> None:
        self._actions["play"].setIcon(theme.icon("pause" if playing else "play", self.palette()))

    @Slot(float)
    def _on_speed_changed(self, speed: float) -> None:
        nearest = min(range(len(SPEEDS)), key=lambda i: abs(SPEEDS[i] - speed))
        with QSignalBlocker(self._speed):
            self._speed.setCurrentIndex(nearest)

    @Slot()
    def _on_range_changed(self) -> None:
        chosen = self._session.range
        words = "" if chosen is None else f"{chosen[0]:,} … {chosen[1] - 1:,}"
        self._range.setText(words)
        self._range.setToolTip("" if chosen is None else f"{chosen[1] - chosen[0]:,} frames chosen")

    @Slot(float, int)
    def _on_counted(self, shown_fps: float, dropped: int) -> None:
        parts = [f"{shown_fps:.1f} fps shown"] if shown_fps else []
        if dropped:
            parts.append(f"{dropped:,} dropped")
        self._rate.setText("  ·  ".join(parts))
        self._rate.setToolTip("Frames shown a second; frames due while playing but never shown")


def _line(parent: QWidget) -> QFrame:
    line = QFrame(parent)
    line.setFrameShape(QFrame.Shape.VLine)
    line.setFrameShadow(QFrame.Shadow.Sunken)
    return line
