"""The bundled mean face is what our synthetic people give."""

import json

import numpy as np

from core import paths
from core.synthesis.mean_shape import mean_shape


def test_the_file_is_near_the_mean_of_our_people():
    path = paths.resources() / "faces" / "mean_shape.json"
    kept = json.loads(path.read_text(encoding="utf-8"))["points"]
    made = mean_shape()
    assert kept.keys() == made.keys()
    # A fifth of the eyes' distance: heads may grow better without the file being made anew.
    assert max(np.abs(np.subtract(kept[name], made[name])).max() for name in made) < 0.2
