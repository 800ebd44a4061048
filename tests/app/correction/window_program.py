"""A window, opened by `main()`, that is edited by its actions until it is killed; a line an edit.

`python window_program.py PROJECT SEED`
"""

import os
import sys

import numpy as np

os.environ["QT_QPA_PLATFORM"] = "offscreen"

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from app import application
from main import main

ACTS = (
    "nudge_right", "nudge_up_far", "delete_points", "reset_points", "mirror", "accept",
    "copy_previous", "copy_next", "approve", "approve_next", "toggle_visible", "undo", "redo",
    "toggle_marker", "next_unreviewed", "play",
)  # fmt: skip


def run() -> None:
    """Edit for ever."""
    folder, rng = sys.argv[1], np.random.default_rng(int(sys.argv[2]))
    app = QApplication([])
    assert main([folder], app) == 0
    (window,) = application.open_windows()
    said = []

    def act() -> None:
        if window.session.shown_frame_idx < 0:
            return
        window.session.set_frame(int(rng.integers(0, 20)))
        window.correction.selection.choose(0, rng.integers(0, 5, 2).tolist())
        window.actions_by_id[ACTS[rng.integers(len(ACTS))]].trigger()
        project = window.session.document.project
        said.append(f"{project.history_position} {project.digest()}")
        # Killed right after it says that it is ready, it has told of an edit at least.
        print(*(["ready"] if len(said) == 1 else []), said[-1], sep="\n", flush=True)

    timer = QTimer()
    timer.timeout.connect(act)
    timer.start(0)
    app.exec()


if __name__ == "__main__":
    run()
