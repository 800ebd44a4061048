"""What training a landmark net means: its losses, its validation, its model card."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from core.datasets.face_cache import FaceCache
from core.errors import InputError
from core.losses import landmarks as losses
from core.metrics import nme
from core.nets.confidence import TOLERANCE
from core.nets.crop_net import crop_patches
from core.nets.ffld import FFLD, FFLDStages
from core.nets.model_card import BoxRule, ModelCard, Preprocessing
from core.nets.registry import build_net
from core.schemes import LandmarkScheme, load_landmark_scheme
from core.training.batches import Batch, FaceSamples, to_input
from core.training.predictions import keep_predictions
from core.training.recipe import Recipe
from core.training.start import start_weights

NO_FACE_ERROR = 0.5
"""The error a crop without a face is taught as, in input sides."""


def opening_pairs(scheme: LandmarkScheme) -> NDArray[np.int64]:
    """Points that face each other across an opening, (n, 2): lids, and lips inside.

    Two contours of as many points that share both ends go round an opening.
    """
    pairs = [
        (first, second)
        for upper in scheme.contours
        for lower in scheme.contours
        if upper.points[0] < lower.points[0]
        and len(upper.points) == len(lower.points) > 2
        and (upper.points[0], upper.points[-1]) == (lower.points[-1], lower.points[0])
        for first, second in zip(upper.points[1:-1], lower.points[-2:0:-1], strict=True)
    ]
    return np.array(pairs, np.int64).reshape(-1, 2)


def confidence_shift(confidence: NDArray[np.floating], found: NDArray[np.bool_]) -> float:
    """What to take off log b so that the mean confidence is the share of points found.

    Within ±0.5: calibration is for a head that is a little too modest or too sure, not for a net
    that has learned nothing.

    Args:
        confidence: 1 − exp(−t/b), (n,).
        found: Whether each point was nearer than t, (n,).

    Returns:
        The shift; 0 for no points.
    """
    if not len(found):
        return 0.0
    rate = -np.log1p(-np.minimum(np.asarray(confidence, np.float64), 1.0 - 1e-9))  # t/b
    low, high = -0.5, 0.5
    for _ in range(30):
        middle = 0.5 * (low + high)
        too_low = -np.expm1(-rate * np.exp(middle)).mean() < found.mean()
        low, high = (middle, high) if too_low else (low, middle)
    return 0.5 * (low + high)


def _point_weights(scheme: LandmarkScheme, wanted: Mapping[str, Any]) -> Tensor:
    """Weight of every point, (M,)."""
    weights = torch.ones(scheme.num_points)
    for name, value in wanted.items():
        if name not in scheme.components:
            raise InputError(
                f"loss.point_weights: {scheme.name} has no {name!r}; it has "
                f"{', '.join(scheme.components)}."
            )
        if not isinstance(value, int | float) or value < 0:
            raise InputError(f"loss.point_weights.{name} must be a number from 0, not {value!r}.")
        weights[list(scheme.components[name])] = float(value)
    return weights


class LandmarkTask:
    """FFLD on 68 (or any number of) points.

    Raises:
        InputError: If the recipe's losses do not fit its net.
    """

    outputs: tuple[str, ...] = ("landmarks", "confidence_logits")
    input_channels = 3
    forward_methods = ("stages",)

    def __init__(self, recipe: Recipe) -> None:
        self.recipe = recipe
        self.scheme = load_landmark_scheme(recipe.scheme)
        self.align_scale: float | None = None
        self._validated: tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]] | None = None
        unknown = set(recipe.loss.stages) - set(losses.LOSSES)
        if unknown:
            raise InputError(
                f"Unknown loss {', '.join(sorted(unknown))}; known are {', '.join(losses.LOSSES)}."
            )
        if recipe.loss.normaliser not in ("pair", "box"):
            raise InputError("loss.normaliser must be 'pair' or 'box'.")
        self.point_weights = _point_weights(self.scheme, recipe.loss.point_weights)
        self.pairs = torch.from_numpy(opening_pairs(self.scheme))

    def arguments(self) -> dict[str, Any]:
        """What the net is built with."""
        arguments = dict(self.recipe.net.arguments)
        sizes = {"num_points": self.scheme.num_points, "input_size": self.recipe.input_size}
        return arguments | sizes

    def build(self) -> FFLD:
        """The recipe's net.

        Raises:
            InputError: If it is no landmark net or has more stages than the recipe has losses.
        """
        recipe = self.recipe
        net = build_net(recipe.net.architecture, self.arguments())
        if not isinstance(net, FFLD):
            raise InputError(f"The net {recipe.net.architecture!r} gives no landmark stages.")
        wanted = len(net.crop_nets) + 1
        if not len(recipe.loss.stages) == len(recipe.loss.weights) == wanted:
            raise InputError(
                f"The net gives {wanted} predictions; loss.stages and loss.weights need as many."
            )
        return net

    def start(self, net: FFLD, cache: FaceCache) -> None:
        """Give a fresh net its starting weights."""
        start_weights(net, self.recipe, cache)

    def samples(
        self, cache: FaceCache, indices: NDArray[np.integer], epoch: int | None
    ) -> FaceSamples:
        """An epoch's samples; a None epoch means validation."""
        recipe = self.recipe
        return FaceSamples(
            cache, indices, self.scheme, recipe.input_size, recipe.augment, recipe.seed, epoch
        )

    def loss(self, net: Any, batch: Batch, progress: float) -> tuple[Tensor, dict[str, Tensor]]:
        """The sum to minimise, and its parts for the report.

        Args:
            net: The net, or Fabric's wrapper of it.
            batch: On the net's device.
            progress: Share of the training done, 0 … 1.
        """
        recipe = self.recipe.loss
        found: FFLDStages = net.stages(to_input(batch.images, self.recipe.mean, self.recipe.std))
        sizes = self._sizes(batch)
        batch = batch._replace(weights=batch.weights * self.point_weights.to(batch.weights.device))
        parts = {
            f"s{number}": losses.LOSSES[name](points, batch.landmarks, sizes, batch.weights)
            for number, (name, points) in enumerate(
                zip(recipe.stages, found.landmarks, strict=True)
            )
        }
        total = torch.stack(
            [w * value for w, value in zip(recipe.weights, parts.values(), strict=True)]
        ).sum()
        if recipe.align:
            smoothed = progress < recipe.align_smooth_until
            parts["align"] = self._align(found, batch, list(parts.values())[-1], smoothed)
            total = total + parts["align"]
        if recipe.gaps > 0:
            pairs = self.pairs.to(sizes.device)
            points = found.landmarks[-1]
            parts["gaps"] = losses.gap_loss(points, batch.landmarks, sizes, batch.weights, pairs)
            total = total + recipe.gaps * parts["gaps"]
        parts["confidence"] = self._confidence(found, batch)
        total = total + recipe.confidence * parts["confidence"]
        return total, {name: value.detach() for name, value in parts.items()}

    @torch.no_grad()
    def validate(self, net: nn.Module, batches: Iterable[Batch]) -> dict[str, float]:
        """NME (pair and box), failures, how well confidence ranks errors; `score` is compared."""
        predicted, truth, confidence = self.predict(net, batches)
        self._validated = predicted, truth
        scores = self._scores(predicted, truth, confidence.mean(axis=1))
        if isinstance(net, FFLD):
            away = np.linalg.norm(predicted - truth, axis=-1) / self.recipe.input_size
            known = np.isfinite(away)
            shift = confidence_shift(confidence[known], away[known] < TOLERANCE)
            scores["confidence_shift"] = shift
        return scores

    def predict(
        self, net: nn.Module, batches: Iterable[Batch]
    ) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any], np.ndarray[Any, Any]]:
        """Predicted and true points (N, M, 2) input pixels, NaN = missing; confidences (N, M)."""
        predicted, truth, confidence = [], [], []
        for batch in batches:
            images = to_input(batch.images, self.recipe.mean, self.recipe.std)
            points, logits = net(images)
            predicted.append(points.float().cpu().numpy())
            truth.append(
                np.where(batch.weights.cpu().numpy()[..., None] > 0, batch.landmarks.cpu(), np.nan)
            )
            confidence.append(torch.sigmoid(logits.float()).cpu().numpy())
        return np.concatenate(predicted), np.concatenate(truth), np.concatenate(confidence)

    def keep_predictions(self, job: Path, epoch: int) -> None:
        """Write what the last validation predicted (`core.training.predictions`)."""
        if self._validated is not None:
            keep_predictions(job, epoch, *self._validated, self.scheme.name)

    def card(self, results: dict[str, Any], trained_on: tuple[str, ...], created: str) -> ModelCard:
        """The description that goes into the model file."""
        recipe = self.recipe
        return ModelCard(
            name=recipe.name,
            task="landmarks",
            architecture=recipe.net.architecture,
            arguments=self.arguments(),
            input_hw=(recipe.input_size, recipe.input_size),
            outputs=self.outputs,
            scheme=recipe.scheme,
            preprocessing=Preprocessing(mean=recipe.mean, std=recipe.std),
            box_rule=BoxRule(
                "square", "landmark_hull", recipe.augment.crop_scale, recipe.augment.crop_shift
            ),
            mirror=tuple(int(i) for i in self.scheme.mirror),
            licence=recipe.licence,
            trained_on=trained_on,
            recipe=recipe.as_record(),
            results=results,
            created=created,
        )

    def state(self) -> dict[str, Any]:
        """What a checkpoint keeps of the task."""
        return {"align_scale": self.align_scale}

    def load_state(self, state: dict[str, Any]) -> None:
        """Take up a checkpoint's state."""
        self.align_scale = state["align_scale"]

    def _sizes(self, batch: Batch) -> Tensor:
        """D of every sample in input pixels, (B,); 1 where there is no face."""
        if self.recipe.loss.normaliser == "pair":
            first, second = self.scheme.normalising_pair
            sizes = (batch.landmarks[:, first] - batch.landmarks[:, second]).norm(dim=-1)
        else:
            known = batch.weights[..., None] > 0
            low = batch.landmarks.masked_fill(~known, torch.inf).amin(dim=1)
            high = batch.landmarks.masked_fill(~known, -torch.inf).amax(dim=1)
            sizes = (high - low).clamp(min=0).prod(dim=-1).sqrt()
        return torch.where(batch.has_face > 0, sizes.clamp(min=4.0), torch.ones_like(sizes))

    def _align(self, found: FFLDStages, batch: Batch, last_loss: Tensor, smoothed: bool) -> Tensor:
        """The align loss, scaled once so that its gradient starts as large as the last stage's."""
        maps = found.level1.detach()  # else constant maps would be the best ones
        points = found.landmarks[-1]
        loss = losses.align_loss(
            crop_patches(maps, points, 2),
            crop_patches(maps, batch.landmarks, 2),
            batch.weights,
            smoothed,
        )
        if self.align_scale is None:
            own, other = (
                torch.autograd.grad(value, points, retain_graph=True)[0].norm()
                for value in (loss, last_loss)
            )
            self.align_scale = float(other / own.clamp(min=1e-12))
        return self.align_scale * loss

    def _confidence(self, found: FFLDStages, batch: Batch) -> Tensor:
        tolerance = TOLERANCE * self.recipe.input_size
        error = (found.landmarks[-1].detach() - batch.landmarks).norm(dim=-1) / tolerance
        face = batch.has_face[:, None] > 0
        error = torch.where(face, error, torch.full_like(error, NO_FACE_ERROR / TOLERANCE))
        return losses.radius_nll(found.log_scale, error, tolerance)

    def _scores(
        self,
        predicted: np.ndarray[Any, Any],
        truth: np.ndarray[Any, Any],
        confidence: np.ndarray[Any, Any],
    ) -> dict[str, float]:
        pair = nme.pair_distance(truth, self.scheme.normalising_pair)
        box = nme.box_size(truth)
        whole = np.isfinite(pair) & (pair > 0.05 * box)
        by_box = nme.face_errors(nme.point_errors(predicted, truth, box))
        by_pair = nme.face_errors(nme.point_errors(predicted[whole], truth[whole], pair[whole]))
        rank = np.argsort(np.argsort(by_box)), np.argsort(np.argsort(confidence))
        return {
            "nme": float(np.mean(by_pair)),
            "nme_median": float(np.median(by_pair)),
            "fr_0.1": nme.failure_rate(by_pair, 0.1),
            "nme_box": float(np.mean(by_box)),
            "confidence": float(np.mean(confidence)),
            "confidence_rank": float(np.corrcoef(*rank)[0, 1]) if len(by_box) > 1 else 0.0,
            "score": float(np.mean(by_box)),
        }
