"""Dense from sparse in three stages: what each may change, exact caching, resuming, sentences."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from core.datasets import face_cache
from core.datasets.face_cache import FaceCache
from core.errors import InputError, JobCancelled, ResourceError
from core.inference.predictor import load_predictor
from core.nets.model_file import read_card
from core.progress import Progress
from core.schemes import load_landmark_scheme
from core.training.batches import to_input
from core.training.checkpoint import load_checkpoint
from core.training.fabric import make_fabric
from core.training.job import JobFolder
from core.training.recipe import Recipe, load_recipe
from core.training.weak.data import completed, weak_faces
from core.training.weak.formats import sparse_points
from core.training.weak.job import train_weak
from core.training.weak.run import WeakRun


@pytest.fixture(autouse=True)
def one_thread():
    """Bit-exact sums; torch's setting is put back."""
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.fixture
def recipe_file(toy_cache: FaceCache, tmp_path: Path) -> Path:
    """96 toy faces with 5 points, 24 of them with 68; 3, 6 and 3 epochs."""
    file = tmp_path / "weak.toml"
    file.write_text(
        f"""
name = "toy-weak"
task = "weak"
input_size = 48
[net]
architecture = "two-branch"
[net.arguments]
width = 0.125
[data]
train = ["synthetic:{toy_cache.folder.as_posix()}"]
validation_faces = 40
workers = 0
[augment]
shift = 0.05
zoom = [0.9, 1.1]
roll_deg = 10.0
flip = 0.0
blur = 0.0
low_resolution = 0.0
occlusion = 0.0
background = 0.0
[weak]
format = "MAFL-5"
sparse = 96
dense = 24
epochs = [3, 6, 3]
patience = 2
[optimise]
batch = 16
weight_decay = 0.0
threads = 1
""",
        encoding="utf-8",
    )
    return file


@pytest.fixture
def recipe(recipe_file: Path) -> Recipe:
    """The toy recipe."""
    return load_recipe(str(recipe_file))


def _run(recipe: Recipe, folder: Path, cache: FaceCache) -> tuple[WeakRun, JobFolder]:
    job = JobFolder(folder, recipe.as_record(), resume=False)
    weak = recipe.weak
    faces = weak_faces(cache, recipe.scheme, weak.sparse, weak.dense, 40, recipe.seed)
    return WeakRun(recipe, make_fabric(recipe.optimise, "cpu"), job, faces), job


def _weights(run: WeakRun) -> dict[str, torch.Tensor]:
    return {k: v.clone() for k, v in run.net.state_dict().items()}


def test_it_learns_the_dense_points_from_a_few_dense_faces(recipe_file: Path, tmp_path: Path):
    longer = load_recipe(
        str(recipe_file),
        ["weak.epochs=[16,32,16]", "optimise.validate_every=8", "optimise.batch=8"],
    )
    seen: list[Progress] = []
    path = train_weak(longer, tmp_path / "job", device="cpu", report=seen.append)

    checks = [p.values for p in seen if p.stage == "validate"]
    assert [v["weak_stage"] for v in checks] == sorted(v["weak_stage"] for v in checks)
    assert {v["weak_stage"] for v in checks} == {1, 2, 3}
    assert "val_nme" not in checks[0]  # nobody has learnt the other points yet
    dense = [v["val_nme"] for v in checks if "val_nme" in v]
    assert dense[-1] < dense[0]
    assert checks[-1]["val_nme_sparse"] < 0.8 * checks[0]["val_nme_sparse"]
    card = read_card(path)
    assert card.results["validation"]["nme"] == pytest.approx(dense[-1])
    assert "96 with 5 points, 24 with 68" in card.trained_on[0]


def test_the_model_file_predicts(recipe: Recipe, tmp_path: Path, toy_cache: FaceCache):
    path = train_weak(recipe, tmp_path / "job", device="cpu")
    xy = toy_cache.landmarks[180]
    box = np.array([*xy.min(axis=0), *xy.max(axis=0)])
    found = {
        name: load_predictor(path, "cpu", backend=name).predict(toy_cache.image(180), box)
        for name in ("torch-fp32", "onnxruntime")
    }
    assert found["torch-fp32"].landmarks.shape == (68, 2)
    np.testing.assert_allclose(
        found["torch-fp32"].landmarks, found["onnxruntime"].landmarks, atol=1e-2
    )


