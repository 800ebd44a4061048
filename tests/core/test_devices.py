"""The lock of a device: a child waits for windows, windows for nobody."""

import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from core.devices import DeviceLock, lock_folder, ran_out_of_memory

_HOLDER = """
import sys
from pathlib import Path
from core.devices import DeviceLock
with DeviceLock(sys.argv[2], Path(sys.argv[1])).held():
    print("held", flush=True)
    sys.stdin.readline()
"""


@pytest.fixture
def hold(tmp_path):
    """Starts another process that holds a device until it is let go or killed."""
    children = []

    def start(device):
        child = subprocess.Popen(
            [sys.executable, "-c", _HOLDER, str(tmp_path), device],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            cwd=Path(__file__).parents[2],
        )  # fmt: skip
        assert child.stdout.readline() == "held\n"
        children.append(child)
        return child

    yield start
    for child in children:
        child.kill()
        child.communicate()


def test_another_process_is_waited_for_and_its_death_is_its_end(tmp_path, hold):
    lock = DeviceLock("cuda:0", tmp_path)
    assert not lock.is_held()
    assert lock.wait_until_free() == 0.0
    window = hold("cuda")  # the same device
    assert lock.is_held()
    assert not DeviceLock("cuda:1", tmp_path).is_held()
    threading.Timer(0.3, lambda: window.send_signal(signal.SIGKILL)).start()
    assert lock.wait_until_free() >= 0.2
    assert not lock.is_held()


def test_several_windows_hold_it_at_once(tmp_path, hold):
    first = hold("cpu")
    with DeviceLock("cpu", tmp_path).held():
        first.communicate("\n")
        assert DeviceLock("cpu", tmp_path).is_held(), "this one still does"
    assert not DeviceLock("cpu", tmp_path).is_held()


def test_a_wait_ends_when_one_is_asked_to_stop_and_a_long_one_is_told(tmp_path, hold, monkeypatch):
    monkeypatch.setattr("core.devices._TOLD_AFTER_S", 0.1)
    hold("mps")
    told, start_s = [], time.monotonic()
    waited_s = DeviceLock("mps", tmp_path).wait_until_free(
        lambda: time.monotonic() - start_s > 0.4, told.append
    )
    assert waited_s >= 0.3
    assert told == ["paused while a window uses the device"]


def test_where_no_file_can_be_made_nobody_waits(tmp_path):
    (tmp_path / "file").write_text("in the way")
    lock = DeviceLock("cuda", tmp_path / "file" / "below")
    with lock.held():
        assert not lock.is_held()
    assert lock_folder().is_absolute()


@pytest.mark.parametrize(
    ("error", "is_memory"),
    [
        (MemoryError(), True),
        (RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you …"), True),
        (RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB"), True),
        (RuntimeError("Failed to allocate memory for requested buffer of size 4"), True),
        (RuntimeError("mat1 and mat2 shapes cannot be multiplied"), False),
        (OSError("out of memory"), False),
    ],
)
def test_what_counts_as_memory_that_ran_out(error, is_memory):
    assert ran_out_of_memory(error) == is_memory
