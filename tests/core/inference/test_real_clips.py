"""Real clips and clips composed of them, through the whole pipeline.

Needs LINEAMENT_REAL (the clips). LINEAMENT_LANDMARKS may name another landmark model than the
bundled one: a file of ours, or a foreign ONNX net with a bundled card.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

import cv2
import numpy as np
import pytest

from core.annotations.project import Project
from core.faces.detection import CascadeDetector
from core.inference.pipeline import predict_clip
from core.inference.predictor import load_predictor
from core.video.reader import VideoReader
from core.video.writer import VideoWriter

pytestmark = pytest.mark.real
SHORT = "bbaf2n.mpg"
OTHER = "lwbsza.mpg"
THIRD = "swiz3n.mpg"


@pytest.fixture(scope="module")
def predictor():
    model = os.environ.get("LINEAMENT_LANDMARKS") or "landmarks-68"
    return load_predictor(model, "cpu", backend="onnxruntime")


@pytest.fixture
def frames(real_folder: Path):
    """Frames of a real clip by file name."""

    def read(name: str) -> list[np.ndarray]:
        with VideoReader(next(real_folder.rglob(name))) as reader:
            return [rgb for _, rgb in reader.frames()]

    return read


def write(path: Path, frames: Iterable[np.ndarray]) -> Path:
    frames = list(frames)
    height, width = frames[0].shape[:2]
    with VideoWriter(path, width, height, 25) as writer:
        for rgb in frames:
            writer.write(rgb)
    return path


def predicted(tmp_path: Path, clip: Path, predictor):
    """Per frame: track → centre of its points."""
    with Project.create(tmp_path / "p.lin") as project:
        clip_id = project.add_clip(clip).clip_id
        done = predict_clip(project, clip_id, [predictor], CascadeDetector())
        run = project.open_run(done.run_id)
        found = [
            {face.track_id: face.landmarks.mean(axis=0) for face in run.frame(i)}
            for i in range(done.frames)
        ]
        run.close()
    return found


def test_every_clip_is_predicted(real_folder: Path, predictor, tmp_path: Path):
    """The first second of every clip shows one face in nearly every frame, one person."""
    endings = {".mp4", ".mov", ".mpg", ".mkv", ".gif"}
    clips = sorted(p for p in real_folder.rglob("*") if p.suffix.lower() in endings)
    assert clips
    with Project.create(tmp_path / "p.lin") as project:
        for path in clips:
            clip_id = project.add_clip(path).clip_id
            done = predict_clip(project, clip_id, [predictor], CascadeDetector(), stop=21)
            assert done.tracks == 1, path.name
            assert done.frames_with_face >= 0.9 * done.frames, path.name


def test_two_clips_side_by_side(frames, predictor, tmp_path: Path):
    pairs = zip(frames(SHORT), frames(OTHER), strict=False)
    clip = write(tmp_path / "two.mp4", (np.hstack(pair) for pair in pairs))
    found = predicted(tmp_path, clip, predictor)
    assert all(len(faces) == 2 for faces in found)
    sides = [{track: xy[0] > 360 for track, xy in faces.items()} for faces in found]
    assert all(side == sides[0] for side in sides)
    assert sorted(sides[0].values()) == [False, True]


def test_cut_away_and_back(frames, predictor, tmp_path: Path):
    """One person, a cut to another, a cut to a picture without faces, and back to the first."""
    first, other = frames(SHORT), frames(OTHER)
    empty = [np.full_like(first[0], 130)] * 15
    clip = write(tmp_path / "cut.mp4", first[:30] + other[:25] + empty + first[35:70])
    found = predicted(tmp_path, clip, predictor)
    who = [sorted(faces) for faces in found]
    assert who[:30] == [[0]] * 30
    assert who[30:55] == [[1]] * 25
    assert who[55:70] == [[]] * 15
    assert who[70:] == [[0]] * 35


@pytest.mark.parametrize("speed", [4, 8])
def test_two_people_who_swap_places(frames, predictor, tmp_path: Path, speed: int):
    """Two cut-out heads move past each other on a plain ground, the second in front."""
    a, b = ([cut_out(rgb) for rgb in frames(name)] for name in (OTHER, THIRD))
    steps = 320 // speed
    scenes = []
    for i in range(steps + 20):
        rgb = np.full((288, 560, 3), (70, 110, 120), np.uint8)
        travelled = speed * min(i, steps)
        paste(rgb, a[i % 70], 20 + travelled)
        paste(rgb, b[i % 70], 340 - travelled)
        scenes.append(rgb)
    found = predicted(tmp_path, write(tmp_path / "swap.mp4", scenes), predictor)
    start, end = found[0], found[-1]
    assert len(start) == len(end) == 2
    assert start.keys() == end.keys()
    for track in start:
        assert (start[track][0] < 280) == (end[track][0] > 280), "a track changed sides alone"


def cut_out(rgb: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The middle of a picture and an oval mask."""
    head = rgb[20:288, 80:280]
    mask = np.zeros(head.shape[:2], np.uint8)
    cv2.ellipse(mask, (100, 140), (95, 130), 0, 0, 360, 1, -1)
    return head, mask


def paste(rgb: np.ndarray, sprite: tuple[np.ndarray, np.ndarray], x: int) -> None:
    head, mask = sprite
    part = rgb[20:288, x : x + 200]
    np.copyto(part, head, where=mask[..., None].astype(bool))
