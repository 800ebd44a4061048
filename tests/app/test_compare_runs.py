"""Two runs of a clip in the window: side by side, over each other, measured, and one shown for the
other."""

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtWidgets import QApplication

from app import convert
from app.runs import ShowQuestion
from core.annotations.project import Project
from core.annotations.records import RunHeader
from tests.app.conftest import face

SHIFT = 4.0
EYES_APART = 20.0


@pytest.fixture
def two_runs(project_path):
    """The project with a second run: the face moved by four pixels, and gone from frame 15 on."""
    with Project.open(project_path) as project:
        clip = project.clips()[0]
        header = RunHeader(
            run_id="", clip_id=clip.clip_id, kind="predict", title="second", frames=clip.frames,
            start=0, stop=clip.frames, landmark_scheme="points5", mask_schemes=("face5",),
            created="2100-01-01T00:00:00+00:00",
        )  # fmt: skip
        writer = project.start_run(header)
        for frame_idx in range(clip.frames):
            writer.append(frame_idx, [face(frame_idx, 3, SHIFT)] if frame_idx < 15 else [])
        writer.seal().close()
    return project_path


@pytest.fixture
def window(qtbot, open_main, two_runs):
    """The window on it, everything measured that is compared."""
    window = open_main(two_runs)
    qtbot.waitUntil(lambda: not window.column_loader.is_reading, timeout=10_000)
    return window


def compare(qtbot, window, key=Qt.Key.Key_K, modifier=Qt.KeyboardModifier.NoModifier):
    qtbot.keyClick(window.canvas, key, modifier)
    comparison = window.session.comparison
    qtbot.waitUntil(lambda: comparison.is_on and not comparison.is_measuring, timeout=10_000)


def seen(window):
    """The canvas's pixels, (H, W, 3) int."""
    return convert.rgb_from_image(window.canvas.viewport().grab().toImage()).astype(int)


def test_k_shows_the_other_run_right_of_the_divider(qtbot, window):
    compare(qtbot, window)
    assert window.session.comparison.entry.title == "second"
    assert window.compare_view.right_tag.text() == "second"
    (picture,) = window.compare_view.pictures
    assert picture.track_id == 0  # matched with the face that is shown
    assert picture.box.left() == pytest.approx(20.0 + SHIFT + 0.5)
    assert window.actions_by_id["compare"].isChecked()


def test_each_side_of_the_divider_shows_its_own_run_only(qtbot, window):
    for layer in window.session.layers:
        window.session.set_layer(layer, visible=layer == "points")
    compare(qtbot, window)
    view = window.canvas
    point = view.mapFromScene(QPointF(40.5, 30.5))  # the nose as it is shown
    other = view.mapFromScene(QPointF(44.5, 34.5))  # and in the other run
    far = view.mapFromScene(QPointF(90, 60))
    bare = int(seen(window)[far.y(), far.x(), 0])

    def is_lit(at):
        patch = seen(window)[at.y() - 5 : at.y() + 6, at.x() - 5 : at.x() + 6]
        return np.abs(patch - bare).max() > 60

    window.session.comparison.set_divider(0.98)
    assert (is_lit(point), is_lit(other)) == (True, False)
    window.session.comparison.set_divider(0.02)
    assert (is_lit(point), is_lit(other)) == (False, True)


def test_the_divider_is_dragged_with_the_mouse_and_moved_by_keys(qtbot, window):
    compare(qtbot, window)
    divider, canvas = window.compare_view.divider, window.canvas.viewport()
    start = divider.geometry().center()
    qtbot.mousePress(divider, Qt.MouseButton.LeftButton, pos=divider.rect().center())
    target = divider.mapFromParent(QPoint(start.x() - 100, start.y()))
    qtbot.mouseMove(divider, target)
    qtbot.mouseRelease(divider, Qt.MouseButton.LeftButton, pos=divider.rect().center())
    share = window.session.comparison.divider
    assert share == pytest.approx((start.x() - 100) / canvas.width(), abs=0.01)
    qtbot.keyClick(window.canvas, Qt.Key.Key_K, Qt.KeyboardModifier.AltModifier)
    assert window.session.comparison.divider == pytest.approx(share - 0.05)
    qtbot.mouseDClick(divider, Qt.MouseButton.LeftButton)
    assert window.session.comparison.divider == 0.5


def test_nothing_is_edited_right_of_the_divider(qtbot, window):
    compare(qtbot, window)
    nose = window.canvas.mapFromScene(QPointF(40.5, 30.5))
    for divider, chosen in ((0.02, set()), (0.98, {2})):
        window.session.comparison.set_divider(divider)
        qtbot.mouseClick(window.canvas.viewport(), Qt.MouseButton.LeftButton, pos=nose)
        assert set(window.correction.selection.points) == chosen


def test_both_over_each_other_in_white_lines(qtbot, window):
    compare(qtbot, window)
    qtbot.keyClick(window.canvas, Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier)
    (picture,) = window.compare_view.pictures
    assert all(group.colour == (255, 255, 255) for group in picture.points)
    assert picture.areas == []
    assert not window.compare_view.divider.isVisible()
    assert window.compare_view.right_tag.text() == "White: second"


