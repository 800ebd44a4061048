"""`synthesize`: files written, truth beside them, sentences for what cannot be."""

import json

import cv2
import numpy as np
import pytest

from core.cli import main


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


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["-n", "0", "-o", "x"], "at least one face"),
        (["--size", "8", "-o", "x"], "32 to 4096"),
        ([], "Nothing to write"),
        (["--clip", "5", "--contact-sheet", "x.png"], "--clip needs a folder"),
        (["atlantis", "-o", "x"], "no such world"),
    ],
)
def test_what_cannot_be_is_said(arguments, sentence, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["synthesize", *arguments]) == 2
    assert sentence in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
