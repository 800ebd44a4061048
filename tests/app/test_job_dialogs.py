"""What the predict and export dialogs ask for, as the command a person could type."""

import shlex
from pathlib import Path

import pytest

from app.dialogs.export_dialog import KINDS, ExportDialog
from app.dialogs.predict_dialog import PredictDialog
from core.cli import build_parser
from core.nets.model_card import ModelCard
from core.nets.model_file import save_model
from core.paths import user_data
from tests.core.inference.blob_model import write_model


@pytest.fixture
def window(open_main, project_path):
    return open_main(project_path)


def predict_dialog(window):
    window.actions_by_id["predict"].trigger()
    return window.findChild(PredictDialog)


def export_dialog(window, kind="overlay"):
    window.actions_by_id["export"].trigger()
    dialog = window.findChild(ExportDialog)
    dialog.format.setCurrentIndex([one.name for one in KINDS].index(kind))
    return dialog


def test_the_bundled_model_is_chosen_and_the_command_can_be_typed(window, clip_path, project_path):
    dialog = predict_dialog(window)
    words = shlex.split(dialog.command.text)
    assert words[:2] == ["python", "main.py"]
    assert words[2:] == ["predict", str(clip_path), "-o", str(project_path), "--model",
                         "landmarks-68"]  # fmt: skip
    build_parser().parse_args(words[2:])
    assert dialog.place.isHidden(), "the clip is in a project already"


def test_every_choice_is_in_the_command(window, tmp_path):
    window.session.set_range((4, 16))
    dialog = predict_dialog(window)
    model = write_model(tmp_path / "my net.onnx")
    dialog.model.choose_file(model)
    dialog.masks.setCurrentIndex(dialog.masks.findData("--no-masks"))
    dialog.detector.choose_file(tmp_path / "yunet.onnx")
    dialog.device.setCurrentIndex(dialog.device.findData("cpu"))
    args = build_parser().parse_args(dialog.arguments())
    assert args.model == [str(model)]
    assert (args.start, args.stop, args.no_masks, args.device) == (4, 16, True, "cpu")
    assert args.detector == f"yunet:{tmp_path / 'yunet.onnx'}"
    dialog.range.setCurrentIndex(0)
    assert "--start" not in dialog.arguments()


def test_models_are_listed_by_what_they_do_and_a_damaged_one_says_so(window):
    folder = user_data() / "models"
    folder.mkdir(parents=True)
    card = ModelCard(name="parts", task="parsing", architecture="onnx", mask_scheme="helen11",
                     input_hw=(8, 8), outputs=("logits",))  # fmt: skip
    save_model(folder / "parts.safetensors", card, {}, b"graph")
    (folder / "broken.safetensors").write_bytes(b"not a model")
    dialog = predict_dialog(window)
    landmark = [dialog.model.itemText(i) for i in range(dialog.model.count())]
    masks = [dialog.masks.itemText(i) for i in range(dialog.masks.count())]
    assert landmark == ["broken (cannot be read)", "landmarks-68", "From a file…"]
    assert masks == ["Painted from the landmarks (face5)", "None", "parts", "From a file…"]
    assert dialog.model.currentText() == "landmarks-68"
    dialog.masks.setCurrentIndex(2)
    assert build_parser().parse_args(dialog.arguments()).model == ["landmarks-68", "parts"]


def test_a_loose_clip_gets_a_project_beside_it(open_main, clip_path):
    window = open_main(clip_path)
    dialog = predict_dialog(window)
    assert dialog.place.path == clip_path.with_suffix(".lin")
    assert not dialog.place.isHidden()
    dialog.place._edit.clear()
    assert not dialog.go.isEnabled()


def test_without_a_project_there_is_nothing_to_export(open_main, clip_path):
    window = open_main(clip_path)
    window.actions_by_id["export"].trigger()
    assert window.findChild(ExportDialog) is None
    assert "predict first" in window.session.hub.history[-1].text


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_every_format_has_a_place_and_a_command(window, project_path, kind):
    dialog = export_dialog(window, kind.name)
    args = build_parser().parse_args(dialog.arguments())
    assert args.format == kind.name
    assert args.output == project_path.parent / f"grey{kind.ending}"
    assert dialog.go.isEnabled()
    assert dialog.layers["masks"].isEnabled() == (kind.name == "overlay")


def test_layers_and_range_are_in_the_command(window):
    window.session.set_range((2, 5))
    dialog = export_dialog(window)
    dialog.layers["boxes"].setChecked(False)
    args = build_parser().parse_args(dialog.arguments())
    assert args.layers == "masks,contours,landmarks,names"
    assert (args.start, args.stop) == (2, 5)
    for box in dialog.layers.values():
        box.setChecked(False)
    assert not dialog.go.isEnabled()
    assert dialog.note.text() == "Choose a layer to draw."


def test_a_place_that_cannot_be_is_said_before_any_work(window, project_path, clip_path):
    dialog = export_dialog(window)
    for place, word in (
        (project_path / "x.mp4", "outside the project"),
        (clip_path, "the clip itself"),
        (Path("/no/such/folder/x.mp4"), "no folder"),
    ):
        dialog.place.set_path(place)
        assert not dialog.go.isEnabled()
        assert word in dialog.note.text()
    there = project_path.parent / "there.mp4"
    there.write_bytes(b"")
    dialog.place.set_path(there)
    assert dialog.go.isEnabled()
    assert "replaced" in dialog.note.text()


def test_a_folder_that_is_taken_is_left_alone(window, project_path):
    taken = project_path.parent / "grey-masks"
    taken.mkdir()
    (taken / "00000.png").write_bytes(b"")
    dialog = export_dialog(window, "masks")
    assert dialog.place.path == taken.with_name("grey-masks-2")
    assert dialog.go.isEnabled()
    dialog.place.set_path(taken)
    assert not dialog.go.isEnabled()
    dialog.format.setCurrentIndex(0)
    dialog.place.set_path(taken)
    assert "is a folder" in dialog.note.text()
