"""Two branches give one set of points, in the scheme's order, each from its own weights."""

from __future__ import annotations

import pytest
import torch

from core.errors import InputError
from core.nets.registry import build_net
from core.nets.staged import StagedNet
from core.nets.two_branch import TwoBranchResNet

SPARSE = (1, 4, 6)


def _net(**changes: object) -> TwoBranchResNet:
    torch.manual_seed(0)
    arguments = {"num_points": 8, "sparse": SPARSE, "input_size": 32, "width": 0.125} | changes
    return TwoBranchResNet(**arguments).eval()  # type: ignore[arg-type]


def test_points_come_in_the_schemes_order():
    net = _net()
    images = torch.randn(2, 3, 32, 32)
    points, features = net(images), net.features(images)
    assert points.shape == (2, 8, 2)
    assert torch.equal(points[:, SPARSE], net.main_points(features))
    assert torch.equal(points[:, [0, 2, 3, 5, 7]], net.secondary_points(features))


def test_it_starts_at_the_mean_shape():
    net = _net()
    mean = torch.rand(8, 2) * 32
    net.set_mean_shape(mean)
    with torch.no_grad():
        for branch in (net.main, net.secondary):
            branch.weight.zero_()
    torch.testing.assert_close(net(torch.randn(1, 3, 32, 32))[0], mean)


def test_with_all_points_sparse_there_is_no_secondary_branch():
    net = _net(sparse=range(8))
    assert net.secondary is None
    assert net(torch.randn(1, 3, 32, 32)).shape == (1, 8, 2)


def test_it_has_one_stage():
    net = _net()
    assert isinstance(net, StagedNet)
    images = torch.randn(1, 3, 32, 32)
    (points,) = net.stage_landmarks(images)
    assert torch.equal(points, net(images))


@pytest.mark.parametrize("sparse", [(), (4, 1), (1, 1), (8,), (-1, 2)])
def test_points_that_are_no_format_are_refused(sparse: tuple[int, ...]):
    with pytest.raises(InputError, match="cannot be built"):
        build_net("two-branch", {"num_points": 8, "sparse": sparse, "input_size": 32})
