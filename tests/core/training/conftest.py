"""Toy faces: an ellipse with eyes, nose and mouth drawn by OpenCV, with 68 exact points."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from core.datasets import face_cache
from core.datasets.face_cache import FaceCache
from core.schemes import load_mask_scheme

SIZE = 64


def toy_shape() -> np.ndarray:
    """68 points of an upright face in −1 … 1."""
    jaw = np.linspace(np.pi, 0, 17)
    parts = [np.stack([0.9 * np.cos(jaw), 0.1 + 0.85 * np.sin(jaw)], 1)]
    for x in (-0.45, 0.45):
        parts.append(np.stack([x + np.linspace(-0.25, 0.25, 5), np.full(5, -0.5)], 1))
    parts.append(np.stack([np.zeros(4), np.linspace(-0.25, 0.1, 4)], 1))
    parts.append(np.stack([np.linspace(-0.2, 0.2, 5), np.full(5, 0.2)], 1))
    turn = np.deg2rad([180, 240, 300, 0, 60, 120])
    for x in (-0.42, 0.42):
        parts.append(np.stack([x + 0.18 * np.cos(turn), -0.25 + 0.08 * np.sin(turn)], 1))
    for count, wide in ((12, 0.35), (8, 0.25)):
        turn = np.pi + 2 * np.pi * np.arange(count) / count
        parts.append(np.stack([wide * np.cos(turn), 0.5 + 0.35 * wide * np.sin(turn)], 1))
    return np.concatenate(parts)


def toy_face(seed: int, size: int = SIZE) -> tuple[np.ndarray, np.ndarray]:
    """A picture (size, size, 3) and its points (68, 2)."""
    rng = np.random.default_rng(seed)
    angle = rng.uniform(-0.3, 0.3)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    scale = size * rng.uniform(0.26, 0.32) * np.array([rng.uniform(0.85, 1.1), 1.0])
    xy = (toy_shape() * scale) @ turn.T + (size - 1) / 2 + rng.uniform(-2, 2, 2)
    image = np.full((size, size, 3), rng.integers(0, 120, 3), np.uint8)
    skin = tuple(int(v) for v in rng.integers(140, 255, 3))
    outline = np.concatenate([xy[:17], xy[26:16:-1]])
    for points, colour in (
        (outline, skin),
        (xy[36:42], (255, 255, 255)),
        (xy[42:48], (255, 255, 255)),
        (xy[48:60], (200, 40, 40)),
        (xy[60:68], (60, 0, 0)),
    ):
        cv2.fillPoly(image, [np.rint(points * 16).astype(np.int32)], colour, cv2.LINE_AA, 4)
    for start, end in ((17, 22), (22, 27), (27, 31), (31, 36)):
        line = np.rint(xy[start:end] * 16).astype(np.int32)
        cv2.polylines(image, [line], False, (30, 20, 10), 1, cv2.LINE_AA, 4)
    return image, xy.astype(np.float32)


@pytest.fixture(scope="session")
def toy_cache(tmp_path_factory: pytest.TempPathFactory) -> FaceCache:
    """200 toy faces in a face cache of 64-pixel crops."""
    folder = tmp_path_factory.mktemp("toy") / "cache"
    face_cache.start_cache(folder, "ibug68", SIZE, 100, {"renderer": "toy", "seed": 0})
    for shard in range(2):
        faces = [toy_face(100 * shard + n) for n in range(100)]
        crops = [face_cache.stored_crop(image, xy, SIZE) for image, xy in faces]
        images, points = (np.stack(v) for v in zip(*crops, strict=True))
        face_cache.write_shard(folder, shard, images, points, np.ones((100, 68), bool))
    return face_cache.open_cache(folder)


def toy_head(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A toy face on a 150-pixel ground, its points, and its parts14 label map."""
    face, xy = toy_face(seed)
    ground = np.full((150, 150, 3), face[0, 0], np.uint8)
    ground[50:114, 43:107] = face
    xy = xy + np.array([43, 50], np.float32)
    labels = np.zeros((150, 150), np.uint8)
    outline = np.concatenate([xy[:17], xy[26:16:-1]])
    for points, part in (
        (outline, "skin"),
        (xy[36:42], "right_eye"),
        (xy[42:48], "left_eye"),
        (xy[48:60], "upper_lip"),
        (xy[60:68], "inner_mouth"),
    ):
        index = load_mask_scheme("parts14").class_names.index(part)
        cv2.fillPoly(labels, [np.rint(points).astype(np.int32)], index)
    return ground, xy, labels


@pytest.fixture(scope="session")
def toy_heads(tmp_path_factory: pytest.TempPathFactory) -> FaceCache:
    """120 toy heads with part labels in a cache of 96-pixel crops."""
    folder = tmp_path_factory.mktemp("toy") / "heads"
    origin = {"renderer": "toy", "seed": 0}
    face_cache.start_cache(folder, "ibug68", 96, 120, origin, "parts14")
    heads = [toy_head(n) for n in range(120)]
    crops = [face_cache.stored_crop(g, xy, 96, face_cache.HEAD) for g, xy, _ in heads]
    masks = [face_cache.stored_labels(labels, xy, 96) for _, xy, labels in heads]
    images, points = (np.stack(v) for v in zip(*crops, strict=True))
    face_cache.write_shard(folder, 0, images, points, np.ones((120, 68), bool), np.stack(masks))
    return face_cache.open_cache(folder)


@pytest.fixture
def toy_parts_file(toy_heads: FaceCache, tmp_path: Path) -> Path:
    """A recipe that trains a small hourglass on toy heads within seconds."""
    file = tmp_path / "toy-parts.toml"
    file.write_text(
        f"""
name = "toy-parts"
task = "parsing"
input_size = 48
[net]
architecture = "mobile-hourglass"
[net.arguments]
features = 8
expansion = 2
stem = 8
[data]
train = ["synthetic:{toy_heads.folder.as_posix()}"]
validation_faces = 24
workers = 0
[augment]
crop_scale = 2.0
crop_shift = [0.0, -0.15]
low_resolution = 0.0
blur = 0.0
[loss.class_weights]
left_eye = 3.0
right_eye = 3.0
[optimise]
epochs = 2
batch = 12
lr = 2e-2
threads = 1
""",
        encoding="utf-8",
    )
    return file


@pytest.fixture
def toy_recipe_file(toy_cache: FaceCache, tmp_path: Path) -> Path:
    """A recipe that trains a small FFLD on toy faces within seconds."""
    file = tmp_path / "toy.toml"
    file.write_text(
        f"""
name = "toy"
input_size = 48
[net.arguments]
width = 0.125
stages = 1
crop_width = 16
pool = "grid"
[data]
train = ["synthetic:{toy_cache.folder.as_posix()}"]
validation_faces = 40
workers = 0
[augment]
occlusion = 0.0
low_resolution = 0.0
blur = 0.0
[loss]
stages = ["radial", "radial"]
weights = [1.0, 1.0]
[optimise]
epochs = 3
batch = 16
lr = 3e-3
threads = 1
""",
        encoding="utf-8",
    )
    return file
