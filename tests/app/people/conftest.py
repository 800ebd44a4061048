"""A project of discs with a run by the disc model, and a window on it."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from core.annotations.project import Project
from core.annotations.records import RunHeader
from core.inference import one_face
from core.video.writer import VideoWriter
from tests.app.people.kit import FRAMES, HEIGHT, WIDTH, Gate, PeopleHand, places, record
from tests.core.inference.blob_model import draw, write_model


@pytest.fixture(scope="session")
def disc_clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """40 frames of discs."""
    path = tmp_path_factory.mktemp("discs") / "discs.mp4"
    with VideoWriter(path, WIDTH, HEIGHT, 25, quality=4) as writer:
        for frame_idx in range(FRAMES):
            writer.write(draw(places(frame_idx), (HEIGHT, WIDTH)))
    return path


def write_run(project: Project, clip_id: str, run_id: str, model: Path) -> None:
    """A run with everybody but the one missed."""
    sha256 = hashlib.sha256(model.read_bytes()).hexdigest()
    header = RunHeader(
        run_id, clip_id, "predict", "test", FRAMES, 0, FRAMES, landmark_scheme="points5",
        mask_schemes=("face5",),
        settings={"models": [{"name": "blob", "sha256": sha256}]},
    )  # fmt: skip
    run = project.start_run(header)
    for frame_idx in range(FRAMES):
        run.append(frame_idx, [record(i, p) for i, p in enumerate(places(frame_idx)[:-1])])
    run.seal().close()


@pytest.fixture
def people_project(tmp_path: Path, disc_clip: Path) -> Path:
    """Ann (0) and Bob (1) on all frames, Cyd (2) from frame 30 on; the model lies in it."""
    folder = tmp_path / "people.lin"
    with Project.create(folder) as project:
        (folder / "models").mkdir()
        model = write_model(folder / "models" / "blob.onnx")
        write_run(project, project.add_clip(disc_clip).clip_id, "r1", model)
    return folder


@pytest.fixture
def hand(open_main, people_project, qtbot) -> PeopleHand:
    """A window on the project, opened through the real main."""
    window = open_main(people_project)
    hand = PeopleHand(window, qtbot)
    qtbot.waitUntil(lambda: window.session.columns.track_ids == (0, 1, 2), timeout=10_000)
    return hand


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch):
    """Lets the model answer only when the test says so."""
    gates: list[Gate] = []
    real = one_face.load_landmark_model

    def load(path: Path) -> Gate:
        gates.append(Gate(real(path)))
        return gates[-1]

    monkeypatch.setattr(one_face, "load_landmark_model", load)
    yield gates
    for one in gates:
        one.free.set()
