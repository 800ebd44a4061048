"""What goes wrong outside the program: the window stays, says it in a sentence, and loses nothing.

A full disk is nearly real: the system is told that no file may grow, and SQLite hears that a write
has failed, as on a full disk.
"""

import shutil
import sys
from contextlib import contextmanager

import numpy as np
import pytest

from app import jobs as jobs_module
from app.docks.jobs_dock import JobsDock
from core.annotations.job_files import JobPlan
from core.annotations.project import Project
from core.video.writer import VideoWriter

resource = pytest.importorskip("resource", reason="a POSIX system's limits stand for a full disk")


@contextmanager
def full_disk(window):
    """No file of this process may grow beyond what the project's journal has reached."""
    path = window.session.document.project.folder / "project.db-wal"
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))


def said(window):
    return window.session.hub.history[-1].text


def points_of(window, frame):
    return window.session.document.shown(window.session.entry.clip_id, frame)[0].landmarks


def accept(window, frames):
    window.session.set_range((0, frames))
    window.actions_by_id["accept_range"].trigger()


# Full disk


def test_an_edit_on_a_full_disk_changes_nothing_and_says_so(qtbot, open_main, project_path):
    window = open_main(project_path)
    accept(window, 2)
    project, stack = window.session.document.project, window.session.undo_stack
    before, steps = project.digest(), stack.index()
    with full_disk(window):
        accept(window, 20)
        assert "free some space" in said(window)
        window.review.approve()
        assert "free some space" in said(window)
    assert window.isVisible()
    assert (project.digest(), stack.index()) == (before, steps), "nothing has changed"
    accept(window, 20)
    assert stack.index() == steps + 1, "and it goes on as soon as there is room"


def test_an_undo_on_a_full_disk_can_be_repeated(qtbot, open_main, project_path):
    window = open_main(project_path)
    accept(window, 2)
    window.navigator.first_frame()
    window.correction.selection.choose(0, [0])
    window.actions_by_id["nudge_right"].trigger()
    moved = points_of(window, 0).copy()
    project, stack = window.session.document.project, window.session.undo_stack
    position = project.history_position
    with full_disk(window):
        window.actions_by_id["undo"].trigger()
        assert "free some space" in said(window)
    qtbot.waitUntil(lambda: stack.index() == stack.count(), timeout=5000)
    assert project.history_position == position
    np.testing.assert_array_equal(points_of(window, 0), moved)
    window.actions_by_id["undo"].trigger()
    assert project.history_position == position - 1
    assert not np.array_equal(points_of(window, 0), moved)


def test_a_job_that_cannot_be_noted_is_told_and_the_window_stays(
    open_main, project_path, monkeypatch
):
    def full(*_arguments):
        raise OSError(28, "No space left on device", "job.json")

    monkeypatch.setattr("core.annotations.job_files.JobFiles.create", full)
    window = open_main(project_path)
    plan = JobPlan("export", "Export x", ("export", str(project_path)))
    assert window.job_desk.start(plan) is None
    assert "space" in said(window)
    assert window.isVisible()


# Two windows


def test_the_second_window_says_that_it_may_only_look_until_the_first_is_closed(
    qtbot, open_main, project_path
):
    first, second = open_main(project_path), open_main(project_path)
    assert not first.read_only_strip.isVisible()
    assert second.read_only_strip.isVisible()
    assert "open in another window" in second.read_only_strip.text
    second.read_only_strip.try_asked.emit()
    assert second.read_only_strip.isVisible(), "the first is still open"
    first.close()
    second.read_only_strip.try_asked.emit()
    assert not second.read_only_strip.isVisible()
    qtbot.waitUntil(lambda: second.session.shown_frame_idx >= 0, timeout=10_000)
    accept(second, 2)
    assert second.session.undo_stack.canUndo()


# Missing and changed clips


def write_clip(path, level, frames=6):
    with VideoWriter(path, 96, 64, 25, quality=4) as writer:
        for number in range(frames):
            writer.write(np.full((64, 96, 3), level + number, np.uint8))
    return path


@pytest.fixture
def three_clips(tmp_path):
    """A project with three clips in a folder and a folder below."""
    folder = tmp_path / "clips"
    (folder / "more").mkdir(parents=True)
    places = [folder / "a.mp4", folder / "b.mp4", folder / "more" / "c.mp4"]
    with Project.create(tmp_path / "study.lin") as project:
        for level, place in enumerate(places):
            project.add_clip(write_clip(place, 40 + 60 * level))
    return tmp_path / "study.lin", folder


