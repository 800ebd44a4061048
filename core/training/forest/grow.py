"""Grow one stage of ERT: trees that each take a little of what the shapes still lack.

Kazemi & Sullivan 2014, section 2.3: gradient boosting with squared loss. A node tries random pairs
of pixels, near ones more often, and keeps the one whose two halves differ most in their mean
residual. A leaf says the mean residual of its samples times the shrinkage.

Ours: the gain is measured on the first few principal directions of the stage's residuals instead of
all 2M coordinates, which move together anyway; with all directions it is the exact gain. That makes
3,000 faces × 20 starts a matter of minutes on one core.
"""
# ruff: noqa: ANN001, ANN201  (numba derives the types of its kernels)

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from core.training.recipe import ForestRecipe

Floats = NDArray[np.float32]
Ints = NDArray[np.int32]
_QUICK: dict[str, Any] = {"cache": True, "nogil": True}
_THRESHOLD = 64
"""Grey differences beyond this are not asked for, as in dlib."""
_MARGIN = 0.1
"""Pixels are drawn in the mean shape's box, this share of it larger on every side."""


@dataclass(frozen=True, eq=False)
class Stage:
    """One grown stage; every number is a half-precision one."""

    anchors: Ints
    """(P,) the landmark a pixel is tied to."""
    offsets: Floats
    """(P, 2) from it, in the mean shape's frame."""
    first: Ints
    """(T, nodes) pixels."""
    second: Ints
    thresholds: Floats
    """(T, nodes): right where first − second is larger."""
    leaves: Floats
    """(T, leaves, 2M) in the mean shape's frame."""


def draw_pixels(
    mean_shape: Floats, count: int, rng: np.random.Generator
) -> tuple[Ints, Floats, Floats]:
    """Random pixels round the mean shape: nearest landmark, offset from it, and place, (P, 2)."""
    low, high = mean_shape.min(axis=0), mean_shape.max(axis=0)
    margin = _MARGIN * (high - low)
    place = rng.uniform(low - margin, high + margin, (count, 2))
    anchors = np.linalg.norm(place[:, None] - mean_shape[None], axis=2).argmin(axis=1)
    offsets = halved(place - mean_shape[anchors])
    return anchors.astype(np.int32), offsets, place.astype(np.float32)


def draw_pairs(
    place: Floats, count: int, reach: float, rng: np.random.Generator
) -> tuple[Ints, Ints]:
    """Pairs of different pixels, kept with chance exp(−distance / reach)."""
    first, second = np.empty(0, np.int32), np.empty(0, np.int32)
    while len(first) < count:
        a, b = rng.integers(0, len(place), (2, 4 * count), dtype=np.int32)
        far = np.linalg.norm(place[a] - place[b], axis=1)
        kept = (rng.random(len(a)) < np.exp(-far / reach)) & (a != b)
        first, second = np.append(first, a[kept]), np.append(second, b[kept])
    return first[:count].astype(np.int32), second[:count].astype(np.int32)


def halved(values: NDArray[np.floating]) -> Floats:
    """The nearest half-precision numbers, as float32."""
    return values.astype(np.float16).astype(np.float32)