def test_stage_1_leaves_the_secondary_branch_and_stage_2_everything_else(
    recipe: Recipe, tmp_path: Path, toy_cache: FaceCache
):
    run, job = _run(recipe, tmp_path / "job", toy_cache)
    with job:
        states = [_weights(run)]
        while run.stage <= 3:
            stage = run.stage
            while run.stage == stage:
                run.train_stage_step()
            states.append(_weights(run))
    start, one, two, three = states

    def changed(before: dict, after: dict) -> set[str]:
        return {k.split(".")[0] for k, v in before.items() if not torch.equal(v, after[k])}

    assert changed(start, one) == {"body", "main"}
    assert changed(one, two) == {"secondary"}  # BatchNorm statistics lie in "body"
    assert changed(two, three) == {"body", "main", "secondary"}


def test_training_on_cached_features_is_training_on_images(
    recipe: Recipe, tmp_path: Path, toy_cache: FaceCache
):
    run, job = _run(recipe, tmp_path / "job", toy_cache)
    with job:
        while run.stage == 1:
            run.train_stage_step()
        twin = _images_stage_2(run, recipe)
        while run.stage == 2:
            run.train_stage_step()
    for name, value in run.net.secondary.state_dict().items():
        torch.testing.assert_close(value, twin[name], rtol=0, atol=1e-6)


def _images_stage_2(run: WeakRun, recipe: Recipe) -> dict[str, torch.Tensor]:
    """Stage 2 without a cache: every step runs the whole net on pictures."""
    import copy

    from core.training.batches import epoch_order, stack
    from core.training.weak.data import WeakSamples

    net = copy.deepcopy(run.net).eval()
    branch = net.secondary
    optimiser = torch.optim.SGD(branch.parameters(), lr=recipe.weak.lr[1], momentum=0.9)
    plateau = torch.optim.lr_scheduler.ReduceLROnPlateau(
        optimiser, factor=0.1, patience=recipe.weak.patience
    )
    samples = WeakSamples(run.faces, run.faces.dense, recipe.input_size, recipe.augment, None)
    rest = list(net.rest)
    for epoch in range(recipe.weak.epochs[1]):
        order = epoch_order(24, 4 * recipe.seed + 2, epoch, 16)
        total = 0.0
        for start in range(0, len(order), 16):
            batch = stack([samples[int(i)] for i in order[start : start + 16]])
            points = net(to_input(batch.images, recipe.mean, recipe.std))[:, rest]
            away = (points - batch.landmarks[:, rest]) / recipe.input_size
            loss = 2 * away.square().sum(dim=(1, 2)).mean() / len(rest) ** 0.5
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            total += float(loss.detach())
        plateau.step(total)
    return dict(branch.state_dict())


def _stop_at(step: int, folder: Path, word: str) -> Callable[[], bool]:
    """A `cancelled` that writes the stop file when it is asked for the step-th time."""
    count = 0

    def asked() -> bool:
        nonlocal count
        count += 1
        if count == step:
            (folder / "stop").write_text(word)
        return False

    return asked


@pytest.mark.parametrize("step", [4, 21, 26], ids=lambda s: f"step {s}")
def test_a_cancelled_run_resumes_bit_for_bit(recipe: Recipe, tmp_path: Path, step: int):
    train_weak(recipe, tmp_path / "whole", device="cpu")
    parts = tmp_path / "parts"
    with pytest.raises(JobCancelled):
        train_weak(recipe, parts, device="cpu", cancelled=_stop_at(step, parts, "cancel"))
    assert not (parts / "model.safetensors").exists()
    train_weak(recipe, parts, device="cpu", resume=True)
    one, other = (
        load_checkpoint(folder / "checkpoints/last.pt") for folder in (tmp_path / "whole", parts)
    )
    for name, value in one["net"].items():
        assert torch.equal(value, other["net"][name]), name
    assert one["scores"] == other["scores"]


def test_an_early_stop_ends_with_a_model(recipe: Recipe, tmp_path: Path):
    folder = tmp_path / "job"
    path = train_weak(recipe, folder, device="cpu", cancelled=_stop_at(20, folder, "early"))
    assert path.is_file()
    assert "stopped early in stage 2" in (folder / "log.txt").read_text()


