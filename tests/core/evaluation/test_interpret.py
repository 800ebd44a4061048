"""Looking into models: points go back to where they came from, claims can fail, runs are read."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from core.cli import main
from core.datasets import face_cache
from core.datasets.face_cache import FaceCache
from core.errors import InputError
from core.evaluation import interpret
from core.evaluation.interpret_claims import claims, interpret_table
from core.nets.ffld import FFLD
from core.nets.forest import RegressionForest
from core.nets.model_card import BoxRule, ModelCard
from core.nets.model_file import save_model
from core.schemes import load_landmark_scheme
from core.training.predictions import keep_predictions

SCHEME = load_landmark_scheme("ibug68")
SIZE = 80


def _shapes(count: int) -> np.ndarray:
    """Faces of 68 points that stretch and open their mouths, (count, 68, 2) stored-crop pixels."""
    rng = np.random.default_rng(0)
    file = Path(__file__).parents[3] / "resources/faces/mean_shape.json"
    named = json.loads(file.read_text())["points"]
    mean = np.array([named[name] for name in SCHEME.point_names], float)
    mean = (mean - mean.mean(axis=0)) / np.ptp(mean, axis=0).max()
    faces = np.repeat(mean[None], count, axis=0) * rng.uniform(0.9, 1.1, (count, 1, 2))
    faces[:, list(SCHEME.components["inner_lip"]), 1] += rng.uniform(0, 0.05, (count, 1))
    return SIZE / 1.8 * (faces + rng.normal(0, 0.01, faces.shape)) + (SIZE - 1) / 2


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> FaceCache:
    """60 noise pictures with face shapes."""
    folder = tmp_path_factory.mktemp("faces") / "cache"
    xy = _shapes(60).astype(np.float32)
    images = np.random.default_rng(1).integers(0, 256, (60, SIZE, SIZE, 3)).astype(np.uint8)
    face_cache.start_cache(folder, "ibug68", SIZE, 60, {})
    face_cache.write_shard(folder, 0, images, xy, np.ones((60, 68), bool))
    return face_cache.open_cache(folder)


def _file(path: Path, architecture: str, net: torch.nn.Module, **arguments: Any) -> Path:
    card = ModelCard(
        name=path.stem, task="landmarks", architecture=architecture, arguments=arguments,
        input_hw=(48, 48), outputs=("landmarks",), scheme="ibug68", box_rule=BoxRule(scale=1.2),
        mirror=tuple(int(i) for i in SCHEME.mirror),
    )  # fmt: skip
    save_model(path, card, net.state_dict())
    return path


@pytest.fixture(scope="module")
def models(cache: FaceCache, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """A forest that always says the mean shape, and an untrained cascade."""
    folder = tmp_path_factory.mktemp("models")
    torch.manual_seed(0)
    shape = {"num_points": 68, "input_size": 48}
    trees = shape | {"stages": 2, "trees": 3, "depth": 2, "pixels": 10}
    forest = RegressionForest(**trees)
    xy = cache.landmarks - (SIZE - 1) / 2
    scale = 48 / (1.2 * np.ptp(xy, axis=1).max(axis=1).mean())
    forest.mean_shape.copy_(torch.from_numpy(xy.mean(axis=0) * scale + 23.5))
    small = shape | {"width": 0.125, "stages": 1, "crop_width": 8}
    cascade = FFLD(**small)
    return [
        _file(folder / "trees.safetensors", "forest", forest, **trees),
        _file(folder / "steps.safetensors", "ffld", cascade, **small),
    ]


def test_points_come_back_to_the_faces_own_pixels(cache: FaceCache, models: list[Path]):
    rows = list(range(20, 40))
    seen = interpret.look(models[0], cache, rows, hard=False)
    assert seen.kind == "forest"
    assert seen.points.shape == (2, 20, 68, 2)
    np.testing.assert_array_equal(seen.truth, cache.landmarks[rows])
    # Crops are placed round the truth within a few per cent, so the mean shape lies near it.
    assert np.abs(seen.points[0] - seen.truth).mean() < 0.08 * SIZE
    assert seen.errors(SCHEME)[0] == pytest.approx(seen.errors(SCHEME)[1])  # no leaf says anything


def test_hard_pictures_are_the_same_for_everybody_and_partly_hidden(cache: FaceCache):
    image = np.full((SIZE, SIZE, 3), 200, np.uint8)
    hard = interpret.hardened(image, 3)
    np.testing.assert_array_equal(hard, interpret.hardened(image, 3))
    assert (hard != interpret.hardened(image, 4)).any()
    assert 0.01 < (hard == 0).mean() < 0.5
    assert (image == 200).all()


def test_kinds_of_cells():
    mean = _shapes(1)[0]
    cells = interpret.cells_of(SCHEME, mean)
    assert not np.diag(cells.every).any()
    assert cells.contour[0, 40]
    assert not cells.inner[0, 40]
    assert cells.inner[36, 40]
    assert (cells.contour | cells.inner == cells.every).all()
    assert cells.near[1, 2]
    assert not cells.near[0, 54]
    assert cells.same[36, 40]
    assert not cells.same[1, 2]  # the jaw stands apart


def test_another_scheme_or_foreign_net_is_refused(cache: FaceCache, models: list[Path]):
    other = FaceCache(**{**vars(cache), "scheme": "inner41"})
    with pytest.raises(InputError, match="with stages is needed"):
        interpret.look(models[0], other, [0, 1, 2], hard=False)
    with pytest.raises(InputError, match="has no jaw"):
        interpret.cells_of(load_landmark_scheme("inner41"), np.zeros((41, 2)))


# ---- claims


def _model(kind: str, stages: list[float], steps: list[float], **off: float) -> dict[str, Any]:
    usual = {"every": 0.05, "contour": 0.08, "inner": 0.01, "near": 0.05, "far": 0.0, "size": 0.06}
    return {
        "name": kind, "kind": kind, "nme": [0.06, 0.05], "off": [usual | off],
        "steps": [{"mean": s, "falling": 0.6} for s in steps],
        "pairs": {
            "62-66": {"truth": 0.5, "stages": stages},
            "17-54": {"truth": 0.4, "stages": [0.6]},
        },
        "hard": {"nme": 0.1, "off": usual | {"inner": off.get("hard", 0.02)}},
    }  # fmt: skip


def _thesis() -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Models and a training as the thesis describes them."""
    forest = [0.9, 0.8, 0.7, 0.65, 0.61, 0.6, 0.6, 0.6, 0.6, 0.6]
    models = [
        _model("forest", forest, [-0.02] * 9, size=0.09),
        _model("cascade", [0.8, 0.7, 0.65, 0.6], [-0.02] * 3, size=0.05),
        _model("hourglass", [0.52, 0.5, 0.5, 0.5], [0.001] * 3, size=0.03, hard=-0.05),
    ]
    learning = {
        "late_deviation": {"contour": 0.03, "inner": 0.01},
        "inner": [0.9, 0.7], "contour": [0.6, 0.5], "same_component": [0.91, 0.9],
    }  # fmt: skip
    return models, learning


