"""A project with faces of 68 points to be corrected, and a window on it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core.annotations.project import Project
from core.annotations.records import FaceRecord, RunHeader, Source
from core.geometry import box_of_points
from core.video.writer import VideoWriter
from tests.app.correction.kit import FRAMES, HEIGHT, WIDTH, Hand, face_xy


@pytest.fixture
def face_project(tmp_path: Path) -> Path:
    """24 grey frames with a run: one face on all but the last four frames."""
    with VideoWriter(tmp_path / "clip.mp4", WIDTH, HEIGHT, 25) as writer:
        for _ in range(FRAMES):
            writer.write(np.full((HEIGHT, WIDTH, 3), 90, np.uint8))
    with Project.create(tmp_path / "faces.lin") as project:
        clip = project.add_clip(tmp_path / "clip.mp4")
        header = RunHeader(
            "", clip.clip_id, "predict", "test", FRAMES, 0, FRAMES, landmark_scheme="ibug68"
        )
        run = project.start_run(header)
        for frame_idx in range(FRAMES):
            xy = face_xy(frame_idx)
            box = box_of_points(xy).astype(np.float32)
            record = FaceRecord(0, box, 0.9, xy, np.full(68, 0.8, np.float32), source=Source.HEAVY)
            run.append(frame_idx, [record] if frame_idx < 20 else [])
        run.seal()
    return tmp_path / "faces.lin"


@pytest.fixture
def hand(open_main, face_project, qtbot) -> Hand:
    """A window on the project, opened through the real main."""
    window = open_main(face_project)
    qtbot.waitUntil(lambda: window.session.columns.track_ids == (0,), timeout=10_000)
    return Hand(window, qtbot)
