"""Train ERT in a job folder: pictures and starting shapes, stage after stage, a model file.

Kazemi & Sullivan 2014. Every training face is shown with several starting shapes: other faces'
shapes in their own crops. A stage's random numbers come from (seed, stage) alone and a checkpoint
holds whole stages, so a resumed run equals an undisturbed one bit for bit.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from core.datasets.face_cache import FaceCache
from core.errors import InputError, JobCancelled
from core.metrics import nme
from core.nets.forest import GREY, RegressionForest
from core.nets.model_card import BoxRule, ModelCard, Preprocessing
from core.nets.model_file import save_model
from core.nets.registry import build_net
from core.progress import Cancelled, Progress, Report, ignore, never
from core.schemes import LandmarkScheme, load_landmark_scheme
from core.training.batches import FaceSamples
from core.training.checkpoint import load_checkpoint, save_checkpoint
from core.training.export import MODEL_FILE, origin_of
from core.training.forest import grow
from core.training.forest.grow import Floats, Stage
from core.training.job import JobFolder, Stop
from core.training.recipe import Recipe
from core.training.sources import open_training_data

_REPORT_EVERY_S = 1.0
_KEYS = ("anchors", "offsets", "first", "second", "thresholds", "leaves")


class _StopNow(Exception):
    """A stop was asked for in the middle of a stage."""


def train_forest(
    recipe: Recipe,
    folder: Path,
    *,
    resume: bool = False,
    device: str = "auto",
    report: Report = ignore,
    cancelled: Cancelled = never,
    asked: Callable[[], Stop | None] = lambda: None,
    tell: Callable[[str], None] = lambda _line: None,
) -> Path:
    """Grow a cascade of regression forests and write its model file.

    Args:
        recipe: With `task = "forest"`; `recipe.forest` says how many trees of what kind.
        folder: The job folder.
        resume: Go on after its last whole stage.
        device: Not looked at: forests grow on the CPU.
        report: Told of every record.
        cancelled: A signal's wish to stop: the whole stages become the model.
        asked: What a watcher asks for: "early" the same, "cancel" without a model file.
        tell: Told what the log is told.

    Returns:
        The model file.

    Raises:
        InputError: If recipe, data or folder cannot be used.
        JobCancelled: If it was told to cancel, or to stop before its first stage was whole.
    """
    if recipe.mean != (0.0, 0.0, 0.0) or recipe.std != (1.0, 1.0, 1.0):
        raise InputError("A forest reads grey values: its recipe needs mean 0 and std 1.")
    with JobFolder(
        folder, recipe.as_record(), resume=resume, report=report, cancelled=cancelled,
        asked=asked, tell=tell,
    ) as job:  # fmt: skip
        cache, other = open_training_data(recipe, job.report, cancelled)
        run = ForestRun(recipe, job, cache, other)
        if resume:
            run.resume()
        run.train()
        return run.export()


class ForestRun:
    """One run: samples, their current shapes, and the stages grown so far."""

    def __init__(
        self, recipe: Recipe, job: JobFolder, cache: FaceCache, other: FaceCache | None
    ) -> None:
        self.recipe, self.job, self.cache = recipe, job, cache
        self.scheme = load_landmark_scheme(recipe.scheme)
        held = recipe.data.validation_faces if other is None else len(other)
        count = min(recipe.data.faces, len(cache) - (held if other is None else 0))
        if count < 2:
            raise InputError(f"{cache.folder}: too few faces to grow a forest and hold {held} out.")
        rows = np.arange(len(cache) - held, len(cache)) if other is None else np.arange(held)
        self._pictures, self._truth = _pictures(cache, np.arange(count), self.scheme, recipe, 0)
        self._held_out = _pictures(other or cache, rows, self.scheme, recipe, None)
        self.mean_shape = grow.halved(self._truth.mean(axis=0))
        self._face, self._shapes = self._starts()
        self.stages: list[Stage] = []
        self.scores: dict[str, float] = {}

    def train(self) -> None:
        """Stages until the last or a wish to stop."""
        job, forest = self.job, self.recipe.forest
        while len(self.stages) < forest.stages:
            try:
                self._stage()
            except _StopNow as wish:
                if str(wish) == "cancel" or not self.stages:
                    raise JobCancelled("Cancelled; the whole stages so far are kept.") from None
                job.say(f"stopped early after stage {len(self.stages)}")
                return
            self._validate()
            save_checkpoint(job.checkpoint("last"), self._state())

    def resume(self) -> None:
        """Take up last.pt.

        Raises:
            InputError: If it was grown by another recipe.
        """
        state = load_checkpoint(self.job.checkpoint("last"))
        same = state["forest"] == asdict(self.recipe.forest)
        if not same or not torch.equal(state["mean_shape"], torch.from_numpy(self.mean_shape)):
            raise InputError(f"{self.job.folder}: its stages belong to another forest or data.")
        self.stages = [Stage(*(one[k].numpy() for k in _KEYS)) for one in state["stages"]]
        self.scores = state["scores"]
        for stage in self.stages:
            self._shapes = apply_stage(
                stage, self._pictures, self._face, self._shapes, self.mean_shape
            )
        self.job.say(f"resumed after stage {len(self.stages)}")

    def net(self) -> RegressionForest:
        """The forest so far, as a net."""
        net = build_net("forest", self._arguments())
        assert isinstance(net, RegressionForest)
        net.mean_shape.copy_(torch.from_numpy(self.mean_shape))
        for number, stage in enumerate(self.stages):
            for key in _KEYS:
                place = getattr(net, key)[number]
                place.copy_(torch.from_numpy(getattr(stage, key)).reshape(place.shape))
        return net.eval()

    def export(self) -> Path:
        """Write the model file and return it."""
        recipe = self.recipe
        size, augment = recipe.input_size, recipe.augment
        card = ModelCard(
            name=recipe.name,
            task="landmarks",
            architecture="forest",
            arguments=self._arguments(),
            input_hw=(size, size),
            outputs=("landmarks",),
            scheme=recipe.scheme,
            preprocessing=Preprocessing(mean=recipe.mean, std=recipe.std),
            box_rule=BoxRule("square", "landmark_hull", augment.crop_scale, augment.crop_shift),
            mirror=tuple(int(i) for i in self.scheme.mirror),
            licence=recipe.licence,
            trained_on=(f"{origin_of(self.cache)}: {len(self._pictures)} faces",),
            recipe=recipe.as_record(),
            results={"validation": self.scores},
            created=datetime.now(UTC).isoformat(timespec="seconds"),
        )
        path = self.job.folder / MODEL_FILE
        # Half precision loses nothing: every number of a forest is a half-precision one.
        save_model(path, card, self.net().state_dict(), None, half=True)
        self.job.say(f"wrote {path}")
        return path

    def _arguments(self) -> dict[str, int]:
        forest = self.recipe.forest
        return {
            "num_points": self.scheme.num_points,
            "input_size": self.recipe.input_size,
            "stages": len(self.stages),
            "trees": forest.trees,
            "depth": forest.depth,
            "pixels": forest.pixels,
        }

    def _starts(self) -> tuple[NDArray[np.int64], Floats]:
        """Every face with the mean shape and `starts` − 1 other faces' shapes."""
        faces, starts = len(self._pictures), self.recipe.forest.starts
        rng = np.random.default_rng([self.recipe.seed, 1])
        others = (rng.integers(1, faces, (faces, starts)) + np.arange(faces)[:, None]) % faces
        shapes = self._truth[others]
        shapes[:, 0] = self.mean_shape
        return np.repeat(np.arange(faces), starts), shapes.reshape(-1, *self.mean_shape.shape)

    def _stage(self) -> None:
        """Grow the next stage and move the shapes by it."""
        recipe, number = self.recipe.forest, len(self.stages)
        rng = np.random.default_rng([self.recipe.seed, 2, number])
        pixels = grow.draw_pixels(self.mean_shape, recipe.pixels, rng)
        turns = grow.turns_of(self._shapes, self.mean_shape)
        features = grow.pixel_features(
            self._pictures, self._face, self._shapes, turns, pixels[0], pixels[1]
        )
        lacking = self._truth[self._face] - self._shapes
        residuals = grow.unturned(lacking, turns).reshape(len(lacking), -1)
        reach = recipe.distance_prior * self.recipe.input_size
        clock = _Reporter(self.job, number, recipe.trees, recipe.stages)
        stage = grow.grow_stage(features, residuals, pixels, recipe, reach, rng, clock)
        self.stages.append(stage)
        self._shapes = apply_stage(stage, self._pictures, self._face, self._shapes, self.mean_shape)

    def _validate(self) -> None:
        pictures, truth = self._held_out
        face = np.arange(len(pictures))
        shapes = np.repeat(self.mean_shape[None], len(pictures), axis=0)
        for stage in self.stages:
            shapes = apply_stage(stage, pictures, face, shapes, self.mean_shape)
        taught = np.linalg.norm(self._truth[self._face] - self._shapes, axis=2)
        sizes = nme.box_size(self._truth)[self._face]
        self.scores = {"train_nme_box": float((taught / sizes[:, None]).mean())}
        if len(pictures):
            self.scores |= _scores(shapes, truth, self.scheme)
        done = len(self.stages)
        values: dict[str, float | str] = {f"val_{k}": v for k, v in self.scores.items()}
        values["forest_stage"] = done
        self.job.report(Progress("validate", done, self.recipe.forest.stages, values))
        self.job.say(f"stage {done}: {'  '.join(f'{k} {v:.4g}' for k, v in self.scores.items())}")

    def _state(self) -> dict[str, object]:
        stages = [
            {key: torch.from_numpy(getattr(stage, key)) for key in _KEYS} for stage in self.stages
        ]
        return {
            "stages": stages,
            "forest": asdict(self.recipe.forest),
            "mean_shape": torch.from_numpy(self.mean_shape),
            "scores": self.scores,
        }


