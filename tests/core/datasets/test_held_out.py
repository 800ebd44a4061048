"""`held-out:JOB`: the faces a training kept to judge by, whatever was annotated since."""

import numpy as np
import pytest

from core.datasets import face_cache
from core.datasets.held_out import note_held_out
from core.datasets.registry import read_samples
from core.errors import InputError


@pytest.fixture
def cache(tmp_path):
    """Six faces of five points; the first point's x tells which face it is."""
    folder = tmp_path / "cache"
    points = np.tile(
        np.array([[8, 8], [24, 8], [16, 16], [10, 24], [22, 24]], np.float32), (6, 1, 1)
    )
    points[:, 0, 0] = np.arange(6)
    face_cache.start_cache(folder, "points5", 32, 6, {"samples": 6})
    images = np.zeros((6, 32, 32, 3), np.uint8)
    face_cache.write_shard(folder, 0, images, points, np.ones((6, 5), bool))
    return folder


def test_exactly_the_noted_faces_are_read(cache, tmp_path):
    note_held_out(tmp_path, cache, np.array([4, 5]))
    faces = read_samples(f"held-out:{tmp_path}")
    assert [face.landmarks[0, 0] for face in faces] == [4, 5]
    assert faces[0].scheme == "points5"
    assert faces[0].rgb().shape == (32, 32, 3)


@pytest.mark.parametrize(
    ("rows", "says"), [([], "held no faces out"), ([6], "holds other faces than when")]
)
def test_what_cannot_be_judged_by_is_said(cache, tmp_path, rows, says):
    note_held_out(tmp_path, cache, rows)
    with pytest.raises(InputError, match=says):
        read_samples(f"held-out:{tmp_path}")


def test_a_job_without_a_note_is_refused(tmp_path):
    with pytest.raises(InputError, match="has not noted which faces it held out"):
        read_samples(f"held-out:{tmp_path}")
