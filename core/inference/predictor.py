"""`load_predictor`: from a model's name or file to something that predicts.

Nothing here imports core.training: a predictor needs the net, its card and its weights.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from core.errors import CoreError, InputError, ResourceError, StoreError
from core.inference.backends import Backend, Batch, OnnxBackend, TorchBackend
from core.inference.choice import Maker, fastest
from core.inference.landmark_predictor import LandmarkPredictor, crop_points
from core.inference.model_source import ModelSource, find_model, open_model
from core.inference.parsing_predictor import ParsingPredictor
from core.nets.model_card import ModelCard
from core.nets.model_file import load_arrays, load_onnx, load_weights
from core.schemes import load_landmark_scheme, load_mask_scheme

Predictor: TypeAlias = LandmarkPredictor | ParsingPredictor


def load_predictor(
    name_or_file: str | Path,
    device: str = "auto",
    card_file: str | Path | None = None,
    folders: Sequence[Path] | None = None,
    backend: str | None = None,
) -> Predictor:
    """Load a model.

    Args:
        name_or_file: The name of a bundled, user's or project's model, or a model file.
        device: "auto", "cpu", "cuda", "cuda:1", "mps".
        card_file: Card of a foreign ONNX net, where it is neither beside the file nor bundled.
        folders: Where names are looked for; `model_folders()` by default.
        backend: A CPU backend by name instead of the fastest one, where the model has it.

    Raises:
        InputError: If there is no such model, card or device name.
        StoreError: If the file is damaged, foreign, newer, or its net does not fit its card.
        ResourceError: If the device is not there.
    """
    source = open_model(find_model(name_or_file, folders), card_file)
    place = _onnx_device(device) if source.foreign else _device(device)
    card = source.card
    runner = _backend(source, place, backend)
    try:
        if card.task == "landmarks":
            landmark_scheme = load_landmark_scheme(str(card.scheme))
            return LandmarkPredictor(card, runner, landmark_scheme, source.sha256, place)
        mask_scheme = load_mask_scheme(str(card.mask_scheme))
        return ParsingPredictor(card, runner, mask_scheme, source.sha256, place)
    except CoreError as error:
        raise type(error)(f"{source.path}: {error}") from error


def _device(name: str) -> str:
    """The device an option names; imports torch only to ask for one."""
    kind = _kind(name)
    if kind == "cpu":
        return "cpu"
    import torch

    there = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if kind == "auto":
        return next((device for device, is_there in there.items() if is_there), "cpu")
    count = torch.cuda.device_count() if kind == "cuda" else 1
    number = name.partition(":")[2]
    if not there[kind] or (number and not (number.isdigit() and int(number) < count)):
        raise ResourceError(f"This machine has no device '{name}'; use --device auto or cpu.")
    return name


def _onnx_device(name: str) -> str:
    """The device of a foreign net: what this ONNX Runtime offers, without loading torch."""
    kind = _kind(name)
    if kind == "cpu":
        return "cpu"
    import onnxruntime

    cuda = "CUDAExecutionProvider" in onnxruntime.get_available_providers()
    if kind == "auto":
        return "cuda" if cuda else "cpu"
    if kind == "mps" or not cuda:
        raise ResourceError(f"This ONNX Runtime has no device '{name}'; use --device auto or cpu.")
    return name


def _kind(name: str) -> str:
    kind = name.split(":")[0]
    if kind not in ("auto", "cpu", "cuda", "mps"):
        raise InputError(f"There is no device '{name}'; known are auto, cpu, cuda and mps.")
    return kind


def _backend(source: ModelSource, device: str, wanted: str | None) -> Backend:
    if source.foreign:
        return _foreign_backend(source, device)
    card, where = source.card, str(source.path)
    if device == "cpu" and wanted == "onnxruntime":
        stored = load_onnx(source.path)
        if stored is not None:  # without torch, whose import holds up a window for seconds
            return OnnxBackend(stored, where, weights=load_arrays(source.path))
    weights = load_weights(source.path)
    if device != "cpu":
        return TorchBackend(_net(card, weights, where), device)
    graph = load_onnx(source.path)
    makers: dict[str, Maker] = {
        "torch-fp32": lambda: TorchBackend(_net(card, weights, where), "cpu"),
        "torch-bf16": lambda: TorchBackend(_net(card, weights, where), "cpu", half=True),
    }
    if graph is not None:
        makers["onnxruntime"] = lambda: OnnxBackend(graph, where, weights=weights)
    if wanted in makers:
        return makers[wanted]()
    shape = (card.input_channels, card.input_hw[0], card.input_hw[1])
    return fastest(makers, lambda outputs: _meaning(card, outputs), shape, source.sha256)


def _foreign_backend(source: ModelSource, device: str) -> Backend:
    backend = OnnxBackend(source.path.read_bytes(), str(source.path), device=device)
    expected = (source.card.input_channels, *source.card.input_hw)
    found = backend.input_shape[1:]
    if any(side not in (None, wanted) for side, wanted in zip(found, expected, strict=True)):
        raise StoreError(
            f"{source.path}: its graph takes {found}, its card says {expected}; correct the card."
        )
    return backend


def _net(card: ModelCard, weights: dict[str, Any], where: str) -> Any:
    """The net with its weights; every name and shape must fit."""
    from core.nets.registry import build_net

    net = build_net(card.architecture, card.arguments)
    try:
        net.load_state_dict(weights)
    except RuntimeError as error:
        raise StoreError(
            f"{where}: its weights do not fit the net '{card.architecture}'; get the file again."
        ) from error
    return net


def _meaning(card: ModelCard, outputs: tuple[Batch, ...]) -> Batch:
    """What two backends must agree on: points in shares of the input, or probabilities."""
    if card.task == "landmarks":
        return np.asarray(crop_points(card, outputs) / max(card.input_hw), dtype=np.float32)
    logits = outputs[card.outputs.index("logits")]
    raised = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=1, keepdims=True), dtype=np.float32)
