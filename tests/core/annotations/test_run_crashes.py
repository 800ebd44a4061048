"""A job that is killed, at any moment, costs at most what it had not flushed."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from core.annotations import run_part, run_seal
from core.annotations.run_files import RunFiles
from core.annotations.run_growing import GrowingRunReader
from core.annotations.run_part import RunWriter
from core.annotations.run_sealed import SealedRunReader
from core.errors import CoreError, ResourceError

FRAMES = 1500

JOB = """
import sys
import numpy as np
from pathlib import Path
from core.annotations.records import FaceRecord, RunHeader
from core.annotations.run_part import RunWriter
from core.masks.label_map import LabelMap

FRAMES = 1500

def faces(i):
    rng = np.random.default_rng(i)
    labels = np.full((4, 5), i % 5, np.uint8)
    return [
        FaceRecord(t, rng.random(4).astype('f4'), 0.5, rng.random((5, 2)).astype('f4'),
                   label_maps={'face5': LabelMap(labels, i, t)})
        for t in range(i % 3)
    ]

path = Path(sys.argv[1])
header = RunHeader('run', 'clip', 'predict', 't', FRAMES, 0, FRAMES, created='2026-01-01')
writer = RunWriter.resume(path) if path.exists() else RunWriter.create(path, header)
seen = (writer.load_state() or {'sum': 0})['sum']
print('ready', flush=True)
for i in range(writer.next_frame, FRAMES):
    found = faces(i)
    seen += len(found)
    writer.append(i, found, {'kappa': i})
    if i % 10 == 9:
        writer.save_state({'sum': seen})
writer.save_state({'sum': seen})
assert seen == FRAMES, seen
writer.seal().close()
"""


def start(path: Path) -> subprocess.Popen[str]:
    job = subprocess.Popen(
        [sys.executable, "-c", JOB, str(path)],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(Path(run_part.__file__).parents[2])},
    )
    assert job.stdout is not None
    job.stdout.readline()
    return job


def finish(job: subprocess.Popen[str]) -> int:
    code = job.wait(60)
    assert job.stdout is not None
    job.stdout.close()
    return code


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory) -> bytes:
    """The sealed bytes of the job when nobody kills it."""
    path = tmp_path_factory.mktemp("undisturbed") / "run.part"
    assert finish(start(path)) == 0
    return path.with_suffix(".h5").read_bytes()


def kill_and_resume(folder: Path, rng: random.Random, undisturbed: bytes) -> int:
    """Kill the job until it gets through; how often it was killed while it wrote."""
    path, kills = folder / "run.part", 0
    while not path.with_suffix(".h5").exists():
        job = start(path)
        time.sleep(rng.uniform(0.02, 0.35) * (kills + 1))
        job.send_signal(signal.SIGKILL)
        kills += finish(job) == -signal.SIGKILL
        if path.exists():
            with GrowingRunReader(path) as reader:
                reader.check()
    assert path.with_suffix(".h5").read_bytes() == undisturbed
    return kills


def test_a_killed_job_ends_equal_to_an_undisturbed_one(tmp_path, undisturbed):
    assert kill_and_resume(tmp_path, random.Random(1), undisturbed) >= 1


@pytest.mark.soak
def test_killed_many_times(tmp_path, undisturbed):
    rng = random.Random(2)
    for round_ in range(30):
        (tmp_path / str(round_)).mkdir()
        kill_and_resume(tmp_path / str(round_), rng, undisturbed)


class Killed(BaseException):
    """Stands for the end of the process: nothing catches it."""


@pytest.fixture
def writing(tmp_path, samples) -> RunWriter:
    """A run in progress of 300 frames in a project's folder."""
    header = samples.header()
    writer = RunWriter.create(RunFiles(tmp_path).part_path(header), header)
    for frame in range(300):
        writer.append(frame, samples.faces(frame))
    writer.flush()
    return writer


