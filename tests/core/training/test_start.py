"""What a run starts from: published backbone weights as they are found, and a sentence else."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from core.errors import CoreError
from core.nets.ffld import FFLD
from core.nets.registry import build_net
from core.training.recipe import Recipe
from core.training.start import start_weights

SMALL = {"num_points": 68, "input_size": 64, "width": 0.25, "stages": 1}


def small_net() -> FFLD:
    net = build_net("ffld", SMALL)
    assert isinstance(net, FFLD)
    return net


def started(file: Path, cache) -> FFLD:
    recipe = Recipe(input_size=64)
    recipe = replace(recipe, net=replace(recipe.net, backbone_weights=str(file)))
    net = small_net()
    start_weights(net, recipe, cache)
    return net


@pytest.mark.parametrize("wrapped", [False, True])
def test_a_published_state_dict_is_taken_up_as_it_was_published(wrapped, toy_cache, tmp_path: Path):
    """Bare, and as data-parallel training leaves it: {"state_dict": {"module.…"}}."""
    published = small_net().body.state_dict()
    file = tmp_path / "body.pth"
    inside = {f"module.{name}": value for name, value in published.items()}
    torch.save({"state_dict": inside, "epoch": 90} if wrapped else published, file)
    own = started(file, toy_cache).body.state_dict()
    for name, value in published.items():
        torch.testing.assert_close(own[name], value)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({"other.weight": torch.zeros(3)}, "not usable as backbone weights"),
        (b"junk", "read safely"),
        (None, "no such weight file"),
    ],
)
def test_what_cannot_be_used_is_one_sentence(content, words, toy_cache, tmp_path: Path):
    file = tmp_path / "body.pth"
    if isinstance(content, bytes):
        file.write_bytes(content)
    elif content is not None:
        torch.save(content, file)
    with pytest.raises(CoreError, match=words) as caught:
        started(file, toy_cache)
    assert str(file) in str(caught.value)
