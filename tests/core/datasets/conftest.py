"""Tiny data sets in the formats the readers know."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest


@pytest.fixture
def points() -> np.ndarray:
    """68 points inside a 60 × 50 picture."""
    return np.random.default_rng(0).uniform(5, 45, (68, 2)).round(3)


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    """A 60 × 50 PNG."""
    file = tmp_path / "face.png"
    cv2.imwrite(str(file), np.random.default_rng(1).integers(0, 255, (50, 60, 3), np.uint8))
    return file
