"""A face that a person deleted is not found again by the next prediction."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core.annotations.edits import DeleteFace
from core.annotations.project import Project
from core.cli import main
from core.faces import detection
from tests.core.inference.blob_model import BlobDetector, draw, write_clip, write_model

COUNT = 60
STANDING = (125.0, 50.0, 14.0)


def places(i: int) -> list[tuple[float, float, float]]:
    """A person who walks, and something at the right that looks like a face."""
    return [(30 + 0.5 * i, 48 + 6 * np.cos(i / 9), 16.0), STANDING]


@pytest.fixture(autouse=True)
def sees_discs(monkeypatch: pytest.MonkeyPatch) -> None:
    """The cascade of these tests finds discs."""
    monkeypatch.setattr(detection, "make_detector", lambda name: BlobDetector())


@pytest.fixture
def predict(tmp_path: Path):
    """Runs the real command on a clip of two discs; returns the new run's name."""
    clip = write_clip(tmp_path / "discs", (draw(places(i)) for i in range(COUNT)))
    model = write_model(tmp_path / "blob.onnx")

    def run(*more: str) -> str:
        folder = str(tmp_path / "p.lin")
        command = ["predict", str(clip), "-o", folder, "--model", str(model), "--device", "cpu"]
        assert main([*command, "-q", *more]) == 0
        with Project.open(tmp_path / "p.lin", read_only=True) as project:
            return project.runs(project.clips()[0].clip_id)[-1].run_id

    run.folder = tmp_path / "p.lin"
    return run


def sides(project: Project, run_id: str) -> list[str]:
    """By frame: which faces a run has, "l", "r" or both."""
    run = project.open_run(run_id)
    found = [run.frame(i) for i in range(COUNT)]
    run.close()
    return [
        "".join(sorted("l" if f.landmarks[2, 0] < 90 else "r" for f in faces)) for faces in found
    ]


def standing(project: Project) -> tuple[str, int]:
    clip_id = project.clips()[0].clip_id
    shown = project.shown(clip_id, 30)
    return clip_id, max(shown, key=lambda face: face.box_xyxy[0]).track_id


def test_on_the_whole_clip(predict):
    first = predict()
    with Project.open(predict.folder) as project:
        assert sides(project, first) == ["lr"] * COUNT
        project.apply(DeleteFace(*standing(project), 0, COUNT), "ann")
    second = predict()
    with Project.open(predict.folder) as project:
        assert sides(project, second) == ["l"] * COUNT
        project.set_active_run(project.clips()[0].clip_id, second)
    third = predict()  # the run that is shown now knows nothing of the face; the project does
    with Project.open(predict.folder) as project:
        assert sides(project, third) == ["l"] * COUNT
        project.undo()
    fourth = predict()
    with Project.open(predict.folder) as project:
        assert sides(project, fourth) == ["lr"] * COUNT


def test_on_a_range_it_is_the_same_face_before_and_after(predict):
    predict()
    with Project.open(predict.folder) as project:
        project.apply(DeleteFace(*standing(project), 20, 30), "ann")
    second = predict()
    with Project.open(predict.folder) as project:
        assert sides(project, second) == ["l" if 20 <= i < 30 else "lr" for i in range(COUNT)]
        run = project.open_run(second)
        assert len(run.track_ids) == 2
        run.close()


def test_somebody_who_walks_past_is_found(predict):
    """Only the place that was rejected is; another face near it is not its business."""
    predict()
    with Project.open(predict.folder) as project:
        clip_id, track = standing(project)
        project.apply(DeleteFace(clip_id, 1 - track, 0, COUNT), "ann")
    second = predict()
    with Project.open(predict.folder) as project:
        assert sides(project, second) == ["r"] * COUNT


def test_a_run_says_that_it_minded_rejections(predict):
    predict("--stop", "40")
    with Project.open(predict.folder) as project:
        project.apply(DeleteFace(*standing(project), 0, COUNT), "ann")
        clip_id = project.clips()[0].clip_id
    predict("--stop", "40")
    with Project.open(predict.folder, read_only=True) as project:
        old, new = project.runs(clip_id)
        assert "rejected" not in old.settings
        assert len(new.settings["rejected"]) == 16
