"""The bundled mean face is what our synthetic people give."""

import json

import numpy as np

from core import paths
from core.synthesis.mean_shape import mean_shape


def far_apart(made):
    """The largest difference to the bundled file, in distances between the eyes."""
    path = paths.resources() / "faces" / "mean_shape.json"
    kept = json.loads(path.read_text(encoding="utf-8"))["points"]
    assert kept.keys() == made.keys()
    return max(np.abs(np.subtract(kept[name], made[name])).max() for name in made)


def test_the_file_is_the_mean_of_our_people(head_folder):
    assert far_apart(mean_shape()) < 0.05  # heads may grow better without a new file


def test_the_embedded_head_gives_much_the_same():
    assert far_apart(mean_shape("procedural")) < 0.4
