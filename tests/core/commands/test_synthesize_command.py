"""`synthesize`: files written, truth beside them, sentences for what cannot be."""

import json

import cv2
import numpy as np
import pytest

from core.cli import main
from core.commands.console import Console


@pytest.fixture
def toy_world(tmp_path, monkeypatch):
    """A recipe file whose head needs no files."""
    monkeypatch.delenv("LINEAMENT_HEAD", raising=False)
    path = tmp_path / "toy.toml"
    path.write_text('preset = "frontal"\ntemplate = "procedural"\n')
    return path


def test_faces_and_their_truth(toy_world, tmp_path, capsys):
    out = tmp_path / "faces"
    sheet = tmp_path / "sheet.png"
    arguments = ["synthesize", str(toy_world), "-n", "3", "--seed", "5", "--size", "64"]
    code = main([*arguments, "-o", str(out), "--contact-sheet", str(sheet), "--json"])
    assert code == 0
    assert json.loads(capsys.readouterr().out)["folder"] == str(out)
    truth = np.load(out / "landmarks.npz")
    assert truth["landmarks"].shape == (3, 68, 2)
    assert truth["wflw98"].shape == (3, 98, 2)
    assert truth["ibug68_visible"].dtype == bool
    assert list(truth["subject"]) == [5, 6, 7]
    picture = cv2.imread(str(out / str(truth["files"][0])))
    assert picture.shape == (64, 64, 3)
    parts = cv2.imread(str(out / "0000005_parts14.png"), cv2.IMREAD_GRAYSCALE)
    assert parts.max() < 14
    assert cv2.imread(str(sheet)) is not None


def test_landmarks_alone_are_those_of_the_pictures(toy_world, tmp_path):
    out = tmp_path / "l.npz"
    main(["synthesize", str(toy_world), "-n", "4", "--size", "64", "--landmarks-only", str(out)])
    alone = np.load(out)["landmarks"]
    main(["synthesize", str(toy_world), "-n", "1", "--size", "64", "-o", str(tmp_path / "f")])
    rendered = np.load(tmp_path / "f" / "landmarks.npz")["landmarks"]
    assert alone.shape == (4, 68, 2)
    assert np.abs(alone[0] - rendered[0]).max() < 1e-2


def test_clips_are_videos_with_truth(toy_world, tmp_path):
    from core.video.reader import VideoReader

    arguments = ["synthesize", str(toy_world), "-n", "1", "--clip", "5", "--size", "64"]
    assert main([*arguments, "-o", str(tmp_path / "c")]) == 0
    with VideoReader(tmp_path / "c" / "clip00000.mp4") as reader:
        assert reader.info.frames == 5
        assert reader.frame(4).shape == (64, 64, 3)
    truth = np.load(tmp_path / "c" / "clip00000.npz")
    assert truth["landmarks"].shape == (5, 68, 2)
    assert list(truth["shot"]) == [0] * 5


def test_a_project_holds_the_clip_and_its_truth(toy_world, tmp_path):
    from core.annotations.project import Project
    from core.annotations.records import Source

    folder = tmp_path / "truth.lin"
    arguments = ["synthesize", str(toy_world), "-n", "1", "--clip", "4", "--size", "96"]
    assert main([*arguments, "-o", str(folder)]) == 0
    main([*arguments, "-o", str(tmp_path / "files")])
    truth = np.load(tmp_path / "files" / "clip00000.npz")
    with Project.open(folder) as project:
        (clip,) = project.clips()
        (header,) = project.runs(clip.clip_id)
        assert header.kind == "import"
        assert project.run_is_sealed(header.run_id)
        assert clip.frames == 4
        (face,) = project.shown(clip.clip_id, 3)
    assert face.source is Source.IMPORTED
    assert np.array_equal(face.landmarks, truth["landmarks"][3])
    assert np.array_equal(face.visible, truth["ibug68_visible"][3])
    parts, face5 = (face.label_maps[name].paste((96, 96)) for name in ("parts14", "face5"))
    nose = np.round(face.landmarks[30]).astype(int)
    assert parts[nose[1], nose[0]] != 0
    assert face5[nose[1], nose[0]] == 1  # skin


def test_a_stop_leaves_no_half_file_of_landmarks(toy_world, tmp_path, monkeypatch, capsys):
    out = tmp_path / "l.npz"
    monkeypatch.setattr(Console, "cancelled", lambda self: True)
    arguments = ["synthesize", str(toy_world), "-n", "4", "--size", "64"]
    assert main([*arguments, "--landmarks-only", str(out)]) == 130
    assert not out.exists()
    assert main([*arguments, "-o", str(tmp_path / "f"), "--json"]) == 130
    assert json.loads(capsys.readouterr().out)["count"] == 1, "what was made is counted"


def test_a_picture_that_cannot_be_written_is_a_sentence(toy_world, tmp_path, capsys):
    """OpenCV alone would go on without a word."""
    (tmp_path / "f" / "0000001_face5.png").mkdir(parents=True)
    arguments = ["synthesize", str(toy_world), "-n", "2", "--size", "64", "-o", str(tmp_path / "f")]
    assert main(arguments) == 2
    assert "0000001_face5.png cannot be written" in capsys.readouterr().err


def test_a_project_is_not_written_over(toy_world, tmp_path, capsys):
    folder = tmp_path / "kept.lin"
    folder.mkdir()
    arguments = ["synthesize", str(toy_world), "-n", "1", "--clip", "2", "-o", str(folder)]
    assert main(arguments) == 2
    assert "exists already" in capsys.readouterr().err
    assert list(folder.iterdir()) == []


def test_the_conventions_have_their_picture(toy_world, tmp_path):
    out = tmp_path / "points.jpg"
    assert main(["synthesize", str(toy_world), "--conventions", str(out)]) == 0
    picture = cv2.imread(str(out))
    assert picture.shape == (720, 1440, 3)
    blue, green, red = picture[:, 720:].reshape(-1, 3).T.astype(int)
    assert np.sum((red > 200) & (green > 180) & (blue < 120)) > 300  # yellow: points of `2d`
    assert np.sum((blue > 200) & (green > 150) & (red < 120)) > 30  # cyan: those of `3d`


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["-n", "0", "-o", "x"], "at least one face"),
        (["--size", "8", "-o", "x"], "32 to 4096"),
        ([], "Nothing to write"),
        (["--clip", "5", "--contact-sheet", "x.png"], "--clip needs a folder"),
        (["--contact-sheet", "x.gif"], "pictures end in"),
        (["-o", "x.lin"], "--clip FRAMES"),
        (["atlantis", "-o", "x"], "no such world"),
    ],
)
def test_what_cannot_be_is_said(arguments, sentence, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["synthesize", *arguments]) == 2
    assert sentence in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
