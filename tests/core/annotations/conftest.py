"""Ready-made pieces of a project: faces, headers, a project with one clip."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from core.annotations.clips import Probe
from core.annotations.project import Project
from core.annotations.records import Clip, FaceRecord, RunHeader, Source
from core.masks.label_map import LabelMap

POINTS = 5
CLASSES = 3


class Samples:
    """Makes faces and runs; the same arguments always make the same ones."""

    points = POINTS

    @staticmethod
    def face(track: int, frame: int, masks: bool = True) -> FaceRecord:
        rng = np.random.default_rng([track, frame])
        landmarks = rng.normal(100, 20, (POINTS, 2)).astype(np.float32)
        landmarks[frame % POINTS] = np.nan
        labels = np.zeros((12 + frame % 3, 10), np.uint8)
        labels[3:9, 2 : 3 + track % 7] = 1 + frame % (CLASSES - 1)
        return FaceRecord(
            track_id=track,
            box_xyxy=np.array([track * 100, 0, track * 100 + 80, 90], np.float32),
            score=float(np.float32(rng.random())),
            landmarks=landmarks,
            landmark_scores=rng.random(POINTS).astype(np.float32),
            visible=rng.random(POINTS) > 0.3,
            source=Source.HEAVY if frame % 4 == 0 else Source.FLOW,
            label_maps={"face5": LabelMap(labels, track * 100 - 5, frame % 50)} if masks else {},
            class_scores={"face5": rng.random((CLASSES, 2)).astype(np.float32)} if masks else {},
        )

    @classmethod
    def faces(cls, frame: int) -> list[FaceRecord]:
        """Two people; the second comes and goes; now and then nobody."""
        if frame % 11 == 10:
            return []
        tracks = [1, 2] if frame // 40 % 2 else [1]
        return [cls.face(track, frame) for track in tracks]

    @staticmethod
    def header(clip_id: str = "clip", run_id: str = "run", **values: object) -> RunHeader:
        known = {
            "kind": "predict",
            "title": "a run",
            "frames": 1000,
            "start": 0,
            "stop": 1000,
            "landmark_scheme": "points5",
            "mask_schemes": ("face5",),
            "created": "2026-01-01T00:00:00+00:00",
        }
        return RunHeader(run_id=run_id, clip_id=clip_id, **known | values)


@pytest.fixture(scope="session")
def samples() -> Samples:
    return Samples()


def add_clip(project: Project, name: str = "clip.mp4", frames: int = 1000) -> Clip:
    """Add a clip without a decoder: a file of a few bytes and what would be found in it."""
    path = project.folder.parent / name
    path.write_bytes(f"the bytes of {name}".encode())
    digest = hashlib.sha256(name.encode()).hexdigest()
    return project.add_clip(path, Probe(digest, frames, 25.0, 640, 480))


@pytest.fixture(scope="session")
def new_clip() -> Callable[..., Clip]:
    return add_clip


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    """An empty project, open for writing."""
    with Project.create(tmp_path / "demo.lin") as made:
        yield made


@pytest.fixture
def clip(project: Project) -> Clip:
    """A clip of 1,000 frames in `project`."""
    return add_clip(project)


def _bytes_of(folder: Path) -> dict[str, bytes]:
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


@pytest.fixture(scope="session")
def bytes_of() -> Callable[[Path], dict[str, bytes]]:
    """Every file of a folder with its bytes: equal before and after = nothing was touched."""
    return _bytes_of
