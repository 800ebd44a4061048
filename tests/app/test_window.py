"""End to end through the real `main`: open, step, play, seek, layers, keys, trouble."""

import subprocess
import sys

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QApplication

from app import application, convert
from core.annotations.project import Project
from core.paths import main_script


def shown_grey(window):
    """The grey level on the canvas, read from the screen."""
    view = window.canvas
    image = view.viewport().grab().toImage()
    at = view.mapFromScene(QPointF(90, 60))
    return convert.rgb_from_image(image)[at.y(), at.x()].astype(int)


def assert_shows(qtbot, window, frame_idx):
    qtbot.waitUntil(lambda: window.session.shown_frame_idx == frame_idx, timeout=10_000)
    assert np.abs(shown_grey(window) - (16 + 9 * frame_idx)).max() <= 4


def test_a_clip_opens_at_its_first_frame(qtbot, open_main, clip_path):
    window = open_main(clip_path)
    assert_shows(qtbot, window, 0)
    assert window.windowTitle() == "grey.mp4 — Lineament"
    assert window.session.settings.value("recent") == [str(clip_path)]


def test_main_enters_twice_in_one_process(qtbot, open_main, clip_path):
    first, second = open_main(clip_path), open_main(clip_path)
    first.session.set_frame(3)
    assert_shows(qtbot, first, 3)
    assert_shows(qtbot, second, 0)


@pytest.mark.parametrize(
    ("key", "modifier", "frame_idx"),
    [
        (Qt.Key.Key_Right, Qt.KeyboardModifier.NoModifier, 6),
        (Qt.Key.Key_A, Qt.KeyboardModifier.NoModifier, 4),
        (Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier, 15),
        (Qt.Key.Key_Left, Qt.KeyboardModifier.ShiftModifier, 0),
        (Qt.Key.Key_End, Qt.KeyboardModifier.NoModifier, 23),
        (Qt.Key.Key_Home, Qt.KeyboardModifier.NoModifier, 0),
    ],
)
def test_keys_step_through_the_clip(qtbot, open_main, clip_path, key, modifier, frame_idx):
    window = open_main(clip_path)
    window.session.set_frame(5)
    qtbot.keyClick(window.canvas, key, modifier)
    assert_shows(qtbot, window, frame_idx)


def test_the_go_to_box_takes_frames_and_times(qtbot, open_main, clip_path):
    window = open_main(clip_path)
    qtbot.keyClick(window.canvas, Qt.Key.Key_G, Qt.KeyboardModifier.ControlModifier)
    box = window.transport.go_to_box
    qtbot.keyClicks(box, "17")
    qtbot.keyClick(box, Qt.Key.Key_Return)
    assert_shows(qtbot, window, 17)
    box.begin()
    box.setText("0:00.2")
    qtbot.keyClick(box, Qt.Key.Key_Return)
    assert_shows(qtbot, window, 5)
    window.navigator.go_back()
    assert_shows(qtbot, window, 17)


def test_letters_typed_into_a_field_are_no_shortcuts(qtbot, open_main, clip_path):
    window = open_main(clip_path)
    box = window.transport.go_to_box
    box.begin()
    for key in (Qt.Key.Key_D, Qt.Key.Key_H, Qt.Key.Key_Space):
        qtbot.keyClick(box, key)
    assert window.session.frame_idx == 0
    assert not window.session.playing
    assert not window.session.overlays_hidden


def test_space_plays_and_pauses(qtbot, open_main, clip_path):
    window = open_main(clip_path)
    qtbot.keyClick(window.canvas, Qt.Key.Key_Space)
    assert window.session.playing
    qtbot.waitUntil(lambda: window.session.shown_frame_idx >= 3, timeout=10_000)
    qtbot.keyClick(window.canvas, Qt.Key.Key_Space)
    assert not window.session.playing
    assert_shows(qtbot, window, window.session.frame_idx)


def test_space_on_a_button_presses_the_button(qtbot, open_main, clip_path):
    from app.docks.layers_dock import LayersDock

    window = open_main(clip_path)
    eye = window.findChild(LayersDock).controls["points"].eye
    eye.setFocus()
    qtbot.keyClick(eye, Qt.Key.Key_Space)
    assert not window.session.layers["points"].visible
    assert not window.session.playing


