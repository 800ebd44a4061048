"""The model a window runs on single faces: which one, and without torch where it can do without."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from core import paths
from core.errors import InputError
from core.inference.model_source import model_folders
from core.inference.one_face import DEFAULT_MODEL, choose_model, load_landmark_model
from core.inference.predictor import load_predictor
from core.nets.model_file import load_arrays, load_weights
from tests.core.inference.blob_model import draw, write_model

BUNDLED = paths.resources() / "weights" / "landmarks-68.safetensors"


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


class TestWhich:
    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        """A folder with a model "blob" and a copy of the default one."""
        write_model(tmp_path / "blob.onnx")
        shutil.copy(BUNDLED, tmp_path / "landmarks-68.safetensors")
        return tmp_path

    def test_the_very_file_of_the_run(self, folder: Path):
        chosen = choose_model("blob", sha256(folder / "blob.onnx"), [folder])
        assert (chosen.path, chosen.note) == (folder / "blob.onnx", "")

    def test_under_another_name(self, folder: Path):
        chosen = choose_model("old name", sha256(folder / "blob.onnx"), [folder])
        assert (chosen.path, chosen.note) == (folder / "blob.onnx", "")

    def test_another_file_of_its_name_is_said(self, folder: Path):
        chosen = choose_model("blob", "0" * 64, [folder])
        assert chosen.path == folder / "blob.onnx"
        assert "not the very one" in chosen.note

    def test_the_default_where_it_is_gone_is_said(self, folder: Path):
        chosen = choose_model("gone", "0" * 64, [folder])
        assert chosen.path.stem == DEFAULT_MODEL
        assert "gone is not here" in chosen.note

    def test_the_default_for_a_run_without_a_model(self, folder: Path):
        assert choose_model("", "", [folder]).path.stem == DEFAULT_MODEL

    def test_none_at_all_is_a_sentence(self, tmp_path: Path):
        with pytest.raises(InputError, match="no model called"):
            choose_model("gone", "0" * 64, [tmp_path])


def test_weights_as_arrays_are_those_as_tensors():
    arrays, tensors = load_arrays(BUNDLED), load_weights(BUNDLED)
    assert arrays.keys() == tensors.keys()
    for name, tensor in tensors.items():
        assert np.array_equal(arrays[name], tensor.numpy())
        assert arrays[name].dtype == tensor.numpy().dtype


def test_it_says_what_the_same_model_says_through_torch():
    rgb = np.random.default_rng(1).integers(0, 255, (120, 160, 3)).astype(np.uint8)
    box = np.array([40.0, 20.0, 110.0, 100.0])
    quick = load_landmark_model(BUNDLED).predict(rgb, box)
    torch = load_predictor(BUNDLED, "cpu", backend="torch-fp32").predict(rgb, box)
    assert np.abs(quick.landmarks - torch.landmarks).max() < 0.1


def test_torch_is_not_imported():
    code = (
        "import sys; from pathlib import Path\n"
        "from core.inference.one_face import load_landmark_model\n"
        "assert load_landmark_model(Path(sys.argv[1])).backend_name == 'onnxruntime'\n"
        "assert 'torch' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code, str(BUNDLED)], check=True)


def test_a_model_without_a_graph_runs_in_torch(tmp_path: Path):
    from core.nets.model_file import read_card, save_model

    path = tmp_path / "bare.safetensors"
    save_model(path, read_card(BUNDLED), load_weights(BUNDLED))
    assert load_landmark_model(path).backend_name == "torch-fp32"


def test_a_foreign_net(tmp_path: Path):
    predictor = load_landmark_model(write_model(tmp_path / "blob.onnx"))
    found = predictor.predict(draw([(60, 50, 15)]), np.array([45.0, 35.0, 75.0, 65.0]))
    assert np.abs(found.landmarks[2] - [60, 50]).max() < 1.0


def test_a_parsing_model_is_a_sentence():
    parts = model_folders()[-1] / "parts.safetensors"
    with pytest.raises(InputError, match="finds areas, not landmarks"):
        load_landmark_model(parts)
