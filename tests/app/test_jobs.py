"""Jobs end to end: the real window, real child processes, and everything that befalls them."""

import os
import signal
import sys
import time
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication

from app import jobs as jobs_module
from app.docks import jobs_dock
from app.docks.jobs_dock import JobsDock
from app.job_desk import ClosingQuestion
from app.jobs import loose_jobs_folder
from core.annotations.job_files import JOBS, JobPlan
from core.annotations.project import Project
from tests.core.inference.blob_model import draw, write_clip, write_model

FRAMES = 40
SLOW = "0.1"
REAL_PROGRAM = jobs_module.program_words
PROGRAM = Path(__file__).with_name("blob_program.py")


@pytest.fixture(autouse=True)
def blob_children(monkeypatch):
    """Children find discs, not faces; none outlives its test."""
    monkeypatch.setattr(jobs_module, "program_words", lambda: [sys.executable, str(PROGRAM)])
    monkeypatch.setenv("OMP_NUM_THREADS", "1")


@pytest.fixture
def model(tmp_path):
    return write_model(tmp_path / "blob.onnx")


@pytest.fixture
def clips(tmp_path):
    """Two clips with a disc; the second one's is elsewhere."""
    return [
        write_clip(tmp_path / name, (draw([(x, 48.0, 16.0)]) for _ in range(FRAMES + k)))
        for k, (name, x) in enumerate((("first", 50.0), ("second", 110.0)))
    ]


@pytest.fixture
def project(tmp_path, clips):
    """A project with both clips and no run."""
    folder = tmp_path / "blobs.lin"
    with Project.create(folder) as opened:
        for clip in clips:
            opened.add_clip(clip)
    return folder


@pytest.fixture
def open_project(open_main, project):
    """Opens the project's window; what still runs at the end is killed, then it closes."""
    windows = []

    def open_it(*arguments):
        window = open_main(*(arguments or (project,)))
        windows.append(window)
        return window

    yield open_it
    for window in windows:
        for watch in window.job_desk.jobs.running:
            watch.kill()
        window._may_close = True


def predict(window, model):
    """Start a prediction by the dialog, as a person does."""
    window.actions_by_id["predict"].trigger()
    dialog = window.findChild(_predict_dialog())
    dialog.model.choose_file(model)
    dialog.device.setCurrentIndex(dialog.device.findData("cpu"))
    dialog.go.click()
    dialog.deleteLater()
    return window.job_desk.jobs.watches[0]


def _predict_dialog():
    from app.dialogs.predict_dialog import PredictDialog

    return PredictDialog


def wait_ended(qtbot, watch):
    qtbot.waitUntil(lambda: not watch.running, timeout=60_000)


def wait_under_way(qtbot, watch):
    qtbot.waitUntil(lambda: watch.status.done > 0 and watch.status.run_id != "", timeout=60_000)


def wait_all_processed(qtbot, window):
    def are_all():
        processed = window.session.columns.processed
        return len(processed) > 0 and processed.all()

    qtbot.waitUntil(are_all, timeout=20_000)


def said(window):
    return [message.text for message in window.session.hub.history]


def row_of(window, watch):
    return next(row for row in window.findChild(JobsDock).rows if row.watch is watch)


def test_a_finished_run_appears_by_itself(qtbot, open_project, model):
    window = open_project()
    assert not window.session.faces(0)
    watch = predict(window, model)
    row = row_of(window, watch)
    assert not row.stop.isHidden()
    wait_ended(qtbot, watch)
    assert watch.status.state == "done", watch.files.log_tail()
    wait_all_processed(qtbot, window)
    assert len(window.session.faces(0)) == 1
    assert "1 face, in 40 of 40 frames" in said(window)[-1]
    assert row.offer.isHidden(), "it is shown already"
    assert row.stop.isHidden()


def test_a_run_is_seen_while_it_grows_and_can_be_stopped(
    qtbot, open_project, model, monkeypatch, tmp_path
):
    long = write_clip(tmp_path / "long", (draw([(50.0, 48.0, 16.0)]) for _ in range(400)))
    with Project.create(tmp_path / "long.lin") as made:
        made.add_clip(long)
    monkeypatch.setenv("LINEAMENT_TEST_FRAME_S", "0.02")
    window = open_project(tmp_path / "long.lin")
    watch = predict(window, model)
    qtbot.waitUntil(lambda: bool(window.session.columns.processed.any()), timeout=60_000)
    assert watch.running
    assert not window.session.columns.processed.all()
    assert len(window.session.faces(0)) == 1
    row_of(window, watch).stop.click()
    wait_ended(qtbot, watch)
    assert watch.status.state == "stopped"
    assert "kept" in said(window)[-1]
    assert len(window.session.faces(0)) == 1, "a stopped run keeps what it has"
    again = predict(window, model)
    wait_under_way(qtbot, again)
    row_of(window, again).cancel.click()
    wait_ended(qtbot, again)
    assert again.status.run_id == watch.status.run_id
    assert not window.session.faces(0), "a cancelled run is thrown away"


