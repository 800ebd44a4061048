"""Playing: a clock that asks for the frame due now, and counts the frames nobody saw.

When painting is too slow, frames are skipped so that the clip keeps its own time, and every
skipped frame is counted. Where the canvas has fallen several frames behind all the same, the clock
waits for it: a skipped frame is still decoded, so a clip that decodes slower than it plays would
otherwise ask for ever more frames at once and stand still.
"""

from __future__ import annotations

import time
from collections import deque

from PySide6.QtCore import QObject, Qt, QTimer, Signal, Slot

from app.session import Session
from app.viewing import SPEEDS

MOST_BEHIND = 8
"""Frames the canvas may be behind the clock."""
LONGEST_WAIT_S = 1.0
"""The clock does not wait longer than this for one frame."""


class Player(QObject):
    """Plays the session's clip at its rate times the speed.

    Signals:
        counted: Frames shown a second (0 when unknown) and frames dropped since play began.
            The transport bar listens.
    """

    counted = Signal(float, int)

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._session = session
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._tick)
        self._start_s = 0.0
        self._start_position_s = 0.0
        self._due = 0
        self._shown = 0
        self._shown_at: deque[float] = deque(maxlen=60)
        self._asked = -1
        session.playing_changed.connect(self._on_playing)
        session.speed_changed.connect(self._restart_clock)
        session.frame_changed.connect(self._on_frame_changed)
        session.frame_shown.connect(self._on_frame_shown)

    @property
    def dropped(self) -> int:
        """Frames that were due since play began and were never on the canvas."""
        on_its_way = int(self._session.shown_frame_idx != self._asked)
        return max(self._due - self._shown - on_its_way, 0)

    # Slots of the action table

    def toggle_play(self) -> None:
        """Play, or pause; from the end it starts over."""
        session = self._session
        first, stop = self._bounds()
        if not session.playing and not first <= session.frame_idx < stop - 1:
            session.set_frame(first)
        session.set_playing(not session.playing)

    def faster(self) -> None:
        """The next higher speed."""
        higher = [speed for speed in SPEEDS if speed > self._session.speed + 1e-6]
        self._session.set_speed(higher[0] if higher else SPEEDS[-1])

    def slower(self) -> None:
        """The next lower speed."""
        lower = [speed for speed in SPEEDS if speed < self._session.speed - 1e-6]
        self._session.set_speed(lower[-1] if lower else SPEEDS[0])

    def normal_speed(self) -> None:
        """The clip's own rate."""
        self._session.set_speed(1.0)

    def set_looping(self, looping: bool) -> None:
        """Play again and again, or once."""
        self._session.set_looping(looping)

    def mark_in(self) -> None:
        """Let the range start at this frame."""
        here = self._session.frame_idx
        stop = self._session.range[1] if self._session.range else self._session.num_frames
        self._session.set_range((here, stop if stop > here else self._session.num_frames))

    def mark_out(self) -> None:
        """Let the range end with this frame."""
        here = self._session.frame_idx
        start = self._session.range[0] if self._session.range else 0
        self._session.set_range((start if start <= here else 0, here + 1))

    def clear_range(self) -> None:
        """Forget the range."""
        self._session.set_range(None)

    # The clock

    def _bounds(self) -> tuple[int, int]:
        return self._session.range or (0, self._session.num_frames)

    @Slot(bool)
    def _on_playing(self, playing: bool) -> None:
        if playing:
            self._due = self._shown = 0
            self._shown_at.clear()
            self._restart_clock()
        else:
            self._timer.stop()
            self.counted.emit(0.0, self.dropped)

    def _restart_clock(self) -> None:
        if not self._session.playing:
            return
        self._start_s = time.perf_counter()
        self._asked = self._session.frame_idx
        self._start_position_s = self._session.time_s(self._asked)
        self._schedule()

    def _schedule(self) -> None:
        following = min(self._asked + 1, self._session.num_frames - 1)
        ahead_s = self._session.time_s(following) - self._start_position_s
        due_s = self._start_s + ahead_s / self._session.speed
        self._timer.start(max(1, round(1000 * (due_s - time.perf_counter()))))

    @Slot()
    def _tick(self) -> None:
        session = self._session
        elapsed_s = (time.perf_counter() - self._start_s) * session.speed
        target = session.frame_at(self._start_position_s + elapsed_s)
        first, stop = self._bounds()
        is_past = target >= stop - 1 and self._asked >= stop - 1
        if self._is_far_behind():
            self._restart_clock()
        elif is_past and session.looping:
            self._advance(first, 1)
            self._restart_clock()
        elif is_past:
            session.set_playing(False)
        else:
            target = min(target, stop - 1)
            self._advance(target, max(target - self._asked, 0))
            self._schedule()

    def _is_far_behind(self) -> bool:
        """Whether the frames asked for are a way ahead of the one that was shown just now."""
        if not self._shown_at or time.perf_counter() - self._shown_at[-1] > LONGEST_WAIT_S:
            return False
        return self._asked - self._session.shown_frame_idx >= MOST_BEHIND

    def _advance(self, frame_idx: int, due: int) -> None:
        self._due += due
        self._asked = frame_idx
        self._session.set_frame(frame_idx)

    @Slot(int)
    def _on_frame_changed(self, frame_idx: int) -> None:
        # Somebody else moved the cursor while it plays: go on from there.
        if self._session.playing and frame_idx != self._asked:
            self._restart_clock()

    @Slot(int)
    def _on_frame_shown(self, frame_idx: int) -> None:
        if not self._session.playing:
            return
        self._shown += 1
        now = time.perf_counter()
        self._shown_at.append(now)
        span_s = now - self._shown_at[0]
        if len(self._shown_at) > 5 and span_s > 0 and self._shown % 10 == 0:
            self.counted.emit((len(self._shown_at) - 1) / span_s, self.dropped)
