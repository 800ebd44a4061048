"""A child that corrects a project's landmarks until it is killed; a line an edit that is stored.

`python editing_program.py PROJECT SEED`
"""

import sys
import tempfile
from pathlib import Path

import numpy as np
from PySide6.QtCore import QCoreApplication, QSettings

from app.correction.commands import PointCommands
from app.correction.frame_commands import FrameCommands
from app.correction.selection import PointSelection
from app.messages import MessageHub
from app.project_document import open_project
from app.session import Session
from app.settings import Settings
from app.viewing import OpenedClip


def main() -> None:
    """Edit for ever."""
    folder, rng = Path(sys.argv[1]), np.random.default_rng(int(sys.argv[2]))
    application = QCoreApplication([])
    store = QSettings(tempfile.mktemp(".ini"), QSettings.Format.IniFormat)
    session = Session(Settings(store), MessageHub())
    session.open_document(open_project(folder))
    entry = session.entry
    session.clip_opened(OpenedClip(entry.frames, entry.fps, entry.width, entry.height, ""))
    selection = PointSelection(session)
    points = PointCommands(session, selection)
    frames = FrameCommands(session, points)
    acts = [
        lambda: points.nudge(*rng.normal(size=2)), points.turn_left, points.delete, points.reset,
        points.mirror, frames.accept, lambda: frames.copy_forward(5), frames.copy_previous,
        session.undo_stack.undo, session.undo_stack.redo,
    ]  # fmt: skip
    print("ready", flush=True)
    while application is not None:
        session.set_frame(int(rng.integers(0, 20)))
        points.select_part(int(rng.integers(1, 9)))
        acts[rng.integers(len(acts))]()
        project = session.document.project
        print(project.history_position, project.digest(), flush=True)


if __name__ == "__main__":
    main()
