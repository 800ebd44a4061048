"""Face caches: exact crops, resumable rendering, sentences for foreign folders."""

from __future__ import annotations

import json
import sys
import types
from pathlib import Path

import numpy as np
import pytest

from core.datasets import face_cache, render_cache
from core.datasets.registry import read_samples
from core.errors import InputError, JobCancelled, StoreError


def _blob(xy: np.ndarray, hw: tuple[int, int]) -> np.ndarray:
    """A picture with a bright spot at the mean of the points."""
    y, x = np.mgrid[: hw[0], : hw[1]]
    cx, cy = xy.mean(axis=0)
    light = 255 * np.exp(-((x - cx) ** 2 + (y - cy) ** 2) / 60)
    return np.repeat(light[..., None], 3, axis=2).astype(np.uint8)


@pytest.mark.parametrize("spread", [30.0, 120.0])
def test_points_follow_pixels_in_stored_crops(spread: float):
    xy = np.array([[0.0, 0], [1, 0], [0, 1], [1, 1]]) * spread + [80.3, 95.8]
    image, moved = face_cache.stored_crop(_blob(xy, (300, 320)), xy, 64)
    weight = image[..., 0].astype(float)
    y, x = np.mgrid[:64, :64]
    found = np.array([(x * weight).sum(), (y * weight).sum()]) / weight.sum()
    np.testing.assert_allclose(found, moved.mean(axis=0), atol=0.1)
    assert np.ptp(moved, axis=0).max() == pytest.approx(64 / face_cache.STORED_SCALE)


def _shard(seed: int, length: int = 4) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    images = rng.integers(0, 255, (length, 8, 8, 3), np.uint8)
    return (
        images,
        rng.uniform(0, 8, (length, 68, 2)).astype(np.float32),
        rng.random((length, 68)) < 0.5,
    )


def test_what_is_written_is_read(tmp_path: Path):
    face_cache.start_cache(tmp_path, "ibug68", 8, 4, {"seed": 3})
    face_cache.write_shard(tmp_path, 0, *_shard(0))
    face_cache.write_shard(tmp_path, 1, *_shard(1, length=2))
    cache = face_cache.open_cache(tmp_path)
    assert len(cache) == 6
    np.testing.assert_array_equal(cache.image(5), _shard(1, length=2)[0][1])
    np.testing.assert_array_equal(cache.landmarks[4:], _shard(1, length=2)[1])
    samples = read_samples(f"synthetic:{tmp_path}")
    np.testing.assert_array_equal(samples[2].rgb(), _shard(0)[0][2])


def test_a_gap_ends_the_cache(tmp_path: Path):
    face_cache.start_cache(tmp_path, "ibug68", 8, 4, {})
    face_cache.write_shard(tmp_path, 0, *_shard(0))
    face_cache.write_shard(tmp_path, 2, *_shard(2))
    assert len(face_cache.open_cache(tmp_path)) == 4


def test_foreign_empty_newer_and_damaged_caches_are_sentences(tmp_path: Path):
    with pytest.raises(InputError, match="no face cache"):
        face_cache.open_cache(tmp_path)
    face_cache.start_cache(tmp_path, "ibug68", 8, 4, {})
    with pytest.raises(InputError, match="no finished shard"):
        face_cache.open_cache(tmp_path)
    with pytest.raises(InputError, match="other settings"):
        face_cache.start_cache(tmp_path, "ibug68", 16, 4, {})
    face_cache.write_shard(tmp_path, 0, *_shard(0))
    face_cache.shard_files(tmp_path, 0)[0].write_bytes(b"not numpy")
    with pytest.raises(StoreError, match="damaged shard"):
        face_cache.open_cache(tmp_path)
    header = json.loads((tmp_path / "cache.json").read_text())
    (tmp_path / "cache.json").write_text(json.dumps(header | {"format_version": 99}))
    with pytest.raises(StoreError, match="newer"):
        face_cache.open_cache(tmp_path)


