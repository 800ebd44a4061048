"""What every test gets: an offscreen Qt, throw-away settings folders, no leaked threads."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import pytest
from hypothesis import settings

# A shared machine's pauses, and the first call of compiled code, are no property of the code.
settings.register_profile("lineament", deadline=None)
settings.load_profile("lineament")

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

_KEPT_THREADS = ("pytest_timeout", "asyncio_", "ThreadPoolExecutor-torch", "QDBus")


@pytest.fixture(autouse=True)
def private_folders(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch):
    """XDG folders of this test alone, so that no test sees a developer's own settings."""
    home = tmp_path_factory.mktemp("home")
    for name in ("XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME"):
        monkeypatch.setenv(name, str(home / name.lower()))
    return home


@pytest.fixture(autouse=True)
def no_leaked_threads():
    """Fail a test that leaves a Python thread running."""
    before = set(threading.enumerate())
    yield
    deadline = time.monotonic() + 2.0
    while leaked := [t for t in threading.enumerate() if t not in before and _counts(t)]:
        if time.monotonic() > deadline:
            pytest.fail(f"threads left running: {', '.join(t.name for t in leaked)}")
        time.sleep(0.02)


def _counts(thread: threading.Thread) -> bool:
    return thread.is_alive() and not thread.name.startswith(_KEPT_THREADS)


@pytest.fixture
def real_folder() -> Path:
    """The folder of real clips (LINEAMENT_REAL); the test skips without it."""
    return _folder_or_skip("LINEAMENT_REAL")


@pytest.fixture
def head_folder() -> Path:
    """The folder of the CC0 head (LINEAMENT_HEAD); the test skips without it."""
    return _folder_or_skip("LINEAMENT_HEAD")


def _folder_or_skip(name: str) -> Path:
    value = os.environ.get(name)
    if not value or not Path(value).is_dir():
        pytest.skip(f"{name} names no folder")
    return Path(value)
