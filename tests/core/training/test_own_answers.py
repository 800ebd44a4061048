"""Last masks that are the net's own answers, or nearly the truth (METHODS H, feedback)."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from core.datasets.face_cache import UNKNOWN, FaceCache
from core.schemes import load_landmark_scheme, load_mask_scheme
from core.training.batches import stack
from core.training.loop import train
from core.training.parsing_batches import ParsingSamples
from core.training.parsing_task import ParsingTask
from core.training.recipe import AugmentRecipe, PreviousRecipe, load_recipe

SCHEMES = load_landmark_scheme("ibug68"), load_mask_scheme("parts14")
STILL = AugmentRecipe(
    crop_scale=2.0, blur=0.0, low_resolution=0.0, jpeg=0.0, grey=0.0, gamma=0.0, colour=0.0,
    noise=0.0, occlusion=0.0,
)  # fmt: skip


def _samples(cache: FaceCache, previous: PreviousRecipe) -> ParsingSamples:
    return ParsingSamples(cache, np.arange(40), SCHEMES, 48, (STILL, previous), 7, 0)


def test_without_own_answers_no_earlier_picture_is_made(toy_heads: FaceCache):
    batch = stack([_samples(toy_heads, PreviousRecipe())[row] for row in range(4)])
    assert batch.earlier.shape == (4, 0)
    assert not batch.fed_own.any()


def test_the_earlier_picture_is_the_same_face_a_little_moved(toy_heads: FaceCache):
    samples = _samples(toy_heads, PreviousRecipe(empty=0.0, own=1.0))
    for row in range(10):
        sample = samples[row]
        assert sample.fed_own
        off = (sample.earlier.float() - sample.images.float()).abs()
        other = (samples[row + 10].images.float() - sample.images.float()).abs()
        assert 0.0 < off.mean() < 0.5 * other.mean()


def test_first_frames_and_cuts_stay_without_a_mask(toy_heads: FaceCache):
    samples = _samples(toy_heads, PreviousRecipe(empty=1.0, own=1.0))
    assert all(not samples[row].fed_own for row in range(10))


def test_calm_masks_are_nearer_the_truth(toy_heads: FaceCache):
    def agreement(calm: float) -> float:
        recipe = PreviousRecipe(empty=0.0, wrong=0.0, ragged=1.0, calm=calm)
        shares = []
        for row in range(20):
            sample = _samples(toy_heads, recipe)[row]
            known = sample.labels != UNKNOWN
            shares.append(float((sample.previous == sample.labels)[known].float().mean()))
        return float(np.mean(shares))

    assert agreement(1.0) > agreement(0.0) + 0.02


class _Recorder(torch.nn.Module):
    """A net that says class 3 everywhere and keeps what it was shown."""

    def __init__(self) -> None:
        super().__init__()
        self.shown: list[Tensor] = []

    def forward(self, x: Tensor) -> Tensor:
        self.shown.append(x)
        logits = torch.zeros(len(x), 14, *x.shape[2:], requires_grad=True)
        return logits + torch.eye(14)[3][None, :, None, None]


def test_the_net_is_fed_what_it_said_of_the_earlier_picture(
    toy_heads: FaceCache, toy_parts_file: Path
):
    recipe = load_recipe(str(toy_parts_file), ["previous.own=0.5", "previous.empty=0.3"])
    task, net = ParsingTask(recipe), _Recorder()
    samples = _samples(toy_heads, replace(recipe.previous, wrong=0.0))
    batch = stack([samples[row] for row in range(24)])
    assert 0 < int(batch.fed_own.sum()) < 24
    task.loss(net, batch, 0.0)
    before, now = net.shown
    planes = now[:, 3:]
    assert (planes[batch.fed_own][:, 3] == 1).all()
    assert torch.equal(planes[~batch.fed_own], before[:, 3:][~batch.fed_own])
    assert not torch.equal(now[batch.fed_own][:, :3], before[batch.fed_own][:, :3])


def test_it_trains_and_a_resumed_run_is_the_same(toy_parts_file: Path, tmp_path: Path):
    from core.nets.model_file import load_weights

    before = torch.get_num_threads()
    recipe = load_recipe(str(toy_parts_file), ["previous.own=0.8", "optimise.epochs=1"])
    whole = train(recipe, tmp_path / "whole", device="cpu")
    calls = iter(range(1000))
    train(recipe, tmp_path / "parts", device="cpu", cancelled=lambda: next(calls) >= 3)
    parts = train(recipe, tmp_path / "parts", device="cpu", resume=True)
    torch.set_num_threads(before)
    one, other = load_weights(whole), load_weights(parts)
    assert all(torch.equal(value, other[name]) for name, value in one.items())


@pytest.mark.parametrize("row", ["net.architecture=unet", "net.architecture=mobile-hourglass"])
def test_both_parsing_nets_fit_the_task(toy_parts_file: Path, row: str):
    arguments = "net.arguments={width=4, feedback=false}" if "unet" in row else "seed=1"
    task = ParsingTask(load_recipe(str(toy_parts_file), [row, arguments]))
    assert task.build()(torch.zeros(1, task.input_channels, 48, 48)).shape == (1, 14, 48, 48)
