"""Train in three stages: sparse points, then the other points on a frozen trunk, then everything.

[Yan20] 5.5.4. Stage 1 learns trunk and main branch from the m points of all N faces. Stage 2 learns
the secondary branch alone from the n dense faces; trunk and main branch stay as they are, BatchNorm
statistics too. Nothing before the branch changes then, so its inputs are computed once from
undisturbed crops: training on those features *is* training on the images. Stage 3 tunes the whole
net on the dense faces with both losses. Plain SGD with momentum 0.9, the learning rate falls to a
tenth when the epoch's loss has not fallen for a while. On a CPU a resumed run equals an undisturbed
one bit for bit.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from core.devices import DeviceLock, memory_figures, ran_out_of_memory
from core.errors import InputError, JobCancelled, ResourceError
from core.losses.branches import branch_l2
from core.nets.two_branch import TwoBranchResNet
from core.progress import Progress
from core.training.batches import epoch_order, load_batches, to_input
from core.training.checkpoint import load_checkpoint, save_checkpoint
from core.training.job import JobFolder, Stop
from core.training.predictions import keep_predictions
from core.training.recipe import Recipe
from core.training.weak.data import WeakBatch, WeakFaces, WeakSamples
from core.training.weak.features import FrozenFeatures
from core.training.weak.formats import sparse_points
from core.training.weak.held_out import HeldOut, Judged, crops, mean_shape

MOMENTUM = 0.9
PLATEAU_FACTOR = 0.1
_REPORT_EVERY_S = 1.0
_SAVE_EVERY_S = 60.0


class WeakRun:
    """One run: what changes from step to step, and the loop that changes it.

    Attributes:
        stage: 1, 2 or 3; 4 = done.
        epoch: Finished epochs of the stage.
        step: Finished steps of the current epoch.
        scores: Of the last validation.
    """

    def __init__(self, recipe: Recipe, fabric: Any, job: JobFolder, faces: WeakFaces) -> None:
        torch.manual_seed(recipe.seed)
        self.recipe, self.job, self.faces = recipe, job, faces
        self._fabric = fabric
        points = sparse_points(
            recipe.weak.format, recipe.weak.budget, faces.scheme, faces.xy[faces.dense], recipe.seed
        )
        arguments = dict(recipe.net.arguments)
        arguments |= {"num_points": faces.scheme.num_points, "input_size": recipe.input_size}
        try:
            net = TwoBranchResNet(sparse=points, **arguments)
        except (TypeError, ValueError) as error:
            raise InputError(f"The recipe's net cannot be built: {error}.") from error
        self.net = net.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.net.set_mean_shape(mean_shape(faces, recipe))
        self._wrapped = fabric.setup_module(self.net)
        self._held_out = HeldOut(faces, recipe)
        self.stage, self.epoch, self.step = 1, 0, 0
        self.scores: dict[str, float] = {}
        self._loss_sum = 0.0
        self._pieces = 1
        self._device_lock = DeviceLock(str(fabric.device))
        self._optimiser: torch.optim.Optimizer
        self._plateau: torch.optim.lr_scheduler.ReduceLROnPlateau
        self._features: FrozenFeatures | None = None
        self._start_stage()
        job.say(f"{len(faces.faces)} faces with points {', '.join(map(str, points))}")
        job.say(f"{len(faces.dense)} of them with all {faces.scheme.num_points} points")
        if recipe.weak.stage1:
            self._take_stage1(Path(recipe.weak.stage1))

    def train(self) -> None:
        """The stages, until the end or a wish to stop."""
        while self.stage <= 3:
            stop = self.train_stage_step()
            if stop == "cancel":
                self.save()
                raise JobCancelled("Training cancelled; its last checkpoint is kept.")
            if stop is not None:
                self._validate()
                self.save()
                self.job.say(f"stopped early in stage {self.stage}, epoch {self.epoch}")
                return

    def train_stage_step(self) -> Stop | None:
        """The rest of an epoch, or the change to the next stage."""
        if self.epoch < self._epochs():
            return self._train_epoch()
        self._end_stage()
        return None

    def save(self, name: str = "last") -> None:
        """Write everything a resumed run needs."""
        state = {
            "net": self.net.state_dict(),
            "sparse": list(self.net.sparse),
            "optimiser": self._optimiser.state_dict(),
            "plateau": self._plateau.state_dict(),
            "rng": torch.get_rng_state(),
            "place": [self.stage, self.epoch, self.step],
            "loss_sum": self._loss_sum,
            "pieces": self._pieces,
            "scores": self.scores,
        }
        save_checkpoint(self.job.checkpoint(name), state)
        self._saved_s = time.monotonic()

    def resume(self) -> None:
        """Take up last.pt.

        Raises:
            InputError: If it belongs to another net or format.
        """
        state = load_checkpoint(self.job.checkpoint("last"))
        self._load_net(state, self.job.folder)
        self.stage, self.epoch, self.step = state["place"]
        self._start_stage()
        self._optimiser.load_state_dict(state["optimiser"])
        self._plateau.load_state_dict(state["plateau"])
        torch.set_rng_state(state["rng"])
        self._loss_sum, self.scores = state["loss_sum"], state["scores"]
        self._pieces = state["pieces"]
        self.job.say(f"resumed in stage {self.stage}, epoch {self.epoch}")

    # ---- stages

    def _epochs(self) -> int:
        """Of the current stage; without a secondary branch there is nothing to learn in stage 2."""
        if self.stage == 2 and self.net.secondary is None:
            return 0
        return self.recipe.weak.epochs[self.stage - 1]

    def _start_stage(self) -> None:
        """Optimiser and schedule of the current stage."""
        number = min(self.stage, 3)
        net = self.net
        parts: list[torch.nn.Module | None] = {
            1: [net.body, net.main],
            2: [net.secondary if net.secondary is not None else net.main],
            3: [net.body, net.main, net.secondary],
        }[number]  # type: ignore[assignment]
        parameters = [p for part in parts if part is not None for p in part.parameters()]
        optimise, weak = self.recipe.optimise, self.recipe.weak
        self._optimiser = torch.optim.SGD(
            parameters, lr=weak.lr[number - 1], momentum=MOMENTUM,
            weight_decay=optimise.weight_decay,
        )  # fmt: skip
        if number != 2:
            self._optimiser = self._fabric.setup_optimizers(self._optimiser)
        self._plateau = torch.optim.lr_scheduler.ReduceLROnPlateau(
            self._optimiser, factor=PLATEAU_FACTOR, patience=weak.patience
        )
        self._features = self._frozen() if number == 2 else None
        self._started_s = self._reported_s = self._saved_s = time.monotonic()

    def _frozen(self) -> FrozenFeatures:
        dense = crops(self.faces, self.faces.dense, self.recipe)
        return FrozenFeatures(self.net, dense, self._input, self._fabric.device)

    def _end_stage(self) -> None:
        self._validate()
        if self.stage == 1:
            self.save("stage1")
        self.job.say(f"stage {self.stage} done: {_figures(self.scores)}")
        self.stage, self.epoch, self.step = self.stage + 1, 0, 0
        self._start_stage()
        self.save()

    def _take_stage1(self, folder: Path) -> None:
        file = folder / "checkpoints" / "stage1.pt"
        if not file.is_file():
            raise InputError(f"{folder}: no finished stage 1 here (checkpoints/stage1.pt).")
        self._load_net(load_checkpoint(file), folder)
        self.stage = 2
        self._start_stage()
        self.job.say("stage 1 taken from another job")

    def _load_net(self, state: dict[str, Any], folder: Path) -> None:
        if state.get("sparse") != list(self.net.sparse):
            raise InputError(
                f"{folder}: its checkpoint has other sparse points; change the format."
            )
        try:
            self.net.load_state_dict(state["net"])
        except RuntimeError as error:
            raise InputError(f"{folder}: its checkpoint belongs to another net.") from error

    # ---- steps

    def _train_epoch(self) -> Stop | None:
        """The rest of the current epoch of the current stage."""
        per_epoch = max(1, len(self._rows()) // self.recipe.optimise.batch)
        self.net.train(self.stage != 2)  # stage 2 leaves BatchNorm alone
        for batch in self._batches():
            self._give_way()
            loss = self._step(*batch)
            self._loss_sum += loss
            self.step += 1
            stop = self.job.stop_wanted()
            now = time.monotonic()
            if now - self._reported_s >= _REPORT_EVERY_S or stop:
                self._report(loss, per_epoch)
            if stop:
                return stop
            if now - self._saved_s >= _SAVE_EVERY_S:
                self.save()
        mean = self._loss_sum / per_epoch
        if not math.isfinite(mean):
            raise ResourceError(
                f"The loss is no number any more in stage {self.stage}, epoch {self.epoch}; lower "
                "weak.lr."
            )
        self._plateau.step(mean)
        self.epoch, self.step, self._loss_sum = self.epoch + 1, 0, 0.0
        last = self.epoch == self._epochs()  # validated at the stage's end
        if not last and self.epoch % self.recipe.optimise.validate_every == 0:
            self._validate()
        return None

    def _give_way(self) -> None:
        """Wait while a window uses this device: a person waits for that, nobody for a step."""
        self._device_lock.wait_until_free(lambda: self.job.stop_wanted() is not None, self.job.say)

    def _step(self, inputs: Tensor, truth: Tensor, weights: Tensor) -> float:
        """Forward, loss, backward, step; halves the batch when memory runs out."""
        while True:
            self._optimiser.zero_grad(set_to_none=True)
            try:
                loss = self._backward(inputs, truth, weights)
                break
            except (RuntimeError, MemoryError) as error:
                if not ran_out_of_memory(error) or self._pieces * 2 > len(inputs):
                    raise
                self._pieces *= 2
                self.job.say(f"out of memory: each batch now in {self._pieces} pieces")
        if self.recipe.optimise.clip and self.stage != 2:
            self._fabric.clip_gradients(
                self._wrapped, self._optimiser, max_norm=self.recipe.optimise.clip,
                error_if_nonfinite=False,
            )  # fmt: skip
        self._optimiser.step()
        return loss

    def _backward(self, *batch: Tensor) -> float:
        total = 0.0
        pieces = list(zip(*(part.chunk(self._pieces) for part in batch), strict=True))
        for inputs, truth, weights in pieces:
            share = len(inputs) / len(batch[0])
            loss = self._loss(inputs, truth, weights) * share
            if self.stage == 2:
                loss.backward()  # type: ignore[no-untyped-call]
            else:
                self._fabric.backward(loss)
            total += float(loss.detach())
        return total

    def _loss(self, inputs: Tensor, truth: Tensor, weights: Tensor) -> Tensor:
        """What the current stage minimises."""
        side = self.recipe.input_size
        if self.stage == 2:
            return branch_l2(self.net.secondary_points(inputs), truth, weights, side)
        points = self._wrapped(inputs)
        branches = [self.net.sparse] if self.stage == 1 else [self.net.sparse, self.net.rest]
        losses = [
            branch_l2(points[:, list(b)], truth[:, list(b)], weights[:, list(b)], side)
            for b in branches
            if b
        ]
        return torch.stack(losses).sum()

    def _rows(self) -> np.ndarray[Any, np.dtype[np.int64]]:
        return self.faces.faces if self.stage == 1 else self.faces.dense

    def _batches(self) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
        """What is left of the epoch: (images or features, truth, weights)."""
        recipe, rows = self.recipe, self._rows()
        batch = min(recipe.optimise.batch, len(rows))
        key = (recipe.seed, self.stage, self.epoch)
        order = epoch_order(len(rows), 4 * recipe.seed + self.stage, self.epoch, batch)
        order = order[self.step * batch :]
        if self.stage == 2:
            assert self._features is not None
            yield from self._features.batches(order, batch)
            return
        samples = WeakSamples(self.faces, rows[order], recipe.input_size, recipe.augment, key)
        for one in load_batches(samples, batch, recipe.data.workers):
            images, truth, weights = self._fabric.to_device(one)
            yield to_input(images, recipe.mean, recipe.std), truth, weights

    # ---- looking at it

    def judge(self) -> Judged:
        """The net as it is, on the held-out faces."""
        return self._held_out.judge(self.net, self._input)

    def _validate(self) -> None:
        """NME of the held-out faces: over the sparse points in stage 1, over all points later."""
        if not len(self.faces.held_out):
            return
        predicted, truth, errors = self.judge()
        self.scores = {"nme_sparse": float(np.nanmean(errors[:, list(self.net.sparse)]))}
        if self.stage > 1 or self.net.secondary is None:
            self.scores["nme"] = float(np.nanmean(errors))
        trained = sum(self.recipe.weak.epochs[: self.stage - 1]) + self.epoch
        every = self.recipe.optimise.predictions_every
        if every and self.epoch % every == 0:
            name = self.faces.scheme.name
            keep_predictions(self.job.folder, trained, predicted, truth, name)
        values: dict[str, float | str] = {f"val_{k}": v for k, v in self.scores.items()}
        values |= {"weak_stage": self.stage, "epoch": self.epoch}
        self.job.report(Progress("validate", trained, sum(self.recipe.weak.epochs), values))

    def _report(self, loss: float, per_epoch: int) -> None:
        self._reported_s = time.monotonic()
        epochs = self._epochs()
        values: dict[str, float | str] = {
            "weak_stage": self.stage,
            "epoch": self.epoch,
            "epochs": epochs,
            "loss": round(loss, 6),
            "lr": float(self._optimiser.param_groups[0]["lr"]),
        }
        done = self.epoch * per_epoch + self.step
        rate = done / max(time.monotonic() - self._started_s, 1e-9)
        values["samples_per_s"] = round(rate * self.recipe.optimise.batch, 1)
        values["eta_s"] = round((epochs * per_epoch - done) / max(rate, 1e-9), 1)
        values |= memory_figures(str(self._fabric.device))
        self.job.report(Progress("train", done, epochs * per_epoch, values))

    def _input(self, batch: WeakBatch) -> Tensor:
        images = self._fabric.to_device(batch.images)
        return to_input(images, self.recipe.mean, self.recipe.std)


def _figures(scores: dict[str, float]) -> str:
    return "  ".join(f"{name} {value:.4g}" for name, value in scores.items())
