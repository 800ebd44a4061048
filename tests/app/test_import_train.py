"""Importing and training from the window: dialogs, child processes, what becomes of results."""

import shlex
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt

from app import jobs as jobs_module
from app.dialogs.import_dialog import ImportDialog
from app.dialogs.predict_dialog import PredictDialog
from app.dialogs.train_dialog import TrainDialog
from app.docks.jobs_dock import JobsDock
from app.model_list import install_model
from core import cli
from core.annotations.edits import SetReviewState
from core.annotations.project import Project
from core.annotations.records import FaceRecord, ReviewState, RunHeader, Source
from core.cli import build_parser
from core.nets.model_file import read_card
from core.training.recipe import load_recipe
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
def exported(project_path, tmp_path):
    """A COCO file of the project's own faces."""
    place = tmp_path / "faces.json"
    arguments = ["export", str(project_path), "--format", "coco", "-o", str(place), "-q"]
    assert cli.main(arguments) == 0
    return place


@pytest.fixture
def recipe(tmp_path):
    """A net that trains within seconds."""
    file = tmp_path / "toy.toml"
    file.write_text(RECIPE)
    return file


@pytest.fixture
def approved_project(tmp_path):
    """A clip of toy faces with their exact points, all but the last approved."""
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
        approval = SetReviewState(clip.clip_id, 0, 0, FACES - 1, ReviewState.APPROVED)
        project.apply(approval, "me")
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


def dialog_of(window, action, kind):
    window.actions_by_id[action].trigger()
    return window.findChild(kind)


def ended(qtbot, window):
    watch = window.job_desk.jobs.watches[0]
    qtbot.waitUntil(lambda: not watch.running, timeout=120_000)
    return watch


def row_of(window, watch):
    return next(row for row in window.findChild(JobsDock).rows if row.watch is watch)


# Importing


def test_a_file_is_recognised_and_the_command_can_be_typed(open_window, project_path, exported):
    window = open_window(project_path)
    dialog = dialog_of(window, "import", ImportDialog)
    assert not dialog.go.isEnabled()
    assert "Choose a file" in dialog.note.text()
    dialog.file.set_path(exported)
    assert dialog.note.text().startswith("COCO keypoints and masks")
    assert not dialog.first_pixel.isEnabled(), "only .pts files may count from 0"
    words = shlex.split(dialog.command.text)
    assert words[2:] == ["import", str(exported), "-o", str(project_path)]
    dialog.offset.setValue(-3)
    dialog.format.setCurrentIndex(dialog.format.findData("pts"))
    dialog.first_pixel.setCurrentIndex(1)
    args = build_parser().parse_args(dialog.arguments())
    assert (args.format, args.offset, args.first_pixel) == ("pts", -3, 0)
    assert dialog.place.isHidden(), "the clip is in a project already"


@pytest.mark.parametrize("name", ["nothing.csv", "notes.txt"])
def test_what_cannot_be_read_is_said_before_any_work(open_window, project_path, tmp_path, name):
    (tmp_path / "notes.txt").write_text("no faces")
    dialog = dialog_of(open_window(project_path), "import", ImportDialog)
    dialog.file.set_path(tmp_path / name)
    assert not dialog.go.isEnabled()
    assert ("There is no" if name == "nothing.csv" else "looks like no format") in (
        dialog.note.text()
    )


def test_an_import_is_a_run_beside_the_others_until_a_person_takes_it(
    qtbot, open_window, project_path, exported
):
    window = open_window(project_path)
    dialog = dialog_of(window, "import", ImportDialog)
    dialog.file.set_path(exported)
    qtbot.mouseClick(dialog.go, Qt.MouseButton.LeftButton)
    watch = ended(qtbot, window)
    assert watch.status.state == "done", watch.files.log_tail()
    assert window.session.hub.history[-1].text == (
        "Import faces.json: Done: 1 face, in 20 of 24 frames. "
        "The run shown so far stays until you press Show in Jobs."
    )
    row = row_of(window, watch)
    assert row.stop.isHidden()
    assert window.session.faces(0)[0].source is Source.HEAVY
    row.offer.click()
    assert window.session.faces(0)[0].source is Source.IMPORTED
    assert not window.session.undo_stack.canUndo(), "a job has decided nothing"
    window.session.set_range((0, 6))
    window.actions_by_id["accept_range"].trigger()
    face = window.session.faces(0)[0]
    assert window.session.undo_stack.canUndo()
    assert face.landmarks[0].tolist() == [30, 20]


def test_a_loose_clip_gets_a_project_with_what_was_imported(
    qtbot, open_window, clip_path, exported, tmp_path
):
    window = open_window(clip_path)
    dialog = dialog_of(window, "import", ImportDialog)
    assert not dialog.place.isHidden()
    dialog.place.set_path(tmp_path / "made.lin")
    dialog.file.set_path(exported)
    dialog.go.click()
    watch = ended(qtbot, window)
    assert watch.status.state == "done", watch.files.log_tail()
    assert window.session.document.path == tmp_path / "made.lin"
    qtbot.waitUntil(lambda: window.session.shown_frame_idx >= 0, timeout=10_000)
    assert window.session.faces(0)[0].source is Source.IMPORTED


def test_an_import_that_fails_says_why(qtbot, open_window, project_path, tmp_path):
    (tmp_path / "empty.json").write_text("{}")
    window = open_window(project_path)
    dialog = dialog_of(window, "import", ImportDialog)
    dialog.file.set_path(tmp_path / "empty.json")
    dialog.go.click()
    watch = ended(qtbot, window)
    assert watch.status.state == "failed"
    assert 'has no list "images"' in window.session.hub.history[-1].text


