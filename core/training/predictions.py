"""Predictions a training run keeps of its validation faces; `core.correlation.epochs` reads them.

    predictions/truth.npz        truth (N, M, 2) float32 input pixels, NaN = missing; scheme
    predictions/epoch-0007.npy   (N, M, 2) float32, the same faces in the same order

Epochs are counted from 1; every file is there wholly or not at all.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.correlation.epochs import FOLDER


def keep_predictions(
    job: Path, epoch: int, predicted: NDArray[np.floating], truth: NDArray[np.floating], scheme: str
) -> Path:
    """Write one epoch's predictions, and the truth with the first.

    Args:
        job: The job folder.
        epoch: Epochs trained so far.
        predicted: (N, M, 2) input pixels.
        truth: (N, M, 2), NaN = missing.
        scheme: The landmark scheme's name.
    """
    folder = job / FOLDER
    folder.mkdir(exist_ok=True)
    known = folder / "truth.npz"
    if not known.is_file():
        points = truth.astype(np.float32)
        _whole(known, lambda file: np.savez_compressed(file, truth=points, scheme=scheme))
    path = folder / f"epoch-{epoch:04d}.npy"
    _whole(path, lambda file: np.save(file, predicted.astype(np.float32)))
    return path


def _whole(path: Path, write: Callable[[Any], None]) -> None:
    part = path.with_name(path.name + ".part")
    with part.open("wb") as file:
        write(file)
    part.replace(path)
