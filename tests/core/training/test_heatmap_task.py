"""Training stacked hourglasses: the usual loop, another loss; predictions by epoch; recipes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from core.datasets.face_cache import FaceCache
from core.errors import InputError
from core.inference.predictor import load_predictor
from core.nets.model_file import read_card
from core.progress import Progress
from core.training.loop import TASKS, train
from core.training.recipe import Recipe, load_recipe


@pytest.fixture(autouse=True)
def one_thread():
    """Torch's setting is put back."""
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.fixture
def recipe(toy_cache: FaceCache) -> Recipe:
    """Two small hourglasses, 32² maps, five epochs of ten steps."""
    return load_recipe(
        "hourglass-68-small",
        [
            f'data.train=["synthetic:{toy_cache.folder.as_posix()}"]', "data.workers=0",
            "data.validation_faces=40", "input_size=64", "net.arguments.stacks=2",
            "net.arguments.channels=8", "optimise.epochs=5", "optimise.minutes=0",
            "optimise.lr=5e-3", "optimise.precision=32-true", "optimise.predictions_every=2",
            "augment.occlusion=0.0", "augment.blur=0.0", "augment.background=0.1",
        ],
    )  # fmt: skip


def test_it_learns_predicts_and_keeps_predictions(
    recipe: Recipe, tmp_path: Path, toy_cache: FaceCache
):
    seen: list[Progress] = []
    path = train(recipe, tmp_path / "job", device="cpu", report=seen.append)
    scores = [p.values["val_nme_box"] for p in seen if p.stage == "validate"]
    assert len(scores) == 5
    assert scores[-1] < scores[0]
    assert {"s0", "s1", "loss"} <= set(next(p for p in seen if p.stage == "train").values)

    card = read_card(path)
    assert card.task == "landmarks"
    assert card.outputs == ("landmarks",)
    xy = toy_cache.landmarks[170]
    box = np.array([*xy.min(axis=0), *xy.max(axis=0)])
    found = {
        name: load_predictor(path, "cpu", backend=name).predict(toy_cache.image(170), box)
        for name in ("torch-fp32", "onnxruntime")
    }
    points = [one.landmarks for one in found.values()]
    # An argmax between two equal cells may fall either way; nearly all points are the same.
    assert (np.abs(points[0] - points[1]).max(axis=1) < 0.1).mean() > 0.9

    kept = sorted(p.name for p in (tmp_path / "job/predictions").iterdir())
    assert kept == ["epoch-0002.npy", "epoch-0004.npy", "truth.npz"]
    predicted = np.load(tmp_path / "job/predictions/epoch-0004.npy")
    assert predicted.shape == (40, 68, 2)
    assert predicted.dtype == np.float32


@pytest.mark.parametrize(
    ("change", "sentence"),
    [("heatmaps.sigma=0", "sigma must be positive"), ("net.architecture=ffld", "no heat-maps")],
)
def test_what_cannot_be_trained_is_a_sentence(
    toy_cache: FaceCache, tmp_path: Path, change: str, sentence: str
):
    changes = [f'data.train=["synthetic:{toy_cache.folder.as_posix()}"]', change]
    changes += ["data.validation_faces=40"]
    if "ffld" in change:
        changes += ["net.arguments={}"]
    with pytest.raises(InputError, match=sentence):
        train(load_recipe("hourglass-68-small", changes), tmp_path / "job", device="cpu")


@pytest.mark.parametrize(
    "name",
    [
        "cascade-68-small", "cascade-68-paper", "dynamics-68-small", "hourglass-68-small",
        "hourglass-68-paper",
    ],
)  # fmt: skip
def test_recipes_of_models_to_interpret_load_and_build(name: str):
    recipe = load_recipe(name)
    net = TASKS[recipe.task](recipe).build().eval()
    with torch.no_grad():
        found = net.stage_landmarks(torch.zeros(1, 3, recipe.input_size, recipe.input_size))
    assert len(found) == (1 if name.startswith("dynamics") else 4)
    assert recipe.optimise.predictions_every == 1
