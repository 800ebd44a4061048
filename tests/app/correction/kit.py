"""A hand on the window: mouse and keys, in places of the image."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QApplication

from core.annotations.project import Project
from core.faces.correction.template import placed_by_eyes
from core.schemes import load_landmark_scheme

FRAMES, WIDTH, HEIGHT = 24, 240, 200
IBUG = load_landmark_scheme("ibug68")
LEFT_BROW = list(IBUG.components["left_brow"])
LEFT, RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton
NONE = Qt.KeyboardModifier.NoModifier
SHIFT, CTRL = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier
ALT = Qt.KeyboardModifier.AltModifier


def face_xy(frame_idx: int) -> np.ndarray:
    """Where the run has the 68 points: the face moves right by a pixel a frame."""
    eyes = np.array([[80.0 + frame_idx, 90.0], [130.0 + frame_idx, 90.0]])
    return placed_by_eyes(IBUG, *eyes).astype(np.float32)


class Hand:
    """Mouse and keys on a window, in places of the image."""

    def __init__(self, window, qtbot) -> None:
        self.window, self.qtbot, self.view = window, qtbot, window.canvas
        self.session = window.session

    def screen(self, xy) -> QPointF:
        """The screen place of an image place, to a fraction of a pixel."""
        return self.view.viewportTransform().map(QPointF(float(xy[0]) + 0.5, float(xy[1]) + 0.5))

    def _mouse(self, kind, xy, button, buttons, keys) -> None:
        at = self.screen(xy)
        to = QPointF(self.view.viewport().mapToGlobal(at))
        event = QMouseEvent(kind, at, to, button, buttons, keys)
        QApplication.sendEvent(self.view.viewport(), event)

    def move(self, xy, buttons=Qt.MouseButton.NoButton, keys=NONE) -> None:
        self._mouse(QEvent.Type.MouseMove, xy, Qt.MouseButton.NoButton, buttons, keys)

    def press(self, xy, keys=NONE, button=LEFT) -> None:
        self._mouse(QEvent.Type.MouseButtonPress, xy, button, button, keys)

    def release(self, xy, keys=NONE, button=LEFT) -> None:
        self._mouse(QEvent.Type.MouseButtonRelease, xy, button, Qt.MouseButton.NoButton, keys)

    def click(self, xy, keys=NONE, button=LEFT) -> None:
        self.press(xy, keys, button)
        self.release(xy, keys, button)

    def double_click(self, xy) -> None:
        self.click(xy)
        self._mouse(QEvent.Type.MouseButtonDblClick, xy, LEFT, LEFT, NONE)
        self.release(xy)

    def drag(self, start, end, keys=NONE) -> None:
        start, end = np.asarray(start, float), np.asarray(end, float)
        self.press(start, keys)
        for share in (0.3, 0.7, 1.0):
            self.move(start + share * (end - start), LEFT, keys)
        self.release(end, keys)

    def wheel(self, xy, steps, keys) -> None:
        at = self.screen(xy)
        event = QWheelEvent(
            at, QPointF(self.view.viewport().mapToGlobal(at)), QPoint(), QPoint(120 * steps, 0),
            Qt.MouseButton.NoButton, keys, Qt.ScrollPhase.NoScrollPhase, False,
        )  # fmt: skip
        QApplication.sendEvent(self.view.viewport(), event)

    def key(self, key, keys=NONE) -> None:
        self.qtbot.keyClick(self.view, key, keys)

    def zoom(self, zoom, centre) -> None:
        self.view.resetTransform()
        self.view.scale(zoom, zoom)
        self.view.centerOn(float(centre[0]) + 0.5, float(centre[1]) + 0.5)

    def go(self, frame_idx) -> None:
        self.session.set_frame(frame_idx)
        self.qtbot.waitUntil(lambda: self.session.shown_frame_idx == frame_idx, timeout=10_000)

    def face(self, frame_idx=None):
        """The face as it is stored and shown."""
        here = self.session.frame_idx if frame_idx is None else frame_idx
        return self.session.document.project.shown(self.session.entry.clip_id, here)[0]

    def xy(self, frame_idx=None) -> np.ndarray:
        return self.face(frame_idx).landmarks.astype(float)

    @property
    def project(self) -> Project:
        return self.session.document.project

    @property
    def selected(self) -> list[int]:
        return sorted(self.window.correction.selection.points)
