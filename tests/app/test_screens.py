"""Other screens: a display scaled to 150 %, and a real X server where one is installed."""

import json
import os
import shutil
import subprocess
import sys

import cv2
import numpy as np
import pytest

from core.paths import main_script

CLICK_PATH = """
import sys
from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from app import application
from app.picture import wait, wait_until

app = QApplication(["lineament"])
assert application.open_window([sys.argv[1]], app) == 0
window = application.open_windows()[0]
assert wait_until(lambda: window.session.shown_frame_idx == 0), "no first frame"
assert wait_until(lambda: window.windowHandle().isExposed()), "the window is not on the screen"
wait(200)
button = next(b for b in window.transport.children() if getattr(b, "defaultAction", lambda: None)()
              is window.actions_by_id["next_frame"])
QTest.mouseClick(button, Qt.MouseButton.LeftButton)
assert wait_until(lambda: window.session.shown_frame_idx == 1), "no step"
wait(200)
window.grab().save(sys.argv[2])
print(list(window.canvas.mapTo(window, window.canvas.mapFromScene(QPointF(90, 60))).toTuple()))
window.close()
"""


def run_child(tmp_path, clip_path, environment, prefix=()):
    """Run the click path in a child; the picture and where a grey pixel of the frame is in it."""
    out = tmp_path / "window.png"
    child = subprocess.run(
        [*prefix, sys.executable, "-c", CLICK_PATH, str(clip_path), str(out)],
        cwd=main_script().parent, env={**os.environ, **environment}, capture_output=True, text=True,
        timeout=120, check=False,
    )  # fmt: skip
    assert child.returncode == 0, child.stderr
    x, y = json.loads(child.stdout.strip().splitlines()[-1])
    return cv2.imread(str(out)), x, y


def assert_frame_one(picture, x, y):
    assert np.abs(picture[y, x].astype(int) - (16 + 9)).max() <= 4


def test_at_150_percent_everything_is_half_as_large_again(tmp_path, clip_path):
    picture, x, y = run_child(
        tmp_path, clip_path, {"QT_SCALE_FACTOR": "1.5", "QT_QPA_PLATFORM": "offscreen"}
    )
    assert picture.shape[1] == 1.5 * 1280
    assert_frame_one(picture, round(1.5 * x), round(1.5 * y))


@pytest.mark.skipif(not shutil.which("xvfb-run"), reason="no xvfb-run on this machine")
def test_on_an_x_server_it_opens_shows_and_steps(tmp_path, clip_path):
    picture, x, y = run_child(
        tmp_path, clip_path, {"QT_QPA_PLATFORM": "xcb"},
        prefix=("xvfb-run", "-a", "-s", "-screen 0 1600x1000x24"),
    )  # fmt: skip
    assert_frame_one(picture, x, y)
