"""`lineament predict`: results, resumption after a kill, and one sentence for every bad input."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from core.annotations.project import Project
from core.cli import main
from core.commands.predict import expand
from core.errors import InputError
from core.faces import detection
from tests.core.inference.blob_model import BlobDetector, draw, write_clip, write_model

COUNT = 60


def disc(i: int) -> list[tuple[float, float, float]]:
    return [(50 + 20 * np.sin(i / 15), 48.0, 16.0)] if i < 50 else []


@pytest.fixture(autouse=True)
def sees_discs(monkeypatch: pytest.MonkeyPatch) -> None:
    """The cascade of these tests finds discs."""
    monkeypatch.setattr(detection, "make_detector", lambda name: BlobDetector())


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    return write_clip(tmp_path / "disc", (draw(disc(i)) for i in range(COUNT)))


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return write_model(tmp_path / "blob.onnx")


def predict(*arguments: object) -> int:
    device = [] if "--device" in arguments else ["--device", "cpu"]
    return main(["predict", *map(str, arguments), *device, "--json", "-q"])


def said(capsys: pytest.CaptureFixture[str]) -> str:
    return capsys.readouterr().err.strip()


def test_the_record(clip: Path, model: Path, tmp_path: Path, capsys):
    assert predict(clip, "-o", tmp_path / "p.lin", "--model", model) == 0
    record = json.loads(capsys.readouterr().out)
    assert (record["frames"], record["frames_with_face"], record["tracks"]) == (60, 50, 1)
    assert record["fps"] > 0
    assert record["seconds"]["total"] > 0
    assert record["clips"][0]["resumed_at"] is None


def test_a_second_prediction_adds_a_run_and_the_first_stays_shown(
    clip: Path, model: Path, tmp_path: Path, capsys
):
    project = tmp_path / "p.lin"
    assert predict(clip, "-o", project, "--model", model) == 0
    assert predict(clip, "-o", project, "--model", model, "--stop", 20) == 0
    with Project.open(project, read_only=True) as opened:
        (stored,) = opened.clips()
        first, second = opened.runs(stored.clip_id)
        assert opened.active_run(stored.clip_id) == first.run_id
        assert (second.start, second.stop) == (0, 20)


def test_annotations_stay_byte_identical(clip: Path, model: Path, tmp_path: Path):
    from core.annotations.edits import SetReviewState
    from core.annotations.records import ReviewState

    folder = tmp_path / "p.lin"
    assert predict(clip, "-o", folder, "--model", model) == 0
    with Project.open(folder) as project:
        clip_id = project.clips()[0].clip_id
        project.apply(SetReviewState(clip_id, 0, 3, 30, ReviewState.APPROVED), "someone")
        before = project.digest()
    content = (folder / "project.db").read_bytes()
    assert predict(clip, "-o", folder, "--model", model) == 0
    assert (folder / "project.db").read_bytes() == content
    with Project.open(folder, read_only=True) as project:
        assert project.digest() == before


def test_the_overlay_video_has_every_frame(clip: Path, model: Path, tmp_path: Path):
    from core.video.reader import VideoReader

    out = tmp_path / "out.mp4"
    assert predict(clip, "-o", tmp_path / "p.lin", "--model", model, "--overlay", out) == 0
    with VideoReader(out) as reader:
        assert reader.info.frames == COUNT
        drawn = np.abs(reader.frame(10).astype(int) - draw(disc(10))).max()
    assert drawn > 40


SCRIPT = """
import sys, time
from tests.core.inference import blob_model
blob_model.install()
from core.inference.landmark_predictor import LandmarkPredictor
locate, calls = LandmarkPredictor.locate, []
def slow(self, *arguments):
    calls.append(1)
    time.sleep(0.3 if len(calls) > 265 else 0.0)
    return locate(self, *arguments)
LandmarkPredictor.locate = slow
from core.cli import main
sys.exit(main(sys.argv[1:]))
"""


def start_slow(*arguments: object) -> subprocess.Popen:
    """The command in a process of its own, very slow from about frame 262 on."""
    return subprocess.Popen(
        [sys.executable, "-c", SCRIPT, "predict", *map(str, arguments)],
        stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True,
        cwd=Path(__file__).parents[3], env=os.environ | {"OMP_NUM_THREADS": "1"},
    )  # fmt: skip


def wait_for_frames(folder: Path, count: int) -> None:
    """Until a run of the project has so many frames on disk."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if (folder / "project.db").exists():
            with Project.open(folder, read_only=True) as project:
                for clip in project.clips():
                    for header in project.runs(clip.clip_id):
                        run = project.open_run(header.run_id)
                        done = run.frames_done
                        run.close()
                        if done >= count:
                            return
        time.sleep(0.05)
    raise AssertionError("the child wrote nothing")


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_a_killed_prediction_goes_on_and_ends_equal(
    model: Path, tmp_path: Path, number: int, capsys
):
    clip = write_clip(tmp_path / "long", (draw(disc(i % 40)) for i in range(300)))
    whole, killed = tmp_path / "whole.lin", tmp_path / "killed.lin"
    assert predict(clip, "-o", whole, "--model", model) == 0
    child = start_slow(clip, "-o", killed, "--model", model, "--device", "cpu")
    wait_for_frames(killed, 258)
    child.send_signal(number)
    err = child.communicate(timeout=30)[1]
    if number == signal.SIGINT:
        assert child.returncode == 130
        assert "goes on from there" in err
    capsys.readouterr()
    assert predict(clip, "-o", killed, "--model", model) == 0
    assert json.loads(capsys.readouterr().out)["clips"][0]["resumed_at"] >= 256
    assert content(killed) == content(whole)


