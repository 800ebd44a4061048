"""The training dock through the window: curves, stop, resume, compare, predict."""

import json
import os

import numpy as np
import pytest

from app.dialogs.train_dialog import TrainDialog
from app.job_words import state_words
from app.training.trainings import trainings
from core.annotations.edits import SetReviewState
from core.annotations.job_files import JobPlan
from core.annotations.project import Project
from core.annotations.records import FaceRecord, ReviewState, RunHeader
from core.video.writer import VideoWriter
from tests.core.training.conftest import toy_face

RECIPE = """
name = "toy"
input_size = 48
[net.arguments]
width = 0.125
stages = 1
crop_width = 16
pool = "grid"
[data]
stored_size = 64
workers = 0
[loss]
stages = ["radial", "radial"]
weights = [1.0, 1.0]
[optimise]
lr = 3e-3
epochs = 4
batch = 4
threads = 1
"""
FACES = 12


@pytest.fixture(autouse=True)
def one_thread(monkeypatch):
    """Children share two cores with other tests."""
    monkeypatch.setenv("OMP_NUM_THREADS", "1")


@pytest.fixture
def recipe(tmp_path):
    file = tmp_path / "toy.toml"
    file.write_text(RECIPE)
    return file


@pytest.fixture
def approved_project(tmp_path):
    """A clip of toy faces with their exact points, all approved."""
    clip_path, drawn = tmp_path / "toys.mp4", [toy_face(seed) for seed in range(FACES)]
    with VideoWriter(clip_path, 64, 64, 25, quality=4) as writer:
        for image, _ in drawn:
            writer.write(image)
    folder = tmp_path / "toys.lin"
    with Project.create(folder) as project:
        clip = project.add_clip(clip_path)
        header = RunHeader("", clip.clip_id, "predict", "toys", FACES, 0, FACES,
                           landmark_scheme="ibug68")  # fmt: skip
        run = project.start_run(header)
        for frame, (_, xy) in enumerate(drawn):
            run.append(frame, [FaceRecord(0, np.array([8, 8, 56, 56], np.float32), 0.9, xy)])
        run.seal().close()
        project.apply(SetReviewState(clip.clip_id, 0, 0, FACES, ReviewState.APPROVED), "me")
    return folder


@pytest.fixture
def open_window(open_main):
    """Opens a window; what still runs at the end is killed."""
    windows = []

    def open_it(*arguments):
        windows.append(open_main(*arguments))
        return windows[-1]

    yield open_it
    for window in windows:
        for watch in window.job_desk.jobs.running:
            watch.kill()
        window._may_close = True


def train(window, recipe, epochs):
    window.actions_by_id["train"].trigger()
    dialog = window.findChild(TrainDialog)
    dialog.recipe.choose_file(recipe)
    dialog.start.setCurrentIndex(0)
    dialog.device.setCurrentIndex(dialog.device.findData("cpu"))
    dialog.epochs.setValue(epochs)
    dialog.go.click()
    dialog.deleteLater()
    return window.job_desk.jobs.watches[0]


def ended(qtbot, watch):
    qtbot.waitUntil(lambda: not watch.running, timeout=120_000)
    assert watch.status.state == "done", state_words(watch) + watch.files.log_tail()


def shown(dock, name):
    picture = dock.follower.picture
    return picture is not None and name in picture.lines


def test_a_training_is_watched_to_its_end_compared_and_predicted_with(
    qtbot, open_window, approved_project, recipe
):
    window = open_window(approved_project)
    dock = window.training_dock
    assert dock.plots is None, "what draws curves is loaded when somebody looks"
    window.actions_by_id["training"].trigger()
    assert dock.plots is not None
    assert "No training yet" in dock.state.text()
    watch = train(window, recipe, epochs=3)
    assert dock.training.watch is watch
    assert not dock.stop_button.isHidden()
    assert dock.predict_button.isHidden()
    ended(qtbot, watch)
    qtbot.waitUntil(lambda: shown(dock, "val_nme") and shown(dock, "loss"), timeout=10_000)
    assert dock.follower.picture.stages[dock.follower.picture.stage] == "Training"
    assert len(dock.plots.best.points()) == 1
    assert "loss" in dock.figures.text()
    assert "best error" in dock.figures.text()
    assert dock.stop_button.isHidden()
    # Compared with the shipped model, on the face that was held out.
    dock.compare_button.click()
    ended(qtbot, window.job_desk.jobs.watches[0])
    said = dock.compared.text()
    assert said.startswith("On 1 held-out faces: toys-toy error ")
    assert "; landmarks-68 error " in said
    # And used on the clip at once.
    dock.predict_button.click()
    predicted = window.job_desk.jobs.watches[0]
    assert "toys-toy" in predicted.plan.command
    assert (approved_project / "models" / "toys-toy.safetensors").is_file()
    qtbot.waitUntil(lambda: not predicted.running, timeout=120_000)
    log = predicted.files.log_tail()
    assert "onnxruntime" in log, "the new model was loaded, by its name"
    assert "no face in 12 frames" in log, "which the detector sees none in: they are toys"


def begun(qtbot, watch):
    qtbot.waitUntil(lambda: "loss" in watch.status.figures, timeout=120_000)


