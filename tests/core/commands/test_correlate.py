"""`lineament correlate` and `sparse-format`: from faces to matrix, format and scheme."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core import cli
from core.annotations.edits import SetLandmarks
from core.annotations.project import Project
from core.annotations.records import FaceRecord, LandmarkAnnotation, RunHeader
from core.correlation.affinity import affinity_of
from core.correlation.sparse_format import coverage
from core.schemes import load_landmark_scheme
from core.video.writer import VideoWriter

SCHEME = load_landmark_scheme("aflw19")


@pytest.fixture
def faces(tmp_path: Path) -> Path:
    """120 faces of 19 points; the first ten lack their chin."""
    rng = np.random.default_rng(0)
    moves = rng.normal(size=(120, 6)) @ rng.normal(size=(6, 38)) + rng.normal(size=(120, 38))
    landmarks = rng.uniform(0, 200, (1, 19, 2)) + 4 * moves.reshape(120, 19, 2)
    landmarks[:10, 18] = np.nan
    np.savez(tmp_path / "faces.npz", landmarks=landmarks, scheme="aflw19")
    return tmp_path / "faces.npz"


def said(capsys: pytest.CaptureFixture[str], *arguments: object) -> dict:
    """The record a command prints."""
    assert cli.main([*map(str, arguments), "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def refused(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    """The sentence a command ends with."""
    assert cli.main([*map(str, arguments)]) == 2
    return capsys.readouterr().err.strip().splitlines()[-1]


def test_correlate_writes_matrix_count_and_picture(faces: Path, tmp_path: Path, capsys):
    out, plot = tmp_path / "out" / "a.npz", tmp_path / "a.png"
    record = said(capsys, "correlate", faces, "-o", out, "--plot", plot)
    with np.load(out) as archive:
        matrix, count = archive["affinity"], archive["count"]
    with np.load(faces) as archive:
        expected = affinity_of(archive["landmarks"], SCHEME)
    np.testing.assert_array_equal(matrix, expected.matrix)
    assert (count[18, 0], count[0, 1]) == (110, 120)
    assert record["faces"] == 120
    assert record["fewest_faces"] == 110
    assert record["mean"] == pytest.approx(expected.mean, abs=1e-6)
    with Image.open(plot) as image:
        assert image.width > 700


def test_only_complete_faces_if_asked(faces: Path, capsys):
    record = said(capsys, "correlate", faces, "--complete-only")
    assert (record["faces"], record["faces_read"], record["fewest_faces"]) == (110, 120, 110)


def test_confidence_and_directions(faces: Path, capsys):
    record = said(capsys, "correlate", faces, "--bootstrap", 5, "--directions", 0, 2)
    assert record["bootstrap"]["draws"] == 5
    assert 0 < record["bootstrap"]["mean_width"] < 0.6
    assert len(record["directions"]["correlations"]) == 2


def test_two_are_compared_as_faces_or_as_files(faces: Path, tmp_path: Path, capsys):
    out = tmp_path / "a.npz"
    said(capsys, "correlate", faces, "-o", out)
    same = said(capsys, "correlate", "--compare", out, faces, "--plot", tmp_path / "d.png")
    assert same["mean_difference"] == 0.0
    np.savez(tmp_path / "b.npz", affinity=np.eye(19), scheme="aflw19")
    other = said(
        capsys, "correlate", "--compare", out, tmp_path / "b.npz", "-o", tmp_path / "d.npz"
    )
    assert other["mean_difference"] == pytest.approx(other["mean"][0], abs=1e-6)
    with np.load(tmp_path / "d.npz") as archive:
        assert archive["affinity"][3, 3] == 0.0
    named = {block[side] for block in other["blocks"] for side in ("first", "second")}
    assert named == set(SCHEME.components)


def test_sparse_format_of_faces_and_of_an_affinity(faces: Path, tmp_path: Path, capsys):
    out = tmp_path / "a.npz"
    said(capsys, "correlate", faces, "-o", out)
    of_faces = said(capsys, "sparse-format", faces, "-m", 5)
    of_file = said(capsys, "sparse-format", out, "-m", 5, "--save-scheme", tmp_path / "five.json")
    assert of_faces["points"] == of_file["points"]
    assert of_file["proven"] is True
    assert of_file["bound"] == of_file["c"]
    with np.load(out) as archive:
        assert coverage(archive["affinity"], of_file["points"]) == of_file["c"]
    saved = load_landmark_scheme(tmp_path / "five.json")
    assert list(saved.point_names) == of_file["names"]


def test_wishes(faces: Path, capsys):
    record = said(
        capsys, "sparse-format", faces, "-m", 6, "--include", "18,0", "--exclude", "1",
        "--minimum", "mouth=2",
    )  # fmt: skip
    points = set(record["points"])
    assert {0, 18} <= points
    assert 1 not in points
    assert len(points & set(SCHEME.components["mouth"])) >= 2


def test_the_curve_with_its_picture(faces: Path, tmp_path: Path, capsys):
    record = said(capsys, "sparse-format", faces, "--curve", "--plot", tmp_path / "c.png")
    assert [row["m"] for row in record["curve"]] == list(range(1, 19))
    assert all(row["proven"] for row in record["curve"])
    assert (tmp_path / "c.png").stat().st_size > 1000


def test_formats_on_draws(faces: Path, capsys):
    record = said(capsys, "sparse-format", faces, "-m", 5, "--draws", 3, "--draw-faces", 40)
    assert record["others"] == 80
    (row,) = record["curve"]
    assert row["others_mean"] < row["c_mean"]
    assert len(record["points"]) == 3


def test_bad_input_is_one_sentence(faces: Path, tmp_path: Path, capsys):
    np.savez(tmp_path / "five.npz", landmarks=np.random.default_rng(0).normal(size=(9, 5, 2)))
    np.savez(tmp_path / "two.npz", landmarks=np.zeros((2, 19, 2)))
    np.savez(tmp_path / "same.npz", landmarks=np.zeros((9, 19, 2)))
    for arguments, words in (
        (("correlate",), "needs faces"),
        (("correlate", faces, tmp_path / "five.npz"), "aflw19 and points5 cannot be correlated"),
        (("correlate", tmp_path / "two.npz"), "0 of 2 faces can be used"),
        (("correlate", tmp_path / "same.npz"), "0 of 9 faces can be used"),
        (("correlate", tmp_path / "none.npz"), "not a readable .npz"),
        (("correlate", faces, "--directions", 0, 19), "no landmark 19"),
        (("correlate", faces, "--normalisation", "box"), 'no normalisation "box"'),
        (("correlate", "--compare", faces, tmp_path / "five.npz"), "cannot be compared"),
        (("sparse-format", faces, "-m", 19), "fewer than all 19"),
        (("sparse-format", faces, "-m", 4, "--include", "1", "--exclude", "1"), "both included"),
        (("sparse-format", faces, "-m", 4, "--include", "x"), "write landmark numbers"),
        (("sparse-format", faces, "-m", 4, "--minimum", "mouth"), "as in jaw=3"),
        (("sparse-format", faces, "-m", 4, "--draws", 2), "belong together"),
        (("sparse-format", faces, "-m", 4, "--plot", "c.png"), "--curve"),
    ):
        assert words in refused(capsys, *arguments), arguments


def test_landmarks_that_never_move_or_are_nowhere_are_told(tmp_path: Path, capsys):
    rng = np.random.default_rng(0)
    landmarks = rng.normal(size=(50, 5, 2)) * 5 + rng.uniform(0, 200, (1, 5, 2))
    landmarks[:, 3] = np.nan
    np.savez(tmp_path / "lost.npz", landmarks=landmarks)
    assert cli.main(["correlate", str(tmp_path / "lost.npz")]) == 0
    assert "Landmark 3 (right_lip_outer_corner) is located in fewer" in capsys.readouterr().err
    assert "Landmark 3 has no affinity" in refused(
        capsys, "sparse-format", tmp_path / "lost.npz", "-m", 2
    )


@pytest.mark.real
def test_real_faces(real_folder: Path, tmp_path: Path, capsys):
    stld = real_folder / "jhb86253817+STLD" / "data" / "data_300W" / "train_semi_l_00630.txt"
    means = {}
    for how in ("hullbox", "centroid_rms", "interocular"):
        means[how] = said(capsys, "correlate", f"stld:{stld}", "--normalisation", how)["mean"]
    # The three numbers of METHODS C.
    assert means == pytest.approx(
        {"hullbox": 0.547, "centroid_rms": 0.454, "interocular": 0.519}, abs=5e-4
    )


def test_a_projects_run_and_what_people_decided(tmp_path: Path, capsys):
    rng = np.random.default_rng(0)
    said = (rng.normal(size=(20, 5, 2)) * 4 + rng.uniform(0, 60, (1, 5, 2))).astype(np.float32)
    folder = project_with(tmp_path, said)
    record = said_of(capsys, folder, "--run", "shown")
    five = load_landmark_scheme("points5")
    assert record["faces"] == 20
    assert record["mean"] == pytest.approx(affinity_of(said, five).mean, abs=1e-5)
    assert "no face is edited yet" in refused(capsys, "correlate", folder)
    assert "no face that people decided on" in refused(
        capsys, "correlate", folder, "--run", "shown", "--judged"
    )
    truth = said[:6] + rng.normal(size=(6, 5, 2)).astype(np.float32)
    decide(folder, truth)
    assert said_of(capsys, folder)["faces"] == 6
    judged = said_of(capsys, folder, "--run", "shown", "--judged")
    expected = affinity_of(said[:6], five, truth=truth)
    assert judged["mean"] == pytest.approx(expected.mean, abs=1e-5)
    assert "name it with --run" in refused(capsys, "correlate", folder, "--judged")


def said_of(capsys: pytest.CaptureFixture[str], *arguments: object) -> dict:
    return said(capsys, "correlate", *arguments)


def project_with(tmp_path: Path, landmarks: np.ndarray) -> Path:
    """A project of one clip whose run says these landmarks, a face a frame."""
    with VideoWriter(tmp_path / "clip.mp4", 64, 48, 25) as writer:
        for _ in landmarks:
            writer.write(np.full((48, 64, 3), 90, np.uint8))
    folder = tmp_path / "one.lin"
    with Project.create(folder) as project:
        clip = project.add_clip(tmp_path / "clip.mp4")
        header = RunHeader(
            "", clip.clip_id, "predict", "test", clip.frames, 0, clip.frames,
            landmark_scheme="points5",
        )  # fmt: skip
        run = project.start_run(header)
        for frame, xy in enumerate(landmarks):
            box = np.array([*xy.min(axis=0), *xy.max(axis=0)], np.float32)
            run.append(frame, [FaceRecord(0, box, 0.9, landmarks=xy)])
        run.seal().close()
    return folder


def decide(folder: Path, landmarks: np.ndarray) -> None:
    """Set all landmarks of the first frames by hand."""
    with Project.open(folder) as project:
        clip_id = project.clips()[0].clip_id
        for frame, xy in enumerate(landmarks):
            value = LandmarkAnnotation(xy.astype(np.float32), np.ones(5, bool), np.ones(5, bool))
            project.apply(SetLandmarks(clip_id, 0, frame, "points5", value), "test")
