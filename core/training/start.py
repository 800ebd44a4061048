"""What weights a run starts from: fresh, a published backbone, or an earlier model of ours."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import nn

from core.datasets.face_cache import FaceCache
from core.errors import InputError
from core.nets.ffld import FFLD
from core.nets.model_file import load_foreign_state_dict, load_weights
from core.nets.resnet import load_backbone
from core.training.augment import base_matrix
from core.training.recipe import Recipe

_FACES = 500


def start_weights(net: FFLD, recipe: Recipe, cache: FaceCache) -> None:
    """Give a fresh net its starting weights; S₀ starts at the mean shape of the training faces.

    Raises:
        InputError: If named weights are missing or fit nowhere.
    """
    net.set_mean_shape(torch.from_numpy(_mean_shape(recipe, cache)))
    if recipe.net.backbone_weights:
        file = _existing(recipe.net.backbone_weights)
        try:
            load_backbone(net.body, load_foreign_state_dict(file))
        except ValueError as error:
            raise InputError(f"{file}: not usable as backbone weights ({error}).") from error
    load_start(net, recipe)


def load_start(net: nn.Module, recipe: Recipe) -> None:
    """Take up the weights of an earlier model that fit by name and shape, if one is named.

    Raises:
        InputError: If there is no such file or nothing fits.
    """
    if recipe.net.start_from:
        own = net.state_dict()
        found = load_weights(_existing(recipe.net.start_from))
        fitting = {k: v for k, v in found.items() if k in own and own[k].shape == v.shape}
        if not fitting:
            raise InputError(f"{recipe.net.start_from}: no weight of it fits this net.")
        net.load_state_dict(fitting, strict=False)


def _existing(name: str) -> Path:
    file = Path(name).expanduser()
    if not file.is_file():
        raise InputError(f"{file}: there is no such weight file.")
    return file


def _mean_shape(
    recipe: Recipe, cache: FaceCache
) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    """Mean landmarks of the first faces in undisturbed crops, (M, 2) input pixels."""
    total = []
    shift = recipe.augment.crop_shift
    for xy in cache.landmarks[:_FACES]:
        matrix = base_matrix(xy, recipe.input_size, recipe.augment.crop_scale, 0.0, shift)
        total.append(xy @ matrix[:, :2].T + matrix[:, 2])
    return np.nanmean(np.stack(total), axis=0).astype(np.float32)