def test_a_cancelled_and_a_killed_training_go_on_from_the_last_checkpoint(
    qtbot, open_window, approved_project, recipe
):
    window = open_window(approved_project)
    dock = window.training_dock
    window.actions_by_id["training"].trigger()
    first = train(window, recipe, epochs=50_000)
    begun(qtbot, first)
    assert dock.resume_button.isHidden()
    dock.cancel_button.click()
    qtbot.waitUntil(lambda: not dock.resume_button.isHidden(), timeout=60_000)
    assert first.status.state == "stopped"
    dock.resume_button.click()
    second = window.job_desk.jobs.watches[0]
    assert second is not first
    assert "--resume" in second.plan.command
    begun(qtbot, second)
    assert dock.training.watch is second
    second.kill()
    qtbot.waitUntil(lambda: not second.running, timeout=60_000)
    assert "killed" in dock.state.text()
    assert not dock.training.is_made
    dock.resume_button.click()
    third = window.job_desk.jobs.watches[0]
    begun(qtbot, third)
    dock.stop_button.click()
    ended(qtbot, third)
    assert dock.training.is_made
    assert dock.resume_button.isHidden()


def test_a_training_from_sparse_points_goes_through_its_three_stages(
    qtbot, open_window, approved_project
):
    window = open_window(approved_project)
    dock = window.training_dock
    window.actions_by_id["training"].trigger()
    folder = approved_project / "training" / "dense"
    words = ["train", "weak", "--data", f"project-points:{approved_project}", "--out", str(folder)]
    words += ["--format", "AFLW-19", "--device", "cpu"]
    for change in (
        "weak.epochs=[3,4,4]", "input_size=64", "data.stored_size=80", "optimise.batch=4",
        "optimise.validate_every=1", "data.validation_faces=3", "data.workers=0", 'name="dense"',
    ):  # fmt: skip
        words += ["--set", change]
    plan = JobPlan("train", "Train dense", tuple(words), target=str(folder / "model.safetensors"))
    ended(qtbot, window.job_desk.start(plan))
    qtbot.waitUntil(lambda: dock.follower.picture.stage == 2, timeout=10_000)
    last = 3 + 4 + 4

    def is_read() -> bool:
        line = dock.follower.picture.lines.get("val_nme_sparse")
        return line is not None and line.x[-1] == last

    qtbot.waitUntil(is_read, timeout=30_000)
    picture = dock.follower.picture
    assert picture.stages == ("Sparse points", "Other points", "All together")
    assert picture.starts == (0, 3, 7)
    assert picture.lines["val_nme"].x[0] > 3, "all points are scored once they are learnt"
    assert dock.training.is_made
    dock.compare_button.click()
    ended(qtbot, window.job_desk.jobs.watches[0])
    assert dock.compared.text().startswith("On 2 held-out faces: dense error ")


def test_a_training_of_an_earlier_session_is_there_with_its_three_stages(
    qtbot, open_window, approved_project
):
    folder = approved_project / "training" / "dense"
    (folder / "checkpoints").mkdir(parents=True)
    (folder / "checkpoints" / "last.pt").write_bytes(b"")
    command = ["main.py", "train", "weak", "--out", str(folder), "--job", "gone", "--background"]
    recipe = {"name": "dense", "task": "weak", "weak": {"epochs": [10, 20, 20]}}
    (folder / "job.json").write_text(json.dumps({"command": command, "recipe": recipe}))
    events = [
        {"stage": "train", "done": i, "total": 100, "loss": 1 / i, "lr": 0.01, "epochs": epochs,
         "weak_stage": stage, "epoch": 0}
        for stage, epochs in ((1, 10), (2, 20)) for i in (50, 90)
    ]  # fmt: skip
    (folder / "events.jsonl").write_text("".join(json.dumps(e) + "\n" for e in events))
    window = open_window(approved_project)
    dock = window.training_dock
    window.actions_by_id["training"].trigger()
    qtbot.waitUntil(lambda: shown(dock, "loss"), timeout=10_000)
    assert dock.choice.currentText() == "dense"
    assert dock.follower.picture.lines["loss"].x.tolist() == [5, 9, 20, 28]
    assert "2 Other points" in dock.stages.text()
    assert len(dock.plots.starts) == 3, "the second stage has begun, in each of the plots"
    assert "Not in the list of jobs" in dock.state.text()
    plan = dock.training.resume_plan()
    assert plan.command == ("train", "weak", "--out", str(folder), "--resume")
    assert not dock.resume_button.isHidden()


def test_a_training_that_runs_elsewhere_is_not_resumed_beside_itself(approved_project):
    folder = approved_project / "training" / "by-hand"
    (folder / "checkpoints").mkdir(parents=True)
    (folder / "checkpoints" / "last.pt").write_bytes(b"")
    (folder / "events.jsonl").touch()
    record = {"command": ["main.py", "train"], "recipe": {"name": "by-hand"}, "pid": os.getpid()}
    (folder / "job.json").write_text(json.dumps(record))
    (training,) = trainings([], approved_project)
    assert training.is_elsewhere
    assert not training.can_resume
    os.utime(folder / "events.jsonl", (0, 0))
    assert training.can_resume, "it has been silent for long: another process has its number"
