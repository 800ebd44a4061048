"""The stored graph holds no weights and gives the net's own answers once it gets them."""

from __future__ import annotations

import numpy as np
import onnxruntime
import pytest
import torch

from core.nets.ffld import FFLD
from core.nets.onnx_graph import export_graph, give_weights

pytest.importorskip("onnx")


def test_graph_and_net_give_equal_outputs_at_any_batch_size():
    torch.manual_seed(0)
    net = FFLD(num_points=9, input_size=48, width=0.125, crop_width=16, pool="grid")
    for crop_net in net.crop_nets:
        torch.nn.init.normal_(crop_net.fc.weight, std=0.02)
    for _ in range(3):  # statistics other than 0 and 1
        net(torch.randn(8, 3, 48, 48) * 2 + 1)
    net.eval()

    graph = export_graph(net, (3, 48, 48), ("landmarks", "confidence_logits"))
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    kept = give_weights(options, net.state_dict())
    session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])

    assert kept
    for batch in (1, 3):
        images = torch.randn(batch, 3, 48, 48)
        with torch.no_grad():
            expected = net(images)
        found = session.run(None, {"images": images.numpy()})
        for own, other in zip(expected, found, strict=True):
            np.testing.assert_allclose(own.numpy(), other, atol=1e-3)


def test_the_graph_is_small_and_deterministic():
    net = FFLD(num_points=9, input_size=48, width=0.5, crop_width=64)
    weights = sum(v.numel() * 4 for v in net.state_dict().values())
    graph = export_graph(net, (3, 48, 48), ("landmarks", "confidence_logits"))
    assert len(graph) < 300_000 < weights
    assert graph == export_graph(net, (3, 48, 48), ("landmarks", "confidence_logits"))
