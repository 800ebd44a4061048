"""The demo: one command, every result, again and again."""

from __future__ import annotations

import contextlib
import io
import json
import shutil
from pathlib import Path

import numpy as np
import pytest

import main
from core.annotations.edits import SetReviewState
from core.annotations.project import Project
from core.annotations.records import ReviewState
from core.commands import demo
from core.video.reader import VideoReader
from core.video.writer import VideoWriter


def run(folder: Path, *arguments: object) -> tuple[dict, str]:
    """The demo's record and what it said."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main.main(["demo", *map(str, arguments), "-o", str(folder), "--json"])
    assert code == 0, err.getvalue()
    return json.loads(out.getvalue()), err.getvalue()


@pytest.fixture(scope="module")
def first_time(tmp_path_factory) -> tuple[Path, dict, str]:
    """A demo of a few small frames instead of six seconds: folder, record, what was said."""
    folder = tmp_path_factory.mktemp("first") / "demo"
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("LINEAMENT_HEAD", raising=False)
        patch.setattr(demo, "RENDERED_FRAMES", 6)
        patch.setattr(demo, "RENDERED_HW", (240, 320))
        return folder, *run(folder)


@pytest.fixture
def folder(first_time, tmp_path: Path) -> Path:
    """A finished demo, to be run again."""
    return Path(shutil.copytree(first_time[0], tmp_path / "demo"))


def runs_and_shown(folder: Path) -> tuple[list[str], str | None]:
    with Project.open(folder / "demo.lin", read_only=True) as project:
        (clip,) = project.clips()
        runs = [header.run_id for header in project.runs(clip.clip_id)]
        return runs, project.active_run(clip.clip_id)


def test_the_demo_leaves_project_overlay_exports_and_says_the_commands(first_time):
    folder, record, said = first_time
    made = {path.name for path in folder.iterdir()}
    assert {"demo.lin", "overlay.mp4", "coco.json", "masks", "clip.mp4"} <= made
    assert set(record["results"]) <= made
    assert {path.name for path in (folder / "masks").iterdir()} == {"face5", "parts14"}
    assert "$ lineament predict" in said
    assert said.count("$ lineament export") == 3
    coco = json.loads((folder / "coco.json").read_text())
    assert any(a.get("num_keypoints") == 68 for a in coco["annotations"])


def test_a_second_demo_adds_a_run_and_shows_it(folder):
    (first,), shown = runs_and_shown(folder)
    assert shown == first
    run(folder)
    runs, shown = runs_and_shown(folder)
    assert runs == [first, shown]
    assert shown != first


def test_what_a_person_did_in_the_demo_stays_shown(folder):
    with Project.open(folder / "demo.lin") as project:
        clip_id = project.clips()[0].clip_id
        project.apply(SetReviewState(clip_id, 0, 0, 3, ReviewState.APPROVED), "someone")
        before = project.digest()
    (first,), _ = runs_and_shown(folder)
    run(folder)
    assert runs_and_shown(folder)[1] == first
    with Project.open(folder / "demo.lin", read_only=True) as project:
        assert project.digest() == before


def test_two_clips_of_one_name_are_told_apart(folder, tmp_path: Path):
    """A person's own clip may be called what the demo's is called."""
    other = tmp_path / "clip.mp4"
    with VideoWriter(other, 64, 48, 25) as writer:
        for _ in range(3):
            writer.write(np.full((48, 64, 3), 90, np.uint8))
    run(folder, other)
    with VideoReader(folder / "overlay.mp4") as overlay:
        assert (overlay.info.width, overlay.info.frames) == (64, 3)


def test_a_folder_with_something_else_in_it_is_left_alone(tmp_path, capsys):
    (tmp_path / "thesis.txt").write_text("mine")
    assert main.main(["demo", "-o", str(tmp_path)]) == 2
    assert "holds something else" in capsys.readouterr().err
    assert [p.name for p in tmp_path.iterdir()] == ["thesis.txt"]
