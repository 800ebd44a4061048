"""The loop on toy faces: it learns, stops when told, resumes bit for bit, ends with sentences."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from core.datasets.face_cache import FaceCache
from core.devices import DeviceLock
from core.errors import InputError, JobCancelled, ResourceError, StoreError
from core.nets.model_file import load_weights, read_card
from core.progress import Progress
from core.training.checkpoint import load_checkpoint
from core.training.landmark_task import LandmarkTask
from core.training.loop import train
from core.training.recipe import Recipe, load_recipe


@pytest.fixture(autouse=True)
def one_thread():
    """Bit-exact sums, and no fight over cores; torch's setting is put back."""
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.fixture
def recipe(toy_recipe_file: Path) -> Recipe:
    """Three epochs of ten steps."""
    return load_recipe(str(toy_recipe_file))


def _changed(file: Path, *changes: str) -> Recipe:
    return load_recipe(str(file), changes)


def _last(folder: Path) -> dict:
    return load_checkpoint(folder / "checkpoints" / "last.pt")


def test_it_learns_and_writes_a_model_file(toy_recipe_file: Path, tmp_path: Path):
    seen: list[Progress] = []
    recipe = _changed(toy_recipe_file, "optimise.epochs=8")
    path = train(recipe, tmp_path / "job", device="cpu", report=seen.append)

    scores = [p.values["val_nme_box"] for p in seen if p.stage == "validate"]
    assert len(scores) == 8
    assert scores[-1] < 0.5 * scores[0]
    card = read_card(path)
    assert card.name == "toy"
    assert card.results["validation"]["nme_box"] == pytest.approx(min(scores))
    assert card.box_rule.scale == 1.2
    assert card.outputs == ("landmarks", "confidence_logits")
    net = LandmarkTask(recipe).build()
    net.load_state_dict(load_weights(path))
    assert {"loss", "lr", "eta_s", "samples_per_s"} <= set(seen[-2].values)


def test_the_job_folder_says_what_runs(recipe: Recipe, tmp_path: Path):
    folder = tmp_path / "job"
    train(recipe, folder, device="cpu")
    job = json.loads((folder / "job.json").read_text())
    assert {"pid", "started", "command", "recipe"} <= set(job)
    assert job["recipe"]["name"] == "toy"
    events = [json.loads(line) for line in (folder / "events.jsonl").read_text().splitlines()]
    assert events[-1]["stage"] == "validate"
    assert "wrote" in (folder / "log.txt").read_text()


def _stop_at(step: int, folder: Path, word: str, recipe: Recipe) -> Callable[[], bool]:
    """A `cancelled` that writes the stop file when it is asked for the step-th time."""
    count = 0

    def asked() -> bool:
        nonlocal count
        count += 1
        if count == step:
            (folder / "stop").write_text(word)
        return False

    return asked


def test_a_cancelled_run_resumes_bit_for_bit(recipe: Recipe, tmp_path: Path):
    train(recipe, tmp_path / "whole", device="cpu")

    parts = tmp_path / "parts"
    with pytest.raises(JobCancelled):
        train(recipe, parts, device="cpu", cancelled=_stop_at(14, parts, "cancel", recipe))
    assert 0 < _last(parts)["step"] < 30
    assert not (parts / "model.safetensors").exists()
    train(recipe, parts, device="cpu", resume=True)

    one, other = _last(tmp_path / "whole"), _last(parts)
    assert other["step"] == 30
    for part in ("net", "average"):
        left = one[part] if part == "net" else one[part]["values"]
        right = other[part] if part == "net" else other[part]["values"]
        for name, value in left.items():
            assert torch.equal(value, right[name]), name
    assert one["best"] == other["best"]


@pytest.mark.parametrize("way", ["stop file", "signal"])
def test_an_early_stop_keeps_the_best_and_writes_the_model(
    recipe: Recipe, tmp_path: Path, way: str
):
    folder = tmp_path / "job"
    if way == "stop file":
        asked = _stop_at(5, folder, "early", recipe)
    else:
        calls = iter(range(1000))
        asked = lambda: next(calls) >= 5  # noqa: E731
    path = train(recipe, folder, device="cpu", cancelled=asked)
    assert path.is_file()
    assert 0 < _last(folder)["step"] < 30
    assert "stopped early" in (folder / "log.txt").read_text()


def test_a_loss_that_is_no_number_ends_with_a_sentence(toy_recipe_file: Path, tmp_path: Path):
    recipe = _changed(toy_recipe_file, "optimise.lr=1e30", "optimise.warmup=0.0")
    with pytest.raises(ResourceError, match=r"no number any more at step .*optimise\.lr"):
        train(recipe, tmp_path / "job", device="cpu")


class _SmallMemory(LandmarkTask):
    """A task that cannot hold more than four samples at once."""

    def loss(self, net, batch, progress):  # type: ignore[no-untyped-def]
        if len(batch.images) > 4:
            raise torch.OutOfMemoryError("too much")
        return super().loss(net, batch, progress)


class _NoMemory(LandmarkTask):
    """A task that cannot hold any sample."""

    def loss(self, net, batch, progress):  # type: ignore[no-untyped-def]
        raise torch.OutOfMemoryError("too much")


