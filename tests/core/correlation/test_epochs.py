"""Affinity by epoch is read from what a training job keeps, while it still trains."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core.correlation.affinity import affinity_of
from core.correlation.epochs import kept_epochs
from core.errors import InputError, StoreError
from core.schemes import load_landmark_scheme
from core.training.predictions import keep_predictions

SCHEME = load_landmark_scheme("points5")


def _faces(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(50, 9, (40, 5, 2)).astype(np.float32)


def test_epochs_come_in_order_with_their_affinity(tmp_path: Path):
    truth = _faces(0)
    for epoch in (12, 2):
        keep_predictions(tmp_path, epoch, _faces(epoch), truth, "points5")
    kept = kept_epochs(tmp_path)
    assert list(kept.epochs) == [2, 12]
    expected = affinity_of(_faces(12), SCHEME, truth=truth).matrix
    np.testing.assert_allclose(kept.affinity(12).matrix, expected)
    np.testing.assert_allclose(kept.true_affinity().matrix, affinity_of(truth, SCHEME).matrix)

    keep_predictions(tmp_path, 13, _faces(13), truth, "points5")  # the job goes on
    assert list(kept_epochs(tmp_path).epochs) == [2, 12, 13]


def test_a_job_without_predictions_and_damaged_ones_are_sentences(tmp_path: Path):
    with pytest.raises(InputError, match="kept no predictions"):
        kept_epochs(tmp_path)
    path = keep_predictions(tmp_path, 1, _faces(1), _faces(0), "points5")
    path.write_bytes(b"nothing")
    with pytest.raises(StoreError, match=r"epoch-0001\.npy"):
        kept_epochs(tmp_path).affinity(1)
    (tmp_path / "predictions/truth.npz").write_bytes(b"nothing")
    with pytest.raises(StoreError, match=r"truth\.npz"):
        kept_epochs(tmp_path)
