"""A process killed in the middle of editing loses at most the edit in hand."""

import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from core.annotations.project import Project
from core.paths import main_script

PROGRAM = Path(__file__).with_name("editing_program.py")
WINDOW_PROGRAM = Path(__file__).with_name("window_program.py")
CAMPAIGN = [*range(5), *(pytest.param(seed, marks=pytest.mark.soak) for seed in range(5, 100))]


def killed_after(folder: Path, seed: int, program: Path = PROGRAM) -> list[str]:
    """What the child said before it was killed at a random moment."""
    rng = np.random.default_rng(seed)
    environment = {**os.environ, "PYTHONPATH": str(main_script().parent)}
    child = subprocess.Popen(
        [sys.executable, str(program), str(folder), str(seed)],
        stdout=subprocess.PIPE, text=True, env=environment,
    )  # fmt: skip
    with child:
        assert child.stdout.readline() == "ready\n"
        time.sleep(float(rng.uniform(0.05, 0.6)))
        child.kill()
        return child.stdout.read().splitlines()


@pytest.mark.parametrize("seed", CAMPAIGN)
def test_a_killed_editor_loses_at_most_the_edit_in_hand(face_project, seed):
    check_nothing_lost(face_project, killed_after(face_project, seed))


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(10))
def test_a_killed_window_loses_at_most_the_edit_in_hand(face_project, seed):
    check_nothing_lost(face_project, killed_after(face_project, seed, WINDOW_PROGRAM))


def check_nothing_lost(face_project: Path, said: list[str]) -> None:
    """The project opens, is whole, holds all that was told, and can be undone to its beginning."""
    whole = [line.split() for line in said if len(line.split()) == 2 and len(line) > 20]
    assert whole, "killed before the first edit"
    with Project.open(face_project) as project:
        project.check()
        position, digest = whole[-1]
        if project.digest() != digest:  # the edit in hand was stored, and not told any more
            assert abs(project.history_position - int(position)) <= 1
        while project.undo():
            pass
        assert project.history_position == 0
        assert np.isfinite(project.shown(project.clips()[0].clip_id, 3)[0].landmarks).all()