def test_out_of_memory_halves_the_batch_and_says_so(
    recipe: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("core.training.loop.TASKS", {"landmarks": _SmallMemory})
    train(recipe, tmp_path / "job", device="cpu")
    assert "each batch now in 4 pieces" in (tmp_path / "job/log.txt").read_text()
    assert _last(tmp_path / "job")["micro_batches"] == 4

    monkeypatch.setattr("core.training.loop.TASKS", {"landmarks": _NoMemory})
    with pytest.raises(ResourceError, match="Out of memory"):
        train(recipe, tmp_path / "none", device="cpu")


def test_it_pauses_between_steps_while_a_window_uses_the_device(
    recipe: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """The window holds the lock at the first step and lets go later; not a step is lost."""
    monkeypatch.setattr("core.devices.lock_folder", lambda: tmp_path / "locks")
    monkeypatch.setattr("core.devices._TOLD_AFTER_S", 0.1)
    window, told, seen = DeviceLock("cpu").held(), [], []
    window.__enter__()

    def tell(line: str) -> None:
        told.append((line, len(seen)))
        if line.startswith("paused"):
            window.__exit__(None, None, None)

    train(recipe, tmp_path / "job", device="cpu", tell=tell, report=seen.append)
    assert told[0] == ("paused while a window uses the device", 0)
    assert _last(tmp_path / "job")["step"] == 30


def test_a_watcher_may_ask_to_cancel_and_a_held_device_does_not_keep_it_from(
    recipe: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("core.devices.lock_folder", lambda: tmp_path / "locks")
    with DeviceLock("cpu").held(), pytest.raises(JobCancelled):
        train(recipe, tmp_path / "job", device="cpu", asked=lambda: "cancel")
    assert not (tmp_path / "job" / "model.safetensors").exists()


def test_folders_are_not_mixed_up(recipe: Recipe, toy_recipe_file: Path, tmp_path: Path):
    with pytest.raises(InputError, match="nothing to resume"):
        train(recipe, tmp_path / "job", device="cpu", resume=True)
    train(recipe, tmp_path / "job", device="cpu")
    with pytest.raises(InputError, match="--resume"):
        train(recipe, tmp_path / "job", device="cpu")
    other = _changed(toy_recipe_file, "net.arguments.width=0.25")
    with pytest.raises(InputError, match="another net"):
        train(other, tmp_path / "job", device="cpu", resume=True)
    (tmp_path / "job/checkpoints/last.pt").write_bytes(b"nothing")
    with pytest.raises(StoreError, match="not a readable checkpoint"):
        train(recipe, tmp_path / "job", device="cpu", resume=True)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ("task=cooking", "Unknown task"),
        ('loss.stages=["l2", "best"]', "Unknown loss best"),
        ('loss.stages=["l2"]', "gives 2 predictions"),
        ("loss.normaliser=nose", "normaliser"),
        ("optimise.optimiser=guess", "adam, adamw, rmsprop or sgd"),
        ("optimise.precision=8-bit", "precision"),
        ("optimise.batch=500", "too few for a batch"),
        ('data.train=["synthetic:/no/such"]', "no such folder"),
        ("net.architecture=none", "no net called"),
        ("net.start_from=/no/such.safetensors", "no such weight file"),
    ],
)
def test_what_cannot_be_trained_is_a_sentence(
    toy_recipe_file: Path, tmp_path: Path, change: str, sentence: str
):
    with pytest.raises(InputError, match=sentence):
        train(_changed(toy_recipe_file, change), tmp_path / "job", device="cpu")


def test_a_run_may_start_from_an_earlier_model(
    recipe: Recipe, toy_recipe_file: Path, tmp_path: Path
):
    first = train(recipe, tmp_path / "first", device="cpu")
    seen: list[Progress] = []
    later = _changed(
        toy_recipe_file, f"net.start_from={first}", "optimise.epochs=1", "optimise.lr=1e-6"
    )
    train(later, tmp_path / "later", device="cpu", report=seen.append)
    best = read_card(first).results["validation"]["nme_box"]
    begun = next(p.values["val_nme_box"] for p in seen if p.stage == "validate")
    assert begun < 1.1 * best


def test_the_align_loss_starts_as_large_as_its_stage(toy_recipe_file: Path, tmp_path: Path):
    recipe = _changed(toy_recipe_file, "loss.align=true")
    seen: list[Progress] = []
    train(recipe, tmp_path / "job", device="cpu", report=seen.append)
    assert _last(tmp_path / "job")["task"]["align_scale"] > 0
    first = next(p.values for p in seen if p.stage == "train")
    assert first["align"] > 0


def test_pictures_of_a_data_set_are_packed_into_a_cache(
    toy_cache: FaceCache, toy_recipe_file: Path, tmp_path: Path
):
    import cv2

    folder = tmp_path / "pts"
    folder.mkdir()
    for index in range(80):
        cv2.imwrite(str(folder / f"{index:03d}.png"), toy_cache.image(index)[..., ::-1])
        body = "\n".join(f"{x + 1} {y + 1}" for x, y in toy_cache.landmarks[index])
        (folder / f"{index:03d}.pts").write_text(f"version: 1\nn_points: 68\n{{\n{body}\n}}\n")
    recipe = _changed(
        toy_recipe_file,
        f'data.train=["pts:{folder.as_posix()}"]',
        f"data.folder={tmp_path / 'caches'}",
        "data.stored_size=64",
        "data.validation_faces=16",
        "optimise.epochs=1",
    )
    path = train(recipe, tmp_path / "job", device="cpu")
    assert read_card(path).trained_on[0].startswith("80 faces of packed-")
    cache = next((tmp_path / "caches").glob("packed-*"))
    images = np.load(cache / "images-0000.npy")
    assert images.shape == (80, 64, 64, 3)