def test_it_plays_to_the_end(qtbot, open_main, clip_path):
    window = open_main(clip_path)
    window.player.toggle_play()
    qtbot.waitUntil(lambda: not window.session.playing, timeout=10_000)
    assert_shows(qtbot, window, 23)


def test_a_drag_on_the_timeline_ends_on_the_exact_frame(qtbot, open_main, clip_path):
    window = open_main(clip_path)
    view = window.timeline.view
    x = [round(92 + view.scale.x_of(frame + 0.5)) for frame in (2, 9, 20)]
    qtbot.mousePress(view, Qt.MouseButton.LeftButton, pos=QPoint(x[0], 40))
    qtbot.mouseMove(view, QPoint(x[1], 40))
    qtbot.mouseMove(view, QPoint(x[2], 40))
    assert window.session.scrubbing
    qtbot.mouseRelease(view, Qt.MouseButton.LeftButton, pos=QPoint(x[2], 40))
    assert not window.session.scrubbing
    assert_shows(qtbot, window, 20)


def test_shift_drag_on_the_timeline_chooses_a_range(qtbot, open_main, clip_path):
    window = open_main(clip_path)
    view = window.timeline.view
    x = [round(92 + view.scale.x_of(frame + 0.5)) for frame in (15, 4)]
    shift = Qt.KeyboardModifier.ShiftModifier
    qtbot.mousePress(view, Qt.MouseButton.LeftButton, shift, QPoint(x[0], 40))
    qtbot.mouseMove(view, QPoint(x[1], 40))
    qtbot.mouseRelease(view, Qt.MouseButton.LeftButton, shift, QPoint(x[1], 40))
    assert window.session.range == (4, 16)


def overlay_pixels(window):
    """How many pixels of the frame's area are not grey."""
    view = window.canvas
    rgb = convert.rgb_from_image(view.viewport().grab().toImage()).astype(int)
    low, high = view.mapFromScene(QPointF(0, 0)), view.mapFromScene(QPointF(96, 64))
    area = rgb[max(low.y(), 120) : high.y(), max(low.x(), 0) : high.x()]
    return int(((area.max(axis=2) - area.min(axis=2)) > 25).sum())


def test_h_hides_the_overlays_while_it_is_held(qtbot, open_main, project_path):
    window = open_main(project_path)
    assert overlay_pixels(window) > 500
    qtbot.keyPress(window.canvas, Qt.Key.Key_H)
    assert overlay_pixels(window) == 0
    qtbot.keyRelease(window.canvas, Qt.Key.Key_H)
    assert overlay_pixels(window) > 500


def test_layers_are_switched_in_their_dock(open_main, project_path):
    window = open_main(project_path)
    from app.docks.layers_dock import LayersDock

    dock = window.findChild(LayersDock)
    counts = [overlay_pixels(window)]
    for name in ("label_maps", "contours", "points", "boxes"):
        dock.controls[name].eye.setChecked(False)
        counts.append(overlay_pixels(window))
    assert counts == sorted(counts, reverse=True)
    assert len(set(counts[:4])) >= 3
    assert counts[-1] == 0


def test_brightness_changes_the_view_and_can_be_taken_back(open_main, clip_path):
    window = open_main(clip_path)
    from app.docks.layers_dock import ToneControls

    controls = window.findChild(ToneControls)
    controls.brightness.setValue(40)
    assert np.abs(shown_grey(window) - (16 + 0.4 * 255)).max() <= 5
    controls.reset.click()
    assert np.abs(shown_grey(window) - 16).max() <= 4
    assert controls.brightness.value() == 0


def test_the_layer_key_goes_round(qtbot, open_main, project_path):
    window = open_main(project_path)
    before = {name: state.visible for name, state in window.session.layers.items()}
    for _ in range(4):
        qtbot.keyClick(window.canvas, Qt.Key.Key_QuoteLeft)
    assert {name: state.visible for name, state in window.session.layers.items()} == before


def test_a_project_shows_its_faces_and_columns(qtbot, open_main, project_path):
    window = open_main(project_path)
    qtbot.waitUntil(lambda: window.session.columns.track_ids == (0,), timeout=10_000)
    columns = window.session.columns
    assert columns.is_key().nonzero()[0].tolist() == [0, 6, 12, 18]
    assert (columns.review == 1).sum() == 20
    assert np.isnan(columns.confidence[0, 20:]).all()
    assert columns.processed.all()
    assert "no face found" in window.timeline.view.rows[1].describe(22)


