"""Masks in the window after landmarks were moved: painted anew, or said to be older."""

import numpy as np
import pytest

from app.docks.layers_dock import LayersDock
from core.annotations.project import Project
from core.annotations.records import FaceRecord, RunHeader, Source
from core.faces.correction.template import placed_by_eyes
from core.masks.from_landmarks import face5_from_landmarks
from core.masks.label_map import LabelMap
from core.schemes import load_landmark_scheme
from tests.app.conftest import HEIGHT, WIDTH

POINTS = placed_by_eyes(
    load_landmark_scheme("ibug68"), np.array([35.0, 25.0]), np.array([60.0, 25.0])
).astype(np.float32)


@pytest.fixture
def masked(tmp_path, clip_path):
    """A project whose run painted face5 from its landmarks and has parts14 from a net."""
    folder = tmp_path / "masked.lin"
    record = FaceRecord(
        0, np.array([20, 10, 75, 60], np.float32), 0.9, landmarks=POINTS,
        label_maps={
            "face5": face5_from_landmarks(POINTS, (HEIGHT, WIDTH)),
            "parts14": LabelMap(np.ones((9, 9), np.uint8), 30, 20),
        },
    )  # fmt: skip
    with Project.create(folder) as project:
        clip = project.add_clip(clip_path)
        header = RunHeader(
            run_id="", clip_id=clip.clip_id, kind="predict", title="test", frames=clip.frames,
            start=0, stop=clip.frames, landmark_scheme="ibug68",
            mask_schemes=("face5", "parts14"), settings={"derived_masks": ["face5"]},
        )  # fmt: skip
        writer = project.start_run(header)
        for frame_idx in range(clip.frames):
            writer.append(frame_idx, [record])
        writer.seal().close()
    return folder


def shown_map(window, scheme):
    return window.session.faces(window.session.frame_idx)[0].label_maps[scheme]


def test_the_painted_mask_moves_with_the_points_and_back(open_main, masked):
    window = open_main(masked)
    before = shown_map(window, "face5")
    window.correction.points.select_all()
    window.correction.points.nudge(5.0, 0.0)
    moved = POINTS + np.array([5, 0], np.float32)
    assert shown_map(window, "face5") == face5_from_landmarks(moved, (HEIGHT, WIDTH))
    face = window.session.faces(0)[0]
    assert face.label_map_sources["face5"] == Source.DERIVED
    window.undo()
    assert shown_map(window, "face5") == before


def test_a_net_s_mask_is_said_to_be_older_in_the_layers_dock(qtbot, open_main, masked):
    window = open_main(masked)
    note = window.findChild(LayersDock).note
    assert not note.isVisible()
    window.correction.points.select_all()
    window.correction.points.nudge(5.0, 0.0)
    assert note.isVisible()
    assert note.text().startswith("Older than your corrections: ")
    assert "Face 1" in note.text()
    assert "face5" not in note.text()
    window.session.set_frame(3)
    qtbot.waitUntil(lambda: window.session.shown_frame_idx == 3, timeout=10_000)
    assert not note.isVisible()
