"""The room of the window: nothing is cut off at 1280×800, and a smaller screen scrolls."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDockWidget

from app.panels import Scrolled


def opened(qtbot, open_main, project_path):
    window = open_main(project_path)
    qtbot.waitUntil(lambda: not window.column_loader.is_reading, timeout=10_000)
    qtbot.wait(50)
    return window


def layers_of(window):
    return next(area for area in window.findChildren(Scrolled) if area.isVisible())


def test_the_layers_are_whole_at_1280_by_800(qtbot, open_main, project_path):
    window = opened(qtbot, open_main, project_path)
    assert window.size().toTuple() == (1280, 800)
    assert layers_of(window).verticalScrollBar().maximum() == 0


def test_comparing_does_not_make_the_window_larger(qtbot, open_main, project_path):
    window = opened(qtbot, open_main, project_path)
    window.panels.bring_up("runs")
    window.actions_by_id["compare"].trigger()
    qtbot.waitUntil(lambda: not window.session.comparison.is_measuring, timeout=10_000)
    qtbot.wait(50)
    assert window.size().toTuple() == (1280, 800)
    assert window.runs_dock.table.height() > 30


def test_a_small_screen_is_enough(qtbot, open_main, project_path):
    window = opened(qtbot, open_main, project_path)
    window.resize(1024, 700)
    qtbot.wait(50)
    assert window.size().toTuple() == (1024, 700)
    assert layers_of(window).verticalScrollBar().maximum() > 0


def test_sizes_a_person_chose_are_there_again(qtbot, open_main, project_path):
    window = opened(qtbot, open_main, project_path)
    docks = {dock.objectName(): dock for dock in window.panels.docks}
    sides = [docks["layers"], docks["landmarks"]]
    window.resizeDocks(sides, [160, 400], Qt.Orientation.Vertical)
    qtbot.wait(50)
    height = docks["layers"].height()
    window.close()
    again = opened(qtbot, open_main, project_path)
    assert abs(again.findChild(QDockWidget, "layers").height() - height) <= 4


def test_opening_the_open_project_again_does_not_lock_it_out(open_main, project_path):
    window = open_main(project_path)
    assert window.files.open_texts([str(project_path)])
    assert not window.session.document.read_only
    assert "is open already" in window.message_bar.text
    window.review.approve()
    assert int(window.session.faces(0)[0].review) == 3


def test_the_first_page_stands_alone_also_the_second_time(qtbot, open_main, project_path):
    opened(qtbot, open_main, project_path).close()
    again = open_main(wait=False)
    assert not any(dock.isVisible() for dock in again.panels.docks)
    again.files.open_texts([str(project_path)])
    assert not any(dock.isHidden() for dock in again.panels.docks)


def test_a_panel_a_person_closed_stays_closed(qtbot, open_main, project_path, clip_path):
    window = opened(qtbot, open_main, project_path)
    window.findChild(QDockWidget, "jobs").close()
    window.panels.set_folded(True)
    window.panels.set_folded(False)
    window.files.open_texts([str(clip_path)])
    assert window.findChild(QDockWidget, "jobs").isHidden()
    window.files.close_document()
    window.close()
    again = opened(qtbot, open_main, project_path)
    hidden = [dock.objectName() for dock in again.panels.docks if dock.isHidden()]
    assert hidden == ["jobs"]
    again.panels.bring_up("jobs")
    assert again.findChild(QDockWidget, "jobs").isVisible()


@pytest.mark.parametrize("way", ["NoModifier", "ShiftModifier"])
def test_tab_goes_round_everything_that_is_seen_and_nothing_behind(
    qtbot, open_main, project_path, way
):
    window = opened(qtbot, open_main, project_path)
    window.activateWindow()
    window.canvas.setFocus()
    seen = []
    while window.canvas not in seen:
        qtbot.keyClick(window.focusWidget(), Qt.Key.Key_Tab, Qt.KeyboardModifier[way])
        seen.append(window.focusWidget())
        assert len(seen) < 120
    assert not [widget for widget in seen if window.panels.is_behind(widget)]
    docks = {d.objectName() for d in window.panels.docks for w in seen if d.isAncestorOf(w)}
    assert {"clips_and_people", "layers", "landmarks", "timeline"} <= docks
    assert not {"runs", "correlation"} & docks
