"""`doctor` names what it found and what is missing."""

from __future__ import annotations

import json

import main


def test_doctor_reports_libraries_codecs_and_qt(capsys):
    code = main.main(["doctor", "--json"])
    record = json.loads(capsys.readouterr().out)
    assert code == 0, record["problems"]
    assert record["libraries"]["numpy"]
    assert record["codecs"]["h264"] is True
    assert record["qt"]["version"].startswith("6.")


def test_doctor_says_what_is_missing_and_fails(monkeypatch, capsys):
    monkeypatch.setattr(
        "core.commands.doctor._library_version", lambda name: None if name == "av" else "1"
    )
    assert main.main(["doctor"]) == 2
    assert "PROBLEM av is not installed" in capsys.readouterr().out