def grow_stage(
    features: NDArray[np.uint8],
    residuals: Floats,
    pixels: tuple[Ints, Floats, Floats],
    recipe: ForestRecipe,
    reach: float,
    rng: np.random.Generator,
    each_tree: Callable[[int, Floats], None] = lambda _tree, _residuals: None,
) -> Stage:
    """Grow the trees of a stage.

    Args:
        features: Grey values of the stage's pixels, (N, P).
        residuals: What the shapes lack, (N, 2M) in the mean shape's frame; becomes what they lack
            after the stage.
        pixels: From `draw_pixels`.
        recipe: How many trees, how deep.
        reach: Of `draw_pairs`, pixels.
        rng: Decides everything.
        each_tree: Told after each tree (it may raise to stop).
    """
    nodes, splits = 2**recipe.depth - 1, recipe.splits
    basis = principal_directions(residuals, recipe.directions)
    seen = np.ascontiguousarray(residuals @ basis)
    first = np.empty((recipe.trees, nodes), np.int32)
    second, thresholds = np.empty_like(first), np.empty((recipe.trees, nodes), np.float32)
    leaves = np.empty((recipe.trees, nodes + 1, residuals.shape[1]), np.float32)
    for tree in range(recipe.trees):
        pairs = draw_pairs(pixels[2], nodes * splits, reach, rng)
        tried = [p.reshape(nodes, splits) for p in pairs]
        limits = rng.integers(-_THRESHOLD, _THRESHOLD + 1, (nodes, splits)).astype(np.float32)
        chosen, where = grow_tree(features, seen, *tried, limits, recipe.depth)
        picked = np.arange(nodes), chosen
        first[tree], second[tree] = tried[0][picked], tried[1][picked]
        thresholds[tree] = limits[picked]
        sums, counts = leaf_sums(residuals, where, nodes + 1)
        means = sums / np.maximum(counts, 1)[:, None]
        leaves[tree] = halved(recipe.shrinkage * means)
        subtract(residuals, where, leaves[tree])
        subtract(seen, where, np.ascontiguousarray(leaves[tree] @ basis))
        each_tree(tree, residuals)
    return Stage(pixels[0], pixels[1], first, second, thresholds, leaves)


def principal_directions(residuals: Floats, count: int) -> Floats:
    """The `count` directions in which the residuals are largest, (2M, count); 0 = all."""
    spread = residuals.T.astype(np.float64) @ residuals.astype(np.float64)
    _, vectors = np.linalg.eigh(spread)
    kept = vectors[:, ::-1][:, : count or len(spread)]
    # The sign of an eigenvector is nobody's choice; this one is the same on every machine.
    kept = kept * np.sign(kept[np.abs(kept).argmax(axis=0), np.arange(kept.shape[1])])
    return np.ascontiguousarray(kept, dtype=np.float32)


@njit(**_QUICK)
def grow_tree(features, seen, first, second, thresholds, depth):  # type: ignore[no-untyped-def]
    """Choose each node's split, level by level.

    Args:
        features: (N, P) uint8.
        seen: (N, D) float32 residuals in the directions the gain is measured in.
        first: (nodes, splits) int32 pixels tried.
        second: Likewise.
        thresholds: (nodes, splits) float32.
        depth: Levels.

    Returns:
        The split kept at every node (nodes,), and every sample's leaf (N,).
    """
    count, directions = seen.shape
    nodes, splits = first.shape
    chosen = np.zeros(nodes, np.int64)
    node = np.zeros(count, np.int64)
    left_sum = np.zeros((nodes, splits, directions), np.float64)
    left_count = np.zeros((nodes, splits), np.int64)
    whole_sum = np.zeros((nodes, directions), np.float64)
    whole_count = np.zeros(nodes, np.int64)
    for level in range(depth):
        for sample in range(count):
            n = node[sample]
            whole_count[n] += 1
            for d in range(directions):
                whole_sum[n, d] += seen[sample, d]
            for s in range(splits):
                grey = np.float32(features[sample, first[n, s]])
                if not grey - np.float32(features[sample, second[n, s]]) > thresholds[n, s]:
                    left_count[n, s] += 1
                    for d in range(directions):
                        left_sum[n, s, d] += seen[sample, d]
        for n in range(2**level - 1, 2 ** (level + 1) - 1):
            best = -1.0
            for s in range(splits):
                left = left_count[n, s]
                right = whole_count[n] - left
                if left == 0 or right == 0:
                    continue
                gain = 0.0
                for d in range(directions):
                    a = left_sum[n, s, d]
                    b = whole_sum[n, d] - a
                    gain += a * a / left + b * b / right
                if gain > best:
                    best = gain
                    chosen[n] = s
        for sample in range(count):
            n = node[sample]
            s = chosen[n]
            grey = np.float32(features[sample, first[n, s]])
            right = grey - np.float32(features[sample, second[n, s]]) > thresholds[n, s]
            node[sample] = 2 * n + 1 + (1 if right else 0)
    return chosen, node - nodes


