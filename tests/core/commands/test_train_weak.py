"""`train weak`: its shorthands, its events, its sentences."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from core.cli import main
from core.datasets import face_cache
from core.nets.model_file import read_card


@pytest.fixture(autouse=True)
def one_thread():
    """Torch's setting is put back."""
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.fixture
def faces(tmp_path: Path) -> Path:
    """60 noise pictures whose 68 points scatter about one shape."""
    rng = np.random.default_rng(0)
    shape = rng.uniform(20, 44, (1, 68, 2)) + rng.normal(0, 1, (60, 68, 2))
    images = rng.integers(0, 256, (60, 64, 64, 3)).astype(np.uint8)
    folder = tmp_path / "faces"
    face_cache.start_cache(folder, "ibug68", 64, 60, {})
    face_cache.write_shard(folder, 0, images, shape.astype(np.float32), np.ones((60, 68), bool))
    return folder


def _arguments(faces: Path, out: Path, *more: str) -> list[str]:
    small = [
        "input_size=48", "net.arguments.width=0.125", "data.validation_faces=10",
        "weak.epochs=[1,1,1]", "optimise.batch=8",
    ]  # fmt: skip
    sets = [word for change in small for word in ("--set", change)]
    common = ["--data", f"synthetic:{faces}", "--device", "cpu", "-q", "--out", str(out)]
    return ["train", "weak", *common, *sets, *more]


def test_shorthands_reach_the_recipe(
    faces: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    out = tmp_path / "job"
    more = ["--format", "0,5,8", "--sparse", "40", "--dense", "16", "--seed", "3", "--json"]
    assert main(_arguments(faces, out, *more)) == 0
    result = json.loads(capsys.readouterr().out)
    card = read_card(Path(result["model"]))
    assert card.arguments["sparse"] == [0, 5, 8]
    assert card.recipe["seed"] == 3
    assert "40 with 3 points, 16 with 68" in card.trained_on[0]
    events = [json.loads(line) for line in (out / "events.jsonl").read_text().splitlines()]
    assert {e["weak_stage"] for e in events} == {1, 2, 3}
    assert "val_nme" in events[-1]


def test_a_searched_format_wants_a_budget(
    faces: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    out = tmp_path / "job"
    assert main(_arguments(faces, out, "--format", "searched", "--budget", "7")) == 0
    assert len(read_card(out / "model.safetensors").arguments["sparse"]) == 7
    assert main(_arguments(faces, tmp_path / "x", "--format", "searched", "--budget", "0")) == 2
    assert "weak.budget must be 1 … 67" in capsys.readouterr().err


def test_a_job_is_resumed_or_refused(
    faces: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    out = tmp_path / "job"
    arguments = _arguments(faces, out, "--format", "MAFL-5")
    assert main(arguments) == 0
    assert main(arguments) == 2
    assert "--resume" in capsys.readouterr().err
    assert main([*arguments, "--resume"]) == 0


def test_shorthands_are_for_weak_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    arguments = ["train", "landmarks-68-small", "--dense", "3", "--out", str(tmp_path / "job")]
    assert main(arguments) == 2
    assert "--dense: only for `train weak`" in capsys.readouterr().err
