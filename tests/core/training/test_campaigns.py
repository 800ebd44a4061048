"""`study ffld|parts|flicker`: campaigns that stop, go on, and become tables, on toy faces."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from core import cli
from core.commands import campaign, study_flicker, study_parts
from core.datasets.face_cache import FaceCache

FFLD = (
    "input_size=48", "net.arguments.width=0.125", "net.arguments.crop_width=16",
    "data.validation_faces=40", "data.workers=0", "optimise.batch=16", "optimise.epochs=1",
    "optimise.precision=32-true", "augment.blur=0.0",
)  # fmt: skip
PARTS = (
    "input_size=48", "data.validation_faces=10", "data.workers=0", "optimise.batch=12",
    "optimise.epochs=1", "optimise.precision=32-true", "augment.blur=0.0",
)  # fmt: skip


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch):
    """No fight over cores, no measuring of backends, few and short rendered clips."""
    monkeypatch.setattr("core.inference.choice._MEASURE_S", 0.05)
    monkeypatch.delenv("LINEAMENT_HEAD", raising=False)
    for module in (study_parts, study_flicker):
        monkeypatch.setattr(module, "CLIPS", 1)
        monkeypatch.setattr(module, "FRAMES", 4)
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def _study(name: str, cache: FaceCache, folder: Path, changes: tuple[str, ...], *more: str) -> int:
    place = cache.folder.as_posix()
    arguments = ["study", name, "--out", str(folder / "work"), "--record", str(folder / "results")]
    arguments += ["--data", f"synthetic:{place}:train", "--test-data", f"synthetic:{place}:test"]
    for change in changes:
        arguments += ["--set", change]
    return cli.main([*arguments, "--device", "cpu", "-q", *more])


def _page(folder: Path, *kinds: str) -> Path:
    page = folder / "RESULTS.md"
    page.write_text("".join(f"<!-- {k} begin -->\n<!-- {k} end -->\n" for k in kinds))
    return page


def test_ffld_rows_are_trained_once_and_become_a_table(
    toy_cache: FaceCache, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys
):
    rows = ("--row", "none", "--row", "l2", "--seeds", "2")
    assert _study("ffld", toy_cache, tmp_path, FFLD, *rows) == 0
    names = {p.name for p in (tmp_path / "results").iterdir()}
    assert names == {f"ffld-ablation-{r}-seed{n}.json" for r in ("none", "l2") for n in (1, 2)}
    figures = json.loads((tmp_path / "results/ffld-ablation-l2-seed1.json").read_text())["figures"]
    assert len(figures["stages"]) == 2
    assert len(figures["by_face"].split()) == figures["faces"]
    assert figures["settings"]["net"]["start_from"] == "base-seed1"

    def refuse(*args: object, **more: object) -> None:
        raise AssertionError("a recorded run was trained again")

    monkeypatch.setattr("core.training.loop.train", refuse)
    assert _study("ffld", toy_cache, tmp_path, FFLD, *rows) == 0
    page = _page(tmp_path, "ffld")
    assert cli.main(["study", "tables", "--record", str(tmp_path / "results"), "-q"]) == 0
    (line,) = [x for x in page.read_text().splitlines() if x.startswith("| 1 stage: L2")]
    assert "±" in line
    assert "baseline trained on" in line
    assert " of 2 |" in line
    capsys.readouterr()


def test_a_record_of_other_settings_is_not_mixed_in(toy_cache: FaceCache, tmp_path: Path, capsys):
    rows = ("--row", "base", "--seeds", "1")
    assert _study("ffld", toy_cache, tmp_path, FFLD, *rows) == 0
    changed = (*FFLD, "optimise.lr=1e-5")
    assert _study("ffld", toy_cache, tmp_path, changed, *rows) == 2
    assert "other settings (optimise.lr)" in capsys.readouterr().err
    place = toy_cache.folder.as_posix()
    others = ("--test-data", f"synthetic:{place}:validation")
    assert _study("ffld", toy_cache, tmp_path, FFLD, *rows, *others) == 2
    assert "other settings (judged_on)" in capsys.readouterr().err


def test_a_stopped_campaign_goes_on_where_it_was(toy_cache: FaceCache, tmp_path: Path, capsys):
    from core.training import loop

    class Stopped(loop.JobFolder):
        """Asks for a stop at the third step, as a signal does."""

        steps = 0

        def stop_wanted(self):
            Stopped.steps += 1
            if Stopped.steps == 3:
                (self.folder / "stop").write_text("early")
                return "early"
            return None

    rows = ("--row", "base", "--seeds", "1")
    whole = tmp_path / "whole"
    assert _study("ffld", toy_cache, whole, FFLD, *rows) == 0
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loop, "JobFolder", Stopped)
        assert _study("ffld", toy_cache, tmp_path, FFLD, *rows) == 130
    assert not (tmp_path / "results").exists()
    assert _study("ffld", toy_cache, tmp_path, FFLD, *rows) == 0
    one, other = (
        json.loads((f / "results/ffld-ablation-base-seed1.json").read_text())["figures"]
        for f in (whole, tmp_path)
    )
    assert one["stages"] == other["stages"]
    capsys.readouterr()


def test_commands_side_by_side_leave_each_other_their_runs(
    toy_cache: FaceCache, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys
):
    theirs = campaign.claimed(tmp_path / "work" / "ffld-ablation" / "base-seed1")
    theirs.__enter__()
    seen: list[set[str]] = []

    def wait(seconds: float) -> None:
        """Nothing else is left to do: the other command ends."""
        seen.append({p.name for p in (tmp_path / "results").glob("*")})
        theirs.__exit__(None, None, None)

    monkeypatch.setattr(campaign.time, "sleep", wait)
    assert _study("ffld", toy_cache, tmp_path, FFLD, "--row", "base", "--seeds", "2") == 0
    assert seen == [{"ffld-ablation-base-seed2.json"}]
    assert (tmp_path / "results" / "ffld-ablation-base-seed1.json").is_file()
    capsys.readouterr()


def test_plots_of_trained_rows(toy_cache: FaceCache, tmp_path: Path, capsys):
    plots = ("--plots", str(tmp_path / "plots"))
    assert _study("ffld", toy_cache, tmp_path, FFLD, *plots) == 2
    assert "run it first" in capsys.readouterr().err
    rows = ("--row", "none", "--row", "l2-l1-both", "--seeds", "1")
    assert _study("ffld", toy_cache, tmp_path, FFLD, *rows) == 0
    assert _study("ffld", toy_cache, tmp_path, FFLD, *plots) == 0
    for name in ("error-curves", "steps", "patches"):
        picture = cv2.imread(str(tmp_path / "plots" / f"ffld-{name}.png"))
        assert picture.std() > 5.0
    # Three faces: the crop, then 4 channels of each of 3 stages.
    assert picture.shape[1] > picture.shape[0] / 3
    model = str(tmp_path / "work/ffld-ablation/l2-l1-both-seed1/model.safetensors")
    more = ("--model", model, "--plots", str(tmp_path / "one"))
    assert _study("ffld", toy_cache, tmp_path, FFLD, *more) == 0
    assert len(list((tmp_path / "one").iterdir())) == 3
    page = _page(tmp_path, "ffld", "stages")
    assert cli.main(["study", "tables", "--record", str(tmp_path / "results"), "-q"]) == 0
    rows = [x for x in page.read_text().splitlines() if "| stages | landmarks-68-ablation |" in x]
    assert ["S0" in rows[0], "S3" in rows[3], len(rows)] == [True, True, 4]
    capsys.readouterr()


def test_parts_rows_say_how_they_tremble(toy_heads: FaceCache, tmp_path: Path, capsys):
    rows = ("--row", "f16-own", "--row", "unet", "--row", "f16", "--seeds", "1")
    assert _study("parts", toy_heads, tmp_path, PARTS, *rows) == 0
    fed, still = (
        json.loads((tmp_path / f"results/parts-ablation-{n}-seed1.json").read_text())["figures"]
        for n in ("f16-own", "unet")
    )
    seen = [(row["fed"], row["hold"]) for row in fed["video"]]
    assert seen == [(False, 0.0), (True, 0.0), (True, 0.5)]
    assert [row["fed"] for row in still["video"]] == [False]
    assert 0.0 <= fed["video"][1]["rendered"]["means"]["false_changes"] <= 1.0
    assert still["parameters"] > fed["parameters"] > 10_000
    model = next((tmp_path / "work").rglob("f16-own-seed1/model.safetensors"))
    arguments = ["study", "flicker", "--model", str(model), "--out", str(tmp_path / "work")]
    assert cli.main([*arguments, "--record", str(tmp_path / "results"), "-q"]) == 0
    page = _page(tmp_path, "parts", "flicker")
    assert cli.main(["study", "tables", "--record", str(tmp_path / "results"), "-q"]) == 0
    text = page.read_text()
    assert "| f16-τ3, last mask: own answer | yes | 0.5 | 1 |" in text
    assert "| f16-τ3, stills | no | 0 | 1 |" in text
    assert text.count("| flicker: parts-ablation |") == 3
    capsys.readouterr()


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        (("--row", "four"), "no row 'four'"),
        (("--preset", "huge"), "no preset 'huge'"),
        (("--seeds", "0"), "1 or more"),
    ],
)
def test_what_does_not_fit_is_a_sentence(
    toy_cache: FaceCache, tmp_path: Path, capsys, more: tuple[str, ...], sentence: str
):
    assert _study("ffld", toy_cache, tmp_path, FFLD, *more) == 2
    assert sentence in capsys.readouterr().err


def test_flicker_without_a_detector_is_a_sentence(tmp_path: Path, capsys):
    arguments = ["study", "flicker", "--model", "parts", "--clip", "a.mp4", "-q"]
    assert cli.main(arguments) == 2
    assert "one --detector" in capsys.readouterr().err


def test_data_and_test_data_belong_together(toy_cache: FaceCache, tmp_path: Path, capsys):
    arguments = ["study", "ffld", "--out", str(tmp_path), "--record", str(tmp_path), "-q"]
    assert cli.main([*arguments, "--data", f"synthetic:{toy_cache.folder.as_posix()}"]) == 2
    assert "--test-data" in capsys.readouterr().err


def test_rows_hold_together():
    from core.commands.study_ffld import ROWS

    assert "width=64" in str(study_parts.rows_of("paper"))
    for rows in (ROWS, study_parts.rows_of("ablation"), study_parts.rows_of("paper")):
        names = [row.name for row in rows]
        assert len(set(names)) == len(names)
        for row in rows:
            assert row.after in ("", *names)
            assert row.against in ("", *names)
            assert names.index(row.after or row.name) <= names.index(row.name)


def test_all_subjects_of_the_rendered_study_differ():
    from core.commands.campaign import SEED
    from core.datasets.render_cache import face_seed

    seeds = [face_seed(SEED, number) for number in range(11_000)]
    assert len(np.unique(seeds)) == len(seeds)
