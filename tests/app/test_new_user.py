"""A new user's way: a real clip of two people, from opening it to what was exported."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog

from app.docks.jobs_dock import JobRow
from core.video.reader import VideoReader
from core.video.writer import VideoWriter
from tests.app.correction.kit import ALT, CTRL, IBUG
from tests.app.people.kit import PeopleHand

FRAMES, SIDE, HERE = 12, 240, 7
SPEAKERS = ("bbaf2n.mpg", "lwbsza.mpg")
BROW, EYE, JAW = (list(IBUG.components[part]) for part in ("left_brow", "left_eye", "jaw"))


def squares(path: Path) -> list[np.ndarray]:
    """The middle of the first frames."""
    with VideoReader(path) as reader:
        middle = [rgb[:, (rgb.shape[1] - rgb.shape[0]) // 2 :][:, : rgb.shape[0]]
                  for _, rgb in reader.frames(0, FRAMES)]  # fmt: skip
    return [cv2.resize(one, (SIDE, SIDE), interpolation=cv2.INTER_AREA) for one in middle]


@pytest.fixture
def two_people(real_folder: Path, tmp_path: Path) -> Path:
    left, right = (squares(next(real_folder.rglob(name))) for name in SPEAKERS)
    clip = tmp_path / "two people.mp4"
    with VideoWriter(clip, 2 * SIDE, SIDE, 25) as writer:
        for pair in zip(left, right, strict=True):
            writer.write(np.concatenate(pair, axis=1))
    return clip


class NewUser(PeopleHand):
    """Keys, mouse, and the dialogs' own buttons."""

    def start_job(self, key: Qt.Key, name: str = "") -> None:
        """A key opens a dialog, its button starts the job; wait for its end."""
        self.key(key, CTRL)
        dialog = next(one for one in self.window.findChildren(QDialog) if one.isVisible())
        if name:
            dialog.format.setCurrentIndex(dialog.format.findData(name))
        self.qtbot.mouseClick(dialog.go, Qt.MouseButton.LeftButton)
        assert self.window.findChildren(JobRow)
        self.qtbot.waitUntil(lambda: not self.window.job_desk.jobs.running, timeout=120_000)
        self.window.activateWindow()  # there is no window manager here to do it
        self.qtbot.waitUntil(self.window.isActiveWindow, timeout=5000)

    def moved(self, before: np.ndarray) -> set[int]:
        """Landmarks of the selected face that are elsewhere than they were."""
        now = self.shown()[self.session.selected_track].landmarks
        return set(np.flatnonzero(np.abs(now - before).max(axis=1) > 0.02).tolist())

    def points(self) -> np.ndarray:
        return self.shown()[self.session.selected_track].landmarks.astype(float)


@pytest.mark.real
def test_open_predict_correct_approve_export_reopen(open_main, two_people, qtbot, tmp_path):
    hand = NewUser(open_main(two_people), qtbot)
    hand.go(HERE)
    hand.start_job(Qt.Key.Key_P)
    assert hand.session.document.path == two_people.with_suffix(".lin"), hand.told
    qtbot.waitUntil(lambda: hand.session.shown_frame_idx == HERE, timeout=20_000)
    hand.wait_for_columns()
    assert len(hand.rows()) == 2

    # A face is selected by a key; a brow, an eye, the jaw and the whole face move in ≤ 2 gestures.
    hand.key(Qt.Key.Key_F)
    hand.key(Qt.Key.Key_2, CTRL)
    before = hand.points()
    hand.drag(before[BROW[2]], before[BROW[2]] + [0, -5], CTRL)
    assert BROW[2] in hand.moved(before) <= set(BROW)
    hand.key(Qt.Key.Key_Escape)
    before = hand.points()
    hand.double_click(before[EYE[1]])
    hand.drag(before[EYE[1]], before[EYE[1]] + [3, 2])
    assert hand.moved(before) == set(EYE)
    hand.key(Qt.Key.Key_Escape)
    before = hand.points()
    hand.drag(before[JAW[8]], before[JAW[8]] + [0, 6], CTRL)
    assert JAW[8] in hand.moved(before) <= set(JAW)
    hand.key(Qt.Key.Key_Escape)
    before = hand.points()
    middle = before.mean(axis=0)
    hand.drag(middle, middle + 2, ALT)
    assert len(hand.moved(before)) == 68
    mine = hand.points()

    # Two who changed places are put right by one key; here they are mixed up by the same.
    here = {track: face.box_xyxy[0] < SIDE for track, face in hand.shown().items()}
    hand.key(Qt.Key.Key_W)
    assert {track: face.box_xyxy[0] < SIDE for track, face in hand.shown().items()} != here
    hand.key(Qt.Key.Key_W)
    assert {track: face.box_xyxy[0] < SIDE for track, face in hand.shown().items()} == here

    track = hand.session.selected_track
    hand.key(Qt.Key.Key_Return, CTRL)
    qtbot.waitUntil(lambda: hand.session.shown_frame_idx == HERE + 1, timeout=10_000)
    assert int(hand.shown(HERE)[track].review) == 3

    hand.start_job(Qt.Key.Key_E, "coco")
    assert "Done" in hand.told
    (written,) = tmp_path.glob("*coco*.json")
    exported = json.loads(written.read_text())["annotations"]
    faces = [np.reshape(one["keypoints"], (-1, 3)) for one in exported if "keypoints" in one]
    assert len(faces) == 2 * FRAMES
    assert any(np.abs(face[:, :2] - mine).max() < 0.01 for face in faces), "as corrected"

    hand.window.close()
    again = NewUser(open_main(two_people.with_suffix(".lin")), qtbot)
    assert again.session.frame_idx == HERE + 1, "where it was left"
    np.testing.assert_array_equal(again.shown(HERE)[track].landmarks, mine.astype(np.float32))
    assert again.session.undo_stack.canUndo()
