"""Opening a project: what is refused keeps every byte; what is locked opens for looking."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest

from core.annotations import database, lock, opening, schema
from core.annotations.edits import FOREVER, SetBox, SetTrack
from core.annotations.migrations import migrate
from core.annotations.processes import ProcessMark, process_started
from core.annotations.project import Project
from core.errors import ResourceError, StoreError


def corrupt_page(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[4096:8192] = b"\xa5" * 4096
    path.write_bytes(data)


def set_version(path: Path, version: int) -> None:
    data = bytearray(path.read_bytes())
    data[60:64] = version.to_bytes(4, "big")
    path.write_bytes(data)


def foreign(path: Path) -> None:
    path.unlink()
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE firefox (x)")
    other.close()


def without_table(path: Path) -> None:
    with sqlite3.connect(path) as ours:
        ours.execute("PRAGMA journal_mode=DELETE")
        ours.execute("DROP TABLE masks")
    ours.close()


def with_trigger(path: Path) -> None:
    with sqlite3.connect(path) as ours:
        ours.execute("PRAGMA journal_mode=DELETE")
        ours.execute("CREATE TRIGGER t AFTER INSERT ON clips BEGIN DELETE FROM clips; END")
    ours.close()


DAMAGES = {
    "newer": (lambda path: set_version(path, 99), "newer Lineament"),
    "no version": (lambda path: set_version(path, 0), "says no project version"),
    "foreign database": (foreign, "another program"),
    "not a database": (lambda path: path.write_bytes(b"hello" * 100), "not a database"),
    "empty file": (lambda path: path.write_bytes(b""), "not a database"),
    "cut": (lambda path: path.write_bytes(path.read_bytes()[:5000]), "damaged"),
    "page": (corrupt_page, "damaged"),
    "table": (without_table, "table masks is missing"),
    "trigger": (with_trigger, "holds a trigger"),
    "no database": (lambda path: path.unlink(), "has no project.db"),
}


@pytest.fixture
def closed(tmp_path: Path, new_clip) -> Path:
    """The folder of a closed project with a clip and an edit."""
    with Project.create(tmp_path / "demo.lin") as project:
        clip = new_clip(project)
        project.apply(SetBox(clip.clip_id, 1, 3, np.zeros(4, np.float32)), "ann")
    return tmp_path / "demo.lin"


@pytest.mark.parametrize("damage", DAMAGES)
def test_what_is_refused_keeps_every_byte(closed, damage, bytes_of):
    spoil, words = DAMAGES[damage]
    spoil(closed / "project.db")
    before = bytes_of(closed)
    with pytest.raises(StoreError, match=words):
        Project.open(closed)
    assert bytes_of(closed) == before


def test_a_newer_project_with_unmerged_writes_keeps_every_byte(closed, bytes_of):
    kill_while_editing(closed)
    assert (closed / "project.db-wal").stat().st_size > 0
    set_version(closed / "project.db", 99)
    before = bytes_of(closed)
    with pytest.raises(StoreError, match="newer"):
        Project.open(closed)
    assert bytes_of(closed) == before


@pytest.mark.parametrize("kind", ["file", "missing", "other folder"])
def test_what_is_no_project_folder_is_a_sentence(tmp_path, kind):
    path = tmp_path / "x.lin"
    words = {"file": "is a file", "missing": "does not exist", "other folder": "not a Lineament"}
    if kind == "file":
        path.write_text("x")
    if kind == "other folder":
        path.mkdir()
    with pytest.raises(StoreError, match=words[kind]):
        Project.open(path)


def test_creating_over_something_is_refused(tmp_path, bytes_of):
    (tmp_path / "x.lin").mkdir()
    (tmp_path / "x.lin" / "mine.txt").write_text("mine")
    with pytest.raises(StoreError, match="exists already"):
        Project.create(tmp_path / "x.lin")
    assert bytes_of(tmp_path) == {"x.lin/mine.txt": b"mine"}


def test_creation_that_was_cut_short_is_done_again(tmp_path):
    (tmp_path / "x.lin").mkdir()
    (tmp_path / "x.lin" / "project.db.new").write_bytes(b"half")
    Project.create(tmp_path / "x.lin").close()
    assert sorted(p.name for p in (tmp_path / "x.lin").iterdir()) == ["project.db", "project.lock"]


def kill_while_editing(folder: Path) -> None:
    """A process that edits the project and dies without closing it."""
    code = (
        "import os, sys\n"
        "from core.annotations.project import Project\n"
        "from core.annotations.edits import SetTrack\n"
        "project = Project.open(sys.argv[1])\n"
        "project.apply(SetTrack(project.clips()[0].clip_id, 1, 'Bea'), 'bob')\n"
        "os.kill(os.getpid(), 9)\n"
    )
    subprocess.run([sys.executable, "-c", code, str(folder)], check=False, env=_child_env())


def _child_env() -> dict[str, str]:
    return os.environ | {"PYTHONPATH": str(Path(schema.__file__).parents[2])}


def test_a_killed_process_loses_nothing_and_its_lock_is_taken_over(closed):
    kill_while_editing(closed)
    with Project.open(closed) as project:
        assert not project.read_only
        assert project.tracks(project.clips()[0].clip_id)[0].name == "Bea"
        assert project.undo().title == "name person"
        assert project.undo().who == "ann"


class TestLock:
    def test_a_second_opener_looks_only(self, closed):
        with Project.open(closed) as first, Project.open(closed) as second:
            assert second.read_only
            assert f"process {os.getpid()}" in second.notes[0]
            clip = first.clips()[0]
            first.apply(SetTrack(clip.clip_id, 1, "Ann"), "ann")
            assert second.tracks(clip.clip_id)[0].name == "Ann"
            with pytest.raises(StoreError, match="open in another window"):
                second.apply(SetTrack(clip.clip_id, 1, "Bob"), "bob")

    def test_the_lock_is_given_back(self, closed):
        Project.open(closed).close()
        with Project.open(closed) as project:
            assert not project.read_only

    @pytest.mark.parametrize(
        "content",
        [
            "",
            "garbage",
            json.dumps({"pid": 2**30, "started": "1", "host": ProcessMark.own().host}),
            json.dumps({"pid": os.getpid(), "started": "0@x", "host": ProcessMark.own().host}),
        ],
        ids=["empty", "garbage", "dead", "pid used again"],
    )
    def test_stale_locks_are_taken_over(self, closed, content):
        (closed / lock.LOCK_NAME).write_text(content)
        with Project.open(closed) as project:
            assert not project.read_only

    def test_another_machine_counts_as_alive(self, closed):
        mark = {"pid": 1, "started": "1", "host": "elsewhere"}
        (closed / lock.LOCK_NAME).write_text(json.dumps(mark))
        with Project.open(closed) as project:
            assert project.read_only
            assert "elsewhere" in project.notes[0]

    def test_this_process_has_a_start_time(self):
        assert process_started(os.getpid())
        assert process_started(0) is None

    def test_only_one_of_many_takes_a_stale_lock(self, tmp_path):
        from concurrent.futures import ThreadPoolExecutor

        (tmp_path / lock.LOCK_NAME).write_text("garbage")
        with ThreadPoolExecutor(8) as threads:
            taken = list(threads.map(lambda _: lock.ProjectLock.take(tmp_path), range(8)))
        assert sum(isinstance(one, lock.ProjectLock) for one in taken) == 1


class TestReadOnlyFolder:
    @pytest.fixture(autouse=True)
    def read_only_folder(self, closed, monkeypatch):
        """Root may write everywhere, so the answer of the system is replaced."""
        monkeypatch.setattr(opening, "is_writable", lambda folder: False)
        monkeypatch.setattr(database, "is_writable", lambda folder: False)

    def test_it_opens_for_looking_without_a_new_file(self, closed, bytes_of):
        before = bytes_of(closed)
        with Project.open(closed) as project:
            assert project.read_only
            assert "is read-only" in project.notes[0]
            assert len(project.clips()) == 1
            assert bytes_of(closed) == before
        assert bytes_of(closed) == before

    def test_unmerged_writes_are_seen_without_merging_them(self, closed, bytes_of):
        kill_while_editing(closed)
        (closed / "project.db-shm").unlink()
        before = bytes_of(closed)
        with Project.open(closed) as project:
            assert project.tracks(project.clips()[0].clip_id)[0].name == "Bea"
        after = bytes_of(closed)
        assert {name: after[name] for name in before} == before


def test_a_network_share_gets_another_journal_and_a_note(closed, monkeypatch):
    monkeypatch.setattr(opening, "is_network_folder", lambda folder: True)
    with Project.open(closed) as project:
        assert "TRUNCATE" in project.notes[0]
        project.apply(SetTrack(project.clips()[0].clip_id, 1, "Ann"), "ann")
        assert not (closed / "project.db-wal").exists()
    monkeypatch.undo()
    with Project.open(closed) as project:
        assert project.notes == []
        assert project.tracks(project.clips()[0].clip_id)[0].name == "Ann"


def test_the_innermost_mount_tells_the_kind_of_a_folder():
    mounts = (
        "1 0 8:1 / / rw - ext4 /dev/a rw\n"
        "2 1 0:5 / /mnt rw - nfs4 server:/x rw\n"
        "3 2 8:2 / /mnt/usb\\040stick rw shared:1 - vfat /dev/b rw\n"
    )
    kinds = [database._mount_type(mounts, f) for f in ("/home", "/mnt/x", "/mnt/usb stick/y")]
    assert kinds == ["ext4", "nfs4", "vfat"]


class TestMigration:
    """Version 1 is the first, so a made-up version 2 stands for the next."""

    def add_column(self, connection: sqlite3.Connection) -> None:
        connection.execute("ALTER TABLE clips ADD COLUMN note TEXT")

    def test_a_copy_is_kept_and_the_history_noted(self, closed):
        path = closed / "project.db"
        with Project.open(closed) as project:
            before = project.digest()
        said = migrate(path, 1, "9.9", steps={1: self.add_column}, target=2)
        backups = list((closed / "backups").iterdir())
        assert len(backups) == 1
        assert str(backups[0]) in said
        assert database.read_identity(path).user_version == 2
        with database.connect(path, "ro") as connection:
            rows = connection.execute("SELECT version, program_version FROM schema_history")
            assert rows.fetchall() == [(1, ""), (2, "9.9")]
        connection.close()
        shutil.copy(backups[0], path)
        with Project.open(closed) as project:
            assert project.digest() == before

    def test_a_step_that_fails_changes_nothing(self, closed):
        def fail(connection: sqlite3.Connection) -> None:
            connection.execute("DROP TABLE masks")
            raise ValueError("no")

        with pytest.raises(ValueError, match="no"):
            migrate(closed / "project.db", 1, "", steps={1: fail}, target=2)
        Project.open(closed).close()

    def test_without_a_step_it_is_refused(self, closed):
        with pytest.raises(StoreError, match="cannot bring on"):
            migrate(closed / "project.db", 1, "", steps={}, target=2)


def apply_all(project: Project, edits: Iterable[SetTrack]) -> None:
    for edit in edits:
        project.apply(edit, "ann")


class TestFullDisk:
    def test_a_failed_edit_changes_nothing_and_the_next_one_works(self, closed):
        with Project.open(closed) as project:
            clip = project.clips()[0].clip_id
            before = project.digest()
            writer = project._database.writer
            pages = writer.execute("PRAGMA page_count").fetchone()[0]
            writer.execute(f"PRAGMA max_page_count={pages + 20}")
            edits = (SetTrack(clip, track, "x" * 2000) for track in range(2000))
            with pytest.raises(ResourceError, match="free some space"):
                apply_all(project, edits)
            assert project.history_position > 1
            assert project.undo() is not None
            writer.execute(f"PRAGMA max_page_count={1 << 30}")
            while project.history_position > 1:
                project.undo()
            assert project.digest() == before
            project.apply(SetTrack(clip, 1, "Ann"), "ann")

    def test_a_limit_on_file_size_is_a_sentence(self, closed):
        """The system's own refusal, in a process of its own (RLIMIT_FSIZE, Unix)."""
        code = (
            "import resource, sys\n"
            "from core.annotations.project import Project\n"
            "from core.annotations.edits import SetTrack\n"
            "from core.errors import ResourceError\n"
            "project = Project.open(sys.argv[1])\n"
            "clip = project.clips()[0].clip_id\n"
            "resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))\n"
            "done = 0\n"
            "try:\n"
            "    for track in range(1000):\n"
            "        project.apply(SetTrack(clip, track, 'x' * 5000), 'ann')\n"
            "        done += 1\n"
            "except ResourceError as error:\n"
            "    print(done, error)\n"
        )
        pytest.importorskip("resource")
        said = subprocess.run(
            [sys.executable, "-c", code, str(closed)],
            capture_output=True, text=True, check=True, env=_child_env(),
        )  # fmt: skip
        done, sentence = said.stdout.split(" ", 1)
        assert "free some space" in sentence
        with Project.open(closed) as project:
            assert len(project.tracks(project.clips()[0].clip_id)) >= int(done)
            assert project.history_position == 1 + int(done)


def test_an_edit_outside_its_clip_is_refused(project, clip):
    for first in (-1, 1000):
        with pytest.raises(ValueError, match="outside a clip of 1000"):
            project.apply(SetBox(clip.clip_id, 1, first, np.zeros(4, np.float32)), "ann")
    assert FOREVER > clip.frames


def test_settings_and_jobs_are_remembered(closed):
    from core.annotations.jobs import Job

    with Project.open(closed) as project:
        project.set_setting("markers", [1, 2])
        project.set_setting("gone", 1)
        project.set_setting("gone", None)
        project.save_job(Job("j1", "predict", "Predict", "/tmp/j1", "running"))
        project.save_job(Job("j1", "predict", "Predict", "/tmp/j1", "done", record={"run": "r"}))
    with Project.open(closed) as project:
        assert project.setting("markers") == [1, 2]
        assert project.setting("gone", "none") == "none"
        (job,) = project.jobs()
        assert (job.state, job.record) == ("done", {"run": "r"})
