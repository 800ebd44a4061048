"""The training loop: batch, forward, loss, backward, step, report.

One function, `train`, runs a recipe in a job folder; it knows no window and no plots. lightning-
fabric brings devices, precision and processes (`torchrun`). On a CPU with one process a resumed run
equals an undisturbed one bit for bit, unless the recipe has a time budget.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch

from core.datasets.face_cache import FaceCache
from core.datasets.held_out import note_held_out
from core.devices import DeviceLock, memory_figures, ran_out_of_memory
from core.errors import InputError, JobCancelled, ResourceError
from core.progress import Cancelled, Progress, Report, ignore, never
from core.training.batches import Batch, epoch_order, load_batches
from core.training.checkpoint import load_checkpoint, save_checkpoint
from core.training.export import MODEL_FILE, export_model
from core.training.fabric import make_fabric
from core.training.heatmap_task import HeatmapTask
from core.training.job import JobFolder, Stop
from core.training.landmark_task import LandmarkTask
from core.training.optimise import Average, learning_rate, make_optimiser, set_learning_rate
from core.training.parsing_batches import ParsingBatch
from core.training.parsing_task import ParsingTask
from core.training.recipe import Recipe
from core.training.sources import open_training_data

AnyBatch = Batch | ParsingBatch
TASKS: dict[str, type[LandmarkTask] | type[ParsingTask]] = {
    "landmarks": LandmarkTask,
    "heatmaps": HeatmapTask,
    "parsing": ParsingTask,
}
_REPORT_EVERY_S = 1.0
_SAVE_EVERY_S = 120.0


def train(
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
    """Train a net and write its model file.

    Args:
        recipe: What to do.
        folder: The job folder.
        resume: Go on from its last checkpoint.
        device: Fabric's accelerator: "auto", "cpu", "cuda", "mps".
        report: Told of every record.
        cancelled: A signal's wish to stop: ends early with a good checkpoint and a model file.
        asked: What a watcher asks for: "early" the same, "cancel" without a model file.
        tell: Told what the log is told.

    Returns:
        The model file, `folder/model.safetensors`.

    Raises:
        InputError: If the recipe, the data or the folder cannot be used.
        ResourceError: If memory ran out or the loss is no number any more.
        JobCancelled: If the folder's stop file says `cancel`.
    """
    if recipe.task not in TASKS:
        raise InputError(f"Unknown task {recipe.task!r}; known are {', '.join(TASKS)}.")
    fabric = make_fabric(recipe.optimise, device)
    writes = fabric.global_rank == 0
    with JobFolder(
        folder, recipe.as_record(), resume=resume, writes=writes, report=report,
        cancelled=cancelled, asked=asked, tell=tell,
    ) as job:  # fmt: skip
        with fabric.rank_zero_first():  # one process renders, the others read what it wrote
            data = open_training_data(recipe, job.report, cancelled)
        run = Run(recipe, fabric, job, *data)
        if resume:
            run.resume()
        try:
            run.train()
        except (RuntimeError, MemoryError) as error:
            if not ran_out_of_memory(error):
                raise
            raise ResourceError(
                "Out of memory even with one sample at a time; choose a smaller net or input."
            ) from error
        if writes:
            export_model(run.task, run.best_weights(), run.best, data[0], folder, job)
        fabric.barrier()
        return folder / MODEL_FILE


class Run:
    """One training run: what changes from step to step, and the loop that changes it."""

    def __init__(
        self,
        recipe: Recipe,
        fabric: Any,
        job: JobFolder,
        cache: FaceCache,
        validation: FaceCache | None,
    ) -> None:
        torch.manual_seed(recipe.seed)
        self.recipe = recipe
        self.job = job
        self.task: Any = TASKS[recipe.task](recipe)
        self._fabric = fabric
        self._device_lock = DeviceLock(str(fabric.device))
        self._cache = cache
        self._held_out = validation or cache
        held = recipe.data.validation_faces if validation is None else 0
        count = len(cache) - held
        if count < recipe.optimise.batch:
            raise InputError(
                f"{cache.folder}: {len(cache)} faces are too few for a batch of "
                f"{recipe.optimise.batch} and {held} faces of validation."
            )
        self._count = count
        self._validation_rows = np.arange(count if held else 0, len(self._held_out))
        if job.writes:
            note_held_out(job.folder, self._held_out.folder, self._validation_rows)
        # Images come channels-last; so do convolutions run fastest on CPUs and GPUs alike.
        net = self.task.build().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.task.start(net, cache)
        self._bare = net
        self._net, self._optimiser = fabric.setup(net, make_optimiser(net, recipe.optimise))
        for method in self.task.forward_methods:
            self._net.mark_forward_method(method)
        self._average = Average(net, recipe.optimise.ema)
        self._micro_batches = 1
        self._report_due, self._save_due = _Every(_REPORT_EVERY_S), _Every(_SAVE_EVERY_S)
        self.epoch = 0
        self.step = 0
        self.elapsed_s = 0.0
        self.best: dict[str, float] = {}

    @property
    def steps_per_epoch(self) -> int:
        """Batches of an epoch."""
        return max(1, self._count // self.recipe.optimise.batch)

    @property
    def progress(self) -> float:
        """Share of the training done: by steps, or by time where the recipe has a budget."""
        by_step = self.step / (self.recipe.optimise.epochs * self.steps_per_epoch)
        budget_s = 60.0 * self.recipe.optimise.minutes
        return min(1.0, max(by_step, self.elapsed_s / budget_s if budget_s else 0.0))

    def train(self) -> None:
        """Epochs until the recipe's end or a wish to stop."""
        while self.progress < 1.0:
            stop = self._train_epoch()
            if stop == "cancel":
                self.save()
                raise JobCancelled("Training cancelled; its last checkpoint is kept.")
            last = self.progress >= 1.0 or stop is not None
            if last or self.epoch % self.recipe.optimise.validate_every == 0:
                self._validate()
                self.save()
            if stop is not None:
                self.job.say(f"stopped early at step {self.step}")
                return

    def _train_epoch(self) -> Stop | None:
        """The rest of the current epoch."""
        clock = _Clock(self.elapsed_s)
        total = self.recipe.optimise.epochs * self.steps_per_epoch
        for batch in self._batches():
            self._give_way(clock)
            lr = learning_rate(self.recipe.optimise, self.progress)
            set_learning_rate(self._optimiser, lr)
            parts = self._step(self._fabric.to_device(batch))
            self.step += 1
            self.elapsed_s = clock.elapsed_s()
            stop = self._agreed(self.job.stop_wanted())
            if self._report_due.now() or stop or self.progress >= 1.0:
                self._check_finite(parts)
                self._report(parts, lr, total)
            if stop or self.progress >= 1.0:
                return stop
            if self._save_due.now():
                self.save()
        self.epoch += 1
        return None

    def _give_way(self, clock: _Clock) -> None:
        """Wait while a window uses this device: a person waits for that, nobody for a step."""
        waited_s = self._device_lock.wait_until_free(
            lambda: self.job.stop_wanted() is not None, self.job.say
        )
        clock.leave_out(waited_s)

    def _step(self, batch: AnyBatch) -> dict[str, torch.Tensor]:
        """Forward, loss, backward, step, average; halves the batch when memory runs out."""
        self._bare.train()
        while True:
            self._optimiser.zero_grad(set_to_none=True)
            try:
                parts = self._backward(batch)
                break
            except (RuntimeError, MemoryError) as error:
                if not ran_out_of_memory(error) or self._micro_batches * 2 > len(batch.images):
                    raise
                self._micro_batches *= 2
                self.job.say(f"out of memory: each batch now in {self._micro_batches} pieces")
        if self.recipe.optimise.clip:
            self._fabric.clip_gradients(
                self._net, self._optimiser, max_norm=self.recipe.optimise.clip,
                error_if_nonfinite=False,
            )  # fmt: skip
        self._optimiser.step()
        self._average.update(self._bare)
        return parts

    def _backward(self, batch: AnyBatch) -> dict[str, torch.Tensor]:
        pieces = [torch.chunk(part, self._micro_batches) for part in batch]
        mean: dict[str, torch.Tensor] = {}
        for piece in zip(*pieces, strict=True):
            loss, parts = self.task.loss(self._net, type(batch)(*piece), self.progress)
            self._fabric.backward(loss / len(pieces[0]))
            for name, value in {"loss": loss.detach(), **parts}.items():
                mean[name] = mean.get(name, torch.zeros_like(value)) + value / len(pieces[0])
        return mean

    def _batches(self) -> Iterator[AnyBatch]:
        """What is left of the current epoch, of this process's share."""
        optimise, fabric = self.recipe.optimise, self._fabric
        order = epoch_order(self._count, self.recipe.seed, self.epoch, optimise.batch)
        order = order[(self.step - self.epoch * self.steps_per_epoch) * optimise.batch :]
        mine = order[fabric.global_rank :: fabric.world_size]
        samples = self.task.samples(self._cache, mine, self.epoch)
        share = max(1, optimise.batch // fabric.world_size)
        return load_batches(samples, share, self.recipe.data.workers)

    def _validate(self) -> None:
        """Score the averaged weights; the best are kept in best.pt."""
        own = {k: v.detach().clone() for k, v in self._bare.state_dict().items()}
        self._bare.load_state_dict(self._average.weights())
        self._bare.eval()
        samples = self.task.samples(self._held_out, self._validation_rows, None)
        batches = load_batches(samples, self.recipe.optimise.batch, 0)
        scores = self.task.validate(self._bare, map(self._fabric.to_device, batches))
        self._bare.load_state_dict(own)
        every = self.recipe.optimise.predictions_every
        keeps = bool(every) and isinstance(self.task, LandmarkTask)
        if keeps and self.epoch % every == 0 and self._fabric.global_rank == 0:
            self.task.keep_predictions(self.job.folder, self.epoch)
        values = {f"val_{k}": v for k, v in scores.items()} | {"epoch": self.epoch}
        self.job.report(Progress("validate", self.step, None, values))
        self.job.say(f"epoch {self.epoch} step {self.step}: {_figures(scores)}")
        if not self.best or scores["score"] <= self.best["score"]:
            self.best = scores
            if self._fabric.global_rank == 0:
                weights = self._average.weights()
                save_checkpoint(self.job.checkpoint("best"), {"weights": weights, "scores": scores})

    def save(self) -> None:
        """Write last.pt: everything a resumed run needs."""
        if self._fabric.global_rank != 0:
            return
        save_checkpoint(
            self.job.checkpoint("last"),
            {
                "recipe": self.recipe.as_record(),
                "net": self._bare.state_dict(),
                "optimiser": self._optimiser.state_dict(),
                "average": self._average.state(),
                "task": self.task.state(),
                "rng": torch.get_rng_state(),
                "epoch": self.epoch,
                "step": self.step,
                "elapsed_s": self.elapsed_s,
                "micro_batches": self._micro_batches,
                "best": self.best,
            },
        )

    def resume(self) -> None:
        """Take up last.pt.

        Raises:
            InputError: If it was written by another net or data of another size.
        """
        state = load_checkpoint(self.job.checkpoint("last"))
        try:
            self._bare.load_state_dict(state["net"])
            self._optimiser.load_state_dict(state["optimiser"])
        except (RuntimeError, ValueError) as error:
            raise InputError(
                f"{self.job.folder}: its checkpoint belongs to another net; choose another folder."
            ) from error
        self._average.load_state(state["average"])
        self.task.load_state(state["task"])
        torch.set_rng_state(state["rng"])
        self.epoch, self.step = state["epoch"], state["step"]
        self.elapsed_s, self.best = state["elapsed_s"], state["best"]
        self._micro_batches = state["micro_batches"]
        self.job.say(f"resumed at step {self.step}")

    def best_weights(self) -> dict[str, torch.Tensor]:
        """The validated best, or the average where nothing was validated yet."""
        file = self.job.checkpoint("best")
        if not file.is_file():
            return self._average.weights()
        weights: dict[str, torch.Tensor] = load_checkpoint(file)["weights"]
        return weights

    def _agreed(self, stop: Stop | None) -> Stop | None:
        """The first process's wish, the same on all (else they would wait for each other)."""
        if self._fabric.world_size == 1:
            return stop
        wish: Stop | None = self._fabric.broadcast(stop, src=0)
        return wish

    def _check_finite(self, parts: dict[str, torch.Tensor]) -> None:
        bad = [name for name, value in parts.items() if not math.isfinite(float(value))]
        if bad:
            raise ResourceError(
                f"The loss ({', '.join(bad)}) is no number any more at step {self.step}; the last "
                f"good checkpoint is in {self.job.folder}. Lower optimise.lr or set optimise.clip."
            )

    def _report(self, parts: dict[str, torch.Tensor], lr: float, total: int) -> None:
        rate = self.step / max(self.elapsed_s, 1e-9)
        left = (1.0 - self.progress) / max(self.progress, 1e-9) * self.elapsed_s
        values: dict[str, float | str] = {k: round(float(v), 5) for k, v in parts.items()}
        values |= {"epoch": self.epoch, "lr": lr, "eta_s": round(left, 1)}
        values |= {"samples_per_s": round(rate * self.recipe.optimise.batch, 1)}
        values |= memory_figures(str(self._fabric.device))
        self.job.report(Progress("train", self.step, total, values))


class _Clock:
    """Training time of one epoch on top of those before."""

    def __init__(self, elapsed_s: float) -> None:
        self._start_s = time.monotonic() - elapsed_s

    def elapsed_s(self) -> float:
        return time.monotonic() - self._start_s

    def leave_out(self, waited_s: float) -> None:
        self._start_s += waited_s


class _Every:
    """Whether something is due again; also where an epoch is shorter than that."""

    def __init__(self, interval_s: float) -> None:
        self._interval_s = interval_s
        self._last_s = time.monotonic()

    def now(self) -> bool:
        if time.monotonic() - self._last_s < self._interval_s:
            return False
        self._last_s = time.monotonic()
        return True


def _figures(scores: dict[str, float]) -> str:
    return "  ".join(f"{name} {value:.4g}" for name, value in scores.items())