def test_stage_1_can_be_shared(recipe: Recipe, recipe_file: Path, tmp_path: Path):
    """It does not know which faces are dense, so several n may start from one."""
    first = load_recipe(str(recipe_file), ["weak.epochs=[3,0,0]"])
    train_weak(first, tmp_path / "first", device="cpu")
    shared = load_recipe(str(recipe_file), [f"weak.stage1={tmp_path / 'first'}"])
    seen: list[Progress] = []
    train_weak(shared, tmp_path / "shared", device="cpu", report=seen.append)
    assert {p.values["weak_stage"] for p in seen} == {2, 3}

    train_weak(recipe, tmp_path / "whole", device="cpu")
    one, other = (
        load_checkpoint(tmp_path / name / "checkpoints/last.pt")["net"]
        for name in ("shared", "whole")
    )
    for name, value in one.items():
        assert torch.equal(value, other[name]), name


def test_another_formats_stage_1_is_refused(recipe_file: Path, tmp_path: Path):
    first = load_recipe(str(recipe_file), ["weak.epochs=[1,0,0]", "weak.format=LFW-10"])
    train_weak(first, tmp_path / "first", device="cpu")
    shared = load_recipe(str(recipe_file), [f"weak.stage1={tmp_path / 'first'}"])
    with pytest.raises(InputError, match="other sparse points"):
        train_weak(shared, tmp_path / "shared", device="cpu")


def test_predictions_are_kept_for_affinity_by_epoch(recipe_file: Path, tmp_path: Path):
    recipe = load_recipe(str(recipe_file), ["optimise.predictions_every=3"])
    train_weak(recipe, tmp_path / "job", device="cpu")
    folder = tmp_path / "job/predictions"
    epochs = sorted(p.name for p in folder.glob("epoch-*.npy"))
    assert epochs == [f"epoch-{n:04d}.npy" for n in (3, 6, 9, 12)]
    with np.load(folder / "truth.npz") as known:
        assert known["truth"].shape == np.load(folder / epochs[0]).shape == (40, 68, 2)
        assert str(known["scheme"]) == "ibug68"


