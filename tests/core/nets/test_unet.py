"""U-Net: the thesis's size, its shapes, its ONNX twin."""

from __future__ import annotations

import numpy as np
import onnxruntime
import pytest
import torch

from core.nets.onnx_graph import export_graph, give_weights
from core.nets.registry import build_net
from core.nets.unet import UNet


def test_its_size_is_that_of_table_7_1():
    weights = sum(p.numel() for p in UNet(num_classes=10).parameters())
    assert round(weights / 1e6, 1) == 13.4


@pytest.mark.parametrize("size", [48, 112])
def test_logits_have_the_inputs_size(size: int):
    net = UNet(14, 14, width=4)
    assert net(torch.zeros(2, 17, size, size)).shape == (2, 14, size, size)


def test_a_pixel_sees_far():
    net = UNet(3, 0, width=4).eval()
    image = torch.randn(1, 3, 64, 64, requires_grad=True)
    net(image)[0, 0, 32, 32].backward()
    assert image.grad.abs().sum(dim=(0, 1))[6, 6] > 0


@pytest.mark.parametrize("arguments", [{"width": 0}, {"previous_channels": 3}])
def test_impossible_arguments_are_errors(arguments: dict):
    with pytest.raises(ValueError, match=r"1 or more|previous_channels"):
        UNet(**arguments)


def test_the_graph_gives_the_same_logits():
    torch.manual_seed(0)
    net = build_net("unet", {"num_classes": 5, "previous_channels": 5, "width": 4}).eval()
    graph = export_graph(net, (8, 48, 48), ("logits",))
    options = onnxruntime.SessionOptions()
    kept = give_weights(options, net.state_dict())
    session = onnxruntime.InferenceSession(graph, options, ["CPUExecutionProvider"])
    batch = np.random.default_rng(0).normal(size=(2, 8, 48, 48)).astype(np.float32)
    found = session.run(None, {session.get_inputs()[0].name: batch})[0]
    with torch.no_grad():
        expected = net(torch.from_numpy(batch)).numpy()
    np.testing.assert_allclose(found, expected, atol=1e-4)
    assert kept
