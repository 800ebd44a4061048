"""Zoom, pan, fit, select and hover."""

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication

from app.canvas.hover import describe_point


@pytest.fixture
def window(open_main, project_path):
    """The window showing the test project."""
    window = open_main(project_path)
    window.resize(1100, 700)
    QApplication.processEvents()
    return window


def turn_wheel(view, position, steps):
    where = QPointF(view.viewport().mapToGlobal(position))
    event = QWheelEvent(
        QPointF(position), where, QPoint(), QPoint(0, 120 * steps), Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(view.viewport(), event)


@pytest.mark.parametrize("steps", [1, 6, -1])
def test_the_wheel_zooms_at_the_cursor(window, steps):
    view, position = window.canvas, QPoint(130, 90)
    view.zoom_in()
    before, zoom = view.mapToScene(position), view.zoom
    turn_wheel(view, position, steps)
    after = view.mapToScene(position)
    assert view.zoom == pytest.approx(zoom * 1.2**steps)
    assert (after - before).manhattanLength() <= 2.0 / view.zoom


def test_fit_shows_the_whole_frame_and_keeps_doing_so(window):
    view = window.canvas
    view.zoom_in()
    view.fit()
    for size in ((1100, 700), (900, 760)):
        window.resize(*size)
        QApplication.processEvents()
        shown = view.mapToScene(view.viewport().rect()).boundingRect()
        assert shown.width() >= 95.9
        assert shown.height() >= 63.9
        assert min(shown.width() - 96, shown.height() - 64) == pytest.approx(0, abs=0.5)


def test_the_middle_button_moves_the_picture(qtbot, window):
    view = window.canvas
    view.zoom_in()
    before = view.mapToScene(QPoint(100, 100))
    qtbot.mousePress(view.viewport(), Qt.MouseButton.MiddleButton, pos=QPoint(100, 100))
    qtbot.mouseMove(view.viewport(), QPoint(140, 130))
    qtbot.mouseRelease(view.viewport(), Qt.MouseButton.MiddleButton, pos=QPoint(140, 130))
    after = view.mapToScene(QPoint(140, 130))
    assert (after - before).manhattanLength() <= 2.0 / view.zoom


def test_space_and_drag_moves_and_does_not_play(qtbot, window):
    view = window.canvas
    view.zoom_in()
    view.setFocus()
    before = view.mapToScene(QPoint(100, 100))
    qtbot.keyPress(view, Qt.Key.Key_Space)
    qtbot.mousePress(view.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(100, 100))
    qtbot.mouseMove(view.viewport(), QPoint(120, 110))
    qtbot.mouseRelease(view.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(120, 110))
    qtbot.keyRelease(view, Qt.Key.Key_Space)
    assert (view.mapToScene(QPoint(120, 110)) - before).manhattanLength() <= 2.0 / view.zoom
    assert not window.session.playing


def test_a_click_selects_the_face_and_a_click_beside_it_none(qtbot, window):
    view = window.canvas
    qtbot.mouseClick(
        view.viewport(), Qt.MouseButton.LeftButton, pos=view.mapFromScene(QPointF(40, 30))
    )
    assert window.session.selected_track == 0
    qtbot.mouseClick(
        view.viewport(), Qt.MouseButton.LeftButton, pos=view.mapFromScene(QPointF(90, 60))
    )
    assert window.session.selected_track == -1


def test_a_landmark_tells_its_name_score_and_source(window):
    text = describe_point(window.session, np.array([40.4, 29.8]), reach_px=2.0)
    assert text.startswith("2 nose_tip")
    assert "heavy net" in text
    assert "confidence 0.60" in text
    assert describe_point(window.session, np.array([5.0, 5.0]), reach_px=2.0) == ""


def test_the_hud_tells_frame_time_source_state_and_confidence(qtbot, window):
    window.session.set_frame(7)
    qtbot.waitUntil(lambda: window.session.shown_frame_idx == 7)
    content = window.canvas.hud.content
    assert content.headline == "7 / 23   00:00.280"
    (line,) = content.faces
    assert line.source.title == "propagated by flow"
    assert line.review.title == "predicted"
    assert line.confidence == pytest.approx(0.83)
