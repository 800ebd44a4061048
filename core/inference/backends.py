"""Ways to run one net: PyTorch on a device, or its ONNX graph in ONNX Runtime.

A backend takes a float32 batch (B, C, H, W) in the card's normalisation and returns the net's
outputs as float32 arrays in order.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from core.errors import StoreError
from core.nets.onnx_graph import give_weights

if TYPE_CHECKING:
    import torch

Batch = NDArray[np.float32]


class Backend(Protocol):
    """Runs a net."""

    name: str
    """"torch-fp32", "torch-bf16", "onnxruntime", "cuda", "mps"."""

    def run(self, batch: Batch) -> tuple[Batch, ...]:
        """Outputs of a batch, in the net's order."""


def core_count() -> int:
    """Cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class TorchBackend:
    """PyTorch in inference mode.

    Args:
        net: The module; moved to the device and switched to evaluation.
        device: "cpu", "cuda", "cuda:1", "mps".
        half: bfloat16 autocast with channels-last weights (CPU).
    """

    def __init__(self, net: torch.nn.Module, device: str, half: bool = False) -> None:
        import torch

        self._torch = torch
        layout = torch.channels_last if half else torch.contiguous_format
        self._net = net.eval().to(device=device, memory_format=layout)  # type: ignore[call-overload]
        self._device, self._half, self._layout = device, half, layout
        kind = device.split(":")[0]
        self.name = kind if kind != "cpu" else ("torch-bf16" if half else "torch-fp32")

    def run(self, batch: Batch) -> tuple[Batch, ...]:
        """Outputs of a batch, in the net's order."""
        torch = self._torch
        autocast = torch.autocast("cpu", torch.bfloat16) if self._half else nullcontext()
        with torch.inference_mode(), autocast:
            tensor = torch.from_numpy(np.ascontiguousarray(batch)).to(self._device)
            outputs = self._net(tensor.contiguous(memory_format=self._layout))
        return tuple(value.float().cpu().numpy() for value in _in_order(outputs))


class OnnxBackend:
    """ONNX Runtime on the CPU, or on CUDA where this build of it can.

    Args:
        graph: The serialised model.
        where: What to call it in errors.
        threads: Threads within one run; 0 = one a core.
        device: "cpu" or "cuda…".
        weights: The model file's weights (tensors or arrays), for a graph stored without them
            (`core.nets.onnx_graph`).

    Raises:
        StoreError: If the graph is damaged or uses what this runtime does not know.
    """

    def __init__(
        self,
        graph: bytes,
        where: str,
        threads: int = 0,
        device: str = "cpu",
        weights: Mapping[str, Any] | None = None,
    ) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads or core_count()
        # Spinning threads burn the cores that decoding and detection need in the meantime.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.use_deterministic_compute = True
        options.log_severity_level = 3
        self._kept = give_weights(options, weights) if weights is not None else []
        try:
            # Its own fallback prints to stdout, which carries data.
            self._session = onnxruntime.InferenceSession(
                graph, options, _providers(device), enable_fallback=0
            )
        except Exception as error:  # onnxruntime raises bare classes of its own, one a fault
            raise StoreError(
                f"{where}: ONNX Runtime cannot load it; it is damaged or needs a newer runtime."
            ) from error
        used = self._session.get_providers()[0]
        self.name = "onnxruntime" if used.startswith("CPU") else "onnxruntime-cuda"
        inputs = self._session.get_inputs()
        if len(inputs) != 1 or len(inputs[0].shape) != 4 or inputs[0].type != "tensor(float)":
            raise StoreError(f"{where}: its graph does not take one float picture (B, C, H, W).")
        self._input, self._where = inputs[0].name, where
        self.input_shape: tuple[int | None, ...] = tuple(
            side if isinstance(side, int) else None for side in inputs[0].shape
        )
        """(B, C, H, W); None where the graph leaves a side open."""
        self._batch = self.input_shape[0]

    def run(self, batch: Batch) -> tuple[Batch, ...]:
        """Outputs of a batch, in the graph's order; in turns where the graph's batch is fixed."""
        if self._batch is None or self._batch == len(batch):
            return self._run(batch)
        turns = [
            self._padded(batch[i : i + self._batch]) for i in range(0, len(batch), self._batch)
        ]
        return tuple(np.concatenate(parts) for parts in zip(*turns, strict=True))

    def _run(self, batch: Batch) -> tuple[Batch, ...]:
        try:
            outputs = self._session.run(None, {self._input: np.ascontiguousarray(batch)})
        except Exception as error:  # as above
            raise StoreError(f"{self._where}: its graph cannot be run; it is damaged.") from error
        return tuple(np.asarray(value, dtype=np.float32) for value in outputs)

    def _padded(self, batch: Batch) -> tuple[Batch, ...]:
        lacking = (self._batch or 0) - len(batch)
        if lacking == 0:
            return self._run(batch)
        full = np.concatenate([batch, np.repeat(batch[-1:], lacking, axis=0)])
        return tuple(value[: len(batch)] for value in self._run(full))


def _providers(device: str) -> list[str | tuple[str, dict[str, str]]]:
    import onnxruntime

    cuda = "CUDAExecutionProvider"
    if not device.startswith("cuda") or cuda not in onnxruntime.get_available_providers():
        return ["CPUExecutionProvider"]
    return [(cuda, {"device_id": device.partition(":")[2] or "0"}), "CPUExecutionProvider"]


def _in_order(outputs: Any) -> tuple[Any, ...]:
    if isinstance(outputs, Mapping):
        return tuple(outputs.values())
    return tuple(outputs) if isinstance(outputs, tuple | list) else (outputs,)