def test_one_relink_finds_all_clips_that_moved_together(qtbot, open_main, three_clips, tmp_path):
    project, folder = three_clips
    moved = folder.rename(tmp_path / "elsewhere")
    window = open_main(project, wait=False)
    assert window.banner.isVisible()
    assert all(entry.problem for entry in window.session.document.entries())
    window.files.relink_to(moved / "a.mp4")
    qtbot.waitUntil(lambda: window.session.shown_frame_idx >= 0, timeout=10_000)
    assert not window.banner.isVisible()
    assert not any(entry.problem for entry in window.session.document.entries())
    assert any("2 more clips were found" in m.text for m in window.session.hub.history)
    window.navigator.next_clip()
    window.navigator.next_clip()
    qtbot.waitUntil(lambda: window.session.clip is not None, timeout=10_000)
    assert window.session.entry.path == moved / "more" / "c.mp4"


def test_a_missing_clip_does_not_keep_the_others_from_being_shown(qtbot, open_main, three_clips):
    project, folder = three_clips
    (folder / "a.mp4").unlink()
    window = open_main(project)
    assert window.session.entry.title == "b.mp4"
    assert not window.banner.isVisible()
    window.navigator.previous_clip()
    assert window.banner.isVisible()
    window.files.relink_to(folder / "b.mp4")
    assert "its content differs" in said(window)
    assert window.banner.isVisible()


def test_a_clip_encoded_anew_under_its_name_is_noticed(qtbot, open_main, three_clips, tmp_path):
    project, folder = three_clips
    original = shutil.copy(folder / "a.mp4", tmp_path / "original.mp4")
    write_clip(folder / "a.mp4", 200, frames=5)
    window = open_main(project)
    qtbot.waitUntil(window.banner.isVisible, timeout=10_000)
    assert "another file than the one" in window.banner.text
    window.navigator.next_clip()
    qtbot.waitUntil(lambda: window.session.clip is not None, timeout=10_000)
    qtbot.wait(200)
    assert not window.banner.isVisible(), "it is about the other clip"
    window.navigator.previous_clip()
    qtbot.waitUntil(window.banner.isVisible, timeout=10_000)
    window.files.relink_to(tmp_path / "original.mp4")
    qtbot.waitUntil(lambda: window.session.num_frames == 6, timeout=10_000)
    assert str(window.session.entry.path) == str(original)
    qtbot.wait(200)
    assert not window.banner.isVisible()


def test_a_changed_clip_can_be_kept(qtbot, open_main, three_clips):
    project, folder = three_clips
    write_clip(folder / "a.mp4", 200, frames=5)
    window = open_main(project)
    qtbot.waitUntil(window.banner.isVisible, timeout=10_000)
    window.banner.keep_asked.emit()
    qtbot.waitUntil(lambda: window.session.clip is not None, timeout=10_000)
    qtbot.wait(200)
    assert not window.banner.isVisible()
    clip = window.session.document.project.clips()[0]
    assert clip.frames == 5
    assert window.session.document.project.clip_is_unchanged(clip)


# Children


def test_a_child_whose_memory_runs_out_says_so_with_the_end_of_its_log(
    qtbot, open_main, project_path, monkeypatch
):
    program = (
        "import sys; sys.path.insert(0, sys.argv[1]); from core.cli import main;"
        "from core.commands import export\n"
        "def run(args, console):\n"
        "    console.say('reading all of it')\n"
        "    bytearray(1 << 62)\n"
        "export.run = run\n"
        "sys.exit(main(sys.argv[2:]))"
    )
    root = str(jobs_module.paths.main_script().parent)
    monkeypatch.setattr(jobs_module, "program_words", lambda: [sys.executable, "-c", program, root])
    window = open_main(project_path)
    words = ("export", str(project_path), "--format", "csv", "-o", "x.csv")
    watch = window.job_desk.start(JobPlan("export", "Export x.csv", words))
    qtbot.waitUntil(lambda: not watch.running, timeout=30_000)
    message = window.session.hub.history[-1]
    assert "The memory of this machine ran out" in message.text
    assert "reading all of it" in message.details
    (row,) = window.findChild(JobsDock).rows
    assert row.log.text() == "Details…"
    window.navigator.next_frame()
    qtbot.waitUntil(lambda: window.session.shown_frame_idx == 1, timeout=10_000)
