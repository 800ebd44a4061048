"""The decoding thread: the newest request wins, late answers are void, nothing is left running."""

import threading
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from app.canvas.frame_loader import FrameLoader
from core.errors import InputError


class SlowReader:
    """100 frames of 8×6; each waits until the test lets it go."""

    def __init__(self, gate):
        self.info = SimpleNamespace(
            frames=100, fps=25.0, width=8, height=6, kind="video", codec="made", truncated=None,
            vfr=False,
        )  # fmt: skip
        self._gate = gate
        self.decoded = []
        self.directions = []
        self.closed = False

    def frame(self, frame_idx):
        if frame_idx == 13:
            raise InputError("Frame 13 is damaged.")
        self._gate.wait(5)
        self.decoded.append(frame_idx)
        return np.full((6, 8, 3), frame_idx, np.uint8)

    def quick_frame(self, frame_idx):
        return frame_idx - frame_idx % 10

    def read_ahead(self, direction):
        self.directions.append(direction)

    def close(self):
        self.closed = True


@pytest.fixture
def gate():
    """Open unless a test closes it."""
    event = threading.Event()
    event.set()
    return event


@pytest.fixture
def opened(qtbot, gate):
    """A loader with a SlowReader open, and what it has shown."""
    readers = []

    def open_reader(path, folder, report, cancelled, cache_bytes):
        if path.name == "broken":
            raise InputError("broken: this is no video.")
        readers.append(SlowReader(gate))
        return readers[-1]

    loader = FrameLoader(open_reader=open_reader)
    shown = []
    loader.frame_ready.connect(shown.append)
    with qtbot.waitSignal(loader.opened):
        loader.open(Path("clip"))
    yield SimpleNamespace(loader=loader, shown=shown, readers=readers)
    gate.set()
    loader.close()
    assert all(reader.closed for reader in readers)


def test_of_five_six_seven_the_last_is_shown_and_six_never_decoded(qtbot, gate, opened):
    gate.clear()
    opened.loader.request(5)
    qtbot.wait(50)  # 5 is being decoded now
    opened.loader.request(6)
    opened.loader.request(7)
    gate.set()
    qtbot.waitUntil(lambda: bool(opened.shown) and opened.shown[-1].frame_idx == 7)
    qtbot.wait(30)
    assert [loaded.frame_idx for loaded in opened.shown] == [5, 7]
    assert opened.readers[0].decoded == [5, 7]


def test_frames_made_lately_answer_at_once(qtbot, opened):
    opened.loader.request(3)
    qtbot.waitUntil(lambda: len(opened.shown) == 1)
    opened.loader.request(4)
    opened.loader.request(3)  # no event loop between: it comes from memory
    assert opened.shown[-1].frame_idx == 3
    qtbot.wait(30)
    assert opened.shown[-1].frame_idx == 3, "frame 4 was overtaken and must not come after 3"


def test_frames_ahead_are_ready_before_they_are_asked_for(qtbot, opened):
    opened.loader.request(10)
    qtbot.waitUntil(lambda: len(opened.shown) == 1)
    opened.loader.request(11)
    opened.loader.set_read_ahead(4)
    qtbot.waitUntil(lambda: opened.readers[0].decoded == [10, 11, 12])
    # 13 is damaged: reading ahead stops there instead of trying for ever.
    qtbot.wait(30)
    assert opened.readers[0].decoded == [10, 11, 12]


def test_a_damaged_frame_is_told_and_the_next_one_still_comes(qtbot, opened):
    with qtbot.waitSignal(opened.loader.frame_failed) as failed:
        opened.loader.request(13)
    assert failed.args == [13, "Frame 13 is damaged."]
    opened.loader.request(14)
    qtbot.waitUntil(lambda: bool(opened.shown))
    assert opened.shown[-1].frame_idx == 14


def test_answers_name_the_clip_they_belong_to(qtbot, gate, opened):
    gate.clear()
    opened.loader.request(5)
    qtbot.wait(30)
    with qtbot.waitSignal(opened.loader.opened):
        second = opened.loader.open(Path("other"))
        gate.set()
    opened.loader.request(5)
    qtbot.waitUntil(lambda: bool(opened.shown) and opened.shown[-1].request.clip_serial == second)
    assert opened.readers[0].closed
    assert opened.readers[1].decoded == [5], "an image of the first clip must not be shown"


def test_while_dragging_a_near_key_frame_stands_in(qtbot, opened):
    opened.loader.request(47, exact=False)
    qtbot.waitUntil(lambda: len(opened.shown) == 1)
    assert (opened.shown[0].frame_idx, opened.shown[0].request.frame_idx) == (40, 47)
    opened.loader.request(47)
    qtbot.waitUntil(lambda: len(opened.shown) == 2)
    assert opened.shown[1].frame_idx == 47


def test_the_reader_decodes_ahead_while_playing_and_on_the_way_back(qtbot, opened):
    opened.loader.set_read_ahead(2)
    for frame_idx in (20, 21, 20):
        opened.loader.request(frame_idx)
        qtbot.wait(30)
    opened.loader.set_read_ahead(2, is_playing=True)
    opened.loader.request(30)
    qtbot.wait(30)
    opened.loader.set_read_ahead(0)
    opened.loader.request(31)
    qtbot.waitUntil(lambda: opened.readers[0].directions == [-1, 1, 0])


def test_a_clip_that_cannot_be_opened_is_told_with_its_sentence(qtbot, opened):
    with qtbot.waitSignal(opened.loader.failed) as failed:
        serial = opened.loader.open(Path("broken"))
    assert failed.args[0] == serial
    assert failed.args[1] == "broken: this is no video."
    assert "InputError" in failed.args[2]


def test_closing_while_a_frame_is_decoded_waits_for_it(qtbot, gate, opened):
    gate.clear()
    opened.loader.request(5)
    qtbot.wait(30)
    threading.Timer(0.05, gate.set).start()
    opened.loader.close()
    assert opened.readers[0].closed


def test_memory_is_used_again_but_never_under_a_frame_that_is_still_held(
    qtbot, opened, monkeypatch
):
    monkeypatch.setattr("app.canvas.frame_loader.IMAGE_BYTES", 3 * 8 * 6 * 4)
    held = {}
    for frame_idx in (20, 21, 22, 23, 24, 25, 26, 27, 28, 29):
        count = len(opened.shown)
        opened.loader.request(frame_idx)
        qtbot.waitUntil(lambda count=count: len(opened.shown) > count)
        if frame_idx % 2:
            held[frame_idx] = opened.shown[-1].image
        opened.shown[-1] = None  # the others may be overwritten now
    for frame_idx, image in held.items():
        assert image.pixelColor(3, 3).getRgb() == (frame_idx, frame_idx, frame_idx, 255)


def test_an_image_nobody_holds_is_overwritten(qtbot, opened, monkeypatch):
    monkeypatch.setattr("app.canvas.frame_loader.IMAGE_BYTES", 2 * 8 * 6 * 4)
    addresses = []
    for frame_idx in range(30, 40):
        count = len(opened.shown)
        opened.loader.request(frame_idx)
        qtbot.waitUntil(lambda count=count: len(opened.shown) > count)
        addresses.append(id(opened.shown[-1].image))
        opened.shown[-1] = None
    assert len(set(addresses)) < len(addresses)