def test_out_of_memory_halves_the_batch_and_says_so(
    recipe: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    whole = WeakRun._loss

    def small(self: WeakRun, inputs: torch.Tensor, *more: torch.Tensor) -> torch.Tensor:
        if len(inputs) > 4:
            raise torch.OutOfMemoryError("too much")
        return whole(self, inputs, *more)

    monkeypatch.setattr(WeakRun, "_loss", small)
    train_weak(recipe, tmp_path / "job", device="cpu")
    assert "each batch now in 4 pieces" in (tmp_path / "job/log.txt").read_text()
    assert load_checkpoint(tmp_path / "job/checkpoints/last.pt")["pieces"] == 4

    def none(self: WeakRun, *batch: torch.Tensor) -> torch.Tensor:
        raise torch.OutOfMemoryError("too much")

    monkeypatch.setattr(WeakRun, "_loss", none)
    with pytest.raises(ResourceError, match="Out of memory"):
        train_weak(recipe, tmp_path / "none", device="cpu")


def test_a_window_that_uses_the_device_is_waited_for(
    recipe: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    from core.devices import DeviceLock

    monkeypatch.setattr("core.devices.lock_folder", lambda: tmp_path / "locks")
    calls = iter(range(10_000))
    with DeviceLock("cpu").held():
        train_weak(recipe, tmp_path / "job", device="cpu", cancelled=lambda: next(calls) > 5)
    # It waited before its first step until it was asked to stop, and did no more than that one.
    assert load_checkpoint(tmp_path / "job/checkpoints/last.pt")["place"] == [1, 0, 1]


# ---- who is annotated how


def _sparse_cache(folder: Path, dense: int) -> FaceCache:
    """60 faces in the 68-point format of which only the first `dense` are complete."""
    rng = np.random.default_rng(0)
    shape = rng.uniform(20, 44, (1, 68, 2)) + rng.normal(0, 1, (60, 68, 2))
    shape[dense:, 5:] = np.nan
    face_cache.start_cache(folder, "ibug68", 64, 60, {})
    images = np.zeros((60, 64, 64, 3), np.uint8)
    face_cache.write_shard(folder, 0, images, shape.astype(np.float32), np.ones((60, 68), bool))
    return face_cache.open_cache(folder)


def test_sparse_faces_are_completed_for_their_crops_only(tmp_path: Path):
    cache = _sparse_cache(tmp_path / "cache", 30)
    faces = weak_faces(cache, "ibug68", 0, 0, 10, 1)
    assert faces.dense.tolist() == list(range(24))
    assert faces.held_out.tolist() == list(range(24, 30))  # ten, but a fifth at most
    assert len(faces.faces) == 54
    assert np.isnan(faces.xy[45, 5:]).all()
    assert np.isfinite(faces.placing).all()
    whole = np.ptp(faces.placing[45], axis=0), np.ptp(faces.placing[2], axis=0)
    np.testing.assert_allclose(*whole, rtol=0.3)


def test_a_shape_is_completed_by_a_similarity():
    rng = np.random.default_rng(3)
    mean = rng.normal(0, 10, (9, 2))
    turn = np.array([[0.8, -0.6], [0.6, 0.8]])
    truth = 1.7 * mean @ turn.T + [5, -3]
    sparse = truth.copy()
    sparse[4:] = np.nan
    np.testing.assert_allclose(completed(sparse, mean), truth, atol=1e-9)


def test_more_dense_faces_contain_the_fewer(toy_cache: FaceCache):
    few, many = (weak_faces(toy_cache, "ibug68", 120, n, 40, 7).dense for n in (10, 30))
    assert set(few) < set(many)
    other = weak_faces(toy_cache, "ibug68", 120, 10, 40, 8).dense
    assert set(few) != set(other)


def test_without_dense_faces_there_is_nothing_to_learn_from(tmp_path: Path):
    cache = _sparse_cache(tmp_path / "cache", 0)
    with pytest.raises(InputError, match="no face has all 68 points"):
        weak_faces(cache, "ibug68", 0, 0, 0, 1)
    with pytest.raises(InputError, match="200 densely annotated faces asked for, 20 are there"):
        weak_faces(_sparse_cache(tmp_path / "more", 20), "ibug68", 0, 200, 0, 1)


# ---- formats


def test_formats_are_named_written_or_drawn(tmp_path: Path):
    scheme, none = load_landmark_scheme("ibug68"), np.empty((0, 68, 2))
    assert sparse_points("MAFL-5", 0, scheme, none, 1) == (30, 40, 47, 48, 54)
    assert sparse_points("8, 0,5", 0, scheme, none, 1) == (0, 5, 8)
    assert sparse_points("all", 0, scheme, none, 1) == tuple(range(68))
    file = tmp_path / "format.json"
    file.write_text(json.dumps({"points": [9, 3], "c": 0.5}))
    assert sparse_points(str(file), 0, scheme, none, 1) == (3, 9)
    drawn = sparse_points("random", 19, scheme, none, 1)
    assert len(drawn) == 19
    assert drawn == sparse_points("random", 19, scheme, none, 1)
    assert drawn != sparse_points("random", 19, scheme, none, 2)


def test_a_searched_format_covers_better_than_any_named_one(toy_cache: FaceCache):
    from core.correlation.affinity import affinity_of

    scheme = load_landmark_scheme("ibug68")
    dense = toy_cache.landmarks[:100]
    matrix = affinity_of(dense, scheme).matrix

    def c(points: tuple[int, ...]) -> float:
        return float(matrix[list(points)].max(axis=0).min())

    found = sparse_points("searched", 10, scheme, dense, 1)
    assert len(found) == 10
    assert c(found) > c(scheme.sparse_formats["LFW-10"])


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ("weak.format=CLOUD-9", "no sparse format 'CLOUD-9' of ibug68"),
        ("weak.format=70,71", r"points 0 … 67"),
        ("weak.format=3,3", "each once"),
        ("weak.format=random", r"weak\.budget must be 1 … 67"),
        ("weak.sparse=5000", "5000 faces asked for"),
        ("net.arguments.depth=7", "cannot be built"),
        ("weak.stage1=/no/such", "no finished stage 1"),
    ],
)
def test_what_cannot_be_trained_is_a_sentence(
    recipe_file: Path, tmp_path: Path, change: str, sentence: str
):
    with pytest.raises(InputError, match=sentence):
        train_weak(load_recipe(str(recipe_file), [change]), tmp_path / "job", device="cpu")


@pytest.mark.parametrize("name", ["weak-small", "weak-paper"])
def test_presets_keep_one_to_two_to_two(name: str):
    first, second, third = load_recipe(name).weak.epochs
    assert second == third == 2 * first
    assert load_recipe(name).weak.lr == (0.01, 0.01, 0.001)
