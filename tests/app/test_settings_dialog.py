"""The settings dialog: each page changes what the program reads."""

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QTabWidget

import app
from app.dialogs.predict_dialog import PredictDialog
from app.dialogs.settings_dialog import SettingsDialog
from app.settings import TABLE
from core.annotations.job_files import JobPlan
from core.commands.background import give_way


@pytest.fixture
def dialog(qtbot, settings):
    dialog = SettingsDialog(settings)
    qtbot.addWidget(dialog)
    return dialog


@pytest.mark.parametrize("key", [key for key in TABLE if key != "recent"])
def test_every_setting_is_read_outside_the_dialog(key):
    sources = [
        path.read_text(encoding="utf-8")
        for path in Path(app.__file__).parent.rglob("*.py")
        if path.name not in ("settings.py", "settings_dialog.py")
    ]
    assert any(f'.value("{key}")' in text for text in sources)


def test_a_name_is_kept_with_the_next_edit(open_main, project_path):
    window = open_main(project_path)
    dialog = SettingsDialog(window.session.settings, window)
    dialog.general_page.name.setText("Ada Lovelace ")
    dialog.general_page.name.editingFinished.emit()
    window.review.approve()
    assert window.session.document.history()[0][-1].who == "Ada Lovelace"
    dialog.close()


def test_actions_are_found_by_name_or_key(dialog):
    page = dialog.keys_page
    page.search.setText("magnif")
    shown = [row for row in range(page.table.rowCount()) if not page.table.isRowHidden(row)]
    assert [page.table.item(row, 0).text() for row in shown] == ["View: Face magnifier"]
    page.search.setText("ctrl+shift+k")
    shown = [row for row in range(page.table.rowCount()) if not page.table.isRowHidden(row)]
    assert [page.table.item(row, 0).text() for row in shown] == ["Compare: Largest difference"]


def test_return_in_the_search_resets_no_keys(qtbot, dialog, settings):
    settings.set_value("keys", {"play": ["Ctrl+Alt+J"]})
    dialog.show()
    dialog.findChild(QTabWidget).setCurrentWidget(dialog.keys_page)
    search = dialog.keys_page.search
    search.setFocus()
    qtbot.keyClicks(search, "play")
    qtbot.keyClick(search, Qt.Key.Key_Return)
    assert settings.value("keys") == {"play": ["Ctrl+Alt+J"]}


def test_the_cache_says_how_many_frames_it_holds(dialog, settings):
    dialog.general_page.cache.setValue(1024)
    assert settings.value("frame_cache_mib") == 1024
    assert dialog.general_page._holds.text() == "About 345 frames of 1920×1080"


def test_devices_are_what_the_dialogs_start_with(qtbot, open_main, project_path):
    window = open_main(project_path)
    page = SettingsDialog(window.session.settings, window).devices_page
    page.predict.setCurrentIndex(page.predict.findData("cpu"))
    dialog = PredictDialog(window.session, window)
    assert dialog.device.currentData() == "cpu"
    assert dialog.plan().command[-2:] == ("--device", "cpu")
    for one in (dialog, page.window()):
        one.close()


@pytest.mark.parametrize(("cores", "words"), [(0, []), (1, ["--cores", "1"])])
def test_cores_are_passed_to_the_jobs(open_main, project_path, monkeypatch, cores, words):
    window = open_main(project_path)
    started = []

    class Child:
        pid, returncode = 1, None

        def __init__(self, command, **_):
            started.append(command)
            raise OSError("enough")

    monkeypatch.setattr("app.jobs.subprocess.Popen", Child)
    window.session.settings.set_value("job_cores", cores)
    entry = window.session.entry
    plan = JobPlan("predict", "Predict", ("predict", "x"), entry.clip_id, "")
    assert window.job_desk.start(plan) is None
    command = started[0]
    assert command[command.index("--background") + 1 :] == words


@pytest.mark.parametrize(("cores", "left"), [(0, {3, 5}), (1, {3}), (9, {3, 5, 8})])
def test_a_job_takes_no_more_cores_than_it_may(monkeypatch, cores, left):
    taken = []
    monkeypatch.setattr("os.sched_getaffinity", lambda _: {8, 3, 5}, raising=False)
    monkeypatch.setattr("os.sched_setaffinity", lambda _, cores: taken.append(set(cores)))
    monkeypatch.setattr("os.nice", lambda _: 0)
    give_way(cores)
    assert taken == [left]
