"""The real window for a benchmark, and what its person sees: a painted canvas, a held-up loop."""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import numpy as np

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import (
    QEvent,
    QEventLoop,
    QObject,
    QPoint,
    QSettings,
    Qt,
    QTimer,
    qInstallMessageHandler,
)
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from app import convert
from app.application import build_window
from app.main_window import MainWindow
from app.messages import MessageHub
from app.picture import wait, wait_until
from app.settings import Settings


@contextmanager
def open_window(
    what: Path, size: tuple[int, int] = (1920, 1080), **settings: object
) -> Iterator[MainWindow]:
    """The window on a clip or project, with its first frame and the timeline's columns read."""
    app = QApplication.instance() or QApplication(["bench"])
    assert isinstance(app, QApplication)
    qInstallMessageHandler(_relay)
    with tempfile.TemporaryDirectory() as folder:
        os.environ["XDG_CACHE_HOME"] = folder  # the frame index is made anew
        store = QSettings(str(Path(folder) / "w.ini"), QSettings.Format.IniFormat)
        chosen = Settings(store)
        for key, value in settings.items():
            chosen.set_value(key, value)
        window = build_window(app, chosen, MessageHub())
        window.resize(*size)
        window.show()
        assert window.files.open_texts([str(what)]), window.session.hub.history[-1].text
        assert wait_until(lambda: window.session.shown_frame_idx >= 0, 120_000), "no first frame"
        settle(window)
        yield window
        window.close()


def _relay(kind: object, context: object, text: str) -> None:
    """Pass on what Qt says, but for the offscreen platform's remark at every window it shows."""
    if "propagateSizeHints" not in text:
        print(text, file=sys.stderr)


def settle(window: MainWindow) -> None:
    """Wait until nothing is read in the background any more."""
    assert wait_until(lambda: not window.column_loader.is_reading, 120_000), "columns are not read"
    wait(50)


class Spent(NamedTuple):
    """What an act took."""

    wall_ms: float
    own_ms: float
    """Processor time of the interface's thread, which other programs do not lengthen."""


class Painted(QObject):
    """Waits for the canvas to be painted; times what leads to it."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._viewport = window.canvas.viewport()
        self._count = 0
        self._viewport.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Count paintings; they go on as ever."""
        self._count += event.type() == QEvent.Type.Paint
        return False

    def after(self, act: Callable[[], object], frame_idx: int | None = None) -> Spent:
        """The time from an act until the canvas shows what came of it.

        Args:
            act: Sends the event.
            frame_idx: The frame that must be on the canvas when it has been painted; any if None.
        """
        QApplication.processEvents()
        session = self._window.session
        limit = QTimer(self)
        limit.setSingleShot(True)
        limit.start(30_000)
        start_s, own_s = time.perf_counter(), time.thread_time()
        act()
        before = self._count
        # What the act asked for by update() is painted by the loop; a painting while it ran may
        # have come too early and does not count. The loop sleeps where it has nothing to do.
        while limit.isActive():
            QApplication.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)
            has_frame = frame_idx is None or session.shown_frame_idx == frame_idx
            if has_frame and self._count > before:
                own_ms = 1000 * (time.thread_time() - own_s)
                limit.stop()
                return Spent(1000 * (time.perf_counter() - start_s), own_ms)
        raise RuntimeError("the canvas was not painted within 30 s")


def most_frames_s(window: MainWindow) -> float:
    """Frames shown a second from here to the clip's end, in play but with no clock.

    Each is asked for when the one before has been painted.
    """
    session, loop = window.session, QEventLoop()
    window.player._timer.timeout.disconnect()
    start = session.frame_idx

    def go_on(frame_idx: int) -> None:
        window.canvas.viewport().repaint()
        if frame_idx + 1 < session.num_frames:
            QTimer.singleShot(0, lambda: session.set_frame(frame_idx + 1))
        else:
            loop.quit()

    session.frame_shown.connect(go_on)
    session.set_playing(True)
    start_s = time.perf_counter()
    session.set_frame(start + 1)
    loop.exec()
    spent_s = time.perf_counter() - start_s
    session.frame_shown.disconnect(go_on)
    session.set_playing(False)
    window.player._timer.timeout.connect(window.player._tick)
    return (session.num_frames - 1 - start) / spent_s


class Heartbeat(QObject):
    """A timer of the interface's thread: where it comes late, the thread was held up."""

    def __init__(self, every_ms: int = 2) -> None:
        super().__init__()
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(every_ms)
        self._timer.timeout.connect(self._beat)
        self._last_s = self._own_s = 0.0
        self._gaps_s: list[float] = []
        self._own_gaps_s: list[float] = []

    def __enter__(self) -> Heartbeat:
        self._last_s, self._own_s = time.perf_counter(), time.thread_time()
        self._gaps_s.clear()
        self._own_gaps_s.clear()
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._beat()
        self._timer.stop()

    def _beat(self) -> None:
        now_s, own_s = time.perf_counter(), time.thread_time()
        self._gaps_s.append(now_s - self._last_s)
        self._own_gaps_s.append(own_s - self._own_s)
        self._last_s, self._own_s = now_s, own_s

    @property
    def longest_ms(self) -> float:
        """The longest time between two beats."""
        return round(1000 * max(self._gaps_s), 1)

    @property
    def longest_own_ms(self) -> float:
        """The most processor time this thread itself used between two beats."""
        return round(1000 * max(self._own_gaps_s), 1)


def screen_place(window: MainWindow, xy: np.ndarray) -> QPoint:
    """Where a place of the frame is on the canvas's viewport."""
    x, y = convert.scene_from_image(np.asarray(xy, float))
    return window.canvas.mapFromScene(float(x), float(y))


def press_key(window: MainWindow, key: Qt.Key, modifier: Qt.KeyboardModifier | None = None) -> None:
    """A key on the canvas."""
    QTest.keyClick(window.canvas, key, modifier or Qt.KeyboardModifier.NoModifier)


def quantiles(times: list[Spent]) -> dict[str, float]:
    """Median, 95th percentile and worst."""
    wall_ms = [one.wall_ms for one in times]
    return {
        "median_ms": round(float(np.median(wall_ms)), 1),
        "p95_ms": round(float(np.percentile(wall_ms, 95)), 1),
        "worst_ms": round(max(wall_ms), 1),
        "own_p95_ms": round(float(np.percentile([one.own_ms for one in times], 95)), 1),
        "count": len(times),
    }


def is_busy() -> bool:
    """Whether the machine is at work for others: wall time then says little."""
    return os.getloadavg()[0] > (os.cpu_count() or 1) / 2