def test_a_later_run_is_offered_and_the_first_stays_shown(qtbot, open_project, model):
    window = open_project()
    first = predict(window, model)
    wait_ended(qtbot, first)
    second = predict(window, model)
    wait_ended(qtbot, second)
    document, clip_id = window.session.document, window.session.entry.clip_id
    assert document.shown_run(clip_id) == first.status.run_id
    assert "stays until you press Show" in said(window)[-1]
    row = row_of(window, second)
    assert row.offer.text() == "Show"
    row.offer.click()
    assert document.shown_run(clip_id) == second.status.run_id
    assert row.offer.isHidden()
    assert row_of(window, first).offer.text() == "Show"


def test_a_whole_run_does_not_take_the_place_of_a_stopped_one_unasked(
    qtbot, open_project, model, monkeypatch
):
    monkeypatch.setenv("LINEAMENT_TEST_FRAME_S", SLOW)
    window = open_project()
    stopped = predict(window, model)
    wait_under_way(qtbot, stopped)
    row_of(window, stopped).stop.click()
    wait_ended(qtbot, stopped)
    monkeypatch.setenv("LINEAMENT_TEST_FRAME_S", "0")
    window.session.set_range((0, 10))
    whole = predict(window, model)
    wait_ended(qtbot, whole)
    assert whole.status.run_id != stopped.status.run_id
    clip_id = window.session.entry.clip_id
    assert window.session.document.shown_run(clip_id) == stopped.status.run_id
    assert row_of(window, whole).offer.text() == "Show"


def test_a_killed_child_is_a_message_and_the_window_lives(qtbot, open_project, model, monkeypatch):
    monkeypatch.setenv("LINEAMENT_TEST_FRAME_S", SLOW)
    window = open_project()
    watch = predict(window, model)
    wait_under_way(qtbot, watch)
    os.kill(watch.process.pid, signal.SIGKILL)
    wait_ended(qtbot, watch)
    message = window.session.hub.history[-1]
    assert (message.level, "killed" in message.text) == ("error", True)
    assert "frames" in message.details, "the end of its log"
    assert row_of(window, watch).log.text() == "Details…"
    window.navigator.next_frame()
    qtbot.waitUntil(lambda: window.session.shown_frame_idx == 1, timeout=10_000)
    monkeypatch.setenv("LINEAMENT_TEST_FRAME_S", "0")
    again = predict(window, model)
    wait_ended(qtbot, again)
    assert again.status.state == "done"
    assert again.status.run_id == watch.status.run_id, "it went on with the interrupted run"


def test_a_hung_child_is_ended_by_force(qtbot, open_project, model, monkeypatch):
    monkeypatch.setenv("LINEAMENT_TEST_HANG", "1")
    monkeypatch.setattr(jobs_dock, "_PATIENCE_S", 0.3)
    window = open_project()
    watch = predict(window, model)
    row = row_of(window, watch)
    assert row.end.isHidden()
    row.cancel.click()
    assert row.words.text() == "Cancelling…"
    qtbot.waitUntil(lambda: not row.end.isHidden(), timeout=20_000)
    row.end.click()
    wait_ended(qtbot, watch)
    assert watch.status.state == "failed"


def test_a_child_that_fails_says_its_sentence(qtbot, open_project, tmp_path):
    window = open_project()
    words = ("export", str(tmp_path / "nowhere.lin"), "--format", "csv", "-o", "x.csv")
    watch = window.job_desk.start(JobPlan("export", "Export x.csv", words))
    wait_ended(qtbot, watch)
    assert "no such project" in said(window)[-1]
    assert row_of(window, watch).words.text().endswith("check the path.")


