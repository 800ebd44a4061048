"""What a landmark net is taught beyond plain distances: openings, and points that count more."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from core.errors import InputError
from core.schemes import load_landmark_scheme
from core.training.batches import Batch
from core.training.landmark_task import LandmarkTask, confidence_shift, opening_pairs
from core.training.recipe import LossRecipe, NetRecipe, Recipe

RECIPE = Recipe(
    scheme="ibug68",
    input_size=64,
    net=NetRecipe(arguments={"depth": 18, "width": 0.125, "stages": 1, "crop_width": 16}),
    loss=LossRecipe(stages=("radial", "radial"), weights=(1.0, 1.0)),
)


def test_openings_are_lids_and_inner_lips():
    pairs = opening_pairs(load_landmark_scheme("ibug68")).tolist()
    assert pairs == [[37, 41], [38, 40], [43, 47], [44, 46], [61, 67], [62, 66], [63, 65]]
    assert len(opening_pairs(load_landmark_scheme("wflw98"))) == 9
    assert opening_pairs(load_landmark_scheme("points5")).shape == (0, 2)


def _losses(loss: LossRecipe) -> dict[str, float]:
    torch.manual_seed(0)
    task = LandmarkTask(replace(RECIPE, loss=loss))
    net = task.build().eval()
    points = 64 * torch.rand(2, 68, 2)
    batch = Batch(
        torch.randint(0, 255, (2, 64, 64, 3), dtype=torch.uint8), points,
        torch.ones(2, 68), torch.ones(2),
    )  # fmt: skip
    total, parts = task.loss(net, batch, 0.0)
    return {"total": float(total.detach()), **{name: float(v) for name, v in parts.items()}}


def test_gaps_and_point_weights_enter_the_sum():
    plain = _losses(RECIPE.loss)
    gaps = _losses(replace(RECIPE.loss, gaps=0.5))
    assert "gaps" not in plain
    assert gaps["total"] == pytest.approx(plain["total"] + 0.5 * gaps["gaps"], rel=1e-5)
    heavy = _losses(replace(RECIPE.loss, point_weights={"right_eye": 5.0}))
    assert heavy["s1"] != plain["s1"]
    assert heavy["confidence"] == plain["confidence"]


@pytest.mark.parametrize("weights", [{"third_eye": 2.0}, {"jaw": -1}, {"jaw": "much"}])
def test_weights_of_unknown_components_and_nonsense_are_refused(weights):
    with pytest.raises(InputError, match=r"point_weights"):
        LandmarkTask(
            replace(RECIPE, loss=LossRecipe(("l1",) * 2, (1.0,) * 2, point_weights=weights))
        )


def test_calibration_makes_the_mean_confidence_the_share_of_points_found():
    rng = np.random.default_rng(0)
    log_scale = rng.normal(-0.5, 0.6, 20_000)
    error = rng.exponential(np.exp(log_scale - 0.2))  # smaller than the head believes
    said = -np.expm1(-np.exp(-log_scale))
    shift = confidence_shift(said, error < 1.0)
    assert shift == pytest.approx(0.2, abs=0.03)
    calibrated = -np.expm1(-np.exp(shift - log_scale))
    assert calibrated.mean() == pytest.approx((error < 1).mean(), abs=1e-3)
    assert confidence_shift(np.full(5, 0.5), np.zeros(5, bool)) == pytest.approx(-0.5, abs=1e-6)
    assert confidence_shift(np.zeros(0), np.zeros(0, bool)) == 0.0
