"""Predictors: names and files, points in frame pixels, confidence, cards of foreign nets."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from torch import nn

from core import paths
from core.errors import InputError, ResourceError, StoreError
from core.faces.crops import crop_corners, crop_matrix
from core.geometry import apply_affine
from core.inference import predictor as predictors
from core.inference.confidence import scores_from_twins, twin_matrix
from core.inference.model_source import find_model, known_models, open_model
from core.inference.parsing_predictor import class_scores, labels_in_frame
from core.inference.predictor import load_predictor
from core.nets import registry
from core.nets.model_card import BoxRule, ModelCard
from core.nets.model_file import save_model

BOX = np.array([100.0, 60.0, 180.0, 140.0])
FRAME = np.random.default_rng(0).integers(0, 255, (200, 300, 3), dtype=np.uint8)


class Brightest(nn.Module):
    """Points at the brightest spot (soft-argmax of the red channel) and steady confidence."""

    def __init__(self, num_points: int = 5, sharpness: float = 40.0) -> None:
        super().__init__()
        self.num_points = num_points
        self.sharpness = nn.Parameter(torch.tensor(sharpness))

    def forward(self, images: torch.Tensor) -> dict[str, torch.Tensor]:
        batch, _, height, width = images.shape
        weight = (
            (images[:, 0] * self.sharpness).flatten(1).softmax(dim=1).reshape(batch, height, width)
        )
        x = (weight.sum(1) * torch.arange(width)).sum(1)
        y = (weight.sum(2) * torch.arange(height)).sum(1)
        points = torch.stack([x, y], dim=1)[:, None].expand(batch, self.num_points, 2)
        return {"landmarks": points, "confidence_logits": torch.full((batch, self.num_points), 2.0)}


class Halves(nn.Module):
    """Class 1 where the picture is bright, else background."""

    def __init__(self) -> None:
        super().__init__()
        self.gain = nn.Parameter(torch.tensor(20.0))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        bright = (images[:, :1] - 0.5) * self.gain
        return torch.cat([-bright, bright], dim=1)


@pytest.fixture
def stub_nets(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two nets in the registry that need no training."""
    monkeypatch.setitem(registry.NETS, "brightest", Brightest)
    monkeypatch.setitem(registry.NETS, "halves", Halves)


def brightest_card(**changes) -> ModelCard:
    values = {
        "name": "brightest", "task": "landmarks", "architecture": "brightest",
        "arguments": {"num_points": 5}, "scheme": "points5", "input_hw": (64, 64),
        "outputs": ("landmarks", "confidence_logits"), "box_rule": BoxRule(scale=1.5),
    }  # fmt: skip
    return ModelCard(**(values | changes))


@pytest.fixture
def brightest(tmp_path: Path, stub_nets: None) -> Path:
    path = tmp_path / "brightest.safetensors"
    save_model(path, brightest_card(), Brightest().state_dict())
    return path


def spot(x: float, y: float) -> np.ndarray:
    """A frame with one bright spot."""
    yy, xx = np.mgrid[:200, :300]
    bump = np.exp(-((xx - x) ** 2 + (yy - y) ** 2) / (2 * 4.0**2))
    return np.repeat((250 * bump).astype(np.uint8)[..., None], 3, axis=2)


