"""The command line as a person meets it: help, versions, mistakes, signals."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

import main
from core import cli
from core.commands import console as console_module
from core.errors import InputError
from core.progress import Progress

ROOT = Path(cli.__file__).parent.parent


def test_help_lists_every_command(capsys):
    assert main.main(["--help"]) == 0
    printed = capsys.readouterr().out
    assert all(name in printed for name in cli.COMMANDS)


def test_version_is_the_one_of_the_project_file(capsys):
    assert main.main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("lineament 0.")


@pytest.mark.parametrize("name", cli.COMMANDS)
def test_every_command_has_help_and_the_common_options(name, capsys):
    assert main.main([name, "--help"]) == 0
    assert "--events" in capsys.readouterr().out


def test_an_unknown_option_is_the_users_mistake(capsys):
    assert main.main(["doctor", "--colour"]) == 2
    assert "usage" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("raised", "code", "sentence"),
    [
        (InputError("clip.mp4: not a video; check the file."), 2, "clip.mp4: not a video"),
        (PermissionError(13, "denied", "/x"), 2, "permission denied"),
        (OSError(28, "no space", "/x"), 2, "the disk is full"),
        (KeyboardInterrupt(), 130, "Cancelled."),
        (ZeroDivisionError("1/0"), 1, "fault of Lineament itself"),
    ],
)
def test_errors_become_a_sentence_and_an_exit_code(monkeypatch, capsys, raised, code, sentence):
    def fail(args, out):
        raise raised

    monkeypatch.setattr("core.commands.doctor.run", fail)
    assert main.main(["doctor"]) == code
    assert sentence in capsys.readouterr().err


def test_a_log_file_that_cannot_be_written_is_said_before_any_work(tmp_path, capsys):
    assert main.main(["doctor", "--log", str(tmp_path / "no" / "log.txt")]) == 2
    assert "--log" in capsys.readouterr().err


def test_progress_events_are_one_json_record_a_line(capsys):
    console = console_module.Console(
        as_json=False, events=True, quiet=False, verbose=False, log=None
    )
    with console:
        console.report(Progress("predict", 5, 10, {"fps": 2.5}))
        console.say("half way")
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert lines[0] == {"stage": "predict", "done": 5, "total": 10, "fps": 2.5}
    assert lines[1] == {"message": "half way"}


def test_the_command_line_starts_without_heavy_libraries():
    program = (
        "import sys, main; main.main(['--help']);"
        "print([m for m in ('torch','av','cv2','scipy','sklearn','PySide6','h5py')"
        " if m in sys.modules], file=sys.stderr)"
    )
    child = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert child.stderr.strip() == "[]"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full, which is always full")
class TestFullDiskOfReports:
    """A log or a watcher's folder on a full disk costs the reports, never the work."""

    @pytest.fixture(autouse=True)
    def doctor_of_one_word(self, monkeypatch):
        def run(args, out):
            out.say("a word")
            out.result({"n": 1})
            return 0

        monkeypatch.setattr("core.commands.doctor.run", run)

    def test_the_log(self, capsys):
        assert main.main(["doctor", "--json", "--log", "/dev/full"]) == 0
        out, err = capsys.readouterr()
        assert json.loads(out) == {"n": 1}
        assert err.count("/dev/full: log given up (") == 1
        assert "Traceback" not in err

    def test_the_events_of_a_job(self, tmp_path, capsys):
        (tmp_path / "events.jsonl").symlink_to("/dev/full")
        assert main.main(["doctor", "--json", "--job", str(tmp_path)]) == 0
        assert json.loads(capsys.readouterr().out) == {"n": 1}
        assert "event not written" in (tmp_path / "log.txt").read_text()
