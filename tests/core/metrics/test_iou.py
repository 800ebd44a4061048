"""Overlap metrics against sets, and the number of pieces a mask falls into."""

from __future__ import annotations

import numpy as np
import pytest

from core.metrics import iou
from core.metrics.sparsity import component_count, sparsity


def _maps(seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.integers(0, 4, (12, 15)), rng.integers(0, 4, (12, 15))


@pytest.mark.parametrize("seed", range(3))
def test_metrics_equal_their_definitions_on_sets(seed: int):
    truth, predicted = _maps(seed)
    counts = iou.confusion_matrix(truth, predicted, 4)
    for label in range(4):
        a, b = truth == label, predicted == label
        assert iou.class_iou(counts)[label] == pytest.approx((a & b).sum() / (a | b).sum())
        assert iou.class_f1(counts)[label] == pytest.approx(2 * (a & b).sum() / (a.sum() + b.sum()))
        assert iou.class_recall(counts)[label] == pytest.approx((a & b).sum() / a.sum())
        assert iou.class_precision(counts)[label] == pytest.approx((a & b).sum() / b.sum())
    assert iou.pixel_accuracy(counts) == pytest.approx((truth == predicted).mean())
    assert iou.mean_iou(counts) == pytest.approx(iou.class_iou(counts)[1:].mean())


def test_merged_f1_takes_classes_as_one():
    truth, predicted = _maps(5)
    counts = iou.confusion_matrix(truth, predicted, 4)
    a, b = np.isin(truth, (1, 3)), np.isin(predicted, (1, 3))
    expected = 2 * (a & b).sum() / (a.sum() + b.sum())
    assert iou.merged_f1(counts, (1, 3)) == pytest.approx(expected)


def test_absent_classes_are_nan_and_left_out_of_the_mean():
    counts = iou.confusion_matrix(np.array([[0, 1]]), np.array([[0, 1]]), 3)
    assert np.isnan(iou.class_iou(counts)[2])
    assert iou.mean_iou(counts) == 1.0


@pytest.mark.parametrize(
    ("truth", "predicted"), [(np.zeros((2, 2), int), np.zeros((2, 3), int)), ([[4]], [[0]])]
)
def test_other_sizes_and_unknown_labels_are_refused(truth: np.ndarray, predicted: np.ndarray):
    with pytest.raises(ValueError, match=r"size|labels"):
        iou.confusion_matrix(np.asarray(truth), np.asarray(predicted), 4)


def test_components_are_counted_by_label_with_corners_touching():
    labels = np.array([[1, 0, 2, 2], [0, 1, 0, 0], [0, 0, 0, 1], [2, 0, 0, 1]])
    assert component_count(labels) == 4
    assert sparsity([(labels, labels)]) == 0
    assert sparsity([(labels, np.zeros_like(labels)), (labels, labels)]) == 2
