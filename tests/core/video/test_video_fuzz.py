"""Byte-damaged clips are read as far as they go or refused: no crash, no hang, bounded memory."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

_X264 = {"preset": "veryfast", "bf": "2"}
SEEDS = {
    "a.mp4": {"options": _X264, "sound": True},
    "b.mkv": {"options": _X264},
    "c.avi": {"codec": "mpeg4", "options": {"bf": "2"}},
    "d.ts": {"options": _X264},
    "e.gif": {"codec": "gif", "pix_fmt": "rgb8"},
    "f.mpg": {"codec": "mpeg1video", "options": {"bf": "2"}},
    "g.h264": {"options": _X264},
    "h.webm": {"codec": "libvpx-vp9", "options": {"cpu-used": "8", "deadline": "realtime"}},
    "i.mov": {"codec": "libx265", "options": {"x265-params": "log-level=none:keyint=10"}},
}


@pytest.fixture(scope="module")
def seed_folder(clips, tmp_path_factory) -> Path:
    """One small whole clip of each kind."""
    folder = tmp_path_factory.mktemp("seeds")
    for name, how in SEEDS.items():
        clips.write(folder / name, frames=24, **how)
    return folder


def _fuzz(folder: Path, count: int, first_seed: int, timeout_s: float) -> dict:
    script = Path(__file__).with_name("fuzz_clips.py")
    done = subprocess.run(
        [sys.executable, str(script), str(folder), str(count), str(first_seed)],
        capture_output=True, text=True, timeout=timeout_s,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


def _check(record: dict) -> None:
    outcomes = record["outcomes"]
    assert record["worst_s"] < 15, record
    assert record["peak_mib"] < 1500, record
    assert set(outcomes) <= {"refused", "decoded", "packets"}, record
    # The damage is neither fatal to all nor felt by none: the campaign tries something.
    assert outcomes.get("refused", 0) > 0.02 * record["count"], record
    assert outcomes.get("decoded", 0) > 0.1 * record["count"], record


def test_two_hundred_damaged_clips(seed_folder):
    _check(_fuzz(seed_folder, 200, 0, timeout_s=240))


@pytest.mark.soak
@pytest.mark.timeout(7200)
def test_ten_thousand_damaged_clips(seed_folder):
    for batch in range(20):
        _check(_fuzz(seed_folder, 500, 1000 + 500 * batch, timeout_s=1800))
