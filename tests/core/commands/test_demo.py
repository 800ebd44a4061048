"""The demo: one command, every result, again and again."""

from __future__ import annotations

import json

import pytest

import main
from core.commands import demo


@pytest.fixture
def short_clip(monkeypatch):
    """A demo clip of a few small frames instead of six seconds."""
    monkeypatch.delenv("LINEAMENT_HEAD", raising=False)
    monkeypatch.setattr(demo, "RENDERED_FRAMES", 6)
    monkeypatch.setattr(demo, "RENDERED_HW", (240, 320))


def run(folder, capsys, *arguments):
    """The demo's record and what it said."""
    code = main.main(["demo", *arguments, "-o", str(folder), "--json"])
    said = capsys.readouterr()
    assert code == 0, said.err
    return json.loads(said.out), said.err


def test_the_demo_leaves_project_overlay_exports_and_says_the_commands(
    short_clip, tmp_path, capsys
):
    record, said = run(tmp_path / "demo", capsys)
    made = {path.name for path in (tmp_path / "demo").iterdir()}
    assert {"demo.lin", "overlay.mp4", "coco.json", "masks", "clip.mp4"} <= made
    assert set(record["results"]) <= made
    assert "$ lineament predict" in said
    assert said.count("$ lineament export") == 3
    coco = json.loads((tmp_path / "demo" / "coco.json").read_text())
    assert any(a.get("num_keypoints") == 68 for a in coco["annotations"])


def test_a_second_demo_adds_a_run_and_keeps_the_project(short_clip, tmp_path, capsys):
    folder = tmp_path / "demo"
    run(folder, capsys)
    first = set((folder / "demo.lin" / "runs").rglob("*.h5"))
    run(folder, capsys)
    assert first < set((folder / "demo.lin" / "runs").rglob("*.h5"))


def test_a_folder_with_something_else_in_it_is_left_alone(tmp_path, capsys):
    (tmp_path / "thesis.txt").write_text("mine")
    assert main.main(["demo", "-o", str(tmp_path)]) == 2
    assert "holds something else" in capsys.readouterr().err
    assert [p.name for p in tmp_path.iterdir()] == ["thesis.txt"]
