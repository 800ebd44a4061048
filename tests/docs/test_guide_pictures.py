"""The guide's pictures: taken from the program, the same each time, true to their colours."""

import tempfile

import cv2
import numpy as np
import pytest
from PIL import Image

from core.annotations.project import Project
from core.annotations.records import FaceRecord, RunHeader, Source
from core.schemes import load_landmark_scheme
from core.video.writer import VideoWriter
from docs.guide_pictures.making import make, with_palette
from docs.guide_pictures.projects import prepare

pytestmark = pytest.mark.qt_log_ignore("does not support propagateSizeHints")

FRAMES = 28


def face(track, frame):
    """A face of 68 points in a ring, left or right of the middle."""
    count = load_landmark_scheme("ibug68").num_points
    angle = np.linspace(0, 2 * np.pi, count, endpoint=False)
    xy = np.stack([np.cos(angle), np.sin(angle)], axis=1) * 60 + [200 + 240 * track, 120 + frame]
    return FaceRecord(
        track_id=track,
        box_xyxy=np.concatenate([xy.min(axis=0), xy.max(axis=0)]).astype(np.float32),
        score=0.8,
        landmarks=xy.astype(np.float32),
        landmark_scores=np.full(count, 0.8, np.float32),
        source=Source.HEAVY,
    )


@pytest.fixture
def projects(tmp_path, monkeypatch):
    """The folders the pictures are taken from, made of a demo of 14 frames a person."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    demo = tmp_path / "demo"
    demo.mkdir()
    with VideoWriter(demo / "clip.mp4", 640, 240, 25) as writer:
        for frame in range(FRAMES):
            writer.write(np.full((240, 640, 3), 40 + 4 * frame, np.uint8))
    with Project.create(demo / "demo.lin") as project:
        clip = project.add_clip(demo / "clip.mp4")
        header = RunHeader(
            "", clip.clip_id, "predict", "demo", FRAMES, 0, FRAMES, landmark_scheme="ibug68"
        )
        run = project.start_run(header)
        for frame in range(FRAMES):
            run.append(frame, [face(frame // 14, frame)])
        run.seal().close()
    prepare(demo, tmp_path / "projects", frames=12)
    return tmp_path / "projects"


def test_two_people_are_joined_from_their_own_frames(projects):
    with Project.open(projects / "pair" / "pair.lin", read_only=True) as project:
        clip = project.clips()[0]
        assert (clip.frames, clip.width) == (12, 640)
        left, right = project.shown(clip.clip_id, 5)
        assert 0 < left.landmarks[:, 0].min() < left.landmarks[:, 0].max() < 320
        assert 320 < right.landmarks[:, 0].min() < right.landmarks[:, 0].max() < 640


def test_a_picture_is_the_same_each_time(qapp, projects, tmp_path):
    first = make("two-people", projects, tmp_path / "a").read_bytes()
    second = make("two-people", projects, tmp_path / "b").read_bytes()
    assert first == second
    shown = cv2.imread(str(tmp_path / "a" / "two-people.png"))
    assert shown.shape[1] == 1280


def test_a_project_is_copied_so_that_pictures_do_not_change_it(qapp, projects, tmp_path):
    before = (projects / "demo" / "demo.lin" / "project.db").read_bytes()
    make("review-states", projects, tmp_path / "a")
    assert (projects / "demo" / "demo.lin" / "project.db").read_bytes() == before
    assert (projects / "demo" / "clip.mp4").exists()


def test_rare_colours_stay_what_they_are():
    noise = np.random.default_rng(0).integers(60, 120, (300, 400, 3), dtype=np.uint8)
    noise[10:13, 50:90] = (230, 75, 60)  # the cursor's red
    reduced = with_palette(Image.fromarray(noise))
    kept = np.asarray(reduced.convert("RGB"))[11, 70].astype(int)
    assert reduced.mode == "P"
    assert np.abs(kept - (230, 75, 60)).max() <= 12
