"""The comparison of formats on toy faces: paired, shared, resumable, and its table."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from core.datasets.face_cache import FaceCache
from core.errors import InputError
from core.evaluation.weak_table import difference, weak_table
from core.training.weak.study import BOUND, COLUMNS, SHARES, Plan, Unit, run_unit, units


@pytest.fixture(autouse=True)
def one_thread():
    """Torch's setting is put back."""
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.fixture
def plan(toy_cache: FaceCache, tmp_path: Path) -> Plan:
    """160 toy faces, one short epoch a stage."""
    changes = (
        "input_size=48", "net.arguments.width=0.125", "weak.sparse=160", "weak.epochs=[1,2,2]",
        "data.validation_faces=40", "optimise.batch=8", "optimise.precision=32-true",
    )  # fmt: skip
    caches = dict.fromkeys(("ibug68", "inner41"), str(toy_cache.folder))
    return Plan("small", changes, caches, tmp_path / "study", "cpu")


def test_a_seed_is_finished_before_the_next_and_bounds_are_shared():
    found = units(2)
    assert [u.seed for u in found] == sorted(u.seed for u in found)
    assert len({u.name for u in found}) == len(found) == 2 * (3 * len(COLUMNS) + 3)
    assert sum(u.format == BOUND for u in found) == 2 * 3  # 41, 68 and 98 points


def test_a_unit_trains_stage_1_once_and_scores_every_share(plan: Plan):
    column = COLUMNS[0]
    seen = []
    searched = run_unit(plan, Unit(column, "searched", 1), seen.append)
    stage1 = [p for p in seen if p.stage == "validate" and p.values["weak_stage"] == 1]
    assert len(stage1) == 1
    assert searched["m"] == len(searched["points"]) == 19
    assert [one["n"] for one in searched["shares"].values()] == [8, 16, 40]
    assert len(searched["shares"]["0.05"]["faces"]) == 40

    seen.clear()
    again = run_unit(plan, Unit(column, "searched", 1), seen.append)
    assert not seen  # everything was only found
    assert again == searched

    existing = run_unit(plan, Unit(column, "existing", 1))
    assert existing["points"] != searched["points"]
    assert searched["c"] > existing["c"]  # on the dense faces it was searched for


def test_the_bound_has_all_points_everywhere(plan: Plan):
    found = run_unit(plan, Unit(COLUMNS[2], BOUND, 1))
    assert found["points"] == list(range(41))
    assert list(found["shares"]) == ["1"]
    assert found["shares"]["1"]["n"] == 160


def test_a_study_does_not_go_on_with_other_settings(plan: Plan):
    unit = Unit(COLUMNS[2], BOUND, 1)
    run_unit(plan, unit)
    other = Plan("small", (*plan.changes, "weak.patience=99"), plan.caches, plan.folder, "cpu")
    with pytest.raises(InputError, match="other settings"):
        run_unit(other, unit)


def _record(column: str, kind: str, seed: int, off: float) -> dict:
    rng = np.random.default_rng(seed)
    faces = 0.05 + off + 0.001 * rng.normal(size=50)
    kept = [None, *map(float, faces)]
    shares = {f"{s:g}": {"n": 1, "nme": float(faces.mean()), "faces": kept} for s in SHARES}
    figures = {
        "preset": "small", "column": column, "scheme": "ibug68", "format": kind, "seed": seed,
        "c": 0.7, "c_other_faces": 0.6, "shares": shares,
    }  # fmt: skip
    return {"figures": figures, "command": "lineament weak-study"}


def test_the_table_tests_searched_against_existing():
    records = [
        _record("M68-m19", kind, seed, off)
        for kind, off in (("searched", -0.002), ("existing", 0.0), ("random", 0.004))
        for seed in (1, 2, 3)
    ]
    table = weak_table(records)
    row = next(line for line in table.splitlines() if line.startswith("| M68-m19 AFLW | 5 %"))
    assert "-0.20" in row
    assert "3 of 3" in row
    assert row.endswith("| 5.32 / 5.17 |")
    assert "c on the dense faces" in table
    assert "searched 0.700 → 0.600" in table


def test_only_seeds_both_have_are_paired():
    one = {1: np.array([0.1, 0.2, np.nan]), 2: np.array([0.1, 0.1, 0.1])}
    other = {1: np.array([0.2, 0.4, 0.1]), 3: np.array([0.0, 0.0, 0.0])}
    test = difference(one, other)
    assert test.seeds == 1
    assert test.subjects == 2  # a face seen from the side is in neither
    assert test.difference == pytest.approx(-0.15)


def test_the_command_says_what_there_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    from core.cli import main

    code = main(["weak-study", "--only", "M3", "--out", str(tmp_path), "--record", str(tmp_path)])
    assert code == 2
    assert "No unit is called M3" in capsys.readouterr().err


def test_the_command_writes_a_record_a_unit_and_goes_on(
    toy_cache: FaceCache, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
):  # fmt: skip
    from core.cli import main
    from core.commands import weak_study

    monkeypatch.setattr(weak_study, "_faces", lambda *_: toy_cache.folder)
    arguments = [
        "weak-study", "--only", "M68-m19-random", "--seeds", "1", "--workers", "1", "-q",
        "--device", "cpu", "--out", str(tmp_path), "--record", str(tmp_path / "results"),
        "--set", "input_size=48", "--set", "net.arguments.width=0.125",
        "--set", "weak.sparse=160", "--set", "weak.epochs=[1,1,1]",
        "--set", "data.validation_faces=40", "--set", "optimise.batch=8",
    ]  # fmt: skip
    assert main(arguments) == 0
    path = tmp_path / "results/weak-small-M68-m19-random-seed1.json"
    record = json.loads(path.read_text())
    assert record["kind"] == "weak"
    assert record["command"].startswith("lineament")
    written = path.stat().st_mtime_ns
    assert main(arguments) == 0
    assert path.stat().st_mtime_ns == written
