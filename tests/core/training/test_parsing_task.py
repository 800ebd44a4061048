"""Training a parsing net: it learns toy heads, writes a model file, refuses what does not fit."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from core.errors import InputError
from core.losses.parsing import cross_entropy
from core.nets.model_file import load_weights, read_card
from core.progress import Progress, ignore, never
from core.training.loop import train
from core.training.parsing_task import ParsingTask
from core.training.recipe import load_recipe
from core.training.sources import open_training_data


@pytest.fixture(autouse=True)
def one_thread():
    """No fight over cores; torch's setting is put back."""
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def test_it_learns_and_writes_a_model_file(toy_parts_file: Path, tmp_path: Path):
    seen: list[Progress] = []
    recipe = load_recipe(str(toy_parts_file), ["optimise.epochs=8", "optimise.batch=6"])
    path = train(recipe, tmp_path / "job", device="cpu", report=seen.append)
    scores = [p.values["val_f1_skin"] for p in seen if p.stage == "validate"]
    assert len(scores) == 8
    assert max(scores) > 0.87 > scores[0], scores
    card = read_card(path)
    assert (card.task, card.mask_scheme, card.outputs) == ("parsing", "parts14", ("logits",))
    assert card.input_channels == 17
    assert card.box_rule.scale == 2.0
    assert card.box_rule.shift_xy == (0.0, -0.15)
    means = [p.values["val_f1_mean"] for p in seen if p.stage == "validate"]
    assert card.results["validation"]["f1_mean"] == max(means)
    net = ParsingTask(recipe).build()
    net.load_state_dict(load_weights(path))


def test_a_resumed_run_equals_an_undisturbed_one(toy_parts_file: Path, tmp_path: Path):
    recipe = load_recipe(str(toy_parts_file))
    whole = train(recipe, tmp_path / "whole", device="cpu")
    calls = iter(range(1000))
    train(recipe, tmp_path / "parts", device="cpu", cancelled=lambda: next(calls) >= 5)
    parts = train(recipe, tmp_path / "parts", device="cpu", resume=True)
    one, other = load_weights(whole), load_weights(parts)
    for name, value in one.items():
        assert torch.equal(value, other[name]), name


def test_data_sets_with_landmarks_and_labels_are_packed(toy_parts_file: Path, tmp_path: Path):
    source = load_recipe(str(toy_parts_file)).data.train[0]
    recipe = load_recipe(
        str(toy_parts_file),
        [f'data.train=["{source}:train"]', f'data.folder="{tmp_path.as_posix()}"'],
    )
    packed, _ = open_training_data(recipe, ignore, never)
    again, _ = open_training_data(recipe, ignore, never)
    assert packed.mask_scheme == "parts14"
    assert 80 <= len(packed) == len(again) < 120
    labels = packed.label_map(0)
    assert {0, 1, 4, 5, 7} <= set(np.unique(labels).tolist())


def test_label_maps_without_landmarks_are_a_sentence(toy_parts_file: Path, tmp_path: Path):
    for folder in ("images", "labels"):
        (tmp_path / "p" / folder).mkdir(parents=True)
        cv2.imwrite(str(tmp_path / "p" / folder / "a.png"), np.zeros((20, 20), np.uint8))
    (tmp_path / "p" / "scheme.txt").write_text("parts14")
    change = f'data.train=["pairs:{(tmp_path / "p").as_posix()}"]'
    with pytest.raises(InputError, match="no picture with landmarks and labels"):
        train(load_recipe(str(toy_parts_file), [change]), tmp_path / "job", device="cpu")


def test_without_feedback_the_input_is_the_picture(toy_parts_file: Path):
    recipe = load_recipe(str(toy_parts_file), ["net.arguments.feedback=false"])
    task = ParsingTask(recipe)
    assert task.input_channels == 3
    assert task.build()(torch.zeros(1, 3, 48, 48)).shape == (1, 14, 48, 48)


@pytest.mark.parametrize("name", ["parts-small", "parts-paper", "parts-ablation"])
def test_bundled_recipes_build_their_net(name: str):
    task = ParsingTask(load_recipe(name))
    assert task.build().in_channels == task.input_channels == 17


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ("loss.class_weights.ear=2.0", "ear is no class of parts14"),
        ("input_size=100", "multiple of 16"),
        ("net.architecture=ffld", "cannot be built"),
        ("mask_scheme=helen11", "has parts14 labels where the recipe wants helen11"),
    ],
)
def test_what_does_not_fit_is_a_sentence(
    toy_parts_file: Path, tmp_path: Path, change: str, sentence: str
):
    with pytest.raises(InputError, match=sentence):
        train(load_recipe(str(toy_parts_file), [change]), tmp_path / "job", device="cpu")


def test_a_cache_without_labels_is_a_sentence(toy_parts_file: Path, toy_cache, tmp_path: Path):
    change = f'data.train=["synthetic:{toy_cache.folder.as_posix()}"]'
    with pytest.raises(InputError, match="has no labels"):
        train(load_recipe(str(toy_parts_file), [change]), tmp_path / "job", device="cpu")


def test_cross_entropy_is_the_weighted_mean_over_known_pixels():
    rng = np.random.default_rng(0)
    logits = torch.from_numpy(rng.normal(size=(2, 3, 4, 4)))
    labels = torch.from_numpy(rng.integers(0, 3, (2, 4, 4)).astype(np.uint8))
    labels[0, 0] = 255
    weights = torch.tensor([1.0, 2.0, 5.0], dtype=torch.float64)
    top = bottom = 0.0
    for b, y, x in np.ndindex(2, 4, 4):
        if (k := int(labels[b, y, x])) != 255:
            own = -torch.log_softmax(logits[b, :, y, x], dim=0)[k]
            top, bottom = top + float(weights[k] * own), bottom + float(weights[k])
    assert float(cross_entropy(logits, labels, weights)) == pytest.approx(top / bottom)
    assert float(cross_entropy(logits, torch.full_like(labels, 255))) == 0.0
