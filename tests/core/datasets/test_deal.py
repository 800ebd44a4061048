"""Dealing a cache: nobody teaches and judges, nothing is rendered or lost."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core.datasets import face_cache
from core.datasets.deal import deal
from core.errors import InputError


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    """Five shards of four faces; face i is a picture of the value i."""
    folder = tmp_path / "faces"
    face_cache.start_cache(folder, "ibug68", 8, 4, {"renderer": "toy", "seed": 5}, "parts14")
    for shard in range(5):
        numbers = np.arange(4 * shard, 4 * shard + 4, dtype=np.uint8)
        images = np.broadcast_to(numbers[:, None, None, None], (4, 8, 8, 3)).copy()
        points = np.broadcast_to(numbers[:, None, None].astype(np.float32), (4, 68, 2)).copy()
        masks = images[..., 0] % 14
        face_cache.write_shard(folder, shard, images, points, np.ones((4, 68), bool), masks)
    return folder


def _faces(cache: face_cache.FaceCache) -> list[int]:
    return [int(cache.image(i)[0, 0, 0]) for i in range(len(cache))]


def test_the_last_faces_judge_and_the_others_teach(cache: Path):
    teach, judge = deal(cache, 6)  # rounded up to two shards
    assert _faces(teach) == list(range(12))
    assert _faces(judge) == list(range(12, 20))
    np.testing.assert_array_equal(judge.landmarks[:, 0, 0], np.arange(12, 20))
    assert judge.label_map(1).max() == 13
    assert judge.origin["seed"] == 5
    assert judge.origin["dealt"] == {"first_shard": 3, "shards": 2}


def test_dealing_again_keeps_what_is_there(cache: Path):
    teach, _ = deal(cache, 4)
    before = (teach.folder / "images-0000.npy").stat().st_mtime_ns
    again, judge = deal(cache, 4)
    assert (again.folder / "images-0000.npy").stat().st_mtime_ns == before
    assert _faces(judge) == list(range(16, 20))


def test_another_deal_of_the_same_cache_is_refused(cache: Path):
    deal(cache, 4)
    with pytest.raises(InputError, match="other settings"):
        deal(cache, 8)


@pytest.mark.parametrize("judging", [0, 20])
def test_somebody_must_teach_and_somebody_judge(cache: Path, judging: int):
    with pytest.raises(InputError, match="cannot be dealt"):
        deal(cache, judging)
