"""The window's predictor: it holds its device at work, and turns to the processor in need."""

from types import SimpleNamespace

import pytest
import torch

from core.devices import DeviceLock
from core.errors import ResourceError
from core.inference import shared
from core.inference.shared import SharedPredictor
from tests.core.inference.blob_model import write_model


@pytest.fixture
def places(monkeypatch, tmp_path):
    """Devices predictors were loaded on; the locks lie in this test's folder."""
    loaded = []

    def load(name, device, folders):
        loaded.append(device)
        return SimpleNamespace(device=device)

    monkeypatch.setattr("core.devices.lock_folder", lambda: tmp_path)
    monkeypatch.setattr(shared, "load_predictor", load)
    return loaded


def test_the_device_is_held_while_it_works_and_no_longer(tmp_path, monkeypatch):
    monkeypatch.setattr("core.devices.lock_folder", lambda: tmp_path)
    predictor = SharedPredictor(write_model(tmp_path / "blob.onnx"), "cpu")
    assert predictor.use(lambda one: (one.card.name, DeviceLock("cpu").is_held())) == ("blob", True)
    assert not DeviceLock("cpu").is_held()


def test_a_full_gpu_hands_over_to_the_processor_with_a_word(places):
    said = []
    predictor = SharedPredictor("model", "cuda", tell=said.append)

    def work(one):
        if one.device == "cuda":
            raise torch.OutOfMemoryError("CUDA out of memory")
        return one.device

    assert predictor.use(work) == "cpu"
    assert predictor.use(work) == "cpu"
    assert places == ["cuda", "cpu"]
    assert said == [
        "The memory of cuda ran out; this window predicts on the processor from now on."
    ]
    assert not DeviceLock("cuda").is_held()


def test_a_gpu_too_full_to_load_the_model_is_the_same(places, monkeypatch):
    real, said = shared.load_predictor, []

    def load(name, device, folders):
        if device == "cuda":
            raise RuntimeError("CUDA out of memory. Tried to allocate 20.00 MiB")
        return real(name, device, folders)

    monkeypatch.setattr(shared, "load_predictor", load)
    assert SharedPredictor("model", "cuda", tell=said.append).predictor.device == "cpu"
    assert len(said) == 1


def test_a_full_memory_of_the_processor_is_a_sentence_and_a_fault_stays_a_fault(places):
    predictor = SharedPredictor("model", "cpu")

    def fail(error):
        def work(_one):
            raise error

        return work

    with pytest.raises(ResourceError, match="close other programs"):
        predictor.use(fail(MemoryError()))
    with pytest.raises(RuntimeError, match="shapes"):
        predictor.use(fail(RuntimeError("shapes do not fit")))
