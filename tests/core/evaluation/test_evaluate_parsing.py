"""Scoring parsing models: conventions are merged, missed faces count, stills may look twice."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from core import cli
from core.datasets import fasseg
from core.datasets.sample import Sample
from core.errors import InputError
from core.evaluation.parsing import evaluate_parsing, groups_of, lookup, scores
from core.faces.detection import Detection
from core.inference.parsing_predictor import ParsingPredictor
from core.inference.predictor import load_predictor
from core.nets import registry
from core.nets.model_card import BoxRule, ModelCard
from core.nets.model_file import save_model
from core.schemes import load_mask_scheme

PARTS = load_mask_scheme("parts14")


class ByColour(torch.nn.Module):
    """Reads each pixel's class off its red channel: class k is painted (10 k, 0, 0)."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        classes = torch.arange(14.0)[None, :, None, None]
        return -((x[:, :1] * 25.5 - classes) ** 2) * 20


@pytest.fixture
def predictor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A net that knows the truth from the colour."""
    monkeypatch.setattr("core.inference.choice._MEASURE_S", 0.05)
    monkeypatch.setitem(registry.NETS, "by-colour", ByColour)
    monkeypatch.setattr(ByColour, "load_state_dict", lambda self, state: None)
    card = ModelCard(
        name="by-colour", task="parsing", architecture="by-colour", mask_scheme="parts14",
        input_hw=(64, 64), outputs=("logits",), box_rule=BoxRule(scale=1.5),
    )  # fmt: skip
    save_model(tmp_path / "m.safetensors", card, {"unused": torch.zeros(1)})
    return load_predictor(tmp_path / "m.safetensors", "cpu", backend="torch-fp32")


class _OneBox:
    name = "one"

    def __init__(self, found: bool = True) -> None:
        self._found = found

    def detect(self, rgb: np.ndarray, thorough: bool = False) -> list[Detection]:
        box = np.array([20.0, 20, 80, 80])
        return [Detection(box, 0.9, "yunet")] if self._found else []


def _sample(**more: object) -> Sample:
    """Skin with brows, an ear and a mouth; the labels as FASSEG has them."""
    labels = np.zeros((100, 100), np.uint8)
    truth = np.zeros((100, 100), np.uint8)
    for (top, bottom, left, right), own, theirs in (
        ((25, 75, 25, 75), "skin", "skin"),
        ((35, 40, 35, 65), "left_brow", "hair"),
        ((50, 60, 20, 25), "ears", "skin"),
        ((60, 70, 40, 60), "inner_mouth", "upper_lip"),
    ):
        labels[top:bottom, left:right] = PARTS.class_names.index(own)
        truth[top:bottom, left:right] = load_mask_scheme("helen11").class_names.index(theirs)
    rgb = np.zeros((100, 100, 3), np.uint8)
    rgb[..., 0] = labels * 10
    fields = {
        "name": "a", "image": lambda: rgb, "mask_scheme": "helen11", "labels": lambda: truth,
        "mask_groups": fasseg.GROUPS,
    }  # fmt: skip
    return Sample(**(fields | more))


def test_predictions_are_merged_as_the_data_set_does(predictor):
    found = evaluate_parsing(predictor, [_sample()], _OneBox())
    assert found["missed"] == 0
    # Mixed colours on borders, a crop pixel wide, read as other classes.
    assert min(found["f1"][name] for name in ("background", "skin", "hair", "mouth")) > 0.85
    assert found["accuracy"] > 0.95


def test_landmarks_serve_as_the_box_where_there_are_some(predictor):
    corners = np.array([[30.0, 30], [70, 30], [50, 50], [30, 70], [70, 70]], np.float32)
    sample = _sample(scheme="points5", landmarks=corners)
    assert evaluate_parsing(predictor, [sample], None)["f1"]["mouth"] > 0.85
    with pytest.raises(InputError, match="name a detector"):
        evaluate_parsing(predictor, [_sample()], None)


def test_a_face_that_is_not_found_counts(predictor):
    found = evaluate_parsing(predictor, [_sample(), _sample()], _OneBox(found=False))
    assert found["missed"] == found["n"] == 2
    assert found["f1"]["skin"] == 0


def test_fasseg_groups_name_every_class_once():
    names = [name for group in fasseg.GROUPS.values() for name in group]
    assert sorted(names) == sorted(PARTS.class_names)
    table = lookup(load_mask_scheme("helen11"), fasseg.GROUPS)
    indices = [index for _, index in fasseg.COLOURS.values()]
    assert sorted(table[indices]) == list(range(6))


def test_schemes_that_map_need_no_groups():
    groups = groups_of(_sample(mask_groups=None), PARTS)
    assert set(groups["skin"]) == {"skin", "glasses"}
    with pytest.raises(InputError, match="says too little of celebamask19"):
        groups_of(_sample(mask_groups=None, mask_scheme="celebamask19"), PARTS)


def test_scores_of_a_small_confusion_matrix():
    found = scores(np.array([[8, 0, 0], [2, 6, 0], [0, 0, 0]]), ("background", "skin", "hair"))
    assert found["f1"] == {"background": pytest.approx(16 / 18), "skin": pytest.approx(12 / 14)}
    assert found["f1_mean"] == pytest.approx(12 / 14)
    assert found["accuracy"] == pytest.approx(14 / 16)


def test_real_fasseg_pairs_are_read_with_their_groups(real_folder: Path):
    (folder,) = real_folder.glob("*FASSEG*")
    for sample in fasseg.read_folder(folder):
        assert sample.labels is not None
        labels = sample.labels()
        assert labels.shape == cv2.imread(str(sample.image)).shape[:2]
        assert sample.mask_groups == fasseg.GROUPS


def test_the_command_refuses_a_box_scale_it_would_pass_over(monkeypatch, capsys):
    monkeypatch.setattr(
        "core.inference.predictor.load_predictor", lambda *_: object.__new__(ParsingPredictor)
    )
    words = ["evaluate", "--model", "m", "--data", "fasseg:nowhere", "--box-scale", "1.2"]
    assert cli.main(words) == 2
    assert "--box-scale is for landmark models" in capsys.readouterr().err
