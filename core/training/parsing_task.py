"""What training a parsing net means: its samples, its loss, its validation, its model card."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from core.datasets.face_cache import UNKNOWN, FaceCache
from core.errors import InputError
from core.losses.parsing import cross_entropy
from core.metrics import iou
from core.nets.hourglass import MobileHourglass
from core.nets.model_card import BoxRule, ModelCard, Preprocessing
from core.nets.registry import build_net
from core.nets.unet import UNet
from core.schemes import load_landmark_scheme, load_mask_scheme
from core.training.batches import to_input
from core.training.parsing_batches import ParsingBatch, ParsingSamples, mask_planes
from core.training.recipe import Recipe
from core.training.start import load_start


class ParsingTask:
    """A mobile hourglass or a U-Net on part labels.

    Raises:
        InputError: If a weighted class is none of the scheme's, or the input does not halve.
    """

    outputs = ("logits",)
    forward_methods: tuple[str, ...] = ()

    def __init__(self, recipe: Recipe) -> None:
        self.recipe = recipe
        self.scheme = load_landmark_scheme(recipe.scheme)
        self.masks = load_mask_scheme(recipe.mask_scheme)
        names = self.masks.class_names
        unknown = set(recipe.loss.class_weights) - set(names)
        if unknown:
            raise InputError(
                f"loss.class_weights: {', '.join(sorted(unknown))} is no class of "
                f"{recipe.mask_scheme}; its classes are {', '.join(names)}."
            )
        if recipe.input_size % 16:
            raise InputError(f"input_size must be a multiple of 16, not {recipe.input_size}.")
        given = [float(recipe.loss.class_weights.get(name, 1.0)) for name in names]
        self._weights = torch.tensor(given) if recipe.loss.class_weights else None

    @property
    def arguments(self) -> dict[str, Any]:
        """The net's arguments: the recipe's, with the number of classes filled in."""
        arguments = dict(self.recipe.net.arguments)
        feedback = bool(arguments.pop("feedback", True))
        classes = self.masks.num_classes
        return arguments | {
            "num_classes": classes,
            "previous_channels": classes if feedback else 0,
        }

    @property
    def input_channels(self) -> int:
        """3, and one a class with feedback."""
        return 3 + int(self.arguments["previous_channels"])

    def build(self) -> MobileHourglass | UNet:
        """The recipe's net.

        Raises:
            InputError: If it is no parsing net.
        """
        net = build_net(self.recipe.net.architecture, self.arguments)
        if not isinstance(net, MobileHourglass | UNet):
            raise InputError(f"The net {self.recipe.net.architecture!r} labels no pixels.")
        return net

    def start(self, net: nn.Module, cache: FaceCache) -> None:
        """Give a fresh net its starting weights."""
        load_start(net, self.recipe)

    def samples(
        self, cache: FaceCache, indices: NDArray[np.integer], epoch: int | None
    ) -> ParsingSamples:
        """An epoch's samples; a None epoch means validation.

        Raises:
            InputError: If the cache has no labels of the recipe's scheme.
        """
        recipe = self.recipe
        if cache.mask_scheme != recipe.mask_scheme:
            raise InputError(f"{cache.folder}: this cache has no {recipe.mask_scheme} labels.")
        return ParsingSamples(
            cache, indices, (self.scheme, self.masks), recipe.input_size,
            (recipe.augment, recipe.previous), recipe.seed, epoch,
        )  # fmt: skip

    def loss(
        self, net: Any, batch: ParsingBatch, progress: float
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """Cross-entropy, and for the report the share of known pixels that are right.

        Args:
            net: The net, or Fabric's wrapper of it.
            batch: On the net's device.
            progress: Share of the training done; not looked at.
        """
        logits = net(self._input(self._with_own_answers(net, batch))).float()
        weights = None if self._weights is None else self._weights.to(logits.device)
        loss = cross_entropy(logits, batch.labels, weights)
        known = batch.labels != UNKNOWN
        hits = (logits.detach().argmax(dim=1) == batch.labels) & known
        return loss, {"accuracy": hits.sum() / known.sum().clamp(min=1)}

    @torch.no_grad()
    def validate(self, net: nn.Module, batches: Iterable[ParsingBatch]) -> dict[str, float]:
        """F1 by class without a last mask, mean IoU; the same mean F1 when the net's own answer is
        fed back once; `score` (1 − mean F1) is compared.
        """
        classes = self.masks.num_classes
        alone, fed = (np.zeros((classes, classes), np.int64) for _ in range(2))
        for batch in batches:
            first = net(self._input(batch)).argmax(dim=1)
            alone += _counts(batch.labels, first, classes)
            if self.arguments["previous_channels"]:
                again = batch._replace(previous=first.to(torch.uint8))
                fed += _counts(batch.labels, net(self._input(again)).argmax(dim=1), classes)
        scores = {
            f"f1_{name}": float(value)
            for name, value in zip(self.masks.class_names, iou.class_f1(alone), strict=True)
            if np.isfinite(value)
        }
        mean = float(np.nanmean(iou.class_f1(alone)[1:]))
        scores |= {"miou": iou.mean_iou(alone), "f1_mean": mean, "score": 1.0 - mean}
        if fed.any():
            scores["f1_mean_fed"] = float(np.nanmean(iou.class_f1(fed)[1:]))
        return scores

    def card(self, results: dict[str, Any], trained_on: tuple[str, ...], created: str) -> ModelCard:
        """The description that goes into the model file."""
        recipe, augment = self.recipe, self.recipe.augment
        return ModelCard(
            name=recipe.name,
            task="parsing",
            architecture=recipe.net.architecture,
            arguments=self.arguments,
            input_hw=(recipe.input_size, recipe.input_size),
            outputs=self.outputs,
            mask_scheme=recipe.mask_scheme,
            preprocessing=Preprocessing(mean=recipe.mean, std=recipe.std),
            box_rule=BoxRule("square", "landmark_hull", augment.crop_scale, augment.crop_shift),
            mirror=tuple(int(i) for i in self.masks.mirror),
            hold=recipe.previous.hold if self.arguments["previous_channels"] else 0.0,
            licence=recipe.licence,
            trained_on=trained_on,
            recipe=recipe.as_record(),
            results=results,
            created=created,
        )

    def state(self) -> dict[str, Any]:
        """What a checkpoint keeps of the task: nothing."""
        return {}

    def load_state(self, state: dict[str, Any]) -> None:
        """Take up a checkpoint's state."""

    def _with_own_answers(self, net: Any, batch: ParsingBatch) -> ParsingBatch:
        """Give the samples that are to be fed the net's own answer what it says of them earlier.

        The net learns what its own masks are worth: right but for their borders, whose errors of
        one look are another's chance, as from frame to frame.
        """
        if not self.recipe.previous.own or not bool(batch.fed_own.any()):
            return batch
        with torch.no_grad():
            before = net(self._input(batch._replace(images=batch.earlier)))
        answer = before.argmax(dim=1).to(torch.uint8)
        chosen = batch.fed_own[:, None, None]
        return batch._replace(previous=torch.where(chosen, answer, batch.previous))

    def _input(self, batch: ParsingBatch) -> Tensor:
        images = to_input(batch.images, self.recipe.mean, self.recipe.std)
        if not self.arguments["previous_channels"]:
            return images
        planes = mask_planes(batch.previous, self.masks.num_classes)
        joined = torch.cat([images, planes], dim=1)
        return joined.contiguous(memory_format=torch.channels_last)


def _counts(labels: Tensor, predicted: Tensor, classes: int) -> NDArray[np.int64]:
    known = (labels != UNKNOWN).cpu().numpy()
    truth, found = labels.cpu().numpy()[known], predicted.cpu().numpy()[known]
    return iou.confusion_matrix(truth, found, classes)