# Training


def test_approved_faces_are_proposed_with_sizes_that_fit_them(open_window, approved_project):
    dialog = dialog_of(open_window(approved_project), "train", TrainDialog)
    assert dialog.data.currentText() == "Approved faces of this project, 11"
    assert dialog.start.currentText() == "landmarks-68", "few faces teach a net that knows faces"
    args = build_parser().parse_args(dialog.arguments())
    recipe = load_recipe(args.recipe, args.changes)
    assert recipe.data.train == (f"project:{approved_project}",)
    assert recipe.data.validation_faces + recipe.optimise.batch <= FACES - 1
    assert recipe.name == "toys-landmarks-68"
    assert args.out == approved_project / "training" / "toys-landmarks-68"
    assert not dialog.faces.isEnabled()


def test_without_approved_faces_they_are_rendered(open_window, project_path):
    dialog = dialog_of(open_window(project_path), "train", TrainDialog)
    assert [dialog.data.itemText(i) for i in range(dialog.data.count())] == ["Rendered faces"]
    dialog.faces.setValue(500)
    dialog.minutes.setValue(0)
    dialog.device.setCurrentIndex(dialog.device.findData("cpu"))
    dialog.recipe.setCurrentIndex(dialog.recipe.findData("parts-small"))
    assert dialog.start.itemText(1) == "parts", "only nets of the recipe's kind"
    args = build_parser().parse_args(dialog.arguments())
    recipe = load_recipe(args.recipe, args.changes)
    assert (recipe.task, args.device) == ("parsing", "cpu")
    assert recipe.name == "study-parts"


def test_a_model_may_be_named_after_any_project(open_window, project_path):
    odd = project_path.rename(project_path.with_name("Zoë & two people.lin"))
    dialog = dialog_of(open_window(odd), "train", TrainDialog)
    assert dialog.name.text() == "Zo-two-people-landmarks-68"
    assert dialog.go.isEnabled()


def test_what_cannot_be_trained_is_said(open_window, project_path, tmp_path):
    dialog = dialog_of(open_window(project_path), "train", TrainDialog)
    dialog.name.setText("a/b")
    assert not dialog.go.isEnabled()
    assert "letters, digits" in dialog.note.text()
    dialog.name.setText("fine")
    (tmp_path / "bad.toml").write_text("speed = 3")
    dialog.recipe.choose_file(tmp_path / "bad.toml")
    assert not dialog.go.isEnabled()
    assert "unknown field speed" in dialog.note.text()


def train(window, recipe, **spins):
    dialog = dialog_of(window, "train", TrainDialog)
    dialog.recipe.choose_file(recipe)
    dialog.start.setCurrentIndex(0)
    dialog.device.setCurrentIndex(dialog.device.findData("cpu"))
    for name, value in spins.items():
        getattr(dialog, name).setValue(value)
    dialog.go.click()
    dialog.deleteLater()
    return window.job_desk.jobs.watches[0]


def test_a_net_trained_on_approved_faces_can_be_chosen_in_predict(
    qtbot, open_window, approved_project, recipe
):
    window = open_window(approved_project)
    watch = train(window, recipe, epochs=3)
    ended(qtbot, window)
    assert watch.status.state == "done", watch.files.log_tail()
    said = window.session.hub.history[-1].text
    assert "of the face" in said
    assert said.endswith("Press Use in Jobs to choose the model in Predict.")
    row = row_of(window, watch)
    assert row.offer.text() == "Use"
    row.offer.click()
    assert row.offer.isHidden()
    model = approved_project / "models" / "toys-toy.safetensors"
    assert read_card(model).trained_on == ("10 faces of ",) or read_card(model).name == "toys-toy"
    dialog = dialog_of(window, "predict", PredictDialog)
    assert dialog.model.findData("toys-toy") >= 0


def test_a_training_is_watched_and_stopped_with_a_model(
    qtbot, open_window, approved_project, recipe
):
    window = open_window(approved_project)
    watch = train(window, recipe, epochs=50_000)
    row = row_of(window, watch)
    qtbot.waitUntil(lambda: "loss" in watch.status.figures, timeout=120_000)
    qtbot.waitUntil(lambda: "epoch" in row.said.text(), timeout=10_000)
    assert "left" in row.words.text(), "how long it will take"
    row.stop.click()
    ended(qtbot, window)
    assert watch.status.state == "done", "stopped early it ends well"
    assert Path(watch.plan.target).is_file()
    assert row.offer.text() == "Use"


def test_a_cancelled_training_makes_no_model(qtbot, open_window, approved_project, recipe):
    window = open_window(approved_project)
    watch = train(window, recipe, epochs=50_000)
    qtbot.waitUntil(lambda: "loss" in watch.status.figures, timeout=120_000)
    row_of(window, watch).cancel.click()
    ended(qtbot, window)
    assert watch.status.state == "stopped"
    assert not Path(watch.plan.target).exists()
    assert row_of(window, watch).offer.isHidden()


def test_a_second_model_of_a_name_gets_a_number(tmp_path):
    from core.nets.model_card import ModelCard
    from core.nets.model_file import save_model

    card = ModelCard(name="mine", task="parsing", architecture="onnx", mask_scheme="helen11",
                     input_hw=(8, 8), outputs=("logits",))  # fmt: skip
    save_model(tmp_path / "model.safetensors", card, {}, b"graph")
    assert install_model(tmp_path / "model.safetensors", None) == "mine"
    assert install_model(tmp_path / "model.safetensors", None) == "mine-2"


def test_children_are_the_real_program():
    assert jobs_module.program_words()[-1].endswith("main.py")