@pytest.mark.parametrize(
    ("action", "start", "frame_idx"),
    [("next_key", 0, 6), ("previous_key", 17, 12), ("next_unreviewed", 3, 4)],
)
def test_jumps_go_to_what_they_say(qtbot, open_main, project_path, action, start, frame_idx):
    window = open_main(project_path)
    qtbot.waitUntil(lambda: window.session.columns.track_ids == (0,), timeout=10_000)
    window.session.set_frame(start)
    window.actions_by_id[action].trigger()
    assert window.session.frame_idx == frame_idx


def test_a_jump_to_nowhere_says_so(qtbot, open_main, project_path):
    window = open_main(project_path)
    window.actions_by_id["next_edited"].trigger()
    assert window.message_bar.text == "There is no edited frame after this one."


def test_approving_is_recorded_undone_and_found_again(qtbot, open_main, project_path):
    window = open_main(project_path)
    session = window.session
    session.set_frame(4)
    qtbot.keyClick(window.canvas, Qt.Key.Key_M)
    assert int(session.faces(4)[0].review) == 3
    session.set_frame(9)
    qtbot.keyClick(window.canvas, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert session.frame_idx == 4
    assert int(session.faces(4)[0].review) == 1
    window.redo()
    window.close()
    again = open_main(project_path)
    assert int(again.session.faces(4)[0].review) == 3
    assert again.actions_by_id["undo"].isEnabled()
    again.undo()
    assert int(again.session.faces(4)[0].review) == 1


def test_markers_are_kept_with_the_project(qtbot, open_main, project_path):
    window = open_main(project_path)
    window.session.set_frame(11)
    window.actions_by_id["toggle_marker"].trigger()
    window.close()
    again = open_main(project_path)
    again.actions_by_id["next_marker"].trigger()
    assert again.session.frame_idx == 11


def test_columns_follow_an_edit(qtbot, open_main, project_path):
    window = open_main(project_path)
    qtbot.waitUntil(lambda: window.session.columns.track_ids == (0,), timeout=10_000)
    window.review.approve_next()
    assert window.session.frame_idx == 1
    qtbot.waitUntil(lambda: window.session.columns.review[0] == 3, timeout=10_000)


def test_a_second_window_on_a_project_is_read_only_and_says_so(open_main, project_path):
    open_main(project_path)
    second = open_main(project_path)
    assert "read-only" in second.windowTitle()
    second.review.approve()
    assert "cannot be changed" in second.message_bar.text


def test_a_missing_clip_gets_a_banner_and_is_found_again(qtbot, open_main, tmp_path, clip_path):
    moved = tmp_path / "moved.mp4"
    moved.write_bytes(clip_path.read_bytes())
    with Project.create(tmp_path / "study.lin") as project:
        project.add_clip(moved)
    away = moved.rename(tmp_path / "elsewhere.mp4")
    window = open_main(tmp_path / "study.lin", wait=False)
    assert "is not there any more" in window.banner.text
    assert window.banner.isVisible()
    window.files.relink_to(away)
    assert_shows(qtbot, window, 0)
    assert not window.banner.isVisible()


@pytest.mark.parametrize("content", [b"", b"this is no video" * 50])
def test_a_broken_file_is_a_sentence_and_the_rest_goes_on(
    qtbot, open_main, tmp_path, clip_path, content
):
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(content)
    with qtbot.captureExceptions() as exceptions:
        window = open_main(broken, clip_path, wait=False)
        qtbot.waitUntil(lambda: bool(window.banner.text), timeout=10_000)
    assert not exceptions
    assert "broken.mp4" in window.banner.text
    window.navigator.next_clip()
    assert_shows(qtbot, window, 0)


def test_a_path_that_is_not_there_is_told_on_the_first_page(open_main, tmp_path):
    window = open_main(tmp_path / "nothing.mp4", wait=False)
    assert "there is no such file" in window.message_bar.text
    assert window.welcome.isVisible()


def test_files_can_be_dropped(qtbot, open_main, clip_path):
    window = open_main(wait=False)
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(clip_path))])
    event = QDropEvent(
        QPointF(10, 10), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )  # fmt: skip
    window.dropEvent(event)
    assert_shows(qtbot, window, 0)


