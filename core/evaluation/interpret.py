"""What affinity says about landmark models, stage by stage and epoch by epoch ([Yan20] 5.4).

Every model sees the same held-out faces, clean and made hard, in crops placed as a tracker would
place them. Its points after each stage give an affinity, always in the truth's frame; how that
differs from the truth's is what the thesis reads. Its claims are put as numbers here
(`core.evaluation.interpret_claims`), whatever they turn out to be.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from core.correlation import compare
from core.correlation.affinity import affinity_of
from core.correlation.epochs import kept_epochs
from core.datasets.face_cache import FaceCache
from core.errors import InputError
from core.evaluation.landmark_stages import placed
from core.faces.crops import extract_crop
from core.geometry import apply_affine, invert_affine
from core.inference.normalise import normalised
from core.metrics import nme
from core.nets.model_file import load_weights, read_card
from core.nets.registry import build_net
from core.nets.staged import StagedNet
from core.progress import Cancelled, Progress, Report, check, ignore, never
from core.schemes import LandmarkScheme, load_landmark_scheme

Floats = NDArray[np.float64]
KINDS = {"forest": "forest", "ffld": "cascade", "stacked-hourglass": "hourglass"}
"""What the thesis calls a net, by its architecture."""
PAIRS = ((62, 66), (17, 54))
"""Middle of the inner lips; the right brow's tip and the lips' left corner (the person's)."""
NEIGHBOURS = 3
"""A point's neighbours: the nearest so many in the mean shape."""
_BATCH = 64


@dataclass(frozen=True, eq=False)
class Looked:
    """One model on one set of faces."""

    name: str
    kind: str
    """One of `KINDS`' values, or the architecture."""
    points: Floats
    """(stages, N, M, 2) picture pixels of the cache."""
    truth: Floats
    """(N, M, 2)."""

    def affinities(self, scheme: LandmarkScheme) -> list[Floats]:
        """A of every stage, in the truth's frame."""
        return [affinity_of(p, scheme, truth=self.truth).matrix for p in self.points]

    def errors(self, scheme: LandmarkScheme) -> list[float]:
        """NME of every stage over the eye distance, of faces not seen from the side."""
        front = nme.seen_from_front(self.truth, scheme.normalising_pair)
        truth = self.truth[front]
        sizes = nme.pair_distance(truth, scheme.normalising_pair)
        return [float(nme.point_errors(p[front], truth, sizes).mean()) for p in self.points]


@torch.no_grad()
def look(
    model: Path,
    cache: FaceCache,
    rows: Sequence[int],
    hard: bool,
    report: Report = ignore,
    cancelled: Cancelled = never,
) -> Looked:
    """Run a model on faces of a cache and keep what each of its stages says.

    Args:
        model: A model file of our own.
        cache: The faces, in the model's scheme.
        rows: Which of them.
        hard: Make the crops hard (`hardened`), the same for every model.
        report: Told batch by batch.
        cancelled: Looked at batch by batch.

    Raises:
        InputError: If the net shows no stages, or its scheme is another.
    """
    card = read_card(model)
    net = build_net(card.architecture, card.arguments)
    if not isinstance(net, StagedNet) or card.scheme != cache.scheme:
        raise InputError(f"{model}: a landmark net of {cache.scheme} with stages is needed.")
    net.load_state_dict(load_weights(model))  # type: ignore[attr-defined]
    net.eval()  # type: ignore[attr-defined]
    pair = load_landmark_scheme(cache.scheme).normalising_pair
    found: list[Floats] = []
    for start in range(0, len(rows), _BATCH):
        check(cancelled)
        part = rows[start : start + _BATCH]
        maps = [placed(card, np.asarray(cache.landmarks[i], np.float64), i, pair) for i in part]
        crops = [
            extract_crop(hardened(cache.image(i), i) if hard else cache.image(i), m, card.input_hw)
            for i, m in zip(part, maps, strict=True)
        ]
        images = torch.from_numpy(normalised(np.stack(crops), card.preprocessing))
        stages = np.stack([s.float().numpy() for s in net.stage_landmarks(images)])
        back = [invert_affine(m) for m in maps]
        found.append(np.stack([apply_affine(b, stages[:, k]) for k, b in enumerate(back)], axis=1))
        report(Progress("look", start + len(part), len(rows)))
    kind = KINDS.get(card.architecture, card.architecture)
    truth = np.asarray(cache.landmarks[list(rows)], np.float64)
    return Looked(card.name, kind, np.concatenate(found, axis=1), truth)


def hardened(image: NDArray[np.uint8], seed: int) -> NDArray[np.uint8]:
    """A picture as a bad video shows it: a black ellipse over it, moved while exposed, dark.

    The ellipse is METHODS F's large one, axes 30–50 % of the face's box (the stored crop is 1.7 of
    it); the blur is 5 to 11 pixels long.
    """
    rng = np.random.default_rng([91, seed])
    size = image.shape[0]
    out = image.copy()
    centre = tuple(int(v) for v in rng.uniform(0.25, 0.75, 2) * size)
    axes = tuple(int(v) for v in rng.uniform(0.3, 0.5, 2) * size / 1.7 / 2)
    cv2.ellipse(out, centre, axes, float(rng.uniform(0, 180)), 0, 360, (0, 0, 0), -1)
    length = int(rng.integers(5, 12))
    kernel = np.zeros((length, length), np.float32)
    direction = rng.uniform(0, np.pi)
    step = (length - 1) / 2 * np.array([np.cos(direction), np.sin(direction)])
    ends = [tuple(int(v) for v in np.rint((length - 1) / 2 + s * step)) for s in (-1, 1)]
    cv2.line(kernel, ends[0], ends[1], 1.0)
    out = np.asarray(cv2.filter2D(out, -1, kernel / kernel.sum()), np.uint8)
    return np.asarray(out * rng.uniform(0.35, 1.0), np.uint8)


@dataclass(frozen=True, eq=False)
class Cells:
    """Kinds of cells of an affinity matrix, (M, M) truth values, the diagonal in none."""

    every: NDArray[np.bool_]
    contour: NDArray[np.bool_]
    """With at least one point of the jaw."""
    inner: NDArray[np.bool_]
    """With none."""
    near: NDArray[np.bool_]
    """Neighbours in the mean shape."""
    far: NDArray[np.bool_]
    """Farther apart than half of all pairs."""
    same: NDArray[np.bool_]
    """Of one component that is not the jaw."""


def cells_of(scheme: LandmarkScheme, mean_shape: Floats) -> Cells:
    """The kinds of cells of a scheme.

    Raises:
        InputError: If the scheme has no jaw.
    """
    if "jaw" not in scheme.components:
        raise InputError(f"{scheme.name} has no jaw; the thesis's claims are about faces with one.")
    count = scheme.num_points
    every = ~np.eye(count, dtype=bool)
    jaw = np.isin(np.arange(count), scheme.components["jaw"])
    contour = (jaw[:, None] | jaw[None]) & every
    away = np.linalg.norm(mean_shape[:, None] - mean_shape[None], axis=2)
    limit = np.sort(np.where(every, away, np.inf), axis=1)[:, NEIGHBOURS - 1]
    near = (away <= limit[:, None]) | (away <= limit[None])
    same = np.zeros((count, count), dtype=bool)
    for name, points in scheme.components.items():
        if name != "jaw":
            same[np.ix_(points, points)] = True
    far = away > np.median(away[every])
    return Cells(every, contour, every & ~contour, near & every, far & every, same & every)


def model_figures(
    clean: Looked, hard: Looked | None, scheme: LandmarkScheme, cells: Cells
) -> dict[str, Any]:
    """What is said about one model, JSON-ready."""
    truth = affinity_of(clean.truth, scheme).matrix
    stages = clean.affinities(scheme)
    steps = compare.stage_differences(stages)
    record: dict[str, Any] = {
        "name": clean.name,
        "kind": clean.kind,
        "faces": len(clean.truth),
        "nme": clean.errors(scheme),
        "off": [_off(a - truth, cells) for a in stages],
        "steps": [
            {"mean": float(s[cells.every].mean()), "falling": float((s[cells.every] < 0).mean())}
            for s in steps
        ],
        "pairs": {
            f"{i}-{j}": {
                "truth": float(truth[i, j]),
                "stages": [float(v) for v in compare.pair_curve(stages, i, j)],
            }
            for i, j in PAIRS
        },
    }
    if hard is not None:
        record["hard"] = {
            "nme": hard.errors(scheme)[-1],
            "off": _off(hard.affinities(scheme)[-1] - truth, cells),
        }
    return record


def _off(difference: Floats, cells: Cells) -> dict[str, float]:
    """Means of A_pred − A_GT over the kinds of cells, and of its size."""
    found = {
        name: float(difference[getattr(cells, name)].mean())
        for name in ("every", "contour", "inner", "near", "far", "same")
    }
    return found | {"size": float(np.abs(difference[cells.every]).mean())}


def learning_figures(job: Path, cells: Cells) -> dict[str, Any]:
    """What is said about a training run that kept its predictions, JSON-ready.

    Raises:
        InputError: If the job kept fewer than four epochs.
    """
    kept = kept_epochs(job)
    epochs = list(kept.epochs)
    matrices = [kept.affinity(epoch).matrix for epoch in epochs]
    truth = kept.true_affinity().matrix
    if len(epochs) < 4:
        raise InputError(f"{job}: {len(epochs)} epochs with predictions are too few to compare.")
    late = matrices[len(matrices) * 2 // 5 :]  # after the first of five steps, as Fig. 5.13
    spread = compare.deviation(late)
    inside = [float(m[cells.inner].mean()) for m in matrices]
    across = [float(m[cells.contour].mean()) for m in matrices]
    same = [float(m[cells.same].mean()) for m in matrices]
    return {
        "job": job.name,
        "epochs": epochs,
        "inner": inside,
        "contour": across,
        "same_component": same,
        "truth": {
            name: float(truth[getattr(cells, name)].mean()) for name in ("inner", "contour", "same")
        },
        "late_from": epochs[len(matrices) * 2 // 5],
        "late_deviation": {
            "contour": float(spread[cells.contour].mean()),
            "inner": float(spread[cells.inner].mean()),
        },
    }