def content(folder: Path) -> list:
    with Project.open(folder, read_only=True) as project:
        (clip,) = project.clips()
        (header,) = project.runs(clip.clip_id)
        run = project.open_run(header.run_id)
        found = [(run.processed(i), run.frame(i)) for i in range(clip.frames)]
        run.close()
        return found


class TestBadInput:
    """One sentence, exit code 2, nothing that existed is touched."""

    def refused(self, capsys, *arguments: object) -> str:
        assert predict(*arguments) == 2
        text = said(capsys)
        assert text.startswith("lineament: ")
        assert text.count("\n") == 0
        return text

    def test_no_such_clip(self, model, tmp_path, capsys):
        text = self.refused(capsys, tmp_path / "x.mp4", "-o", tmp_path / "p.lin", "--model", model)
        assert "no such clip" in text
        assert not (tmp_path / "p.lin").exists()

    @pytest.mark.parametrize("content", [b"", b"not a video at all", bytes(5000)])
    def test_not_a_video(self, model, tmp_path, capsys, content):
        (tmp_path / "x.mp4").write_bytes(content)
        text = self.refused(capsys, tmp_path / "x.mp4", "-o", tmp_path / "p.lin", "--model", model)
        assert "x.mp4" in text
        assert not (tmp_path / "p.lin").exists()

    def test_unknown_model(self, clip, tmp_path, capsys):
        text = self.refused(capsys, clip, "-o", tmp_path / "p.lin", "--model", "nobody")
        assert "no model called 'nobody'; known are" in text
        assert not (tmp_path / "p.lin").exists()

    def test_damaged_model(self, clip, tmp_path, capsys):
        bad = tmp_path / "bad.safetensors"
        bad.write_bytes(b"\x10" * 100)
        text = self.refused(capsys, clip, "-o", tmp_path / "p.lin", "--model", bad)
        assert "not a readable model file" in text

    def test_two_landmark_models(self, clip, model, tmp_path, capsys):
        text = self.refused(
            capsys, clip, "-o", tmp_path / "p.lin", "--model", model, "--model", model
        )
        assert "one landmark model" in text
        assert not (tmp_path / "p.lin").exists()

    @pytest.mark.parametrize("span", [("--start", 5, "--stop", 5), ("--start", -1)])
    def test_no_frames(self, clip, model, tmp_path, capsys, span):
        text = self.refused(capsys, clip, "-o", tmp_path / "p.lin", "--model", model, *span)
        assert f"{span[-2]} {span[-1]}: " in text
        assert not (tmp_path / "p.lin").exists()

    def test_a_file_where_a_project_is_expected(self, clip, model, tmp_path, capsys):
        (tmp_path / "p.lin").write_text("mine")
        text = self.refused(capsys, clip, "-o", tmp_path / "p.lin", "--model", model)
        assert "p.lin" in text
        assert (tmp_path / "p.lin").read_text() == "mine"

    def test_another_folder_where_a_project_is_expected(self, clip, model, tmp_path, capsys):
        (tmp_path / "photos").mkdir()
        (tmp_path / "photos/a.txt").write_text("mine")
        text = self.refused(capsys, clip, "-o", tmp_path / "photos", "--model", model)
        assert "photos" in text
        assert [p.name for p in (tmp_path / "photos").iterdir()] == ["a.txt"]

    def test_an_overlay_that_cannot_be(self, clip, model, tmp_path, capsys):
        out = tmp_path / "p.lin"
        for name in ("x.txt", "missing/x.mp4"):
            args = (clip, "-o", out, "--model", model, "--overlay", tmp_path / name)
            assert "overlay video" in self.refused(capsys, *args)
        args = (clip, clip.parent / "disc2", "-o", out, "--model", model, "--overlay", "x.mp4")
        write_clip(tmp_path / "disc2", [draw([])])
        assert "one clip" in self.refused(capsys, *args)

    def test_a_device_that_is_not_there(self, clip, model, tmp_path, capsys):
        args = (clip, "-o", tmp_path / "p.lin", "--model", model, "--device", "abacus")
        assert "no device 'abacus'" in self.refused(capsys, *args)


def test_no_face_anywhere_is_recorded_and_said(model: Path, tmp_path: Path, capsys):
    clip = write_clip(tmp_path / "empty", [draw([])] * 12)
    assert predict(clip, "-o", tmp_path / "p.lin", "--model", model) == 2
    record = json.loads(capsys.readouterr().out)
    assert (record["frames"], record["frames_with_face"], record["tracks"]) == (12, 0, 0)


class TestExpand:
    def test_folders_of_videos_patterns_and_doubles(self, tmp_path: Path):
        for name in ("b.mp4", "a.mkv", "notes.txt"):
            (tmp_path / name).touch()
        (tmp_path / "pictures").mkdir()
        found = expand([str(tmp_path), str(tmp_path / "*.mp4"), str(tmp_path / "pictures")])
        assert [p.name for p in found] == ["a.mkv", "b.mp4", "pictures"]

    def test_nothing_is_an_error(self, tmp_path: Path):
        with pytest.raises(InputError, match="no such clip"):
            expand([str(tmp_path / "*.mp4")])
