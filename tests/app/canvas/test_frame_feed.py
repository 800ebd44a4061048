"""Session, loader and canvas together: late answers never land, a resting drag becomes exact."""

import threading
from types import SimpleNamespace

import numpy as np
import pytest

from app.canvas.frame_feed import FrameFeed
from app.canvas.video_view import VideoView
from app.document import LooseClips


class GatedReader:
    """50 grey frames of 16×12; clip "a" is dark and waits at a gate, clip "b" is light."""

    def __init__(self, path, gate):
        self.info = SimpleNamespace(
            frames=50, fps=25.0, width=16, height=12, kind="video", codec="made", truncated=None,
            vfr=False,
        )  # fmt: skip
        self._grey = 0 if path.name == "a.mp4" else 150
        self._gate = gate if path.name == "a.mp4" else None

    def frame(self, frame_idx):
        if self._gate is not None and frame_idx == 7:
            self._gate.wait(5)
        return np.full((12, 16, 3), self._grey + frame_idx, np.uint8)

    def quick_frame(self, frame_idx):
        return 0

    def read_ahead(self, direction):
        pass

    def close(self):
        pass


@pytest.fixture
def fed(qtbot, session, tmp_path):
    """Canvas and session with the clips a and b open through gated readers; a is shown."""
    gate = threading.Event()
    view = VideoView(session)
    qtbot.addWidget(view)
    feed = FrameFeed(session, view, lambda path, *_: GatedReader(path, gate))
    session.open_document(LooseClips([tmp_path / "a.mp4", tmp_path / "b.mp4"]))
    qtbot.waitUntil(lambda: session.shown_frame_idx == 0)
    yield SimpleNamespace(view=view, gate=gate, other=str(tmp_path / "b.mp4"))
    gate.set()
    feed.close()


def grey(view):
    return view.image.pixelColor(5, 5).red()


def test_a_frame_of_the_clip_before_never_lands(qtbot, session, fed):
    session.set_frame(7)
    qtbot.wait(30)  # it waits at the gate now
    session.open_clip(fed.other)
    fed.gate.set()
    qtbot.waitUntil(lambda: session.shown_frame_idx == 0)
    qtbot.wait(50)
    assert grey(fed.view) == 150


def test_a_drag_that_rests_is_shown_exactly(qtbot, session, fed):
    session.set_scrubbing(True)
    session.set_frame(20)
    qtbot.waitUntil(lambda: fed.view.hud.content.note == "near key frame")
    qtbot.waitUntil(lambda: session.shown_frame_idx == 20)
    assert fed.view.hud.content.note == ""
    assert grey(fed.view) == 20
    assert session.scrubbing


def test_a_drag_that_ends_is_shown_exactly(qtbot, session, fed):
    session.set_scrubbing(True)
    session.set_frame(30)
    session.set_scrubbing(False)
    qtbot.waitUntil(lambda: session.shown_frame_idx == 30)
    assert grey(fed.view) == 30
