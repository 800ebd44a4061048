"""Models without weights: nets that find a bright dot pattern, saved as real model files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from core.nets.model_card import BoxRule, ModelCard

SIDE = 32
POINTS = np.array([[0.25, 0.3], [0.75, 0.3], [0.5, 0.55], [0.3, 0.8], [0.7, 0.8]])


def fixed_points_graph(fractions: np.ndarray, side: int = SIDE, batch: str | int = "B") -> bytes:
    """A graph whose every face has the same points: fractions (M, 2) plus the mean pixel × 0."""
    count = fractions.size
    nodes = [
        helper.make_node("ReduceMean", ["input", "axes"], ["mean"], keepdims=0),
        helper.make_node("Unsqueeze", ["mean", "last"], ["column"]),
        helper.make_node("Mul", ["column", "zero"], ["nothing"]),
        helper.make_node("Add", ["nothing", "points"], ["output"]),
    ]
    constants = [
        numpy_helper.from_array(np.array([1, 2, 3], dtype=np.int64), "axes"),
        numpy_helper.from_array(np.array([1], dtype=np.int64), "last"),
        numpy_helper.from_array(np.array(0, dtype=np.float32), "zero"),
        numpy_helper.from_array(fractions.astype(np.float32).reshape(1, count), "points"),
    ]
    graph = helper.make_graph(
        nodes,
        "fixed",
        [helper.make_tensor_value_info("input", TensorProto.FLOAT, [batch, 3, side, side])],
        [helper.make_tensor_value_info("output", TensorProto.FLOAT, [batch, count])],
        constants,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    onnx.checker.check_model(model)
    return model.SerializeToString()


def foreign_card(**changes) -> ModelCard:
    """A card for `fixed_points_graph`."""
    values = {
        "name": "fixed", "task": "landmarks", "architecture": "onnx", "scheme": "points5",
        "arguments": {"point_units": "fraction"}, "input_hw": (SIDE, SIDE),
        "outputs": ("landmarks",), "box_rule": BoxRule(scale=1.0),
    }  # fmt: skip
    return ModelCard(**(values | changes))


@pytest.fixture(autouse=True)
def short_measurements(monkeypatch: pytest.MonkeyPatch) -> None:
    """Choose backends in a twentieth of a second instead of two."""
    monkeypatch.setattr("core.inference.choice._MEASURE_S", 0.05)


@pytest.fixture
def fixed_onnx(tmp_path: Path) -> Path:
    """An ONNX file with its card beside it; its points do not depend on the picture."""
    import json

    path = tmp_path / "fixed.onnx"
    path.write_bytes(fixed_points_graph(POINTS))
    path.with_suffix(".json").write_text(json.dumps(foreign_card().as_record()))
    return path


@pytest.fixture
def points_graph():
    """Makes the graph of `fixed_onnx`, with arguments of its own."""
    return lambda **changes: fixed_points_graph(POINTS, **changes)
