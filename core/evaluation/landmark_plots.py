"""The plots METHODS E asks for: error curves by landmark, steps of the stages, reduced patches."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from core.datasets.face_cache import FaceCache
from core.evaluation import charts
from core.evaluation.landmark_stages import batches
from core.metrics.nme import ced_curve
from core.nets.crop_net import CropNet
from core.nets.ffld import FFLD
from core.nets.model_card import ModelCard

Floats = NDArray[np.float64]
Image = NDArray[np.uint8]

SHOWN = (8, 30, 36, 48)
"""Chin, tip of the nose, an outer eye corner, a mouth corner (iBUG, 0-based)."""
_CELL = 56


def error_curves(file: Path, errors: Mapping[str, Floats], limit: float = 0.03) -> Path:
    """Landmark-wise cumulative error distributions up to 3 % of the eye distance.

    Args:
        file: The PNG.
        errors: (N, M) of each net, over the eye distance; NaN = does not count.
        limit: Right end.
    """
    lines = {}
    for name, values in errors.items():
        thresholds, share = ced_curve(values, limit, 150)
        lines[name] = (100.0 * thresholds, 100.0 * share)
    top = 10 * max(1, int(np.ceil(max(float(y[-1]) for _, y in lines.values()) / 10)))
    axes = charts.Axes(
        "Landmark-wise cumulative error", "error, % of the eye distance", "landmarks, %",
        (0.0, 100.0 * limit), (0.0, top), y_ticks=top // 10 + 1,
    )  # fmt: skip
    return charts.write(file, charts.curves(axes, lines))


def step_histogram(file: Path, steps: Floats) -> Path:
    """How far each stage moves the points.

    Args:
        file: The PNG.
        steps: (stages, N, M) lengths over the eye distance; NaN = does not count.
    """
    edges = np.linspace(0.0, 10.0, 11)
    groups = {}
    for number, values in enumerate(steps):
        known = 100.0 * values[np.isfinite(values)]
        counts = np.histogram(np.clip(known, 0.0, edges[-1] - 1e-9), edges)[0]
        groups[f"stage {number + 1}"] = 100.0 * counts / max(len(known), 1)
    top = 10 * max(1, int(np.ceil(max(float(v.max()) for v in groups.values()) / 10)))
    axes = charts.Axes(
        "Length of dS by stage", "% of the eye distance (the last bar: longer, too)",
        "landmarks, %", (0.0, 10.0), (0.0, top), 11, top // 10 + 1,
    )  # fmt: skip
    return charts.write(file, charts.bars(axes, edges, groups))


@torch.no_grad()
def patches(file: Path, net: FFLD, card: ModelCard, cache: FaceCache, faces: int = 3) -> Path:
    """What the CropNets see after channel reduction (Fig. 3.5): 4 channels, each stage, points.

    One block a face: the crop with the shown points, then a row a point: 4 channels of stage 1,
    of stage 2, of stage 3.
    """
    images, _ = next(batches(card, cache))
    inputs = torch.from_numpy(images[:faces])
    found = net.stages(inputs).landmarks
    maps = net.body(inputs)
    reduced = []
    for stage, crop_net in enumerate(net.crop_nets):
        assert isinstance(crop_net, CropNet)
        level = 2 - stage  # stage 1 crops level 3
        values = crop_net.reduced(maps[level], found[stage], net.body.strides[level])
        reduced.append(values.reshape(len(inputs), net.num_points, -1, *values.shape[-2:]))
    blocks = [
        _block(_picture(images[i], card), found[-1][i].numpy(), [r[i].numpy() for r in reduced])
        for i in range(len(inputs))
    ]
    return charts.write(file, np.concatenate(blocks, axis=0))


def _block(picture: Image, points: Floats, stages: list[NDArray[np.float32]]) -> Image:
    rows = []
    for point in SHOWN:
        cells = [_grey(channel) for stage in stages for channel in stage[point]]
        rows.append(np.concatenate(cells, axis=1))
    right = np.concatenate(rows, axis=0)
    side = right.shape[0]
    left = cv2.resize(picture, (side, side), interpolation=cv2.INTER_CUBIC)
    zoom = side / picture.shape[0]
    for number in SHOWN:
        x, y = (points[number] + 0.5) * zoom - 0.5
        cv2.circle(left, (round(float(x)), round(float(y))), 4, (255, 220, 0), 1, cv2.LINE_AA)
    block = np.concatenate([left, right], axis=1)
    return np.asarray(np.pad(block, ((0, 6), (0, 0), (0, 0)), constant_values=255), np.uint8)


def _grey(values: NDArray[np.float32]) -> Image:
    low, high = float(values.min()), float(values.max())
    scaled = (255 * (values - low) / max(high - low, 1e-6)).astype(np.uint8)
    large = cv2.resize(scaled, (_CELL - 2, _CELL - 2), interpolation=cv2.INTER_NEAREST)
    padded = np.pad(large, 1, constant_values=255)
    return np.asarray(np.repeat(padded[..., None], 3, axis=2), np.uint8)


def _picture(image: NDArray[np.float32], card: ModelCard) -> Image:
    mean, std = np.array(card.preprocessing.mean), np.array(card.preprocessing.std)
    rgb = image.transpose(1, 2, 0) * std + mean
    return np.clip(255 * rgb, 0, 255).astype(np.uint8)
