"""Two commands and a window in one project at the same time."""

import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from core.annotations.clips import probe
from core.annotations.project import Project
from core.commands import project_target
from core.commands.console import Console
from core.commands.project_target import clip_of, open_target
from core.errors import StoreError
from core.video.writer import VideoWriter


@pytest.fixture
def clip_files(tmp_path):
    """Two clips of four frames."""
    paths = [tmp_path / "a.mp4", tmp_path / "b.mp4"]
    for level, path in enumerate(paths):
        with VideoWriter(path, 32, 32, 25) as writer:
            for _ in range(4):
                writer.write(np.full((32, 32, 3), 50 + 90 * level, np.uint8))
    return paths


@pytest.fixture
def console():
    return Console(as_json=False, events=False, quiet=True, verbose=False, log=None)


_OPENER = """
import sys
from pathlib import Path
from core.annotations.clips import probe
from core.commands.console import Console
from core.commands.project_target import clip_of, open_target

folder, clip = map(Path, sys.argv[1:])
known = probe(clip)
sys.stdin.readline()
console = Console(as_json=False, events=False, quiet=True, verbose=False, log=None)
with open_target(folder, [clip], [known], console) as project:
    print(clip_of(project, known).clip_id)
"""


def test_commands_that_make_the_same_new_project_at_once_all_get_it(tmp_path, clip_files):
    """Four processes, three times: one makes it, the others wait a moment and open it."""
    for attempt in range(3):
        folder = tmp_path / f"new{attempt}.lin"
        children = [
            subprocess.Popen(
                [sys.executable, "-c", _OPENER, str(folder), str(clip_files[k % 2])],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                cwd=Path(__file__).parents[3],
            )
            for k in range(4)
        ]  # fmt: skip
        time.sleep(0.5)  # all have imported what they need
        for child in children:
            child.stdin.write("\n")
            child.stdin.flush()
        ends = [child.communicate(timeout=60) for child in children]
        assert [child.returncode for child in children] == [0] * 4, ends
        assert ends[0][0] == ends[2][0] != ends[1][0] == ends[3][0]
        with Project.open(folder) as opened:
            assert len(opened.clips()) == 2
            opened.check()
        assert not list(tmp_path.glob(".*.new")), "nothing half made stays"


def test_two_predictions_of_one_clip_into_one_new_project_both_end_well(tmp_path):
    """As two people, or two lines of a script, would start them: no order, no waiting."""
    from tests.core.inference.blob_model import draw, write_clip, write_model

    clip = write_clip(tmp_path / "clip", (draw([(50.0, 48.0, 16.0)]) for _ in range(10)))
    words = ["predict", clip, "-o", tmp_path / "new.lin", "--device", "cpu", "-q",
             "--model", write_model(tmp_path / "blob.onnx")]  # fmt: skip
    program = Path(__file__).parents[2] / "app" / "blob_program.py"
    children = [
        subprocess.Popen(
            [sys.executable, str(program), *map(str, words)], stderr=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    ends = [child.communicate(timeout=120)[1] for child in children]
    assert [child.returncode for child in children] == [0, 0], ends
    with Project.open(tmp_path / "new.lin", read_only=True) as project:
        (only,) = project.clips()
        assert len(project.runs(only.clip_id)) == 2


def test_a_command_holds_the_lock_no_longer_than_it_needs(tmp_path, clip_files, console):
    known = [probe(path) for path in clip_files]
    with open_target(tmp_path / "p.lin", clip_files[:1], known[:1], console) as first:
        assert first.read_only
        with open_target(tmp_path / "p.lin", clip_files[1:], known[1:], console) as second:
            assert clip_of(second, known[1]).frames == 4
        assert len(first.clips()) == 2


def test_a_moment_of_patience_with_whoever_holds_the_lock(tmp_path, clip_files, console):
    known = probe(clip_files[0])
    holder = Project.create(tmp_path / "p.lin")
    letting_go = threading.Timer(0.4, holder.close)
    letting_go.start()
    with open_target(tmp_path / "p.lin", clip_files[:1], [known], console) as project:
        assert clip_of(project, known).frames == 4
    letting_go.join()


def test_a_window_that_stays_open_is_said(tmp_path, clip_files, console, monkeypatch):
    monkeypatch.setattr(project_target, "_PATIENCE_S", 0.2)
    known = probe(clip_files[0])
    with (
        Project.create(tmp_path / "p.lin"),
        pytest.raises(StoreError, match=r"no clip can be added.*open in another window"),
    ):
        open_target(tmp_path / "p.lin", clip_files[:1], [known], console)


def test_a_file_in_the_way_is_no_project(tmp_path, clip_files, console):
    (tmp_path / "p.lin").mkdir()
    (tmp_path / "p.lin" / "notes.txt").write_text("mine")
    with pytest.raises(StoreError, match="not a Lineament project"):
        open_target(tmp_path / "p.lin", clip_files[:1], [probe(clip_files[0])], console)
    assert (tmp_path / "p.lin" / "notes.txt").read_text() == "mine"
