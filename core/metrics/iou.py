"""Overlap of label maps, all from one confusion matrix (METHODS A, D, H).

A confusion matrix is (K, K) int64: rows = truth, columns = prediction. Classes that appear in
neither are NaN and left out of means.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Counts = NDArray[np.int64]
Floats = NDArray[np.floating]


def confusion_matrix(truth: NDArray[np.integer], predicted: NDArray[np.integer], k: int) -> Counts:
    """Count pixels by (true class, predicted class).

    Raises:
        ValueError: If the shapes differ or a label lies outside 0 … k − 1.
    """
    truth, predicted = np.asarray(truth), np.asarray(predicted)
    if truth.shape != predicted.shape:
        raise ValueError(f"label maps differ in size: {truth.shape} and {predicted.shape}")
    for labels in (truth, predicted):
        if labels.size and not 0 <= int(labels.min()) <= int(labels.max()) < k:
            raise ValueError(f"labels must lie in 0 … {k - 1}")
    pairs = truth.astype(np.int64).ravel() * k + predicted.astype(np.int64).ravel()
    return np.bincount(pairs, minlength=k * k).reshape(k, k).astype(np.int64)


def class_iou(confusion: Counts) -> Floats:
    """|A ∩ B| / |A ∪ B| of every class, (K,)."""
    hit = np.diag(confusion).astype(np.float64)
    return _ratio(hit, confusion.sum(axis=0) + confusion.sum(axis=1) - hit)


def class_f1(confusion: Counts) -> Floats:
    """2 |A ∩ B| / (|A| + |B|) of every class, (K,)."""
    hit = np.diag(confusion).astype(np.float64)
    return _ratio(2 * hit, confusion.sum(axis=0) + confusion.sum(axis=1))


def class_recall(confusion: Counts) -> Floats:
    """|A ∩ B| / |truth| of every class, (K,)."""
    return _ratio(np.diag(confusion).astype(np.float64), confusion.sum(axis=1))


def class_precision(confusion: Counts) -> Floats:
    """|A ∩ B| / |prediction| of every class, (K,)."""
    return _ratio(np.diag(confusion).astype(np.float64), confusion.sum(axis=0))


def pixel_accuracy(confusion: Counts) -> float:
    """Share of pixels with the right class; NaN of nothing."""
    total = confusion.sum()
    return float(np.trace(confusion) / total) if total else float("nan")


def mean_iou(confusion: Counts, leave_out: Sequence[int] = (0,)) -> float:
    """Mean IoU over classes that appear, background left out by default ([Wang18])."""
    values = np.delete(class_iou(confusion), list(leave_out))
    known = values[np.isfinite(values)]
    return float(known.mean()) if known.size else float("nan")


def merged_f1(confusion: Counts, classes: Sequence[int]) -> float:
    """F1 of several classes taken as one (the "whole mouth", Helen's overall F1)."""
    group = np.zeros(len(confusion), dtype=bool)
    group[list(classes)] = True
    hit = confusion[np.ix_(group, group)].sum()
    both = confusion[group].sum() + confusion[:, group].sum()
    return float(2 * hit / both) if both else float("nan")


def _ratio(top: Floats, bottom: NDArray[np.number]) -> Floats:
    bottom = np.asarray(bottom, dtype=np.float64)
    return np.divide(top, bottom, out=np.full(len(top), np.nan), where=bottom > 0)
