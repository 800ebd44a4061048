"""Nets that are fed their last mask: what they get, when they start afresh, and resumed runs."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from core.annotations.project import Project
from core.errors import JobCancelled, StoreError
from core.inference.mask_memory import MaskMemory
from core.inference.parsing_predictor import ParsingPredictor, moved_labels
from core.inference.pipeline import predict_clip
from core.inference.prediction import LastMask
from core.inference.predictor import load_predictor
from core.nets import registry
from core.nets.model_card import BoxRule, ModelCard
from core.nets.model_file import save_model
from tests.core.inference.blob_model import BlobDetector, draw, write_clip, write_model

COUNT = 300
SIDE = 32
FRAME = np.zeros((100, 100, 3), np.uint8)
MATRIX = np.array([[0.5, 0.0, 0.0], [0.0, 0.5, 0.0]])


class Growing(torch.nn.Module):
    """Two classes: what was class 1 stays so, and one more column from the left joins it."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        before = x[:, 4:5]
        grown = torch.nn.functional.pad(before[..., :-1], (1, 0), value=1.0)
        return torch.cat([0.5 + 0 * grown, grown], dim=1)


@pytest.fixture
def growing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A model file with a `Growing` net."""
    monkeypatch.setitem(registry.NETS, "growing", lambda previous_channels: Growing())
    path = tmp_path / "growing.safetensors"
    save_model(path, _card(2), {"unused": torch.zeros(1)})
    monkeypatch.setattr(Growing, "load_state_dict", lambda self, state: None)
    return path


def _card(previous: int, hold: float = 0.0) -> ModelCard:
    return ModelCard(
        name="growing", task="parsing", architecture="growing", mask_scheme="hair2",
        arguments={"previous_channels": previous}, input_hw=(SIDE, SIDE), outputs=("logits",),
        box_rule=BoxRule(scale=1.5), hold=hold,
    )  # fmt: skip


def _columns(predictor: ParsingPredictor, last: LastMask | None) -> tuple[int, LastMask]:
    (found,) = predictor.predict_batch([(FRAME, MATRIX)], [last])
    assert found.last_mask is not None
    return int(found.last_mask.labels[0].sum()), found.last_mask


def test_each_look_sees_what_the_last_one_said(growing: Path):
    predictor = load_predictor(growing, "cpu")
    assert isinstance(predictor, ParsingPredictor)
    assert predictor.feedback
    last = None
    for expected in (1, 2, 3, 4):
        columns, last = _columns(predictor, last)
        assert columns == expected
    assert _columns(predictor, None)[0] == 1


def test_a_card_that_holds_keeps_what_is_nearly_even(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, growing: Path
):
    """The net would give each pixel to class 1 where the column before was: by 0.5 of a logit."""
    path = tmp_path / "holding.safetensors"
    for hold, second in ((0.0, 2), (0.4, 2), (0.6, 1)):
        save_model(path, _card(2, hold), {"unused": torch.zeros(1)})
        predictor = load_predictor(path, "cpu", backend="torch-fp32")
        assert isinstance(predictor, ParsingPredictor)
        columns, last = _columns(predictor, None)  # without a last mask nothing is held
        assert columns == 1
        assert _columns(predictor, last)[0] == second


def test_only_a_net_that_is_fed_can_hold():
    with pytest.raises(StoreError, match="hold needs a net that is fed"):
        _card(0, 0.5)


def test_a_last_mask_moves_with_the_frame_not_the_crop():
    labels = np.zeros((SIDE, SIDE), np.uint8)
    labels[10:14, 6:9] = 1
    moved_crop = MATRIX + np.array([[0.0, 0.0, 5.0], [0.0, 0.0, -3.0]])
    moved = moved_labels(LastMask(labels, MATRIX), moved_crop, (SIDE, SIDE))
    np.testing.assert_array_equal(moved[7:11, 11:14], 1)
    assert moved.sum() == 12


def test_a_card_whose_feedback_does_not_fit_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, growing: Path
):
    path = tmp_path / "wrong.safetensors"
    save_model(path, _card(5), {"unused": torch.zeros(1)})
    with pytest.raises(StoreError, match="fed 5 classes where its scheme 'hair2' has 2"):
        load_predictor(path, "cpu")


class TestMaskMemory:
    KEY = ("hair2", 7)
    MASK = LastMask(np.eye(8, dtype=np.uint8), MATRIX + 1 / 3)

    def test_a_mask_serves_the_next_frame_only_and_no_cut(self):
        memory = MaskMemory()
        memory.keep(self.KEY, 10, self.MASK)
        assert memory.recall(self.KEY, 11, cut=False) is self.MASK
        assert memory.recall(self.KEY, 11, cut=True) is None
        assert memory.recall(self.KEY, 12, cut=False) is None
        assert memory.recall(("hair2", 8), 11, cut=False) is None

    def test_its_state_is_exact_small_json(self):
        memory, other = MaskMemory(), MaskMemory()
        memory.keep(self.KEY, 10, self.MASK)
        text = json.dumps(memory.state())
        assert len(text) < 600
        other.restore(json.loads(text))
        found = other.recall(self.KEY, 11, cut=False)
        assert found is not None
        np.testing.assert_array_equal(found.labels, self.MASK.labels)
        np.testing.assert_array_equal(found.matrix, self.MASK.matrix)

    def test_what_is_old_is_forgotten(self):
        memory = MaskMemory()
        for track in range(50):
            memory.keep(("hair2", track), track, self.MASK)
        assert len(memory.state()) <= 2


@pytest.fixture
def project(tmp_path: Path):
    """A clip of one still disc, with a cut (a flash) before frame 120."""

    def picture(i: int) -> np.ndarray:
        frame = draw([(60.0, 48.0, 16.0)])
        return frame if i < 120 else np.maximum(frame, np.uint8(70))

    folder = write_clip(tmp_path / "disc", map(picture, range(COUNT)))
    with Project.create(tmp_path / "p.lin") as project:
        project.add_clip(folder)
        yield project


def _frames_done(project: Project, clip_id: str) -> int:
    run = project.open_run(project.runs(clip_id)[-1].run_id)
    done = run.frames_done
    run.close()
    return done


def _sizes(project: Project, run_id: str) -> list[int]:
    run = project.open_run(run_id)
    maps = [run.frame(i)[0].label_maps["hair2"] for i in range(COUNT)]
    run.close()
    return [int(one.labels.sum()) for one in maps]


def test_masks_are_fed_through_a_clip_afresh_after_cuts_and_the_same_when_resumed(
    project: Project, growing: Path, tmp_path: Path
):
    nets = [load_predictor(write_model(tmp_path / "b.onnx"), "cpu"), load_predictor(growing, "cpu")]
    clip_id = project.clips()[0].clip_id
    whole = predict_clip(project, clip_id, nets, BlobDetector(), masks=False)
    sizes = _sizes(project, whole.run_id)
    assert sizes[0] < sizes[5] < sizes[20]  # grows frame by frame, also within a batch
    assert sizes[120] == sizes[0]  # nothing is fed across the cut
    assert sizes[257] > sizes[120]  # but it is across the end of a segment

    parser = nets[1]
    calls = []

    def stop_late() -> bool:
        """Once the net is in the last segment and the one before is on disk."""
        return len(calls) > 262 and _frames_done(project, clip_id) >= 256

    plain = parser.predict_batch
    parser.predict_batch = lambda *given: (calls.append(1), plain(*given))[1]
    with pytest.raises(JobCancelled):
        predict_clip(
            project, clip_id, nets, BlobDetector(), masks=False, cancelled=stop_late, restart=True
        )
    parser.predict_batch = plain
    again = predict_clip(project, clip_id, nets, BlobDetector(), masks=False)
    assert again.resumed_at == 256
    assert _sizes(project, again.run_id) == sizes
