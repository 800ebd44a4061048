"""A clip, a project and a window for the tests of the program."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QSettings, QTimer
from PySide6.QtWidgets import QApplication

from app import application
from app.main_window import MainWindow
from app.messages import MessageHub
from app.session import Session
from app.settings import Settings
from core.annotations.project import Project
from core.annotations.records import FaceRecord, RunHeader, Source
from core.masks.label_map import LabelMap
from core.video.writer import VideoWriter
from main import main

FRAMES, WIDTH, HEIGHT, FPS = 24, 96, 64, 25
FACE_BOX = (20.0, 10.0, 60.0, 50.0)


def grey_of(frame_idx: int) -> int:
    """The grey level that says which frame of the test clip this is."""
    return 16 + 9 * frame_idx


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Offscreen Qt says of every window that it cannot pass size hints on to a window manager."""
    here = str(Path(__file__).parent)
    for item in items:
        if str(item.path).startswith(here):
            item.add_marker(pytest.mark.qt_log_ignore("does not support propagateSizeHints"))


@pytest.fixture(scope="session")
def clip_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """24 grey frames of 96×64 at 25 fps; the level tells the frame (see `grey_of`)."""
    path = tmp_path_factory.mktemp("clip") / "grey.mp4"
    with VideoWriter(path, WIDTH, HEIGHT, FPS, quality=4) as writer:
        for frame_idx in range(FRAMES):
            writer.write(np.full((HEIGHT, WIDTH, 3), grey_of(frame_idx), np.uint8))
    return path


def face(frame_idx: int, track_id: int = 0, shift: float = 0.0) -> FaceRecord:
    """A face with five points, a label map of a 10×8 block, and its own confidence."""
    points = np.array([[30, 20], [50, 20], [40, 30], [32, 40], [48, 40]], np.float32) + shift
    labels = np.full((8, 10), 2, np.uint8)
    return FaceRecord(
        track_id=track_id,
        box_xyxy=np.array(FACE_BOX, np.float32) + np.float32(shift),
        score=0.9 - 0.01 * frame_idx,
        landmarks=points,
        landmark_scores=np.linspace(0.2, 1.0, 5, dtype=np.float32),
        source=Source.HEAVY if frame_idx % 6 == 0 else Source.FLOW,
        label_maps={"face5": LabelMap(labels, 24, 12)},
    )


@pytest.fixture
def project_path(tmp_path: Path, clip_path: Path) -> Path:
    """A project with the clip and a run: a face on frames 0 … 19, every sixth by the heavy net."""
    folder = tmp_path / "study.lin"
    with Project.create(folder) as project:
        clip = project.add_clip(clip_path)
        header = RunHeader(
            run_id="", clip_id=clip.clip_id, kind="predict", title="test", frames=clip.frames,
            start=0, stop=clip.frames, landmark_scheme="points5", mask_schemes=("face5",),
        )  # fmt: skip
        writer = project.start_run(header)
        for frame_idx in range(clip.frames):
            writer.append(frame_idx, [face(frame_idx)] if frame_idx < 20 else [])
        writer.seal()
    return folder


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Preferences in a file of this test."""
    return Settings(QSettings(str(tmp_path / "window.ini"), QSettings.Format.IniFormat))


@pytest.fixture
def session(qapp: QApplication, settings: Settings) -> Session:
    """A session with nothing open and no window."""
    return Session(settings, MessageHub())


@pytest.fixture
def open_main(qapp: QApplication, qtbot) -> Iterator[Callable[..., MainWindow]]:
    """Opens the window through the real `main`; closed, with threads and timers ended, after."""
    opened: list[MainWindow] = []

    def open_it(*arguments: str | Path, wait: bool = True) -> MainWindow:
        assert main([str(argument) for argument in arguments], qapp) == 0
        window = application.open_windows()[-1]
        opened.append(window)
        if wait:
            qtbot.waitUntil(lambda: window.session.shown_frame_idx >= 0, timeout=20_000)
        return window

    yield open_it
    for window in opened:
        if window in application.open_windows():
            window.close()
        timers = [timer for timer in window.findChildren(QTimer) if timer.isActive()]
        assert not timers, f"timers left running: {timers}"
        window.deleteLater()
    qapp.processEvents()
    assert not application.open_windows()
