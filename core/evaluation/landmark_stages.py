"""An FFLD net on held-out faces, every refinement stage for itself (METHODS E).

Crops are placed as a tracker would place them: the card's box rule on the true landmarks, disturbed
a little by a generator that knows only the face's number, so that all nets see the same crops.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from core.datasets.face_cache import FaceCache
from core.errors import InputError
from core.faces.crops import crop_matrix, extract_crop, eye_line_angle
from core.geometry import Array, apply_affine
from core.inference.normalise import normalised
from core.metrics import nme
from core.metrics.significance import paired
from core.nets.ffld import FFLD
from core.nets.model_card import ModelCard
from core.nets.model_file import load_weights, read_card
from core.nets.registry import build_net
from core.progress import Cancelled, Progress, Report, check, ignore, never
from core.schemes import load_landmark_scheme

Floats = NDArray[np.float64]

SHIFT, ZOOM, ROLL_DEG = 0.04, 0.08, 10.0
"""How far crops are off, ±: shares of the crop's side, of its size, degrees."""
SEEN_FROM_FRONT = 0.3
"""Least distance of the eye corners over √(box area), about 60° of turn: in profile the distance
between the eyes is no measure of a face."""
STRICT = (0.01, 0.02, 0.03)
"""Where the landmark-wise error distribution is read off, shares of the eye distance."""
_BATCH = 64


@dataclass(frozen=True, eq=False)
class StagePoints:
    """What every stage says of every face, in crop pixels."""

    points: Floats
    """(stages + 1, N, M, 2); the first is the baseline's."""
    truth: Floats
    """(N, M, 2)."""
    pair: tuple[int, int]

    def eye_errors(self) -> Floats:
        """Errors over the eye distance, (stages + 1, N, M); NaN for faces seen from the side."""
        eyes = nme.pair_distance(self.truth, self.pair)
        seen = eyes >= SEEN_FROM_FRONT * nme.box_size(self.truth)
        sizes = np.where(seen, eyes, 1.0)
        errors = np.stack([nme.point_errors(p, self.truth, sizes) for p in self.points])
        return np.where(seen[None, :, None], errors, np.nan)

    def box_errors(self) -> Floats:
        """Errors of all faces over √(box area), (stages + 1, N, M)."""
        sizes = nme.box_size(self.truth)
        return np.stack([nme.point_errors(p, self.truth, sizes) for p in self.points])

    def steps(self) -> Floats:
        """Length of every stage's ΔS over the eye distance, (stages, N, M), NaN as above."""
        eyes = nme.pair_distance(self.truth, self.pair)
        seen = eyes >= SEEN_FROM_FRONT * nme.box_size(self.truth)
        length = np.linalg.norm(np.diff(self.points, axis=0), axis=-1)
        return np.asarray(length / np.where(seen, eyes, np.nan)[None, :, None])


def load_ffld(model: Path) -> tuple[FFLD, ModelCard]:
    """The net of a model file, ready to predict.

    Raises:
        InputError: If it is no FFLD net.
    """
    card = read_card(model)
    net = build_net(card.architecture, card.arguments)
    if not isinstance(net, FFLD):
        raise InputError(f"{model}: a net with refinement stages is needed, not {card.name!r}.")
    net.load_state_dict(load_weights(model))
    return net.eval(), card


@torch.no_grad()
def look(
    net: FFLD, card: ModelCard, cache: FaceCache, report: Report = ignore,
    cancelled: Cancelled = never,
) -> StagePoints:  # fmt: skip
    """Run a net on all faces of a cache."""
    found, truth = [], []
    for number, (images, xy) in enumerate(batches(card, cache)):
        check(cancelled)
        stages = net.stages(torch.from_numpy(images)).landmarks
        found.append(np.stack([s.float().numpy() for s in stages]).astype(np.float64))
        truth.append(xy)
        report(Progress("held out", min((number + 1) * _BATCH, len(cache)), len(cache)))
    pair = load_landmark_scheme(str(card.scheme)).normalising_pair
    return StagePoints(np.concatenate(found, axis=1), np.concatenate(truth), pair)


def batches(card: ModelCard, cache: FaceCache) -> Iterator[tuple[NDArray[np.float32], Floats]]:
    """Net inputs (B, 3, h, w) and the true points in them (B, M, 2)."""
    pair = load_landmark_scheme(str(card.scheme)).normalising_pair
    for start in range(0, len(cache), _BATCH):
        crops, points = [], []
        for index in range(start, min(start + _BATCH, len(cache))):
            xy = np.asarray(cache.landmarks[index], np.float64)
            matrix = placed(card, xy, index, pair)
            crops.append(extract_crop(cache.image(index), matrix, card.input_hw))
            points.append(apply_affine(matrix, xy))
        yield normalised(np.stack(crops), card.preprocessing), np.stack(points)


def placed(card: ModelCard, xy: Floats, index: int, pair: tuple[int, int]) -> Array:
    """The crop of face `index`, a little off."""
    rng = np.random.default_rng([77, index])
    zoom = np.exp(rng.uniform(-ZOOM, ZOOM))
    roll = np.deg2rad(np.clip(rng.normal(0.0, ROLL_DEG / 2), -ROLL_DEG, ROLL_DEG))
    shift = np.asarray(card.box_rule.shift_xy) + rng.uniform(-SHIFT, SHIFT, 2)
    rule = replace(
        card.box_rule,
        scale=card.box_rule.scale * float(zoom),
        shift_xy=(float(shift[0]), float(shift[1])),
    )
    return crop_matrix(rule, xy, eye_line_angle(xy, pair) + float(roll), card.input_hw)


def compare_stages(seen: StagePoints) -> list[dict[str, Any]]:
    """Each refinement against what it started from, face by face: `Paired` records."""
    by_face = np.stack([nme.face_errors(errors) for errors in seen.eye_errors()])
    pairs = zip(by_face[1:], by_face[:-1], strict=True)
    return [paired(after[None], before[None]).as_record() for after, before in pairs]


def score_stages(
    model: Path, cache: FaceCache, report: Report = ignore, cancelled: Cancelled = never
) -> dict[str, Any]:
    """Figures of one net for its record: every stage's errors, and every face's at the end."""
    net, card = load_ffld(model)
    return figures_of(net, look(net, card, cache, report, cancelled))


def figures_of(net: FFLD, seen: StagePoints) -> dict[str, Any]:
    """The same of what a net said already."""
    eye, box = seen.eye_errors(), seen.box_errors()
    last = nme.face_errors(eye[-1])
    return {
        "parameters": sum(p.numel() for p in net.parameters()),
        "faces": len(seen.truth),
        "faces_from_front": int(np.isfinite(last).sum()),
        "stages": [
            {
                "nme": float(np.nanmean(nme.face_errors(e))),
                "nme_median": float(np.nanmedian(nme.face_errors(e))),
                "nme_box": float(np.mean(nme.face_errors(b))),
                **{f"within_{t:g}": 1.0 - nme.failure_rate(e, t) for t in STRICT},
            }
            for e, b in zip(eye, box, strict=True)
        ],
        "by_face": " ".join(f"{v:.5f}" for v in last),
    }