@pytest.fixture
def renderer(monkeypatch: pytest.MonkeyPatch) -> str:
    """A renderer that draws its seed; rendering runs in this process, six faces a shard."""

    def render(seed: int) -> render_cache.Rendered:
        rng = np.random.default_rng(seed)
        xy = rng.uniform(10, 40, (68, 2)).astype(np.float32)
        rgb = rng.integers(0, 255, (50, 50, 3), np.uint8)
        return render_cache.Rendered(rgb, xy, np.ones(68, bool), rgb[..., 0] % 14)

    module = types.ModuleType("toy_renderer")
    module.render = render  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "toy_renderer", module)
    monkeypatch.setattr(render_cache, "SHARD_LENGTH", 6)
    return "toy_renderer:render"


def _fill(folder: Path, count: int, renderer: str, **more: object) -> face_cache.FaceCache:
    return render_cache.render_cache(folder, count, 7, 16, 1, renderer, **more)  # type: ignore[arg-type]


def test_an_interrupted_rendering_goes_on_and_ends_equal(tmp_path: Path, renderer: str):
    whole = _fill(tmp_path / "whole", 18, renderer)
    stops = iter([False, True])
    with pytest.raises(JobCancelled):
        _fill(tmp_path / "parts", 18, renderer, cancelled=lambda: next(stops))
    assert len(face_cache.open_cache(tmp_path / "parts")) == 12
    rest = _fill(tmp_path / "parts", 18, renderer)
    assert len(rest) == 18
    for index in range(18):
        np.testing.assert_array_equal(whole.image(index), rest.image(index))


def test_label_maps_lie_beside_the_pictures_and_follow_them(tmp_path: Path, renderer: str):
    cache = _fill(tmp_path, 12, renderer, mask_scheme="parts14")
    assert cache.mask_scheme == "parts14"
    face = render_cache._named(renderer)(render_cache.face_seed(7, 8))
    image, xy = face_cache.stored_crop(face.rgb, face.landmarks, 16, face_cache.HEAD)
    np.testing.assert_array_equal(cache.image(8), image)
    np.testing.assert_array_equal(cache.landmarks[8], xy)
    labels = face_cache.stored_labels(face.labels, face.landmarks, 16)
    np.testing.assert_array_equal(cache.label_map(8), labels)
    assert labels[0, 0] == face_cache.UNKNOWN  # beyond the picture nobody knows
    sample = read_samples(f"synthetic:{tmp_path}")[8]
    np.testing.assert_array_equal(sample.labels(), labels)
    with pytest.raises(InputError, match="other settings"):
        _fill(tmp_path, 12, renderer)


def test_stored_labels_lie_where_the_stored_pixels_lie():
    rng = np.random.default_rng(2)
    labels = np.zeros((200, 220), np.uint8)
    labels[60:140, 70:150] = 5
    xy = rng.uniform(80, 130, (68, 2)).astype(np.float32)
    rgb = np.repeat((labels * 50)[..., None], 3, axis=2)
    image, _ = face_cache.stored_crop(rgb, xy, 96, face_cache.HEAD)
    crop = face_cache.stored_labels(labels, xy, 96)
    inside = (image[..., 0] > 125) == (crop == 5)
    assert inside[crop != face_cache.UNKNOWN].mean() > 0.98


def test_unknown_renderers_are_sentences(tmp_path: Path, renderer: str):
    with pytest.raises(InputError, match="no renderer"):
        _fill(tmp_path, 6, "toy_renderer:nothing")


@pytest.mark.head
def test_the_world_renders_into_the_cache(tmp_path: Path, head_folder: Path):
    face = render_cache.render_world_face(3)
    image, moved = face_cache.stored_crop(face.rgb, face.landmarks, 160)
    assert image.shape == (160, 160, 3)
    assert moved.shape == (68, 2)
    assert face.visible.dtype == bool
    assert moved.min() > 0
    assert moved.max() < 160


@pytest.mark.head
def test_whole_heads_come_with_part_labels(head_folder: Path):
    face = render_cache.render_world_parts(5)
    assert face.labels is not None
    assert face.labels.shape == face.rgb.shape[:2]
    crop = face_cache.stored_labels(face.labels, face.landmarks, 176)
    assert {0, 1, 6, 12} <= set(np.unique(crop).tolist())  # background, skin, nose, neck
    assert (crop == face_cache.UNKNOWN).mean() < 0.25