class TestOwnModels:
    def test_points_come_back_in_frame_pixels(self, brightest: Path):
        predictor = load_predictor(brightest, "cpu")
        found = predictor.predict_batch(
            [(spot(150.4, 97.7), crop_matrix(predictor.card.box_rule, BOX, 0.3, (64, 64)))]
        )[0]
        assert np.abs(found.landmarks - [150.4, 97.7]).max() < 0.4  # a fifth of a crop pixel
        assert found.score == pytest.approx(1 / (1 + np.exp(-2)))
        assert found.landmark_scores.shape == (5,)

    def test_a_batch_is_its_faces_one_by_one(self, brightest: Path):
        predictor = load_predictor(brightest, "cpu")
        faces = [
            (spot(120 + 9 * i, 90), crop_matrix(predictor.card.box_rule, BOX + i, 0.0, (64, 64)))
            for i in range(3)
        ]
        together = predictor.predict_batch(faces)
        alone = [predictor.predict_batch([face])[0] for face in faces]
        for a, b in zip(together, alone, strict=True):
            assert np.allclose(a.landmarks, b.landmarks, atol=1e-4)
        assert predictor.predict_batch([]) == []

    def test_weights_of_another_shape_are_a_sentence(self, tmp_path: Path, stub_nets: None):
        path = tmp_path / "odd.safetensors"
        save_model(path, brightest_card(), {"sharpness": torch.zeros(3)})
        with pytest.raises(StoreError, match=r"odd\.safetensors: its weights do not fit"):
            load_predictor(path, "cpu")

    def test_a_net_with_the_wrong_scheme_is_refused(self, tmp_path: Path, stub_nets: None):
        path = tmp_path / "wrong.safetensors"
        save_model(path, brightest_card(scheme="ibug68"), Brightest().state_dict())
        with pytest.raises(StoreError, match="5 points where its scheme 'ibug68' has 68"):
            load_predictor(path, "cpu")

    def test_an_unknown_architecture_names_the_known(self, tmp_path: Path, stub_nets: None):
        path = tmp_path / "new.safetensors"
        save_model(path, brightest_card(architecture="transformer9"), Brightest().state_dict())
        with pytest.raises(InputError, match=r"transformer9.*known are"):
            load_predictor(path, "cpu")

    def test_the_backend_choice_is_measured_once(
        self, brightest: Path, monkeypatch: pytest.MonkeyPatch
    ):
        load_predictor(brightest, "cpu")
        memory = json.loads((paths.user_cache() / "backends.json").read_text())
        assert set(memory.values()) <= {"torch-fp32", "torch-bf16"}
        monkeypatch.setattr("core.inference.choice.measure", None)  # would raise if called again
        load_predictor(brightest, "cpu")

    def test_a_backend_can_be_named(self, brightest: Path):
        assert load_predictor(brightest, "cpu", backend="torch-fp32").backend_name == "torch-fp32"

    @pytest.mark.parametrize("device", ["cuda:99", "tpu"])
    def test_a_device_that_is_not_there(self, brightest: Path, device: str):
        with pytest.raises((InputError, ResourceError), match="device"):
            load_predictor(brightest, device)


class TestParsing:
    @pytest.fixture
    def halves(self, tmp_path: Path, stub_nets: None) -> Path:
        card = ModelCard(
            name="halves", task="parsing", architecture="halves", mask_scheme="hair2",
            input_hw=(64, 64), outputs=("logits",), box_rule=BoxRule(scale=1.5),
        )  # fmt: skip
        path = tmp_path / "halves.safetensors"
        save_model(path, card, Halves().state_dict())
        return path

    def test_labels_lie_where_the_picture_is_bright(self, halves: Path):
        rgb = np.zeros((200, 300, 3), np.uint8)
        rgb[80:120, 110:161] = 255
        found = load_predictor(halves, "cpu").predict(rgb, BOX)
        pasted = found.label_map.paste((200, 300))
        assert (pasted != (rgb[..., 0] > 0)).sum() < 200  # a border of about one crop pixel
        assert found.class_scores.shape == (2, 2)
        assert np.all(found.class_scores[:, 0] >= found.class_scores[:, 1])
        assert 0.5 < found.score <= 1

    def test_a_face_beyond_the_frame_has_an_empty_map(self, halves: Path):
        found = load_predictor(halves, "cpu").predict(FRAME, BOX + 1000)
        assert found.label_map.labels.size == 0

    def test_the_wrong_scheme_is_refused(self, tmp_path: Path, stub_nets: None):
        card = ModelCard(
            name="halves", task="parsing", architecture="halves", mask_scheme="face5",
            input_hw=(64, 64), outputs=("logits",),
        )  # fmt: skip
        path = tmp_path / "halves.safetensors"
        save_model(path, card, Halves().state_dict())
        with pytest.raises(StoreError, match="2 classes where its scheme 'face5' has 5"):
            load_predictor(path, "cpu")


def test_class_scores_are_mean_and_minimum_of_what_each_class_wins():
    probabilities = np.array([[[0.9, 0.4], [0.6, 0.2]], [[0.1, 0.6], [0.4, 0.8]]], np.float32)
    scores = class_scores(probabilities)
    assert np.allclose(scores, [[0.75, 0.6], [0.7, 0.6]])
    absent = class_scores(np.concatenate([probabilities, np.zeros((1, 2, 2), np.float32)]))
    assert np.isnan(absent[2]).all()


