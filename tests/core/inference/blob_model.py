"""A made-up face, a detector and a landmark net for it: the whole pipeline without any weights.

A "face" is a bright disc on a dark ground. The net is an ONNX graph that finds the disc's centre
and size in its crop; the detector finds bright discs in a frame.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

import cv2
import numpy as np
from onnx import TensorProto, helper, numpy_helper

from core.faces.detection import Detection, standard_box
from core.nets.model_card import BoxRule, ModelCard

SIDE = 48
OFFSETS = np.array([[-0.9, -0.8], [0.9, -0.8], [0.0, 0.0], [-1.0, 1.0], [1.0, 1.0]])
"""Points of scheme points5 in shares of the disc's radius."""


def mean_shape68() -> np.ndarray:
    """A rough face of 68 points in −1 … 1, for tests that paint face5."""
    angle = np.linspace(np.pi, 0, 17)
    jaw = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    brows = [[x, -0.6 - 0.1 * (1 - abs(abs(x) - 0.5))] for x in np.linspace(-0.8, -0.2, 5)]
    brows += [[-x, y] for x, y in reversed(brows)]
    nose = [[0, y] for y in (-0.3, -0.15, 0, 0.15)] + [[x, 0.25] for x in np.linspace(-0.2, 0.2, 5)]
    eye = [[-0.2, 0], [-0.08, -0.08], [0.08, -0.08], [0.2, 0], [0.08, 0.08], [-0.08, 0.08]]
    eyes = [[x - 0.45, y - 0.35] for x, y in eye] + [[x + 0.45, y - 0.35] for x, y in eye]
    turn = np.linspace(np.pi, 3 * np.pi, 13)[:-1]
    mouth = [[0.35 * np.cos(t), 0.55 + 0.15 * np.sin(t)] for t in turn]
    inner = [
        [0.25 * np.cos(t), 0.55 + 0.07 * np.sin(t)] for t in np.linspace(np.pi, 3 * np.pi, 9)[:-1]
    ]
    return np.array([*jaw.tolist(), *brows, *nose, *eyes, *mouth, *inner])


def blob_card(scheme: str = "points5", **changes) -> ModelCard:
    """The card of `blob_graph`."""
    values = {
        "name": "blob", "task": "landmarks", "architecture": "onnx", "scheme": scheme,
        "arguments": {"point_units": "pixels"}, "input_hw": (SIDE, SIDE),
        "outputs": ("landmarks", "confidence_logits"), "box_rule": BoxRule(scale=2.0),
    }  # fmt: skip
    return ModelCard(**(values | changes))


