"""A job's folder: written by one process, watched by another, whatever becomes of either."""

from __future__ import annotations

import json
import subprocess
import sys
import time

import pytest

from core.annotations.job_files import JobFiles, JobPlan, job_folders
from core.annotations.job_watch import JobWatch
from core.annotations.processes import ProcessMark, process_started

PLAN = JobPlan("predict", "Predict clip.mp4", ("predict", "clip.mp4"), "c1", "study.lin")


@pytest.fixture
def files(tmp_path):
    return JobFiles.create(tmp_path / "jobs", PLAN)


@pytest.fixture
def child():
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    yield process
    process.kill()
    process.wait()


def mark_of(process):
    own = ProcessMark.own()
    return ProcessMark(process.pid, process_started(process.pid) or "", own.host)


def test_a_plan_comes_back_as_it_was(files):
    assert files.plan() == JobPlan(
        PLAN.kind, PLAN.title, PLAN.command, PLAN.clip_id, PLAN.target, files.plan().created
    )
    assert job_folders(files.folder.parent) == [files.folder]
    assert files.mark() is None


def test_the_process_marks_the_folder_and_the_plan_stays(files):
    plan = files.plan()
    files.begin(("something", "else"))
    assert files.mark() == ProcessMark.own()
    assert files.plan() == plan


def test_a_folder_made_by_hand_gets_its_plan_from_the_command(tmp_path):
    files = JobFiles(tmp_path / "mine")
    files.begin(("export", "p.lin"))
    assert files.plan().command == ("export", "p.lin")
    assert files.plan().kind == "export"


def test_a_stop_asked_before_the_process_began_holds_one_of_its_last_life_does_not(files):
    files.ask_stop("cancel")
    files.begin(())
    assert files.stop_wanted() == "cancel"
    files.note_process(ProcessMark(2**22 + 5, "long ago", ProcessMark.own().host))
    files.begin(())
    assert files.stop_wanted() is None


def test_progress_result_and_end_are_read_as_they_come(files):
    files.begin(())
    watch = JobWatch(files)
    assert not watch.look()
    files.event({"stage": "predict", "done": 5, "total": 20, "fps": 10, "eta_s": 1.5})
    assert watch.look()
    assert (watch.status.share, watch.status.fps, watch.status.eta_s) == (0.25, 10.0, 1.5)
    files.event({"run": "r1", "clip_id": "c1"})
    files.event({"result": {"frames": 20}})
    files.event({"ended": 0})
    watch.look()
    assert watch.status.state == "done"
    assert watch.status.run_id == "r1"
    assert watch.status.result == {"frames": 20}
    assert not watch.look(), "nothing more is read of a job that has ended"


@pytest.mark.parametrize(("code", "state"), [(0, "done"), (130, "stopped"), (2, "failed")])
def test_the_exit_code_says_how_it_ended(files, code, state):
    files.begin(())
    files.event({"ended": code})
    watch = JobWatch(files)
    watch.look()
    assert watch.status.state == state


def test_a_torn_line_is_taken_when_it_is_whole_and_rubbish_is_passed_over(files):
    files.begin(())
    watch = JobWatch(files)
    whole = json.dumps({"stage": "predict", "done": 3, "total": 4}).encode()
    with files.events.open("ab", buffering=0) as file:
        file.write(b'[1]\n{"done": \n\xff\n{"stage": 1, "done": "x", "total": []}\n' + whole[:9])
        watch.look()
        assert watch.status.done == 0
        file.write(whole[9:] + b"\n")
    watch.look()
    assert (watch.status.stage, watch.status.done) == ("predict", 3)


def test_of_a_long_past_the_beginning_and_the_end_are_read(files):
    files.begin(())
    line = json.dumps({"stage": "predict", "done": 1, "total": 10**6}) + "\n"
    with files.events.open("w") as file:
        file.write(json.dumps({"run": "r1"}) + "\n")
        file.write(line * 40_000)
        file.write(json.dumps({"stage": "predict", "done": 77, "total": 100}) + "\n")
    watch = JobWatch(files)
    began = time.perf_counter()
    watch.look()
    assert (watch.status.run_id, watch.status.done) == ("r1", 77)
    assert time.perf_counter() - began < 1.0


def test_a_killed_process_is_told_from_a_running_one(files, child):
    files.note_process(mark_of(child))
    watch = JobWatch(files)
    watch.look()
    assert watch.running
    assert watch.kill()
    child.wait()
    assert watch.look()
    assert watch.status.state == "failed"
    assert "killed" in watch.status.error
    assert not watch.kill(), "a process that is gone is not killed again"


def test_another_process_with_the_same_number_is_not_the_job(files, child):
    mark = mark_of(child)
    files.note_process(ProcessMark(mark.pid, "some other time", mark.host))
    watch = JobWatch(files)
    watch.look()
    assert watch.status.state == "failed"
    assert not watch.kill()
    assert child.poll() is None


def test_its_own_sentence_wins_over_the_guess(files):
    files.event({"error": "clip.mp4: the clip is no longer there."})
    files.note_process(ProcessMark(2**22 + 5, "long ago", ProcessMark.own().host))
    watch = JobWatch(files)
    watch.look()
    assert watch.status.error == "clip.mp4: the clip is no longer there."


def test_the_end_of_a_long_log_begins_with_a_whole_line(files):
    files.log.write_text("".join(f"line {i}\n" for i in range(20_000)))
    tail = files.log_tail().splitlines()
    assert tail[-1] == "line 19999"
    assert tail[0].startswith("line ")
    assert len(tail) < 5_000


def test_a_damaged_plan_is_a_value_error(files):
    (files.folder / "job.json").write_text('{"kind": 3}')
    with pytest.raises(ValueError, match="no plan"):
        JobWatch(files)
