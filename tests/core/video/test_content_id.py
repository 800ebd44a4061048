"""A clip is recognised by what is in it, not by its name."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest

from core.errors import InputError
from core.video.content_id import SAMPLE_BYTES, SAMPLES, content_id, sample_offsets


def _write(path: Path, size: int, seed: int = 0) -> Path:
    path.write_bytes(np.random.default_rng(seed).bytes(size))
    return path


@pytest.mark.parametrize("size", [0, 1, SAMPLE_BYTES, SAMPLES * SAMPLE_BYTES])
def test_small_files_are_read_whole(tmp_path, size):
    data = _write(tmp_path / "a", size).read_bytes()
    expected = hashlib.sha256(size.to_bytes(8, "little") + data).hexdigest()
    assert content_id(tmp_path / "a") == expected


@pytest.mark.parametrize("size", [SAMPLES * SAMPLE_BYTES + 1, 5_000_000, 40 * 2**30])
def test_samples_reach_from_start_to_end(size):
    offsets = sample_offsets(size)
    assert len(offsets) == SAMPLES
    assert offsets[0] == 0
    assert offsets[-1] == size - SAMPLE_BYTES
    assert offsets == sorted(offsets)


def test_name_and_place_do_not_matter(tmp_path):
    (tmp_path / "deep").mkdir()
    one, two = _write(tmp_path / "a.mp4", 3_000_000), _write(tmp_path / "deep" / "b.mov", 3_000_000)
    assert content_id(one) == content_id(two)


def test_size_start_and_end_matter(tmp_path):
    ids = {content_id(_write(tmp_path / "a", 3_000_000))}
    ids.add(content_id(_write(tmp_path / "a", 3_000_001)))
    for at in (0, -1):
        data = bytearray(_write(tmp_path / "a", 3_000_000).read_bytes())
        data[at] ^= 1
        (tmp_path / "a").write_bytes(data)
        ids.add(content_id(tmp_path / "a"))
    assert len(ids) == 4


def test_a_folder_is_its_pictures(tmp_path):
    for k in (1, 2, 10):
        _write(tmp_path / f"{k}.png", 500, seed=k)
    first = content_id(tmp_path)
    (tmp_path / "notes.txt").write_text("not a frame")
    assert content_id(tmp_path) == first
    (tmp_path / "2.png").rename(tmp_path / "3.png")
    assert content_id(tmp_path) != first


def test_a_missing_clip(tmp_path):
    with pytest.raises(InputError, match="cannot be read"):
        content_id(tmp_path / "none.mp4")
