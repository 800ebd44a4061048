"""`predict` on what it cannot use: the issue's list at the command line, and moved clips.

Each is one sentence and exit code 2, and what was there before is there afterwards, byte for byte.
"""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from core.annotations.project import Project
from core.cli import main
from core.faces import detection
from tests.core.inference.blob_model import BlobDetector, blob_card, draw, write_clip, write_model

COUNT = 12
ROOT = Path(__file__).parents[3]


@pytest.fixture(autouse=True)
def sees_discs(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """The cascade of these tests finds discs."""
    if "real_detectors" not in request.fixturenames:
        monkeypatch.setattr(detection, "make_detector", lambda name: BlobDetector())


@pytest.fixture
def real_detectors() -> None:
    """Leaves detectors as they are."""


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    return write_clip(tmp_path / "disc", (draw([(40.0 + i, 48.0, 16.0)]) for i in range(COUNT)))


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return write_model(tmp_path / "blob.onnx")


@pytest.fixture
def project(clip: Path, model: Path, tmp_path: Path, capsys) -> Path:
    """A project with one run."""
    folder = tmp_path / "p.lin"
    assert predict(clip, "-o", folder, "--model", model) == 0
    capsys.readouterr()
    return folder


def predict(*arguments: object) -> int:
    return main(["predict", *map(str, arguments), "--device", "cpu", "--json", "-q"])


def refused(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    assert predict(*arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("lineament: ")
    assert err.strip().count("\n") == 0
    return err


def bytes_in(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_pictures_of_different_sizes(clip: Path, model: Path, tmp_path: Path, capsys):
    (clip / "0000.png").unlink(missing_ok=True)
    write_clip(tmp_path / "small", [draw([])[:20, :20]])
    first = sorted((tmp_path / "small").iterdir())[0]
    first.rename(clip / f"zz{first.suffix}")
    text = refused(capsys, clip, "-o", tmp_path / "p.lin", "--model", model)
    assert "share one size" in text
    assert not (tmp_path / "p.lin").exists()


def test_one_bad_clip_among_good_ones_stops_all_before_anything_is_written(
    clip: Path, model: Path, tmp_path: Path, capsys
):
    (tmp_path / "bad.mp4").write_bytes(b"not a video")
    text = refused(capsys, clip, tmp_path / "bad.mp4", "-o", tmp_path / "p.lin", "--model", model)
    assert "bad.mp4" in text
    assert not (tmp_path / "p.lin").exists()


def test_a_start_beyond_the_end_makes_no_project(clip: Path, model: Path, tmp_path: Path, capsys):
    out = tmp_path / "p.lin"
    text = refused(capsys, clip, "-o", out, "--model", model, "--start", COUNT)
    assert f"has {COUNT} frames; --start {COUNT}" in text
    assert not out.exists()


def test_a_place_that_cannot_be_written(clip: Path, model: Path, tmp_path: Path, capsys):
    (tmp_path / "file").write_text("mine")
    text = refused(capsys, clip, "-o", tmp_path / "file" / "p.lin", "--model", model)
    assert "p.lin" in text
    assert (tmp_path / "file").read_text() == "mine"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"scheme": "wflw98"}, "5 points where its scheme 'wflw98' has 98"),
        ({"scheme": "nobody"}, 'no scheme "nobody"'),
        ({"input_hw": (64, 64)}, "its card says"),
        ({"format_version": 99}, "update Lineament"),
    ],
)
def test_a_card_that_does_not_fit(
    project: Path, clip: Path, model: Path, tmp_path: Path, capsys, changes, words
):
    before = bytes_in(project)
    card = tmp_path / "card.json"
    card.write_text(json.dumps(blob_card().as_record() | changes))
    assert words in refused(capsys, clip, "-o", project, "--model", model, "--card", card)
    assert bytes_in(project) == before


@pytest.mark.parametrize("keep", [0, 100, 0.9])
def test_a_damaged_graph(project: Path, clip: Path, model: Path, capsys, keep: float):
    before = bytes_in(project)
    graph = model.read_bytes()
    model.write_bytes(graph[: int(keep * len(graph)) if keep < 1 else int(keep)])
    assert "damaged" in refused(capsys, clip, "-o", project, "--model", model)
    assert bytes_in(project) == before


def test_a_card_without_a_foreign_model_is_not_passed_over(
    clip: Path, model: Path, tmp_path: Path, capsys
):
    ours = tmp_path / "ours.safetensors"
    text = refused(capsys, clip, "-o", tmp_path / "p.lin", "--model", ours, "--card", "card.json")
    assert "--card describes one foreign ONNX model and 0 are given" in text


def test_a_newer_project(project: Path, clip: Path, model: Path, capsys):
    connection = sqlite3.connect(project / "project.db")
    connection.execute("PRAGMA user_version = 99")
    connection.commit()
    connection.close()
    before = bytes_in(project)
    assert "newer Lineament" in refused(capsys, clip, "-o", project, "--model", model)
    assert bytes_in(project) == before


