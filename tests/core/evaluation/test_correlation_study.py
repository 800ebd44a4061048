"""`study correlation`: observations that can fail, sets against noise, formats on other faces."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from core import cli
from core.correlation.face_sets import FaceSet
from core.evaluation.correlation import compare_sets, judge_formats, observe
from core.schemes import load_landmark_scheme

IBUG = load_landmark_scheme("ibug68")


def faces(count: int = 150, seed: int = 0, together: float = 1.0) -> np.ndarray:
    """68 points whose components move as one, more or less, (count, 68, 2)."""
    rng = np.random.default_rng(seed)
    shape = np.random.default_rng(7).uniform(0, 200, (1, 68, 2))
    moves = rng.normal(size=(count, 68, 2))
    causes = {part: rng.normal(size=(count, 1, 2)) for part in ("jaw", "upper", "nose", "mouth")}
    for part, points in IBUG.components.items():
        side = part.partition("_")[0]
        cause = "upper" if side in ("right", "left") else "mouth" if "lip" in part else part
        moves[:, list(points)] += 3 * together * causes[cause]
    return shape + moves


def test_the_observations_hold_where_components_move_as_one():
    landmarks = faces()
    landmarks[:, 66] += 4 * np.random.default_rng(1).normal(size=(150, 2))  # the mouth opens
    found = observe("made", FaceSet(landmarks, IBUG))
    assert found.holds
    assert found.lift > 0.2
    assert found.lips_middle < found.inner_lip
    assert min(found.brow_eye, found.outer_inner_lip) > 0.75


def test_the_observations_can_fail():
    assert not observe("loose", FaceSet(faces(together=0.1), IBUG)).holds


def test_sets_alike_differ_like_halves_and_others_do_not():
    alike = compare_sets(("a", faces(400)), ("b", faces(400, 1)))
    assert alike.ratio == pytest.approx(1.0, abs=0.15)
    assert alike.holds
    other = compare_sets(("a", faces(2000)), ("loose", faces(2000, 1, 0.1)))
    assert not other.holds


def test_formats_are_judged_beside_existing_ones():
    (row,) = judge_formats("made", FaceSet(faces(), IBUG), (19,), (0.3,), draws=2)
    assert (row["n"], row["others"], row["M"]) == (45, 105, 68)
    assert set(row["existing"]) == {"AFLW-19"}
    assert row["proven"]
    assert row["searched"] < row["searched_here"]


def test_the_command_writes_record_pictures_and_table(tmp_path: Path, capsys):
    results = tmp_path / "docs" / "results"
    arguments = []
    for name, seed in (("one", 0), ("two", 1)):
        np.savez(tmp_path / f"{name}.npz", landmarks=faces(90, seed))
        arguments += ["--data", f"{name}={tmp_path / name}.npz"]
    where = ["--record", str(results), "--plots", str(tmp_path), "--draws", "1"]
    assert cli.main(["study", "correlation", *arguments, *where, "-q"]) == 0
    figures = json.loads(capsys.readouterr().out)["figures"]
    assert [row["name"] for row in figures["sets"]] == ["one", "two"]
    assert len(figures["pairs"]) == 1
    assert (tmp_path / "affinity-difference.png").is_file()
    assert (tmp_path / "sparse-curves.png").is_file()
    page = tmp_path / "docs" / "RESULTS.md"
    page.write_text("<!-- correlation begin -->\n<!-- correlation end -->\n")
    assert cli.main(["study", "tables", "--record", str(results)]) == 0
    text = page.read_text()
    assert f"| one | 90 | {figures['sets'][0]['mean']:.3f} |" in text
    assert "| one | 68 | 19 |" in text


def test_sets_need_names(capsys):
    assert cli.main(["study", "correlation", "--data", "merl-rav:x"]) == 2
    assert "names its sets" in capsys.readouterr().err