class _Reporter:
    """Told after every tree: reports, and stops where that is asked for."""

    def __init__(self, job: JobFolder, stage: int, trees: int, stages: int) -> None:
        self._job, self._stage, self._trees, self._stages = job, stage, trees, stages
        self._started_s = self._reported_s = time.monotonic()

    def __call__(self, tree: int, residuals: Floats) -> None:
        wish = self._job.stop_wanted()
        if wish is not None:
            raise _StopNow(wish)
        now = time.monotonic()
        if now - self._reported_s < _REPORT_EVERY_S:
            return
        self._reported_s = now
        done = self._stage * self._trees + tree + 1
        rate = (tree + 1) / (now - self._started_s)
        values: dict[str, float | str] = {
            "forest_stage": self._stage + 1,
            "loss": round(float(np.abs(residuals[:1000]).mean()), 5),
            "trees_per_s": round(rate, 1),
            "eta_s": round((self._stages * self._trees - done) / rate, 1),
        }
        self._job.report(Progress("train", done, self._stages * self._trees, values))


def apply_stage(
    stage: Stage,
    pictures: NDArray[np.uint8],
    face: NDArray[np.int64],
    shapes: Floats,
    mean_shape: Floats,
) -> Floats:
    """Shapes (N, M, 2) after a stage; what `core.nets.forest` does, for many samples."""
    turns = grow.turns_of(shapes, mean_shape)
    features = grow.pixel_features(pictures, face, shapes, turns, stage.anchors, stage.offsets)
    said = grow.answer(features, stage.first, stage.second, stage.thresholds, stage.leaves)
    return np.asarray(shapes + grow.turned(said.reshape(shapes.shape), turns), np.float32)