def test_a_detector_file_that_is_none_is_one_line(
    clip: Path, model: Path, tmp_path: Path, capfd, real_detectors
):
    """OpenCV would print a page of its own, past Python's stderr."""
    out = tmp_path / "p.lin"
    arguments = (clip, "-o", out, "--model", model, "--detector", f"yunet:{model}")
    assert "as a YuNet face detector" in refused(capfd, *arguments)


def test_a_full_disk_keeps_what_there_is_and_the_same_command_goes_on(
    project: Path, clip: Path, model: Path, tmp_path: Path, capsys
):
    """The system refuses to let a file grow past 16 kB, in a process of its own (Unix)."""
    pytest.importorskip("resource")
    before = bytes_in(project / "runs")
    long = write_clip(tmp_path / "long", [draw([(50.0, 48.0, 16.0)])] * 90)
    words = ["predict", long, "-o", project, "--model", model, "--device", "cpu"]
    script = (
        "import resource, signal, sys\n"
        "from tests.core.inference import blob_model\n"
        "blob_model.install()\n"
        "from core.cli import main\n"
        "from core.annotations import project\n"
        "start = project.Project.start_run\n"
        "def limited(*arguments):\n"
        "    writer = start(*arguments)\n"
        "    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "    resource.setrlimit(resource.RLIMIT_FSIZE, (16_000, 16_000))\n"
        "    return writer\n"
        "project.Project.start_run = limited\n"
        "sys.exit(main(sys.argv[1:]))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, *map(str, words), "-q"],
        capture_output=True, text=True, cwd=ROOT, timeout=120,
    )  # fmt: skip
    assert done.returncode == 2, done.stderr
    assert "free some space" in done.stderr
    assert done.stderr.strip().count("\n") == 0
    after = bytes_in(project / "runs")
    assert all(after[name] == content for name, content in before.items())
    assert main([*map(str, words), "--json", "-q"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert record["frames"] == 90
    assert record["clips"][0]["resumed_at"] is not None


class TestMovedClips:
    def test_a_moved_clip_is_found_again_by_its_content(
        self, project: Path, clip: Path, model: Path, tmp_path: Path
    ):
        moved = clip.rename(tmp_path / "elsewhere")
        assert predict(moved, "-o", project, "--model", model) == 0
        with Project.open(project, read_only=True) as opened:
            (stored,) = opened.clips()
            assert opened.clip_path(stored) == moved
            assert len(opened.runs(stored.clip_id)) == 2

    def test_another_clip_in_its_old_place_is_not_taken_for_it(
        self, project: Path, clip: Path, model: Path, tmp_path: Path, capsys
    ):
        moved = clip.rename(tmp_path / "elsewhere")
        write_clip(clip, [draw([])] * 3)
        assert predict(moved, "-o", project, "--model", model) == 0
        record = json.loads(capsys.readouterr().out)
        assert record["clips"][0]["clip"] == str(moved)
        assert record["frames_with_face"] == COUNT


def test_two_predictions_at_once_make_two_runs(
    project: Path, clip: Path, model: Path, tmp_path: Path
):
    """The clip is known to the project, so neither needs its lock."""
    script = (
        "import sys\n"
        "from tests.core.inference import blob_model\n"
        "blob_model.install()\n"
        "from core.cli import main\n"
        "sys.exit(main(sys.argv[1:]))\n"
    )
    words = ["predict", clip, "-o", project, "--model", model, "--device", "cpu", "-q"]
    child = subprocess.Popen([sys.executable, "-c", script, *map(str, words)], cwd=ROOT)
    while child.poll() is None:  # from its start to its end, so that some run overlaps its own
        assert predict(clip, "-o", project, "--model", model) == 0
    assert child.returncode == 0
    with Project.open(project, read_only=True) as opened:
        (stored,) = opened.clips()
        runs = opened.runs(stored.clip_id)
        assert len(runs) >= 3
        points = []
        for header in runs:
            run = opened.open_run(header.run_id)
            points.append(run.column(run.track_ids[0], "landmarks", 0, COUNT))
            run.close()
    for other in points[1:]:
        np.testing.assert_array_equal(other, points[0])


def test_nobody_anywhere_is_said_and_the_project_keeps_what_it_had(
    project: Path, model: Path, tmp_path: Path, capsys
):
    before = {p: data for p, data in bytes_in(project / "runs").items() if p.endswith(".h5")}
    empty = write_clip(tmp_path / "empty", [draw([])] * 3)
    assert predict(empty, "-o", project, "--model", model) == 2
    out, err = capsys.readouterr()
    assert "no face in any frame" in err
    assert json.loads(out)["frames_with_face"] == 0
    after = bytes_in(project / "runs")
    assert before.items() <= after.items()
