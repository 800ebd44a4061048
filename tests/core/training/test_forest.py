"""Growing ERT on toy faces: it learns stage by stage, is the same each time, and resumes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from core.datasets.face_cache import FaceCache
from core.errors import InputError, JobCancelled
from core.inference.predictor import load_predictor
from core.nets.model_file import load_weights, read_card
from core.progress import Progress
from core.training.forest import grow
from core.training.forest.job import ForestRun, train_forest
from core.training.job import JobFolder
from core.training.recipe import ForestRecipe, Recipe, load_recipe


@pytest.fixture
def recipe(toy_cache: FaceCache) -> Recipe:
    """Four stages of 12 trees on 150 toy faces."""
    return load_recipe(
        "forest-68-small",
        [
            f'data.train=["synthetic:{toy_cache.folder.as_posix()}"]',
            "data.faces=150", "data.validation_faces=40", "input_size=48",
            "forest.stages=4", "forest.trees=12", "forest.depth=3", "forest.pixels=60",
            "forest.starts=4", "forest.shrinkage=0.3",
        ],
    )  # fmt: skip


def test_the_error_falls_stage_by_stage(recipe: Recipe, tmp_path: Path):
    seen: list[Progress] = []
    path = train_forest(recipe, tmp_path / "job", report=seen.append)
    checks = [p.values for p in seen if p.stage == "validate"]
    assert [v["forest_stage"] for v in checks] == [1, 2, 3, 4]
    taught = [float(v["val_train_nme_box"]) for v in checks]
    assert taught == sorted(taught, reverse=True)
    assert taught[-1] < 0.7 * taught[0]
    held_out = [float(v["val_nme_box"]) for v in checks]
    assert held_out[-1] < held_out[0]
    assert read_card(path).results["validation"]["nme_box"] == pytest.approx(held_out[-1])


def test_the_same_seed_grows_the_same_forest(recipe: Recipe, tmp_path: Path):
    one, other = (load_weights(train_forest(recipe, tmp_path / name)) for name in ("one", "other"))
    for name, value in one.items():
        assert torch.equal(value, other[name]), name


def test_the_model_file_says_what_the_trainer_says(
    recipe: Recipe, tmp_path: Path, toy_cache: FaceCache
):
    with JobFolder(tmp_path / "job", recipe.as_record(), resume=False) as job:
        run = ForestRun(recipe, job, toy_cache, None)
        run.train()
        path = run.export()
    pictures, _ = run._held_out
    shapes = np.repeat(run.mean_shape[None], len(pictures), axis=0)
    from core.training.forest.job import apply_stage

    for stage in run.stages:
        shapes = apply_stage(stage, pictures, np.arange(len(pictures)), shapes, run.mean_shape)
    net = run.net()
    net.load_state_dict(load_weights(path))  # half precision loses nothing
    grey = torch.from_numpy(pictures).float()[:, None].expand(-1, 3, -1, -1) / 255
    found = net(grey).numpy()
    # A pixel on the border between two cells may round either way: a few points move a little.
    assert (np.abs(found - shapes).max(axis=(1, 2)) < 1e-3).mean() > 0.9
    assert np.abs(found - shapes).max() < 2.0

    xy = toy_cache.landmarks[190]
    box = np.array([*xy.min(axis=0), *xy.max(axis=0)])
    answer = load_predictor(path, "cpu").predict(toy_cache.image(190), box)
    assert answer.landmarks.shape == (68, 2)
    assert np.abs(answer.landmarks - xy).mean() < 6


def test_a_cancelled_run_resumes_bit_for_bit(recipe: Recipe, tmp_path: Path):
    whole = load_weights(train_forest(recipe, tmp_path / "whole"))
    parts = tmp_path / "parts"
    count = 0

    def asked() -> str | None:
        nonlocal count
        count += 1
        return "cancel" if count == 30 else None

    with pytest.raises(JobCancelled, match="whole stages"):
        train_forest(recipe, parts, asked=asked)
    assert not (parts / "model.safetensors").exists()
    resumed = load_weights(train_forest(recipe, parts, resume=True))
    assert "resumed after stage 2" in (parts / "log.txt").read_text()
    for name, value in whole.items():
        assert torch.equal(value, resumed[name]), name


def test_an_early_stop_keeps_the_whole_stages(recipe: Recipe, tmp_path: Path):
    calls = iter(range(10_000))
    path = train_forest(recipe, tmp_path / "job", cancelled=lambda: next(calls) > 28)
    assert read_card(path).arguments["stages"] == 2


def test_colour_preprocessing_is_refused(recipe: Recipe, tmp_path: Path):
    other = load_recipe("forest-68-small", ["mean=[0.5, 0.5, 0.5]"])
    with pytest.raises(InputError, match="mean 0 and std 1"):
        train_forest(other, tmp_path / "job")


# ---- growing


def _features(seed: int, count: int = 300) -> tuple[np.ndarray, np.ndarray]:
    """Random features and residuals that depend on two of them."""
    rng = np.random.default_rng(seed)
    features = rng.integers(0, 256, (count, 20)).astype(np.uint8)
    right = features[:, 3].astype(int) - features[:, 7] > 10
    residuals = rng.normal(0, 0.3, (count, 8)) + np.where(right, 2.0, -2.0)[:, None]
    return features, residuals.astype(np.float32)


def test_a_node_keeps_the_split_with_the_largest_gain():
    features, residuals = _features(1)
    rng = np.random.default_rng(2)
    first, second = rng.integers(0, 20, (2, 7, 5)).astype(np.int32)
    limits = rng.integers(-64, 65, (7, 5)).astype(np.float32)
    chosen, leaf = grow.grow_tree(features, residuals, first, second, limits, 3)

    node = np.zeros(len(features), int)
    for number in range(7):  # the twin: sums of squares fallen, one split at a time
        mine = node == number
        spread = []
        for split in range(5):
            a, b = first[number, split], second[number, split]
            right = features[mine, a].astype(float) - features[mine, b] > limits[number, split]
            halves = [residuals[mine][right], residuals[mine][~right]]
            rest = sum(float(((h - h.mean(axis=0)) ** 2).sum()) for h in halves if len(h))
            spread.append(rest if all(len(h) for h in halves) else np.inf)
        assert np.isclose(spread[chosen[number]], min(spread), rtol=1e-5)
        a, b = first[number, chosen[number]], second[number, chosen[number]]
        right = features[:, a].astype(float) - features[:, b] > limits[number, chosen[number]]
        node = np.where(mine, 2 * number + 1 + right, node)
    np.testing.assert_array_equal(leaf, node - 7)


def test_all_directions_keep_every_length():
    _, residuals = _features(3)
    basis = grow.principal_directions(residuals, 0)
    np.testing.assert_allclose(basis.T @ basis, np.eye(8), atol=1e-5)
    few = grow.principal_directions(residuals, 2)
    np.testing.assert_array_equal(few, basis[:, :2])


def test_a_stage_takes_the_shrinkage_of_what_trees_find():
    features, residuals = _features(5)
    before = residuals.copy()
    recipe = ForestRecipe(trees=20, depth=2, splits=30, shrinkage=0.5, directions=0)
    place = np.random.default_rng(0).uniform(0, 5, (20, 2)).astype(np.float32)
    pixels = np.zeros(20, np.int32), np.zeros((20, 2), np.float32), place
    stage = grow.grow_stage(features, residuals, pixels, recipe, 100.0, np.random.default_rng(1))
    assert np.square(residuals).sum() < 0.3 * np.square(before).sum()
    said = grow.answer(features, stage.first, stage.second, stage.thresholds, stage.leaves)
    np.testing.assert_allclose(before - said, residuals, atol=1e-4)


def test_near_pixels_are_paired_more_often():
    rng = np.random.default_rng(0)
    place = rng.uniform(0, 100, (200, 2)).astype(np.float32)

    def far(reach: float) -> float:
        a, b = grow.draw_pairs(place, 3000, reach, np.random.default_rng(1))
        assert (a != b).all()
        return float(np.linalg.norm(place[a] - place[b], axis=1).mean())

    assert far(10.0) < 0.5 * far(1e6)


def test_turns_lay_the_mean_shape_over_a_shape():
    rng = np.random.default_rng(8)
    mean = rng.normal(0, 10, (9, 2)).astype(np.float32)
    turn = np.array([[0.8, -0.6], [0.6, 0.8]])
    shape = (1.5 * mean @ turn.T + [3, 4]).astype(np.float32)[None]
    turns = grow.turns_of(shape, mean)
    np.testing.assert_allclose(turns, [[1.2, 0.9]], atol=1e-5)
    step = rng.normal(0, 1, (1, 9, 2)).astype(np.float32)
    np.testing.assert_allclose(grow.unturned(grow.turned(step, turns), turns), step, atol=1e-5)


@pytest.mark.parametrize("name", ["forest-68-small", "forest-68-paper"])
def test_recipes_grow_the_forest_of_the_thesis(name: str):
    forest = load_recipe(name).forest
    assert (forest.stages, forest.trees, forest.depth) == (10, 500, 5)
