"""The mobile hourglass: its published sizes, its shapes, its ONNX twin."""

from __future__ import annotations

import numpy as np
import onnxruntime
import pytest
import torch

from core.nets.hourglass import InvertedBottleneck, MobileHourglass
from core.nets.onnx_graph import export_graph, give_weights
from core.nets.registry import build_net


def _millions(net: torch.nn.Module) -> float:
    return sum(p.numel() for p in net.parameters()) / 1e6


@pytest.mark.parametrize(
    ("features", "expansion", "published"),
    [(16, 3, 0.09), (16, 6, 0.12), (32, 3, 0.17), (32, 6, 0.27)],
)
def test_sizes_are_those_of_table_7_1(features: int, expansion: int, published: float):
    net = MobileHourglass(14, 14, features, expansion, dense=False)
    assert round(_millions(net), 2) == published


def test_thirteen_inverted_bottlenecks():
    blocks = [m for m in MobileHourglass().modules() if isinstance(m, InvertedBottleneck)]
    assert len(blocks) == 13


def test_with_dense_layers_it_stays_small():
    assert _millions(MobileHourglass(14, 14)) <= 0.3


@pytest.mark.parametrize("size", [64, 128])
def test_logits_have_the_inputs_size(size: int):
    net = MobileHourglass(14, 14, 16, 3, stem=16)
    assert net(torch.zeros(2, 17, size, size)).shape == (2, 14, size, size)


def test_the_coarsest_level_sees_far():
    """A pixel's logits depend on pixels half an input away."""
    net = MobileHourglass(3, 0, 8, 2, stem=8).eval()
    image = torch.randn(1, 3, 64, 64, requires_grad=True)
    net(image)[0, 0, 32, 32].backward()
    seen = image.grad.abs().sum(dim=(0, 1))
    assert seen[4, 4] > 0


@pytest.mark.parametrize("arguments", [{"features": 0}, {"previous_channels": 3}])
def test_impossible_arguments_are_errors(arguments: dict):
    with pytest.raises(ValueError, match=r"1 or more|previous_channels"):
        MobileHourglass(**arguments)


def test_the_graph_gives_the_same_logits():
    torch.manual_seed(0)
    net = build_net(
        "mobile-hourglass",
        {"num_classes": 14, "previous_channels": 14, "features": 16, "expansion": 3, "stem": 16},
    )
    for value in net.state_dict().values():  # BatchNorms that do something
        if value.is_floating_point():
            value.add_(0.05 * torch.rand_like(value))
    net.eval()
    graph = export_graph(net, (17, 64, 64), ("logits",))
    options = onnxruntime.SessionOptions()
    kept = give_weights(options, net.state_dict())
    session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    assert kept
    for batch in (1, 3):
        images = torch.randn(batch, 17, 64, 64)
        with torch.no_grad():
            expected = net(images).numpy()
        (found,) = session.run(None, {"images": images.numpy()})
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=2e-3)