@pytest.mark.parametrize(
    ("module", "name"),
    [
        (run_seal, "_lay_out"),
        (run_seal, "_fill"),
        (run_seal, "_crc_from"),
        (run_seal.os, "fsync"),
        (run_seal.os, "replace"),
        (run_seal, "fsync_folder"),
        (run_part, "remove_part"),
    ],
    ids=["layout", "numbers", "checksum", "sync", "rename", "sync folder", "remove"],
)
def test_a_crash_at_any_step_of_sealing_leaves_one_good_run(
    tmp_path, writing, samples, monkeypatch, module, name
):
    crashed = tmp_path.parent / f"{tmp_path.name}-crashed"

    def crash(*_: object, **__: object) -> None:
        shutil.copytree(tmp_path, crashed)  # what the disk holds when the process ends here
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(module, name, crash)
        with pytest.raises(Killed):
            writing.seal()
    writing.close()
    files = RunFiles(crashed)
    assert [header.run_id for header in files.headers("clip")] == ["run"]
    assert files.damaged == {}
    if not files.is_sealed("run"):
        with RunWriter.resume(files.path("run")) as writer:
            assert writer.next_frame == 300
            writer.seal().close()
    with files.open("run") as reader:
        reader.check()
        assert [reader.frame(i) for i in range(300)] == [samples.faces(i) for i in range(300)]


def test_a_crash_between_two_appends_loses_what_was_not_flushed(tmp_path, writing, samples):
    writing.append(300, samples.faces(300))
    shutil.copytree(tmp_path, tmp_path / "copy")
    writing.close()
    with RunWriter.resume(tmp_path / "copy/runs/clip/run.part") as writer:
        assert writer.next_frame == 300


def append_all(writer: RunWriter, samples) -> None:
    """Append what is missing up to frame 899."""
    for frame in range(writer.next_frame, 900):
        writer.append(frame, samples.faces(frame))


class TestFullDisk:
    def test_a_failed_flush_keeps_what_was_appended(self, writing, samples):
        connection = writing._connection
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count={pages}")
        with pytest.raises(ResourceError, match="free some space"):
            append_all(writing, samples)
        appended = writing.next_frame
        connection.execute("PRAGMA max_page_count=1000000")
        assert 300 < appended < 900
        append_all(writing, samples)
        with writing.seal() as run:
            assert [run.frame(i) for i in range(900)] == [samples.faces(i) for i in range(900)]

    def test_sealing_without_room_keeps_the_run_in_progress(self, tmp_path, writing):
        """The system's own refusal, in a process of its own (RLIMIT_FSIZE, Unix)."""
        pytest.importorskip("resource")
        writing.close()
        code = (
            "import resource, sys\n"
            "from pathlib import Path\n"
            "from core.annotations.run_part import RunWriter\n"
            "from core.errors import ResourceError\n"
            "writer = RunWriter.resume(Path(sys.argv[1]))\n"
            "resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000))\n"
            "try:\n"
            "    writer.seal()\n"
            "except ResourceError as error:\n"
            "    print(error)\n"
        )
        path = tmp_path / "runs/clip/run.part"
        said = subprocess.run(
            [sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True,
            env=os.environ | {"PYTHONPATH": str(Path(run_part.__file__).parents[2])},
        )  # fmt: skip
        assert "free some space" in said.stdout
        assert sorted(p.name for p in path.parent.iterdir() if p.suffix != ".part") == []
        with RunWriter.resume(path) as writer:
            assert writer.next_frame == 300


def test_a_sealed_file_that_was_not_renamed_is_ignored(tmp_path, writing):
    (tmp_path / "runs/clip/run.h5.new").write_bytes(b"half a run")
    with writing.seal() as run:
        assert run.frames_done == 300
    assert not (tmp_path / "runs/clip/run.h5.new").exists()


def test_a_reader_outlives_sealing(writing, samples):
    with GrowingRunReader(writing._path) as reader:
        assert reader.frame(7) == samples.faces(7)
        writing.seal().close()
        assert reader.frame(299) == samples.faces(299)


def test_a_missing_run_is_a_sentence(tmp_path):
    with pytest.raises(CoreError, match="does not exist"):
        GrowingRunReader(tmp_path / "no.part")
    with pytest.raises(CoreError, match="cannot be read"):
        SealedRunReader(tmp_path / "no.h5")