def _pictures(
    cache: FaceCache,
    rows: NDArray[np.integer],
    scheme: LandmarkScheme,
    recipe: Recipe,
    epoch: int | None,
) -> tuple[NDArray[np.uint8], Floats]:
    """Grey crops (N, S, S) and their points (N, M, 2); faces with a missing point are left out."""
    size = recipe.input_size
    samples = FaceSamples(cache, rows, scheme, size, recipe.augment, recipe.seed, epoch)
    found = [samples[i] for i in range(len(rows))]
    found = [one for one in found if bool(one.weights.all())]
    if not found:
        return np.zeros((0, size, size), np.uint8), np.zeros((0, scheme.num_points, 2), np.float32)
    rgb = torch.stack([one.images for one in found]).numpy()
    # The same steps as in the net, which is given shares of 255.
    shares = torch.from_numpy(rgb).float() / 255.0
    grey = torch.floor((shares * torch.tensor(GREY)).sum(dim=-1) * 255.0 + 0.5)
    points = torch.stack([one.landmarks for one in found]).numpy()
    return grey.numpy().astype(np.uint8), points


def _scores(shapes: Floats, truth: Floats, scheme: LandmarkScheme) -> dict[str, float]:
    box = nme.point_errors(shapes, truth, nme.box_size(truth))
    front = nme.seen_from_front(truth, scheme.normalising_pair)
    pair = nme.pair_distance(truth[front], scheme.normalising_pair)
    by_pair = nme.point_errors(shapes[front], truth[front], pair)
    return {"nme": float(by_pair.mean()) if front.any() else 0.0, "nme_box": float(box.mean())}
