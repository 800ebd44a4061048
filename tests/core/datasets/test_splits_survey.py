"""Splits by subject written to a file, what `data` counts, and faces in mirrored order."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from core import cli
from core.datasets.point_checks import parsed_numbers, reversed_faces
from core.datasets.registry import Spec, read_samples
from core.datasets.sample import Sample
from core.datasets.splits import split_names, split_of, write_splits, written_split
from core.datasets.survey import survey
from core.errors import InputError, JobCancelled
from core.schemes import landmark_scheme_names, load_landmark_scheme


def _people(count: int, **more: str) -> list[Sample]:
    """Three samples of each person."""
    return [Sample(f"{p}/{k}", None, subject=f"p{p}", **more) for p in range(count) for k in "abc"]


def test_an_official_split_is_kept_and_lends_a_tenth_for_validation():
    samples = [*_people(100, split="train"), Sample("t", None, split="test")]
    assert [s.name for s in split_of(samples, "test")] == ["t"]
    names = split_names(samples)
    share = names.count("validation") / 300
    assert 0.03 < share < 0.2
    by_person = {s.subject: n for s, n in zip(samples, names, strict=True)}
    assert all(by_person[s.subject] == n for s, n in zip(samples, names, strict=True))
    named = [*samples, Sample("v", None, split="validation")]
    assert [s.name for s in split_of(named, "validation")] == ["v"]


def test_written_splits_are_read_whatever_the_seed_was(tmp_path: Path):
    samples, file = _people(60), tmp_path / "splits.json"
    counts = write_splits(file, samples, seed=7)
    assert sum(counts.values()) == 60
    parts = {name: written_split(samples, name, file) for name in counts}
    assert sum(map(len, parts.values())) == 180
    for name, part in parts.items():
        assert part == split_of(samples, name, seed=7)
    assert parts["train"] != split_of(samples, "train")
    more = [*samples, Sample("new", None, subject="p999")]
    assert written_split(more, "test", file) == parts["test"]


def test_unusable_split_files_are_sentences(tmp_path: Path):
    file = tmp_path / "splits.json"
    write_splits(file, _people(20))
    with pytest.raises(InputError, match="none of its train subjects"):
        written_split([Sample("other", None)], "train", file)
    file.write_text(json.dumps(json.loads(file.read_text()) | {"format_version": 9}))
    with pytest.raises(InputError, match="newer program"):
        written_split(_people(20), "train", file)
    file.write_text("[]")
    with pytest.raises(InputError, match=r"splits\.json: not a readable split file"):
        written_split(_people(20), "train", file)
    both = [Sample(n, None, subject="one", split=n) for n in ("train", "validation")]
    with pytest.raises(InputError, match="one: in two splits"):
        write_splits(file, both)


def test_specs_name_split_files():
    assert Spec.parse("pts:a:train@b.json") == Spec("pts", Path("a"), "train", Path("b.json"))
    assert Spec.parse("pts:a@b") == Spec("pts", Path("a@b"), None)


@pytest.fixture
def csv(tmp_path: Path) -> Path:
    """Two faces of 19 points in a 50 × 40 picture; three points of the second lie off it."""
    (tmp_path / "images").mkdir()
    cv2.imwrite(str(tmp_path / "images/a.png"), np.zeros((40, 50, 3), np.uint8))
    xy = np.random.default_rng(2).uniform(5, 35, (19, 2)).round(2)
    off = xy.copy()
    off[[0, 5, 9]] = [[-3, 5], [51, 6], [7, 39.6]]
    rows = [",".join(["a.png,0.2,25,20", *map(str, p.ravel())]) for p in (xy, off)]
    head = "image_name,scale,center_w,center_h"
    (tmp_path / "list.csv").write_text("\n".join([head, *rows]), encoding="utf-8")
    return tmp_path / "list.csv"


def test_points_off_the_picture_are_kept_and_counted(csv: Path):
    samples = read_samples(f"hrnet-csv:{csv}")
    assert samples[1].landmarks is not None
    assert samples[1].landmarks[0].tolist() == [-3, 5]
    found = survey(samples)
    assert (found.samples, found.pictures, found.subjects) == (2, 2, 1)
    assert (found.points, found.missing, found.outside) == (38, 0, 3)
    assert found.schemes == {"aflw19": 2}


def test_a_survey_counts_missing_hidden_and_damaged():
    def broken() -> np.ndarray:
        raise InputError("labels.png: holds label 9.")

    xy = np.full((5, 2), 3.0, np.float32)
    xy[4] = np.nan
    samples = [
        Sample("a", lambda: np.zeros((9, 9, 3), np.uint8), "points5", xy, np.arange(5) != 1),
        *[Sample(f"b{k}", None, mask_scheme="hair2", labels=broken) for k in range(7)],
    ]
    assert survey(samples).problems == 0
    found = survey(samples, labels=True)
    assert (found.points, found.missing, found.hidden, found.outside) == (5, 1, 1, 0)
    assert (found.problems, len(found.first_problems)) == (7, 5)
    assert found.mask_schemes == {"hair2": 7}
    with pytest.raises(JobCancelled):
        survey(samples, cancelled=lambda: True)


def test_the_data_command_counts_and_writes_splits(csv: Path, capsys: pytest.CaptureFixture[str]):
    file = csv.with_name("splits.json")
    assert cli.main(["data", f"hrnet-csv:{csv}", "--json", "--write-splits", str(file)]) == 0
    record = json.loads(capsys.readouterr().out)
    assert record["outside"] == 3
    name = next(n for n, count in record["splits"].items() if count)
    assert len(read_samples(f"hrnet-csv:{csv}:{name}@{file}")) == 2
    assert cli.main(["data", f"hrnet-csv:{csv}"]) == 0
    assert "3 outside their picture (kept)" in capsys.readouterr().out
    (csv.parent / "images/a.png").write_bytes(b"no picture")
    assert cli.main(["data", f"hrnet-csv:{csv}"]) == 2
    assert "a.png" in capsys.readouterr().out


@pytest.mark.parametrize("name", landmark_scheme_names())
@pytest.mark.parametrize("angle", [0.0, 0.7, 2.0, 3.1])
def test_mirrored_and_swapped_faces_are_told_at_any_angle(name: str, angle: float):
    scheme = load_landmark_scheme(name)
    side = [n.startswith("left") - 1.0 * n.startswith("right") for n in scheme.point_names]
    down = [1.2 * ("lip" in n or "mouth" in n or n == "chin") for n in scheme.point_names]
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    upright = np.column_stack([side, down])
    face, mirrored, swapped = (p @ turn for p in (upright, upright * (-1, 1), upright[:, ::-1]))
    profile = (upright * (-0.2, 1)) @ turn
    unknown = np.full_like(face, np.nan)
    wrong = reversed_faces(np.stack([face, mirrored, swapped, profile, unknown]), scheme)
    assert wrong.tolist() == [False, True, True, False, False]


@pytest.mark.parametrize("word", ["nan", "inf", "x", "", "1e39"])
def test_numbers_that_are_none_are_refused(word: str):
    with pytest.raises(InputError, match="list: line 3 is damaged"):
        parsed_numbers(["1", word], "list: line 3")