def test_closing_the_clip_goes_back_to_the_first_page(open_main, clip_path):
    window = open_main(clip_path)
    window.actions_by_id["close"].trigger()
    assert window.welcome.isVisible()
    assert not window.actions_by_id["next_frame"].isEnabled()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_theme_is_taken_at_once(qtbot, open_main, theme):
    window = open_main(wait=False)
    window.actions_by_id[f"theme_{theme}"].trigger()

    def is_dark():
        return window.palette().window().color().lightness() < 128

    qtbot.waitUntil(lambda: is_dark() == (theme == "dark"))


@pytest.mark.parametrize(("theme", "follows"), [("system", True), ("light", False)])
def test_the_system_turning_dark_is_followed_unless_chosen_otherwise(
    qtbot, qapp, open_main, monkeypatch, theme, follows
):
    window = open_main(wait=False)
    window.session.settings.set_value("theme", theme)
    qtbot.wait(20)
    # Offscreen Qt has no system colours: say in the system's place that they are dark now.
    monkeypatch.setattr("app.theme.resolved", lambda app, theme: "dark")
    qapp.styleHints().colorSchemeChanged.emit(Qt.ColorScheme.Dark)
    qtbot.wait(50)
    assert (window.palette().window().color().lightness() < 128) == follows


def test_diagnostics_go_to_the_clipboard(open_main, clip_path):
    window = open_main(clip_path)
    window.actions_by_id["diagnostics"].trigger()
    text = QApplication.clipboard().text()
    assert "Qt 6." in text
    assert "24 frames" in text


@pytest.mark.parametrize("action", ["keys_sheet", "settings", "about"])
def test_dialogs_open_and_close(qtbot, open_main, action):
    window = open_main(wait=False)
    window.actions_by_id[action].trigger()
    dialog = QApplication.activeModalWidget()
    assert dialog is not None
    dialog.close()


def test_every_control_has_a_name(open_main, project_path):
    from PySide6.QtWidgets import (
        QAbstractButton,
        QComboBox,
        QLineEdit,
        QListWidget,
        QSlider,
        QTreeWidget,
    )

    window = open_main(project_path)
    kinds = (QAbstractButton, QTreeWidget, QListWidget, QComboBox, QLineEdit, QSlider)
    nameless = [
        widget
        for kind in kinds
        for widget in window.findChildren(kind)
        if not (widget.accessibleName() or getattr(widget, "text", str)() or widget.toolTip())
        and not widget.objectName().startswith("qt_")
    ]
    assert nameless == []


def test_the_window_starts_without_heavy_libraries():
    code = (
        "import sys; import app.application; "
        "heavy = {'torch', 'sklearn', 'scipy', 'av', 'h5py', 'pyqtgraph', 'numba', 'onnxruntime'};"
        "sys.exit(', '.join(sorted(heavy & set(sys.modules))) or 0)"
    )
    child = subprocess.run(
        [sys.executable, "-c", code], cwd=main_script().parent, capture_output=True, text=True,
        timeout=60, check=False,
    )  # fmt: skip
    assert child.returncode == 0, child.stderr


@pytest.mark.parametrize(
    ("environment", "words"),
    [({}, "no display"), ({"QT_QPA_PLATFORM": "offscreen"}, ""), ({"WAYLAND_DISPLAY": "w"}, "")],
)
def test_no_screen_is_a_sentence(monkeypatch, environment, words):
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "platform", "linux")
    problem = application.display_problem()
    assert words in problem
    assert bool(problem) == bool(words)


def test_the_plug_ins_of_opencv_are_forgotten(monkeypatch):
    monkeypatch.setenv("QT_QPA_PLATFORM_PLUGIN_PATH", "/site-packages/cv2/qt/plugins")
    monkeypatch.setenv("QT_PLUGIN_PATH", "/usr/lib/qt6/plugins")
    application.forget_foreign_plugins()
    import os

    assert "QT_QPA_PLATFORM_PLUGIN_PATH" not in os.environ
    assert os.environ["QT_PLUGIN_PATH"] == "/usr/lib/qt6/plugins"
