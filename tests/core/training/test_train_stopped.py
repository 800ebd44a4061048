"""A signal to the whole group, as Ctrl+C in a terminal, is an early stop: no dead workers."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from core.nets.model_file import read_card
from core.paths import main_script


def _wait_for(text: str, file: Path, child: subprocess.Popen) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and child.poll() is None:
        if file.exists() and text in file.read_text():
            return
        time.sleep(0.1)
    raise AssertionError(f"{file} never said {text}")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_to_the_group_ends_with_a_model(
    toy_recipe_file: Path, tmp_path: Path, number: int
):
    folder = tmp_path / "job"
    child = subprocess.Popen(
        [sys.executable, str(main_script()), "train", str(toy_recipe_file), "--out", str(folder),
         "--device", "cpu", "-q", "--set", "data.workers=2", "--set", "optimise.epochs=5000"],
        start_new_session=True, stderr=subprocess.PIPE, text=True,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    try:
        _wait_for('"validate"', folder / "events.jsonl", child)
        os.killpg(child.pid, number)
        err = child.communicate(timeout=60)[1]
    finally:
        child.kill()
        child.wait()
    assert child.returncode == 0, err
    assert "Traceback" not in err
    assert read_card(folder / "model.safetensors").name == "toy"
