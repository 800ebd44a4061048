"""The open window of a picture, and what a person does with it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog

from app import convert
from app.main_window import MainWindow
from app.picture import wait, wait_until

_LEFT = Qt.MouseButton.LeftButton
_NO_KEY = Qt.KeyboardModifier.NoModifier


class Stage:
    """The open window, and what a person does with it."""

    def __init__(self, window: MainWindow, folder: Path) -> None:
        self.window = window
        self.session = window.session
        self.folder = folder
        """Where the project lies; anything may be written beside it."""

    def do(self, action_id: str) -> None:
        """What a menu or its key does."""
        self.window.actions_by_id[action_id].trigger()
        self.settle()

    def go(self, frame_idx: int) -> None:
        """Be at a frame."""
        self.session.set_frame(frame_idx)
        self.settle()

    def settle(self) -> None:
        """Wait until the frame is there and the timeline has been read."""
        session = self.session
        if session.clip is not None:
            wait_until(lambda: session.shown_frame_idx == session.frame_idx)
        wait_until(lambda: not self.window.column_loader.is_reading)
        wait(60)

    def canvas_only(self, frame_idx: int) -> None:
        """The face of a frame as large as the window."""
        self.go(frame_idx)
        self.do("fold_panels")
        self.do("zoom_face")

    def points_only(self, frame_idx: int) -> None:
        """The same without label maps, and nearer."""
        self.session.set_layer("label_maps", visible=False)
        self.canvas_only(frame_idx)
        self.do("zoom_in")

    def select_face(self, index: int = 0) -> None:
        """Select a face of the frame."""
        faces = sorted(self.session.faces(self.session.frame_idx), key=lambda f: f.track_id)
        self.session.select_face(faces[index].track_id)

    def place(self, landmark: int, face: int = 0) -> QPoint:
        """Where a landmark is on the canvas."""
        faces = sorted(self.session.faces(self.session.frame_idx), key=lambda f: f.track_id)
        return self.canvas_place(faces[face].landmarks[landmark])

    def canvas_place(self, xy: Sequence[float]) -> QPoint:
        """Where a place of the frame is on the canvas."""
        x, y = convert.scene_from_image(np.asarray(xy, float))
        return self.window.canvas.mapFromScene(QPointF(float(x), float(y)))

    def click(self, at: QPoint, keys: Qt.KeyboardModifier = _NO_KEY) -> None:
        """Click on the canvas."""
        QTest.mouseClick(self.window.canvas.viewport(), _LEFT, keys, at)
        self.settle()

    def drag(
        self, start: QPoint, by: QPoint, keys: Qt.KeyboardModifier = _NO_KEY, let_go: bool = True
    ) -> None:
        """Drag on the canvas; without letting go the picture shows the middle of it."""
        viewport = self.window.canvas.viewport()
        QTest.mousePress(viewport, _LEFT, keys, start)
        for part in (0.2, 0.6, 1.0):
            QTest.mouseMove(viewport, start + by * part)
            wait(20)
        if let_go:
            QTest.mouseRelease(viewport, _LEFT, keys, start + by)
            self.settle()

    def dialog(self, action_id: str) -> QDialog:
        """Open a dialog by its action."""
        self.do(action_id)
        open_ones = [w for w in QApplication.topLevelWidgets() if isinstance(w, QDialog)]
        return next(w for w in open_ones if w.isVisible())
