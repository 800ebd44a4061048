"""Model files: what goes in comes out, and no file however damaged gets past the header check."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.errors import StoreError
from core.nets import model_file
from core.nets.model_card import BoxRule, ModelCard, Preprocessing


def a_card(**changes) -> ModelCard:
    values = dict(
        name="tiny", task="landmarks", architecture="tiny_conv", arguments={"width": 4},
        scheme="points5", input_hw=(64, 48), outputs=("landmarks", "confidence_logits"),
        preprocessing=Preprocessing(mean=(0.5, 0.4, 0.3), std=(0.2, 0.2, 0.2)),
        box_rule=BoxRule(scale=1.25, shift_xy=(0.0, -0.05)), mirror=(1, 0, 2, 4, 3),
        licence="MIT", trained_on=("synthetic:one",), recipe={"epochs": 3},
        results={"nme": 4.5}, created="2025-01-01T00:00:00Z",
    )  # fmt: skip
    return ModelCard(**(values | changes))


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    """A model file with two weights, a counter and a graph of six bytes."""
    path = tmp_path / "tiny.safetensors"
    weights = {
        "conv.weight": torch.arange(24, dtype=torch.float32).reshape(2, 3, 2, 2).transpose(2, 3),
        "conv.bias": torch.tensor([1.5, -2.5]),
        "bn.num_batches_tracked": torch.tensor(7),
    }
    model_file.save_model(path, a_card(), weights, b"\x08\x01onnx")
    return path


def test_card_weights_and_graph_come_back(saved: Path):
    weights = model_file.load_weights(saved)
    assert model_file.read_card(saved) == a_card()
    assert model_file.load_onnx(saved) == b"\x08\x01onnx"
    assert set(weights) == {"conv.weight", "conv.bias", "bn.num_batches_tracked"}
    expected = torch.arange(24, dtype=torch.float32).reshape(2, 3, 2, 2).transpose(2, 3)
    assert torch.equal(weights["conv.weight"], expected)
    assert weights["bn.num_batches_tracked"].item() == 7


def test_the_official_reader_reads_the_file_too(saved: Path):
    from safetensors.torch import load_file

    assert torch.equal(load_file(saved)["conv.bias"], torch.tensor([1.5, -2.5]))


def test_half_weights_come_back_as_float32(tmp_path: Path):
    path = tmp_path / "half.safetensors"
    model_file.save_model(path, a_card(), {"w": torch.tensor([0.1, 0.2])}, half=True)
    value = model_file.load_weights(path)["w"]
    assert value.dtype == torch.float32
    assert torch.equal(value, torch.tensor([0.1, 0.2]).half().float())
    assert model_file.load_onnx(path) is None


def test_a_failed_save_leaves_the_old_file_and_nothing_else(saved: Path):
    before = saved.read_bytes()
    with pytest.raises(ValueError, match="reserved"):
        model_file.save_model(saved, a_card(), {"__onnx__": torch.zeros(1)})
    assert saved.read_bytes() == before
    assert [p.name for p in saved.parent.iterdir()] == [saved.name]


def test_sha_is_that_of_the_file(saved: Path):
    import hashlib

    assert model_file.file_sha256(saved) == hashlib.sha256(saved.read_bytes()).hexdigest()


def rewrite_header(path: Path, change) -> None:
    """Apply `change(header dict)` to the header, leaving the data as they are."""
    blob = path.read_bytes()
    length = struct.unpack("<Q", blob[:8])[0]
    header = json.loads(blob[8 : 8 + length])
    change(header)
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + blob[8 + length :])


def edit_card(path: Path, **changes) -> None:
    def change(header):
        card = json.loads(header["__metadata__"]["lineament_card"]) | changes
        header["__metadata__"]["lineament_card"] = json.dumps(card)

    rewrite_header(path, change)


def test_a_newer_card_asks_for_an_update(saved: Path):
    edit_card(saved, format_version=2)
    with pytest.raises(StoreError, match=r"tiny\.safetensors.*format 2.*update"):
        model_file.read_card(saved)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"task": "poetry"}, "task"),
        ({"input_hw": [0, 64]}, "input_hw"),
        ({"input_hw": [64, 10**9]}, "input_hw"),
        ({"mirror": [0, 0]}, "mirror"),
        ({"mirror": [True, False]}, "mirror"),
        ({"box_rule": {"kind": "circle"}}, "box_rule.kind"),
        ({"box_rule": {"scale": 0}}, "box_rule.scale"),
        ({"preprocessing": {"std": [1, 0, 1]}}, "preprocessing.std"),
        ({"preprocessing": {"mean": [0, 0]}}, "preprocessing.mean"),
        ({"outputs": ["logits"]}, "landmarks"),
        ({"scheme": None}, "scheme"),
        ({"arguments": [1]}, "arguments"),
        ({"face_score": 1.0}, "face_score"),
        ({"face_score": "high"}, "face_score"),
        ({"name": ""}, "name"),
        ({"name": 3}, "name"),
    ],
)
def test_a_card_out_of_range_is_refused_by_field(saved: Path, changes: dict, said: str):
    edit_card(saved, **changes)
    with pytest.raises(StoreError, match=said):
        model_file.read_card(saved)


def test_a_foreign_safetensors_file_is_called_foreign(tmp_path: Path):
    from safetensors.torch import save_file

    path = tmp_path / "foreign.safetensors"
    save_file({"w": torch.zeros(3)}, path)
    with pytest.raises(StoreError, match="no card"):
        model_file.read_card(path)


@pytest.mark.parametrize("content", [b"", b"abc", b"\xff" * 64, b"PK\x03\x04" + b"\0" * 500])
def test_something_else_entirely_is_refused(tmp_path: Path, content: bytes):
    path = tmp_path / "x.safetensors"
    path.write_bytes(content)
    with pytest.raises(StoreError, match="not a readable model file"):
        model_file.read_card(path)


def test_a_header_beyond_a_mebibyte_is_not_read(tmp_path: Path):
    path = tmp_path / "x.safetensors"
    path.write_bytes(struct.pack("<Q", (1 << 20) + 1) + b"{" * ((1 << 20) + 9))
    with pytest.raises(StoreError, match="length"):
        model_file.read_card(path)


@pytest.mark.parametrize("shape", [[2**40, 2**40], [10**9], [-2], ["2"], [2.0], [3]])
def test_a_shape_that_does_not_fit_the_file_allocates_nothing(saved: Path, shape: list):
    rewrite_header(saved, lambda header: header["conv.bias"].update(shape=shape))
    with pytest.raises(StoreError, match=r"conv\.bias"):
        model_file.load_weights(saved)


def test_a_truncated_file_is_refused(saved: Path):
    saved.write_bytes(saved.read_bytes()[:-5])
    with pytest.raises(StoreError, match="cut short"):
        model_file.load_weights(saved)


def test_a_flipped_bit_in_a_weight_is_found(saved: Path):
    blob = bytearray(saved.read_bytes())
    blob[-20] ^= 0x10
    saved.write_bytes(blob)
    assert model_file.read_card(saved) == a_card()
    with pytest.raises(StoreError, match="digest"):
        model_file.load_weights(saved)


def test_weights_that_are_not_finite_are_refused(tmp_path: Path):
    path = tmp_path / "nan.safetensors"
    model_file.save_model(path, a_card(), {"w": torch.tensor([1.0, float("nan")])})
    with pytest.raises(StoreError, match="not finite"):
        model_file.load_weights(path)


@settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_fuzzed_files_raise_a_sentence_or_are_the_same(saved: Path, data: st.DataObject):
    """Bytes replaced, cut or inserted anywhere: a StoreError, or what is read has not changed."""
    damage_and_check(saved, data)


@pytest.mark.soak
@pytest.mark.timeout(7200)
@settings(
    max_examples=10_000, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_ten_thousand_fuzzed_files(saved: Path, data: st.DataObject):
    damage_and_check(saved, data)


def damage_and_check(saved: Path, data: st.DataObject) -> None:
    blob = bytearray(saved.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(blob) - 1))
        replacement = data.draw(st.binary(min_size=0, max_size=9))
        blob[place : place + data.draw(st.integers(0, 9))] = replacement
    fuzzed = saved.with_name("fuzzed.safetensors")
    fuzzed.write_bytes(blob)
    said = refusal_of(fuzzed)
    if said is None:
        expected, loaded = model_file.load_weights(saved), model_file.load_weights(fuzzed)
        assert all(torch.equal(loaded.pop(name), value) for name, value in expected.items())
        assert not loaded
        assert model_file.read_card(fuzzed) == model_file.read_card(saved)
    else:
        assert said.startswith(str(fuzzed))
        assert said.endswith(".")


def refusal_of(path: Path) -> str | None:
    try:
        model_file.load_weights(path)
    except StoreError as error:
        return str(error)
    return None


class TestForeignStateDict:
    def test_unwraps_and_strips(self, tmp_path: Path):
        path = tmp_path / "w.pth"
        torch.save({"state_dict": {"module.conv1.weight": torch.ones(2)}, "epoch": 3}, path)
        assert list(model_file.load_foreign_state_dict(path)) == ["conv1.weight"]

    def test_a_pickle_that_runs_code_is_not_run(self, tmp_path: Path):
        import os
        import pickle

        class Evil:
            def __reduce__(self):
                return os.mkdir, (str(tmp_path / "ran"),)

        path = tmp_path / "evil.pth"
        path.write_bytes(pickle.dumps({"w": Evil()}))
        with pytest.raises(StoreError, match="safely"):
            model_file.load_foreign_state_dict(path)
        assert not (tmp_path / "ran").exists()

    def test_other_content_is_refused(self, tmp_path: Path):
        path = tmp_path / "list.pth"
        torch.save([torch.ones(1)], path)
        with pytest.raises(StoreError, match="no state dict"):
            model_file.load_foreign_state_dict(path)
