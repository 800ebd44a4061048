"""A forest answers as its trees say, and turns with the face."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from core.errors import InputError
from core.nets.forest import RegressionForest
from core.nets.registry import build_net
from core.nets.staged import StagedNet

SIZE, POINTS = 65, 6


def _forest(stages: int = 2) -> RegressionForest:
    """Random trees round a ring of six points."""
    rng = np.random.default_rng(4)
    net = RegressionForest(POINTS, SIZE, stages, trees=7, depth=3, pixels=30)
    angle = np.linspace(0, 2 * np.pi, POINTS, endpoint=False)
    ring = 32 + 12 * np.stack([np.cos(angle), 0.8 * np.sin(angle)], axis=1)
    net.mean_shape.copy_(torch.from_numpy(ring))
    net.anchors.copy_(torch.from_numpy(rng.integers(0, POINTS, (stages, 30))))
    net.offsets.copy_(torch.from_numpy(rng.normal(0, 4, (stages, 30, 2))))
    for pixels in (net.first, net.second):
        pixels.copy_(torch.from_numpy(rng.integers(0, 30, pixels.shape)))
    net.thresholds.copy_(torch.from_numpy(rng.integers(-20, 21, net.thresholds.shape)))
    net.leaves.copy_(torch.from_numpy(rng.normal(0, 0.2, net.leaves.shape)))
    return net.eval()


def _picture(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Grey in 0 … 1 at any place, piecewise smooth."""
    return 0.5 + 0.25 * np.sin(x / 9) * np.cos(y / 7) + 0.2 * np.cos((x + 2 * y) / 11)


def _images(grey: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(np.repeat(grey[None, None], 3, axis=1).astype(np.float32))


def test_every_stage_answers_and_the_last_is_the_answer():
    net = _forest(3)
    assert isinstance(net, StagedNet)
    images = torch.rand(4, 3, SIZE, SIZE)
    found = net.stage_landmarks(images)
    assert [points.shape for points in found] == [(4, POINTS, 2)] * 3
    assert torch.equal(found[-1], net(images))
    assert not torch.equal(found[0], found[1])


def test_it_says_what_a_loop_over_its_trees_says():
    net = _forest(1)
    y, x = np.mgrid[:SIZE, :SIZE]
    grey = _picture(x, y)
    found = net(_images(grey))[0].numpy()

    levels = np.floor(grey.astype(np.float32) * 255 + 0.5)
    mean = net.mean_shape.numpy()
    place = np.floor(mean[net.anchors[0].numpy()] + net.offsets[0].numpy() + 0.5).astype(int)
    values = levels[place[:, 1], place[:, 0]]
    answer = np.zeros(2 * POINTS)
    leaves = net.leaves[0].reshape(7, 8, -1).numpy()
    for tree in range(7):
        node = 0
        for _ in range(3):
            a, b = net.first[0, tree, node], net.second[0, tree, node]
            node = 2 * node + 1 + int(values[a] - values[b] > float(net.thresholds[0, tree, node]))
        answer += leaves[tree, node - 7]
    np.testing.assert_allclose(found, mean + answer.reshape(POINTS, 2), atol=1e-4)


def test_a_face_turned_by_a_quarter_gives_the_answer_turned():
    """Exact on the pixel grid, so equality is sharp: features turn with the shape."""
    net = _forest()
    y, x = np.mgrid[:SIZE, :SIZE]
    images = _images(_picture(x, y))
    start = net.mean_shape[None]
    upright = net.from_shape(images, start)[-1]
    # np.rot90 (counter-clockwise on screen): (x, y) goes to (y, 64 − x).
    turned_images = torch.rot90(images, 1, (2, 3)).contiguous()

    def quarter(points: torch.Tensor) -> torch.Tensor:
        return torch.stack([points[..., 1], SIZE - 1 - points[..., 0]], dim=-1)

    turned = net.from_shape(turned_images, quarter(start))[-1]
    torch.testing.assert_close(turned, quarter(upright), atol=0.15, rtol=0)


def test_a_face_twice_as_large_gives_the_answer_twice_as_large():
    net = _forest(1)
    y, x = np.mgrid[: 2 * SIZE - 1, : 2 * SIZE - 1]
    large = _picture(x / 2, y / 2)
    small = _images(large[::2, ::2])
    start = net.mean_shape[None]
    one = net.from_shape(small, start)[-1]
    two = net.from_shape(_images(large), 2 * start)[-1]
    # Pixels between the small picture's own ones differ a little; most comparisons do not.
    assert (two / 2 - one).abs().mean() < 0.1
    assert (two / 2 - start).abs().mean() > 0.3


def test_beyond_the_picture_it_is_black():
    net = _forest(1)
    far = net.mean_shape[None] + 500
    black = net.from_shape(torch.zeros(1, 3, SIZE, SIZE), far)[-1]
    torch.testing.assert_close(net.from_shape(torch.ones(1, 3, SIZE, SIZE), far)[-1], black)


def test_a_forest_without_trees_is_refused():
    with pytest.raises(InputError, match="1 or more"):
        build_net("forest", {"trees": 0})