def blob_graph(offsets: np.ndarray = OFFSETS) -> bytes:
    """Disc's centre and radius from moments of its brightness; confident if it is large enough."""
    count = len(offsets)
    grid = np.arange(SIDE, dtype=np.float32)
    constants = {
        "half": np.float32(0.5), "small": np.float32(1e-3), "pi": np.float32(np.pi),
        "x": np.broadcast_to(grid, (1, 1, SIDE, SIDE)), "steep": np.float32(0.2),
        "y": np.broadcast_to(grid[:, None], (1, 1, SIDE, SIDE)), "least": np.float32(60.0),
        "offsets": offsets.reshape(1, count, 2).astype(np.float32), "two": np.float32(2.0),
        "zeros": np.zeros((1, count), np.float32), "space": np.array([2, 3], np.int64),
        "colours": np.array([1], np.int64), "shape": np.array([-1, 1, 2], np.int64),
        "flat": np.array([-1, 1], np.int64), "last": np.array([1, -1, 1], np.int64),
        "radius_shape": np.array([-1, 1, 1], np.int64),
    }  # fmt: skip
    make = helper.make_node
    nodes = [
        make("ReduceMean", ["input", "colours"], ["grey"], keepdims=1),
        make("Sub", ["grey", "half"], ["above"]),
        make("Relu", ["above"], ["over"]),
        make("Mul", ["over", "two"], ["weight"]),
        make("ReduceSum", ["weight", "space"], ["area0"], keepdims=1),
        make("Add", ["area0", "small"], ["area"]),
        make("Mul", ["weight", "x"], ["wx"]),
        make("Mul", ["weight", "y"], ["wy"]),
        make("ReduceSum", ["wx", "space"], ["mx"], keepdims=1),
        make("ReduceSum", ["wy", "space"], ["my"], keepdims=1),
        make("Div", ["mx", "area"], ["cx"]),
        make("Div", ["my", "area"], ["cy"]),
        make("Reshape", ["cx", "flat"], ["cx1"]),
        make("Reshape", ["cy", "flat"], ["cy1"]),
        make("Concat", ["cx1", "cy1"], ["centre2"], axis=1),
        make("Reshape", ["centre2", "shape"], ["centre"]),
        make("Div", ["area", "pi"], ["square"]),
        make("Sqrt", ["square"], ["radius4"]),
        make("Reshape", ["radius4", "radius_shape"], ["radius"]),
        make("Mul", ["radius", "offsets"], ["spread"]),
        make("Add", ["centre", "spread"], ["landmarks"]),
        make("Sub", ["area", "least"], ["spare"]),
        make("Mul", ["spare", "steep"], ["logit4"]),
        make("Reshape", ["logit4", "flat"], ["logit"]),
        make("Add", ["logit", "zeros"], ["confidence_logits"]),
    ]
    tensor = helper.make_tensor_value_info
    graph = helper.make_graph(
        nodes,
        "blob",
        [tensor("input", TensorProto.FLOAT, ["B", 3, SIDE, SIDE])],
        [
            tensor("landmarks", TensorProto.FLOAT, ["B", count, 2]),
            tensor("confidence_logits", TensorProto.FLOAT, ["B", count]),
        ],
        [numpy_helper.from_array(np.ascontiguousarray(v), k) for k, v in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    return bytes(model.SerializeToString())


def write_model(path: Path, scheme: str = "points5", offsets: np.ndarray = OFFSETS) -> Path:
    """Model and card as files."""
    path.write_bytes(blob_graph(offsets))
    path.with_suffix(".json").write_text(json.dumps(blob_card(scheme).as_record()))
    return path


class BlobDetector:
    """Finds bright discs; slow on request."""

    name = "blob"

    def detect(self, rgb: np.ndarray, thorough: bool = False) -> list[Detection]:
        bright = (rgb.mean(axis=2) > 140).astype(np.uint8)
        _, _, stats, _ = cv2.connectedComponentsWithStats(bright)
        found = []
        for left, top, width, height, area in stats[1:]:
            if area > 80:
                hull = np.array([left, top, left + width - 1, top + height - 1], dtype=float)
                found.append(Detection(standard_box(hull), 0.9, "yunet"))
        return found


def install() -> None:
    """Let `--detector cascade` find discs, in a process made for a test."""
    from core.faces import detection

    detection.make_detector = lambda name: BlobDetector()


def draw(
    places: Iterable[tuple[float, float, float]], hw: tuple[int, int] = (96, 160)
) -> np.ndarray:
    """A frame with discs (x, y, radius)."""
    rgb = np.full((*hw, 3), 40, np.uint8)
    for k, (x, y, radius) in enumerate(places):
        colour = ((230, 200, 180), (180, 220, 200))[k % 2]
        centre = (round(x * 16), round(y * 16))
        cv2.circle(rgb, centre, round(radius * 16), colour, -1, cv2.LINE_AA, 4)
    return rgb


def write_clip(folder: Path, frames: Iterable[np.ndarray]) -> Path:
    """A folder of pictures, which is a lossless clip."""
    folder.mkdir(parents=True)
    for i, rgb in enumerate(frames):
        cv2.imwrite(str(folder / f"{i:05d}.png"), rgb[..., ::-1])
    return folder