def test_left_running_it_is_found_again(qtbot, open_project, model, monkeypatch):
    monkeypatch.setenv("LINEAMENT_TEST_FRAME_S", SLOW)
    window = open_project()
    watch = predict(window, model)
    wait_under_way(qtbot, watch)
    assert not window.close(), "it asks first"
    window.findChild(ClosingQuestion).choices["leave"].click()
    qtbot.waitUntil(lambda: not window.isVisible(), timeout=5000)
    assert watch.process.is_alive()
    again = open_project()
    (found,) = again.job_desk.jobs.running
    assert found.process == watch.process
    wait_under_way(qtbot, found)
    wait_ended(qtbot, found)
    assert found.status.state == "done"
    wait_all_processed(qtbot, again)
    assert "1 face" in said(again)[-1]


def test_what_ended_while_no_window_was_open_is_told_once(qtbot, open_project, model, monkeypatch):
    monkeypatch.setenv("LINEAMENT_TEST_FRAME_S", "0.02")
    window = open_project()
    watch = predict(window, model)
    window.close()
    window.findChild(ClosingQuestion).choices["leave"].click()
    deadline = time.monotonic() + 60
    while watch.look() or watch.running:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    second = open_project()
    assert any("1 face, in 40 of 40" in text for text in said(second))
    assert second.close()
    third = open_project()
    assert not any("1 face" in text for text in said(third))
    assert len(third.job_desk.jobs.watches) == 1


@pytest.mark.parametrize(("answer", "closes"), [("early", True), ("cancel", True), ("stay", False)])
def test_closing_asks(qtbot, open_project, model, monkeypatch, answer, closes):
    monkeypatch.setenv("LINEAMENT_TEST_FRAME_S", SLOW)
    window = open_project()
    watch = predict(window, model)
    window.close()
    window.findChild(ClosingQuestion).choices[answer].click()
    qtbot.wait(50)
    assert window.isVisible() == (not closes)
    assert watch.files.stop_wanted() == (answer if closes else None)
    if closes:
        deadline = time.monotonic() + 60
        while watch.look() or watch.running:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        assert watch.status.state == "stopped"


def test_a_late_result_never_lands_on_another_clip(qtbot, open_project, model, monkeypatch):
    monkeypatch.setenv("LINEAMENT_TEST_FRAME_S", "0.05")
    window = open_project()
    first, second = window.session.document.entries()
    watch = predict(window, model)
    wait_under_way(qtbot, watch)
    window.session.open_clip(second.clip_id)
    changes = []
    window.session.data_changed.connect(lambda *span: changes.append(span))
    wait_ended(qtbot, watch)
    qtbot.waitUntil(lambda: window.session.clip is not None, timeout=10_000)
    assert window.session.entry.clip_id == second.clip_id
    assert changes == []
    assert not window.session.faces(0)
    assert not window.session.columns.processed.any()
    window.session.open_clip(first.clip_id)
    wait_all_processed(qtbot, window)
    assert len(window.session.faces(0)) == 1


def test_a_late_result_never_lands_in_another_project(
    qtbot, open_project, model, monkeypatch, project_path
):
    monkeypatch.setenv("LINEAMENT_TEST_FRAME_S", "0.02")
    window = open_project()
    watch = predict(window, model)
    window.files.open_texts([str(project_path)])
    assert window.job_desk.jobs.watches == []
    deadline = time.monotonic() + 60
    while watch.look() or watch.running:
        assert time.monotonic() < deadline
        QApplication.sendPostedEvents()
        time.sleep(0.05)
    assert watch.status.state == "done"
    assert window.session.document.path == project_path
    assert not any("1 face" in text for text in said(window))


def test_a_loose_clip_becomes_a_project_that_opens(qtbot, open_project, model, clips):
    window = open_project(clips[0])
    watch = predict(window, model)
    assert watch.files.folder.parent == loose_jobs_folder()
    wait_ended(qtbot, watch)
    target = clips[0].with_suffix(".lin")
    assert window.session.document.path == target
    qtbot.waitUntil(lambda: window.session.shown_frame_idx >= 0, timeout=10_000)
    assert len(window.session.faces(0)) == 1


def test_the_place_in_the_clip_is_kept_when_its_project_opens(qtbot, open_project, model, clips):
    window = open_project(clips[0])
    watch = predict(window, model)
    window.session.set_frame(7)
    wait_ended(qtbot, watch)
    qtbot.waitUntil(lambda: window.session.shown_frame_idx == 7, timeout=10_000)
    assert window.session.document.path == clips[0].with_suffix(".lin")