def test_turned_crops_paste_back_turned():
    """A one-class crop covers exactly the turned square it was cut from."""
    matrix = crop_matrix(BoxRule(scale=1.0), BOX, 0.5, (40, 40))
    ones = np.stack([np.zeros((40, 40)), np.ones((40, 40))]).astype(np.float32)
    pasted = labels_in_frame(ones, matrix, (200, 300)).paste((200, 300))
    yy, xx = np.mgrid[:200, :300]
    inside = apply_affine(matrix, np.stack([xx, yy], axis=-1))
    expected = (np.abs(inside - 19.5) <= 20).all(axis=-1)
    assert (pasted.astype(bool) != expected).sum() < 0.03 * expected.sum()
    assert np.allclose(crop_corners(matrix, (40, 40)).mean(axis=0), [140, 100])


def test_small_boxes_say_what_whole_planes_say():
    """Every class on all of the frame, then the largest: the slow twin, but for roundings."""
    rng = np.random.default_rng(3)
    rough = cv2.GaussianBlur(rng.normal(size=(40, 40, 7)).astype(np.float32), (0, 0), 3) * 25
    raised = np.exp(rough.transpose(2, 0, 1))
    raised[5] = 1e-6  # a class that wins nowhere
    probabilities = raised / raised.sum(axis=0)
    matrix = crop_matrix(BoxRule(scale=1.2), BOX, 0.4, (40, 40))
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    planes = [
        cv2.warpAffine(plane, matrix, (300, 200), flags=flags, borderValue=float(k == 0))
        for k, plane in enumerate(probabilities)
    ]
    slow = np.argmax(planes, axis=0)
    found = labels_in_frame(probabilities, matrix, (200, 300)).paste((200, 300))
    assert len(np.unique(found)) == 6
    assert (found != slow).mean() < 1e-3


class TestForeignNets:
    def test_fractions_are_shares_of_the_crop(self, fixed_onnx: Path):
        predictor = load_predictor(fixed_onnx, "cpu")
        points = predictor.predict_batch(
            [(FRAME, crop_matrix(predictor.card.box_rule, BOX, 0.0, (32, 32)))]
        )[0].landmarks
        # The crop is the box itself, whose outer edges are 0 and 1.
        assert np.allclose(points[0], [100 + 0.25 * 80, 60 + 0.3 * 80], atol=1e-3)

    def test_no_confidence_output_means_two_looks(self, fixed_onnx: Path):
        """The same fractions of a larger mirrored crop are other places: the net is not sure."""
        predictor = load_predictor(fixed_onnx, "cpu")
        found = predictor.predict(FRAME, BOX)
        assert 0 < found.score < 0.5

    def test_a_card_is_found_by_the_files_digest(
        self, fixed_onnx: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ):
        from core.nets.model_file import file_sha256

        record = json.loads(fixed_onnx.with_suffix(".json").read_text())
        record["arguments"]["sha256"] = [file_sha256(fixed_onnx)]
        fixed_onnx.with_suffix(".json").unlink()
        with pytest.raises(InputError, match="needs a card"):
            open_model(fixed_onnx)
        (tmp_path / "res/cards").mkdir(parents=True)
        (tmp_path / "res/cards/any.json").write_text(json.dumps(record))
        monkeypatch.setattr(paths, "resources", lambda: tmp_path / "res")
        assert open_model(fixed_onnx).card.name == "fixed"

    def test_a_card_can_be_given(self, fixed_onnx: Path, tmp_path: Path):
        card = fixed_onnx.with_suffix(".json").rename(tmp_path / "elsewhere.json")
        assert load_predictor(fixed_onnx, "cpu", card_file=card).card.name == "fixed"
        assert open_model(fixed_onnx, "pfld").card.scheme == "ibug68"
        with pytest.raises(InputError, match="no such model card"):
            open_model(fixed_onnx, "nothing")

    def test_a_graph_of_another_size_than_its_card(self, fixed_onnx: Path):
        with pytest.raises(StoreError, match="its card says"):
            load_predictor(fixed_onnx, "cpu", card_file="pfld")

    def test_a_damaged_graph_is_a_sentence(self, fixed_onnx: Path):
        fixed_onnx.write_bytes(fixed_onnx.read_bytes()[:60])
        with pytest.raises(StoreError, match=r"fixed\.onnx: ONNX Runtime cannot load it"):
            load_predictor(fixed_onnx, "cpu")

    @pytest.mark.parametrize("text", ["", "[]", "{", '{"format_version": 99}', "[" * 100000])
    def test_a_damaged_card_is_a_sentence(self, fixed_onnx: Path, text: str):
        fixed_onnx.with_suffix(".json").write_text(text)
        with pytest.raises(StoreError, match=r"fixed\.json"):
            open_model(fixed_onnx)

    def test_a_fixed_batch_is_run_in_turns(self, points_graph):
        from core.inference.backends import OnnxBackend

        open_batch = OnnxBackend(points_graph(), "x")
        pairs = OnnxBackend(points_graph(batch=2), "x")
        batch = np.zeros((5, 3, 32, 32), np.float32)
        assert np.array_equal(open_batch.run(batch)[0], pairs.run(batch)[0])
        assert pairs.run(batch)[0].shape == (5, 10)


