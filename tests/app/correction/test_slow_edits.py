"""Edits over very many frames: made in a thread, one command, nothing else in between."""

import threading

import numpy as np
import pytest

from app.correction import frame_commands
from app.main_window import MainWindow
from core.annotations.project import Project


@pytest.fixture
def window(open_main, face_project, monkeypatch) -> MainWindow:
    """A window for which four frames are very many."""
    monkeypatch.setattr(frame_commands, "AT_ONCE", 4)
    window = open_main(face_project)
    window.session.select_face(0)
    return window


@pytest.fixture
def gate(window):
    """Keeps the thread at its first frame until it is opened."""
    opened, entered = threading.Event(), threading.Event()
    shown = window.correction.frames.on_frame

    def on_frame(*arguments):
        if threading.current_thread() is not threading.main_thread():
            entered.set()
            assert opened.wait(20)
        return shown(*arguments)

    window.correction.frames.on_frame = on_frame
    yield opened
    opened.set()


def trigger(window, name):
    window.actions_by_id[name].trigger()


def accept(window, stop=24):
    window.session.set_range((0, stop))
    trigger(window, "accept_range")


def said(window):
    return window.session.hub.history[-1].text


def wait_done(qtbot, window):
    qtbot.waitUntil(lambda: not window.session.edits.slow.busy, timeout=20_000)


def test_it_is_one_command_and_the_window_goes_on_meanwhile(qtbot, window, gate):
    accept(window)
    assert said(window) == "Accept landmarks, 24 frames…"
    window.navigator.next_frame()
    qtbot.waitUntil(lambda: window.session.shown_frame_idx == 1, timeout=10_000)
    stack = window.session.undo_stack
    assert stack.count() == 0
    gate.set()
    wait_done(qtbot, window)
    assert said(window) == "20 frames accepted; 4 approved or empty ones left as they were."
    assert stack.count() == 1
    project = window.session.document.project
    clip_id = window.session.entry.clip_id
    assert len(project.annotated_frames(clip_id)) == 20
    trigger(window, "undo")
    assert len(project.annotated_frames(clip_id)) == 0


def test_no_other_edit_comes_between(qtbot, window, gate):
    trigger(window, "accept")
    stack, project = window.session.undo_stack, window.session.document.project
    accept(window)
    trigger(window, "approve")
    assert said(window) == "One moment, still at work: Accept landmarks, 24 frames."
    trigger(window, "undo")
    assert "still at work" in said(window)
    qtbot.waitUntil(lambda: stack.index() == 1, timeout=5000)
    assert project.history_position == 1, "nothing was taken back"
    accept(window)
    assert "still at work" in said(window)
    gate.set()
    wait_done(qtbot, window)
    assert (stack.count(), stack.index(), project.history_position) == (2, 2, 2)


def test_closing_the_project_gives_it_up(window, gate, face_project):
    accept(window)
    thread = window.session.edits.slow._thread
    threading.Timer(0.2, gate.set).start()
    window.session.close_document()
    assert not thread.is_alive()
    with Project.open(face_project) as project:
        assert project.history_position == 0, "all of it or nothing"
    assert window.isVisible()


def test_what_cannot_be_stored_is_told(qtbot, window, open_main, face_project):
    second = open_main(face_project)
    second.session.select_face(0)
    accept(second)
    wait_done(qtbot, second)
    assert "cannot be changed" in said(second)
    assert second.session.undo_stack.count() == 0


def test_nothing_to_do_is_told(qtbot, window):
    for frame in range(5):
        window.session.set_frame(frame)
        trigger(window, "approve")
    accept(window, 5)
    wait_done(qtbot, window)
    assert said(window) == "There is nothing to do: the frames are approved or empty."
    assert window.session.undo_stack.count() == 5


def test_copying_and_interpolating_far_end_as_they_do_over_a_few_frames(qtbot, window, monkeypatch):
    """The same acts in a thread and at once leave the same annotations."""
    project = window.session.document.project

    def do(name):
        window.session.set_frame(0)
        window.session.set_range((0, 15))
        if name == "copy":
            window.correction.frames.copy_forward(14)
        else:
            trigger(window, name)
        wait_done(qtbot, window)
        digest = project.digest()
        points = [project.shown(project.clips()[0].clip_id, f)[0].landmarks for f in range(15)]
        trigger(window, "undo")
        return digest, np.stack(points)

    trigger(window, "nudge_right_far")
    for name in ("copy", "interpolate", "accept_range"):
        _, in_thread = do(name)
        monkeypatch.setattr(frame_commands, "AT_ONCE", 1000)
        _, at_once = do(name)
        monkeypatch.setattr(frame_commands, "AT_ONCE", 4)
        np.testing.assert_array_equal(in_thread, at_once)
