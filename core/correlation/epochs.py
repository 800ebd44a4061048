"""Affinity by epoch, from the predictions a training job keeps (`core.training.predictions`).

Imports no torch: a window may read a job that another process trains, epoch by epoch.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from core.correlation.affinity import Affinity, affinity_of
from core.errors import InputError, StoreError
from core.schemes import load_landmark_scheme

FOLDER = "predictions"
"""In a job folder: `truth.npz` (truth, scheme) and `epoch-0007.npy` a kept epoch."""


@dataclass(frozen=True, eq=False)
class EpochFiles:
    """What a job has kept so far."""

    truth: NDArray[np.float32]
    """(N, M, 2) input pixels, NaN = missing."""
    scheme: str
    epochs: dict[int, Path]
    """Files by epoch, ascending."""

    def affinity(self, epoch: int) -> Affinity:
        """A of one epoch's predictions, in the truth's frame.

        Raises:
            StoreError: If its file is damaged.
        """
        path = self.epochs[epoch]
        try:
            predicted = np.load(path)
        except (OSError, ValueError) as error:
            raise StoreError(f"{path}: not readable predictions ({error}); delete it.") from error
        return affinity_of(predicted, load_landmark_scheme(self.scheme), truth=self.truth)

    def true_affinity(self) -> Affinity:
        """A of the truth."""
        return affinity_of(self.truth, load_landmark_scheme(self.scheme))


def kept_epochs(job: Path) -> EpochFiles:
    """The epochs a job folder has predictions of.

    Raises:
        InputError: If it kept none.
        StoreError: If the truth beside them is damaged.
    """
    folder = job / FOLDER
    files = sorted(folder.glob("epoch-*.npy"))
    known = folder / "truth.npz"
    if not files or not known.is_file():
        raise InputError(
            f"{job}: this job kept no predictions; train with optimise.predictions_every=1."
        )
    try:
        with np.load(known) as kept:
            truth, scheme = kept["truth"], str(kept["scheme"])
    except (OSError, ValueError, KeyError, BadZipFile) as error:
        raise StoreError(f"{known}: not readable ({error}); train the job anew.") from error
    return EpochFiles(truth, scheme, {int(f.stem.partition("-")[2]): f for f in files})
