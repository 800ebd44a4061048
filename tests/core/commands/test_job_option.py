"""`--job FOLDER` and `--background`: how the window runs, watches and stops a command."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from core.annotations.job_files import JobFiles, JobPlan, Stop
from core.annotations.job_watch import JobWatch
from core.annotations.processes import ProcessMark
from core.annotations.project import Project
from core.cli import main
from core.faces import detection
from core.paths import main_script
from tests.core.inference.blob_model import BlobDetector, draw, write_clip, write_model


@pytest.fixture
def predict(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Runs `predict` on 40 frames with a disc as a job in a folder."""
    monkeypatch.setattr(detection, "make_detector", lambda name: BlobDetector())
    clip = write_clip(tmp_path / "disc", (draw([(60.0, 48.0, 16.0)]) for _ in range(40)))
    model = write_model(tmp_path / "blob.onnx")

    def run(files: JobFiles) -> int:
        words = ["predict", clip, "-o", tmp_path / "p.lin", "--model", model, "--device", "cpu"]
        return main([*map(str, words), "--job", str(files.folder)])

    return run


class StopsInTheMiddle(BlobDetector):
    """Asks its own job to stop as soon as it looks for a face the second time."""

    def __init__(self, files: JobFiles, how: Stop) -> None:
        self._files, self._how, self._calls = files, how, 0

    def detect(self, rgb, thorough=False):
        self._calls += 1
        if self._calls == 2:
            self._files.ask_stop(self._how)
            time.sleep(0.3)
        return super().detect(rgb, thorough)


def watched(files: JobFiles) -> JobWatch:
    watch = JobWatch(files)
    watch.look()
    return watch


def test_the_folder_tells_process_progress_result_and_end(predict, tmp_path, capsys):
    files = JobFiles(tmp_path / "job")
    assert predict(files) == 0
    assert capsys.readouterr().err == "", "what is in the folder is not said twice"
    assert files.mark() == ProcessMark.own()
    status = watched(files).status
    assert (status.state, status.done, status.total) == ("done", 40, 40)
    assert status.result["frames"] == 40
    assert status.result["clips"][0]["run_id"] == status.run_id
    assert "frames/s" in files.log_tail()


def test_an_early_stop_keeps_the_run_and_cancel_throws_it_away(predict, tmp_path, monkeypatch):
    def stopped(how: Stop) -> JobFiles:
        files = JobFiles.create(tmp_path / "jobs", JobPlan("predict", "", ("predict",)))
        detector = StopsInTheMiddle(files, how)
        monkeypatch.setattr(detection, "make_detector", lambda name: detector)
        assert predict(files) == 130
        assert watched(files).status.state == "stopped"
        return files

    early = stopped("early")
    with Project.open(tmp_path / "p.lin", read_only=True) as project:
        (clip,) = project.clips()
        (kept,) = project.runs(clip.clip_id)
        assert kept.run_id == watched(early).status.run_id
    cancelled = stopped("cancel")
    assert watched(cancelled).status.run_id == kept.run_id, "it went on with the stopped run"
    with Project.open(tmp_path / "p.lin", read_only=True) as project:
        assert project.runs(clip.clip_id) == []


def test_a_failure_is_its_sentence(tmp_path):
    files = JobFiles(tmp_path / "job")
    assert main(["export", str(tmp_path / "no.lin"), "--format", "csv", "-o", "x.csv",
                 "--job", str(files.folder)]) == 2  # fmt: skip
    status = watched(files).status
    assert status.state == "failed"
    assert "no such project" in status.error


def test_memory_that_ran_out_is_said(tmp_path, monkeypatch):
    def fail(args, out):
        raise MemoryError

    monkeypatch.setattr("core.commands.doctor.run", fail)
    files = JobFiles(tmp_path / "job")
    assert main(["doctor", "--job", str(files.folder)]) == 2
    assert "memory" in watched(files).status.error


def test_a_folder_that_cannot_be_written_is_a_sentence(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    assert main(["doctor", "--job", str(tmp_path / "file")]) == 2
    assert str(tmp_path / "file") in capsys.readouterr().err


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="no affinity on this system")
def test_in_the_background_a_command_has_the_lowest_priority_and_leaves_a_core():
    script = (
        "import os, sys; sys.path.insert(0, sys.argv[1]);"
        "from core.commands import doctor;"
        "doctor.run = lambda args, out: print(os.nice(0), len(os.sched_getaffinity(0))) or 0;"
        "from core.cli import main; sys.exit(main(['doctor', '--background']))"
    )
    said = subprocess.run(
        [sys.executable, "-c", script, str(main_script().parent)],
        capture_output=True, text=True, check=True, timeout=60,
    ).stdout.split()  # fmt: skip
    cores = len(os.sched_getaffinity(0))
    assert [int(word) for word in said] == [19, max(cores - 1, 1)]
