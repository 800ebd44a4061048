"""A net as an ONNX graph *without* its weights, and a session that gets them from the model file.

The graph stored beside the weights names them as the state dict does and holds none of them, so a
model file carries every weight once, in half precision. ONNX Runtime takes them at session start
(`add_external_initializers`); neither the exporter nor `onnx` is needed to run a model.
"""

from __future__ import annotations

import copy
import io
import warnings
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from core.errors import ResourceError

if TYPE_CHECKING:
    from torch import nn

OPSET = 17
INPUT = "images"
_WEIGHTS_ELSEWHERE = "weights"


def export_graph(net: nn.Module, input_shape: Sequence[int], outputs: Sequence[str]) -> bytes:
    """The net's ONNX graph with a free batch size and its weights left out.

    Args:
        net: On the CPU.
        input_shape: (C, H, W) of the input `images`.
        outputs: Names of what `net` returns, in order.

    Raises:
        ResourceError: If the exporter (`pip install 'lineament[onnx]'`) is not installed or fails.
    """
    try:
        import onnx
    except ImportError as error:
        raise ResourceError(
            "Writing ONNX graphs needs the exporter; install it with pip install 'lineament[onnx]'."
        ) from error
    model = onnx.load_from_string(_export(_all_different(net), input_shape, outputs))
    weights = {k for k, v in net.state_dict().items() if v.is_floating_point()}
    lacking = weights - {tensor.name for tensor in model.graph.initializer}
    if lacking:
        raise ResourceError(f"The exporter lost the weights {', '.join(sorted(lacking)[:3])} ….")
    for tensor in model.graph.initializer:
        if tensor.name in weights:
            tensor.ClearField("raw_data")
            tensor.data_location = onnx.TensorProto.EXTERNAL
            entry = tensor.external_data.add()
            entry.key, entry.value = "location", _WEIGHTS_ELSEWHERE
    graph: bytes = model.SerializeToString()
    return graph


def _as_array(value: Any) -> NDArray[Any]:
    """A tensor as an array; an array as it is."""
    if not hasattr(value, "detach"):
        return np.asarray(value)
    tensor = value.detach().cpu()
    return np.asarray((tensor.float() if tensor.is_floating_point() else tensor).numpy())


def give_weights(options: Any, weights: Mapping[str, Any]) -> list[Any]:
    """Hand a model file's weights to the session options of a graph by `export_graph`.

    Args:
        options: onnxruntime.SessionOptions, before the session is made.
        weights: The state dict, or the same as arrays.

    Returns:
        The values; keep them for as long as the session lives, it reads their memory.
    """
    import onnxruntime

    # Only float weights: counters (num_batches_tracked) are no part of the graph.
    named = {k: _as_array(v) for k, v in weights.items()}
    named = {k: v for k, v in named.items() if v.dtype.kind == "f"}
    values = [
        onnxruntime.OrtValue.ortvalue_from_numpy(np.ascontiguousarray(v, dtype=np.float32))
        for v in named.values()
    ]
    options.add_external_initializers(list(named), values)
    return values


def _all_different(net: nn.Module) -> nn.Module:
    """A copy with weights of noise: the exporter merges equal tensors, and names would be lost.

    (The two BatchNorms that end a block with a short cut keep equal biases through all training.)
    """
    import torch

    twin = copy.deepcopy(net).eval()
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for value in twin.state_dict().values():
            if value.is_floating_point():
                value.copy_(torch.rand(value.shape, generator=generator) * 0.1)
    return twin


def _export(net: nn.Module, input_shape: Sequence[int], outputs: Sequence[str]) -> bytes:
    import torch

    file = io.BytesIO()
    with warnings.catch_warnings():
        # The TorchScript exporter announces its own end; the newer one writes a graph three times
        # as large here and rewrites weight names.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            net,
            (torch.zeros(2, *input_shape),),
            file,  # type: ignore[arg-type]
            dynamo=False,
            opset_version=OPSET,
            # PRESERVE keeps BatchNorm apart from its convolution, hence the weights' names.
            training=torch.onnx.TrainingMode.PRESERVE,
            input_names=[INPUT],
            output_names=list(outputs),
            dynamic_axes={name: {0: "batch"} for name in (INPUT, *outputs)},
        )
    return file.getvalue()