def test_the_distance_is_a_row_of_the_timeline_in_percent_of_the_eyes(qtbot, window):
    rows = len(window.timeline.view.rows)
    compare(qtbot, window)
    distance = window.session.comparison.distance
    expected = 100 * np.hypot(SHIFT, SHIFT) / EYES_APART
    assert distance[:15] == pytest.approx(expected, rel=1e-4)
    assert np.isnan(distance[15:]).all()
    assert window.session.comparison.lonely[15:20].all()
    assert len(window.timeline.view.rows) == rows + 1
    row = window.timeline.view.rows[-1]
    assert row.describe(3) == f"{expected:.2f} % of the eye distance apart"
    assert row.describe(16) == "a face is on one side only"
    assert row.describe(22) == "nothing to compare"
    qtbot.keyClick(window.canvas, Qt.Key.Key_K)
    assert len(window.timeline.view.rows) == rows


def test_the_shown_run_itself_is_the_one_without_corrections(qtbot, window):
    session = window.session
    session.set_frame(5)
    qtbot.waitUntil(lambda: session.shown_frame_idx == 5, timeout=10_000)
    window.correction.points.select_all()
    window.correction.points.nudge(1.0, 0.0)
    compare(qtbot, window, modifier=Qt.KeyboardModifier.ShiftModifier)
    compare(qtbot, window, modifier=Qt.KeyboardModifier.ShiftModifier)
    assert session.comparison.entry.is_shown
    assert window.compare_view.right_tag.text() == "The run alone"
    assert session.comparison.distance[5] == pytest.approx(100 / EYES_APART, rel=1e-4)
    assert session.comparison.distance[6] == 0
    window.undo()
    qtbot.waitUntil(lambda: session.comparison.distance[5] == 0, timeout=10_000)


def test_the_largest_difference_is_jumped_to(qtbot, window):
    window.session.set_frame(9)
    qtbot.waitUntil(lambda: window.session.shown_frame_idx == 9, timeout=10_000)
    window.correction.points.select_all()
    window.correction.points.nudge(-6.0, -6.0)
    compare(qtbot, window)
    window.session.set_frame(0)
    qtbot.keyClick(
        window.canvas, Qt.Key.Key_K,
        Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier,
    )  # fmt: skip
    assert window.session.frame_idx == 9


def test_another_run_is_shown_only_after_asking_and_corrections_stay(qtbot, window):
    session = window.session
    window.correction.points.select_all()
    window.correction.points.nudge(1.0, 0.0)
    compare(qtbot, window)
    window.actions_by_id["show_compared"].trigger()
    question = QApplication.activeModalWidget()
    assert isinstance(question, ShowQuestion)
    question.reject()
    assert session.faces(3)[0].landmarks[0, 0] == 30
    window.actions_by_id["show_compared"].trigger()
    QApplication.activeModalWidget().yes.click()
    qtbot.waitUntil(lambda: session.faces(3)[0].landmarks[0, 0] == 30 + SHIFT, timeout=10_000)
    assert session.faces(0)[0].landmarks[0, 0] == 31  # what the person said
    assert session.faces(3)[0].track_id == 0
    qtbot.waitUntil(lambda: not session.comparison.is_measuring, timeout=10_000)


def test_the_dock_lists_runs_and_says_what_is_different_here(qtbot, window):
    dock = window.runs_dock
    dock.window().findChild(type(dock.parent()), "runs").raise_()
    titles = [dock.table.topLevelItem(row).text(0) for row in range(dock.table.topLevelItemCount())]
    assert titles == ["test", "second"]
    dock.table.topLevelItem(1).setSelected(True)
    qtbot.mouseClick(dock.compare_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not window.session.comparison.is_measuring, timeout=10_000)
    qtbot.waitUntil(lambda: "of the eye distance here" in dock.words.text(), timeout=5_000)
    assert "masks differ on" in dock.words.text()
    qtbot.mouseClick(dock.compare_button, Qt.MouseButton.LeftButton)
    assert not window.session.comparison.is_on


def test_another_clip_or_document_ends_the_comparison(qtbot, window):
    compare(qtbot, window)
    window.actions_by_id["close"].trigger()
    assert not window.session.comparison.is_on
    assert len(window.session.comparison.distance) == 0


def test_without_runs_there_is_a_sentence(qtbot, open_main, clip_path):
    window = open_main(clip_path)
    window.actions_by_id["compare"].trigger()
    assert "no run of this clip" in window.message_bar.text
    assert not window.actions_by_id["compare"].isChecked()


def test_a_damaged_run_is_named_and_cannot_be_compared(qtbot, open_main, two_runs):
    with Project.open(two_runs) as project:
        clip = project.clips()[0]
        run_id = next(r.run_id for r in project.runs(clip.clip_id) if r.title == "second")
    (two_runs / "runs" / clip.clip_id / f"{run_id}.h5").write_bytes(b"no run")
    window = open_main(two_runs)
    entries = window.runs.entries()
    assert [bool(entry.problem) for entry in entries] == [False, True]
    compare(qtbot, window)
    assert window.session.comparison.entry.is_shown


def test_a_clip_that_is_lost_cannot_be_compared_and_the_switch_goes_back(open_main, two_runs):
    with Project.open(two_runs) as project:
        path = project.clip_path(project.clips()[0])
    away = path.rename(path.with_name("away.mp4"))
    try:
        window = open_main(two_runs, wait=False)
        window.actions_by_id["compare"].trigger()
        assert not window.actions_by_id["compare"].isChecked()
        assert not window.session.comparison.is_on
    finally:
        away.rename(path)
