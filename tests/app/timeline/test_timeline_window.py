"""The timeline of a project in the window: sources after corrections, schedulers, ranges, tips."""

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from core.annotations.project import Project
from core.annotations.records import RunHeader
from tests.app.conftest import face


@pytest.fixture
def scheduled(project_path):
    """The project shown with a run that knows its scheduler's state."""
    with Project.open(project_path) as project:
        clip = project.clips()[0]
        header = RunHeader(
            run_id="", clip_id=clip.clip_id, kind="predict", title="scheduled", frames=clip.frames,
            start=0, stop=clip.frames, landmark_scheme="points5",
        )  # fmt: skip
        writer = project.start_run(header)
        for frame_idx in range(clip.frames):
            state = {"decision": float(frame_idx % 6 == 0), "policy": frame_idx / 10}
            writer.append(frame_idx, [face(frame_idx)] if frame_idx < 20 else [], state)
        writer.seal().close()
        run_id = next(r.run_id for r in project.runs(clip.clip_id) if r.title == "scheduled")
        project.set_active_run(clip.clip_id, run_id)
    return project_path


@pytest.fixture
def opened(qtbot, open_main):
    def open_it(path):
        window = open_main(path)
        qtbot.waitUntil(lambda: not window.column_loader.is_reading, timeout=10_000)
        return window

    return open_it


def row(window, title):
    return next(row for row in window.timeline.view.rows if row.title == title)


def at(window, frame_idx, y):
    """A place on the timeline over the middle of a frame."""
    view = window.timeline.view
    x = (view._x_of(frame_idx) + view._x_of(frame_idx + 1)) / 2
    return QPoint(round(x), y)


def test_scheduler_rows_show_what_the_run_recorded(opened, scheduled):
    window = opened(scheduled)
    assert row(window, "Decision").describe(6) == "decision: run the heavy net"
    assert row(window, "Decision").describe(7) == "decision: propagate"
    assert row(window, "Policy").describe(23).startswith("policy 2.3 ")


def test_a_corrected_frame_is_a_person_s_and_still_a_key_frame(qtbot, opened, project_path):
    window = opened(project_path)
    window.correction.points.select_all()
    window.correction.points.nudge(1.0, 0.0)
    qtbot.waitUntil(lambda: window.session.columns.source[0, 0] == 4, timeout=10_000)
    assert row(window, "Source").describe(0) == "person"
    assert row(window, "Source").describe(1) == "propagated by flow"
    assert np.flatnonzero(window.session.columns.is_key()).tolist() == [0, 6, 12, 18]
    window.undo()
    qtbot.waitUntil(lambda: window.session.columns.source[0, 0] == 0, timeout=10_000)


def test_a_range_is_chosen_by_shift_drag_moved_by_its_ends_and_named(qtbot, opened, project_path):
    window = opened(project_path)
    view, session = window.timeline.view, window.session
    shift = Qt.KeyboardModifier.ShiftModifier
    qtbot.mousePress(view, Qt.MouseButton.LeftButton, shift, at(window, 5, 40))
    QTest.mouseMove(view, at(window, 9, 40))
    qtbot.mouseRelease(view, Qt.MouseButton.LeftButton, shift, at(window, 9, 40))
    assert session.range == (5, 10)
    end = QPoint(round(view._x_of(10)), 10)
    qtbot.mousePress(view, Qt.MouseButton.LeftButton, pos=end)
    QTest.mouseMove(view, at(window, 14, 10))
    qtbot.mouseRelease(view, Qt.MouseButton.LeftButton, pos=at(window, 14, 10))
    assert session.range == (5, 15)
    assert "range 5 … 14 · 10 frames" in view.tip_at(at(window, 7, 5))
    assert window.transport._range.text() == "5 … 14"


def test_a_mark_says_so_on_the_ruler(opened, project_path):
    window = opened(project_path)
    window.session.toggle_marker(11)
    assert "marked frame 11" in window.timeline.view.tip_at(at(window, 11, 5))
    assert "marked" not in window.timeline.view.tip_at(at(window, 3, 5))


def test_every_row_says_something_of_every_frame(opened, scheduled):
    window = opened(scheduled)
    for one in window.timeline.view.rows:
        assert all(one.describe(frame_idx) for frame_idx in range(24)), one.title


def test_a_range_is_approved_as_one_command(qtbot, opened, project_path):
    window = opened(project_path)
    session = window.session
    window.actions_by_id["approve_range"].trigger()
    assert "Choose a range first" in window.message_bar.text
    session.set_range((16, 24))  # the face is gone from frame 20 on
    window.actions_by_id["approve_range"].trigger()
    qtbot.waitUntil(lambda: session.columns.review[19] == 3, timeout=10_000)
    assert session.columns.review.tolist() == [1] * 16 + [3] * 4 + [0] * 4
    window.undo()
    qtbot.waitUntil(lambda: session.columns.review[19] == 1, timeout=10_000)
    assert not window.actions_by_id["undo"].isEnabled()