def test_models_as_the_thesis_describes_them_fulfil_every_claim():
    found = claims(*_thesis())
    assert len(found) == 16
    assert all(one["holds"] for one in found), [c["claim"] for c in found if not c["holds"]]


@pytest.mark.parametrize(
    ("kind", "change", "broken"),
    [
        (0, {"off": {"every": -0.1}}, "ERT is over-correlated"),
        (0, {"off": {"contour": 0.0}}, "most on the contour"),
        (0, {"lips": [0.9, 0.89, 0.88, 0.87, 0.86, 0.8, 0.7, 0.65, 0.6, 0.5]}, "settles"),
        (1, {"steps": [0.01, 0.01, 0.0]}, "the cascade de-correlates"),
        (1, {"lips": [0.8, 0.6, 0.5, 0.4]}, "never comes down"),
        (2, {"steps": [-0.05, 0.0, 0.0]}, "stacks do not"),
        (2, {"lips": [0.8, 0.5, 0.5, 0.5]}, "right from stage 1"),
        (2, {"off": {"near": -0.01}}, "hourglass: neighbours"),
        (2, {"off": {"size": 0.2}}, "errs least"),
    ],
)
def test_every_claim_can_fail(kind: int, change: dict[str, Any], broken: str):
    models, learning = copy.deepcopy(_thesis())
    model = models[kind]
    model["off"][-1] |= change.get("off", {})
    if "lips" in change:
        model["pairs"]["62-66"]["stages"] = change["lips"]
    if "steps" in change:
        model["steps"] = [{"mean": s, "falling": 0.5} for s in change["steps"]]
    failed = [one["claim"] for one in claims(models, learning) if not one["holds"]]
    assert any(broken in claim for claim in failed)


def test_learning_is_read_from_kept_predictions(tmp_path: Path):
    truth = _shapes(80)
    rng = np.random.default_rng(5)
    for epoch in range(1, 7):
        predicted = truth + rng.normal(0, 0.2, truth.shape)
        predicted[:, :17] += rng.normal(0, 2.0 / epoch, (80, 17, 2))  # the contour settles slowly
        keep_predictions(tmp_path, epoch, predicted, truth, "ibug68")
    cells = interpret.cells_of(SCHEME, truth.mean(axis=0))
    found = interpret.learning_figures(tmp_path, cells)
    assert found["epochs"] == [1, 2, 3, 4, 5, 6]
    assert found["late_deviation"]["contour"] > found["late_deviation"]["inner"]
    assert found["contour"][-1] > found["contour"][0]
    with pytest.raises(InputError, match="kept no predictions"):
        interpret.learning_figures(tmp_path / "none", cells)


def test_the_command_keeps_record_matrices_and_table(
    cache: FaceCache, models: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    arguments = [
        "study", "interpret", "--model", str(models[0]), "--model", str(models[1]), "-q", "--json",
        "--data", f"synthetic:{cache.folder}", "--held-out", "40", "--record", str(tmp_path),
        "--out", str(tmp_path / "out"),
    ]  # fmt: skip
    assert main(arguments) == 0
    record = json.loads(capsys.readouterr().out)
    assert [m["kind"] for m in record["figures"]["models"]] == ["forest", "cascade"]
    with np.load(tmp_path / "out/interpret.npz") as kept:
        assert kept["truth"].shape == (68, 68)
        assert kept["trees"].shape == (2, 68, 68)
        assert kept["steps/hard"].shape == (2, 68, 68)
    table = interpret_table([record])
    assert "| trees | 2 |" in table
    assert "ERT is over-correlated" in table


def test_without_models_there_is_nothing_to_look_at(capsys: pytest.CaptureFixture[str]):
    assert main(["study", "interpret"]) == 2
    assert "needs --model" in capsys.readouterr().err