class TestNames:
    def test_a_name_is_looked_up_in_all_folders(self, tmp_path: Path):
        for folder in ("project/models", "other"):
            (tmp_path / folder).mkdir(parents=True)
        (tmp_path / "project/models/a.safetensors").touch()
        (tmp_path / "other/a.onnx").touch()
        (tmp_path / "other/b.onnx").touch()
        (tmp_path / "other/notes.txt").touch()
        folders = [tmp_path / "project/models", tmp_path / "other", tmp_path / "missing"]
        assert sorted(known_models(folders)) == ["a", "b"]
        assert find_model("a", folders).parent.name == "models"

    def test_an_unknown_name_lists_the_known(self, tmp_path: Path):
        (tmp_path / "mine.onnx").touch()
        with pytest.raises(InputError, match="no model called 'yours'; known are: mine"):
            find_model("yours", [tmp_path])

    def test_a_missing_file(self, tmp_path: Path):
        with pytest.raises(InputError, match="no such model file"):
            find_model(tmp_path / "gone.onnx")


class TestTwins:
    def test_agreement_is_confidence(self):
        points = np.random.default_rng(0).uniform(0, 112, (68, 2))
        sure, whole = scores_from_twins(points, points + 0.5, 112)
        unsure, low = scores_from_twins(points, points + 12.0, 112)
        assert whole > 0.95
        assert low < 0.25
        assert sure.shape == unsure.shape == (68,)

    def test_the_border_between_faces_and_other_things_is_one_half(self):
        points = np.zeros((10, 2))
        _, score = scores_from_twins(points, points + np.array([0.0412, 0.0]), 1.0)
        assert score == pytest.approx(0.5, abs=0.01)

    def test_the_second_look_is_mirrored_and_larger_about_the_same_middle(self):
        matrix = crop_matrix(BoxRule(scale=1.0), BOX, 0.2, (64, 64))
        twin = twin_matrix(matrix, (64, 64))
        assert np.allclose(apply_affine(twin, np.array([140.0, 100.0])), 31.5)
        assert np.linalg.det(twin[:, :2]) == pytest.approx(-np.linalg.det(matrix[:, :2]) / 1.25**2)


def test_predictors_do_not_import_training():
    import subprocess
    import sys

    code = (
        "import sys, core.inference.predictor; print([m for m in sys.modules if 'training' in m])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "core.training" not in done.stdout
    assert predictors.load_predictor is load_predictor


def test_a_graph_without_weights_gets_them_from_the_file(tmp_path: Path):
    """A real net of ours: ONNX Runtime and PyTorch say the same from one set of weights."""
    from core.nets.onnx_graph import export_graph

    arguments = {"num_points": 5, "input_size": 64}
    torch.manual_seed(0)
    net = registry.build_net("ffld", arguments).eval()
    card = brightest_card(name="ffld", architecture="ffld", arguments=arguments)
    graph = export_graph(net, (3, 64, 64), card.outputs)
    path = tmp_path / "ffld.safetensors"
    save_model(path, card, net.state_dict(), graph, half=True)
    matrix = crop_matrix(card.box_rule, BOX, 0.1, (64, 64))
    by_torch = load_predictor(path, "cpu", backend="torch-fp32").predict_batch([(FRAME, matrix)])[0]
    by_onnx = load_predictor(path, "cpu", backend="onnxruntime").predict_batch([(FRAME, matrix)])[0]
    assert np.abs(by_torch.landmarks - by_onnx.landmarks).max() < 1e-3 * 64
    assert by_torch.score == pytest.approx(by_onnx.score, abs=1e-3)
    assert load_predictor(path, "cpu").backend_name in {"torch-fp32", "torch-bf16", "onnxruntime"}