def test_other_clips_of_the_list_are_not_lost_to_the_new_project(qtbot, open_project, model, clips):
    window = open_project(clips[0])
    window.files.open_texts([str(clip) for clip in clips])
    qtbot.waitUntil(lambda: window.session.clip is not None, timeout=10_000)
    watch = predict(window, model)
    wait_ended(qtbot, watch)
    assert len(window.session.document.entries()) == len(clips)
    assert said(window)[-1].endswith("Press Open in Jobs to see it.")
    row_of(window, watch).offer.click()
    assert window.session.document.path == clips[0].with_suffix(".lin")


def test_a_project_in_which_nobody_was_found_can_be_opened(qtbot, open_project, model, tmp_path):
    empty = write_clip(tmp_path / "empty", (draw([]) for _ in range(4)))
    window = open_project(empty)
    watch = predict(window, model)
    wait_ended(qtbot, watch)
    assert watch.status.state == "failed"
    row_of(window, watch).offer.click()
    assert window.session.document.path == empty.with_suffix(".lin")
    assert not window.session.document.read_only


@pytest.mark.parametrize(("how", "offer"), [("early", "Open"), ("cancel", "")])
def test_what_a_stopped_job_kept_can_be_opened(
    qtbot, open_project, model, clips, monkeypatch, how, offer
):
    monkeypatch.setenv("LINEAMENT_TEST_FRAME_S", SLOW)
    window = open_project(clips[0])
    watch = predict(window, model)
    wait_under_way(qtbot, watch)
    window.job_desk.jobs.stop(watch, how)
    wait_ended(qtbot, watch)
    assert row_of(window, watch).offer.text() == offer


def test_a_project_that_was_there_opens_at_the_clip_that_joined_it(
    qtbot, open_project, model, clips, project_path
):
    window = open_project(clips[0])
    window.actions_by_id["predict"].trigger()
    dialog = window.findChild(_predict_dialog())
    dialog.model.choose_file(model)
    dialog.place.set_path(project_path)
    dialog.go.click()
    wait_ended(qtbot, window.job_desk.jobs.watches[0])
    assert window.session.document.path == project_path
    assert window.session.entry.path == clips[0]
    assert len(window.session.document.entries()) == 2


def test_a_new_project_waits_if_another_clip_is_looked_at(
    qtbot, open_project, model, clips, clip_path
):
    window = open_project(clips[0])
    watch = predict(window, model)
    window.files.open_texts([str(clip_path)])
    (watch,) = window.job_desk.jobs.watches
    wait_ended(qtbot, watch)
    assert window.session.entry.path == clip_path
    row = row_of(window, watch)
    assert row.offer.text() == "Open"
    row.offer.click()
    assert window.session.document.path == clips[0].with_suffix(".lin")


def test_an_export_is_written_by_the_program_itself(qtbot, open_main, project_path, monkeypatch):
    from app.dialogs.export_dialog import KINDS, ExportDialog

    monkeypatch.setattr(jobs_module, "program_words", REAL_PROGRAM)
    window = open_main(project_path)
    window.actions_by_id["export"].trigger()
    dialog = window.findChild(ExportDialog)
    dialog.format.setCurrentIndex([kind.name for kind in KINDS].index("coco"))
    dialog.go.click()
    (watch,) = window.job_desk.jobs.watches
    wait_ended(qtbot, watch)
    assert watch.status.state == "done", watch.files.log_tail()
    assert (project_path.parent / "grey-coco.json").is_file()
    assert "24 frames" in said(window)[-1]
    assert row_of(window, watch).stop.isHidden()


def test_a_job_is_removed_with_its_folder_and_old_ones_go_by_themselves(
    qtbot, open_project, project, monkeypatch
):
    window = open_project()
    watches = [
        window.job_desk.start(JobPlan("doctor", f"Doctor {k}", ("doctor", "--colour")))
        for k in range(3)
    ]
    for watch in watches:
        wait_ended(qtbot, watch)
    row_of(window, watches[0]).remove.click()
    assert not watches[0].files.folder.exists()
    monkeypatch.setattr(jobs_module, "_KEPT", 1)
    window.job_desk.jobs.attach(project / JOBS)
    assert [w.files.folder for w in window.job_desk.jobs.watches] == [watches[2].files.folder]
    assert not watches[1].files.folder.exists()


def test_nothing_is_looked_at_while_nothing_runs(qtbot, open_project, model):
    window = open_project()
    jobs = window.job_desk.jobs
    assert not jobs._timer.isActive()
    watch = predict(window, model)
    assert jobs._timer.isActive()
    wait_ended(qtbot, watch)
    assert not jobs._timer.isActive()