@njit(**_QUICK)
def leaf_sums(residuals, where, leaves):  # type: ignore[no-untyped-def]
    """Sum and number of the residuals in each leaf, (leaves, 2M) and (leaves,)."""
    sums = np.zeros((leaves, residuals.shape[1]), np.float64)
    counts = np.zeros(leaves, np.int64)
    for sample in range(len(residuals)):
        leaf = where[sample]
        counts[leaf] += 1
        for d in range(residuals.shape[1]):
            sums[leaf, d] += residuals[sample, d]
    return sums, counts


@njit(**_QUICK)
def subtract(residuals, where, leaves):  # type: ignore[no-untyped-def]
    """Take from each residual what its leaf says, in place."""
    for sample in range(len(residuals)):
        leaf = where[sample]
        for d in range(residuals.shape[1]):
            residuals[sample, d] -= leaves[leaf, d]


@njit(**_QUICK)
def pixel_features(pictures, face, shapes, turns, anchors, offsets):  # type: ignore[no-untyped-def]
    """Grey values of a stage's pixels.

    Args:
        pictures: (faces, H, W) uint8.
        face: (N,) the picture of each sample.
        shapes: (N, M, 2) float32.
        turns: (N, 2) float32 scale and rotation from the mean shape.
        anchors: (P,) int32.
        offsets: (P, 2) float32.

    Returns:
        (N, P) uint8; 0 beyond the picture.
    """
    height, width = pictures.shape[1], pictures.shape[2]
    out = np.zeros((len(face), len(anchors)), np.uint8)
    for sample in range(len(face)):
        a, b = turns[sample, 0], turns[sample, 1]
        for p in range(len(anchors)):
            dx, dy = offsets[p, 0], offsets[p, 1]
            x = shapes[sample, anchors[p], 0] + a * dx - b * dy
            y = shapes[sample, anchors[p], 1] + b * dx + a * dy
            column, row = int(np.floor(x + np.float32(0.5))), int(np.floor(y + np.float32(0.5)))
            if 0 <= column < width and 0 <= row < height:
                out[sample, p] = pictures[face[sample], row, column]
    return out


def turns_of(shapes: Floats, mean_shape: Floats) -> Floats:
    """Scale and rotation (a, b) that lay the mean shape over each shape best, (N, 2)."""
    mean = mean_shape - mean_shape.mean(axis=0)
    own = shapes - shapes.mean(axis=1, keepdims=True)
    a = (own * mean).sum(axis=(1, 2))
    b = (own[..., 1] * mean[:, 0] - own[..., 0] * mean[:, 1]).sum(axis=1)
    return np.asarray(np.stack([a, b], axis=1) / np.square(mean).sum(), np.float32)


def turned(xy: Floats, turns: Floats) -> Floats:
    """Vectors (N, M, 2) scaled and rotated by (a, b), (N, 2)."""
    a, b = turns[:, 0, None], turns[:, 1, None]
    x, y = xy[..., 0], xy[..., 1]
    return np.asarray(np.stack([a * x - b * y, b * x + a * y], axis=-1), np.float32)


def unturned(xy: Floats, turns: Floats) -> Floats:
    """The reverse of `turned`."""
    size = np.square(turns).sum(axis=1, keepdims=True)
    return turned(xy, np.asarray(turns * np.array([1.0, -1.0]) / size, np.float32))


@njit(**_QUICK)
def answer(features, first, second, thresholds, leaves):  # type: ignore[no-untyped-def]
    """The sum of what the trees of a stage say, (N, 2M).

    Args:
        features: (N, P) uint8.
        first: (T, nodes) int32.
        second: Likewise.
        thresholds: (T, nodes) float32.
        leaves: (T, leaves, 2M) float32.
    """
    trees, nodes = first.shape
    out = np.zeros((len(features), leaves.shape[2]), np.float32)
    for sample in range(len(features)):
        for tree in range(trees):
            node = 0
            while node < nodes:
                grey = np.float32(features[sample, first[tree, node]])
                right = grey - np.float32(features[sample, second[tree, node]])
                node = 2 * node + 1 + (1 if right > thresholds[tree, node] else 0)
            for d in range(leaves.shape[2]):
                out[sample, d] += leaves[tree, node - nodes, d]
    return out
