"""Comparison on clips with models whose behaviour is known."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from core.evaluation.clip_sheet import (
    COLUMNS,
    OWN_RGB,
    PEER_RGB,
    TILE,
    draw_sheet,
    worst_frames,
    write_sheet,
)
from core.evaluation.clips import ClipPoints, compare_on_clips, look_at_clip
from core.faces.detection import _HULLS, Detection
from core.geometry import apply_affine, invert_affine
from core.inference.prediction import FacePrediction
from core.nets.model_card import BoxRule
from core.schemes import load_landmark_scheme

SCHEME = load_landmark_scheme("ibug68")


def _shape() -> np.ndarray:
    """68 points, eye corners 40 px apart."""
    xy = np.random.default_rng(0).uniform(0, 100, (68, 2))
    xy[36], xy[45] = (30, 40), (70, 40)
    xy[62], xy[66] = (50, 70), (50, 80)
    return xy


def _clip(own_off: np.ndarray) -> ClipPoints:
    """30 still frames; the own model is off by `own_off` (30, 2)."""
    peer = np.tile(_shape(), (30, 1, 1))
    own = peer + own_off[:, None]
    boxes = np.tile([0.0, 0, 100, 100], (30, 1))
    return ClipPoints("toy", boxes, own, peer, own + np.array([4.0, 0.0]), own)


def test_figures_are_shares_of_the_peers_eye_distance():
    found = compare_on_clips([_clip(np.tile([0.0, 2.0], (30, 1)))])
    assert found["frames"] == 30
    assert found["distance_median"] == pytest.approx(2 / 40)
    assert found["flip_median"] == pytest.approx(4 / 40)
    assert found["jitter_median"] == 0.0
    assert found["flicker"] == pytest.approx(0.0, abs=1e-12)


def test_trembling_counts_only_while_the_box_is_still():
    shake = np.where(np.arange(30)[:, None] % 2, [1.0, 0.0], [0.0, 0.0])
    clip = _clip(shake)
    assert compare_on_clips([clip])["flicker"] == pytest.approx(2 / 40)
    clip.boxes[:] += 20.0 * np.arange(30)[:, None]
    assert np.isnan(compare_on_clips([clip])["clips"][0]["flicker"])


def test_openings_correlate_with_the_peers():
    clip = _clip(np.zeros((30, 2)))
    gap = 5 * np.sin(np.arange(30))
    clip.peer[:, 66, 1] += gap
    clip.own[:, 66, 1] += 0.5 * gap
    assert compare_on_clips([clip])["opening_correlation"]["mouth"] == pytest.approx(1.0)
    clip.own[:, 66, 1] -= gap
    assert compare_on_clips([clip])["opening_correlation"]["mouth"] == pytest.approx(-1.0)


class _Finder:
    """Finds the brightest spot, unless the picture is dark."""

    name = "finder"

    def detect(self, rgb, thorough=False):  # type: ignore[no-untyped-def]
        if rgb.max() < 100:
            return []
        y, x = np.unravel_index(rgb[..., 0].argmax(), rgb.shape[:2])
        hull = np.array([x - 20.0, y - 20, x + 20, y + 20])
        return [Detection(_HULLS["yunet"].box(hull), 0.9, "yunet")]


class _Net:
    """Says that all points lie at the crop's centre, or at a fixed pixel of the crop."""

    def __init__(self, where: float | None) -> None:
        self.card = SimpleNamespace(scheme="ibug68", box_rule=BoxRule(scale=1.2), input_hw=(48, 48))
        self.scheme = SCHEME
        self._where = where

    def predict_batch(self, faces):  # type: ignore[no-untyped-def]
        point = np.full((68, 2), 23.5 if self._where is None else self._where)
        return [FacePrediction(1.0, apply_affine(invert_affine(m), point)) for _, m in faces]


def test_both_nets_see_the_detected_box_and_dark_frames_are_left_out(tmp_path: Path):
    for index in range(4):
        image = np.zeros((80, 90, 3), np.uint8)
        if index != 2:
            image[40, 30 + index] = 255
        cv2.imwrite(str(tmp_path / f"{index}.png"), image)
    seen = look_at_clip(tmp_path, _Net(None), _Net(10.0), _Finder(), frames=10)  # type: ignore[arg-type]
    np.testing.assert_allclose(seen.own[3, 0], [33, 40], atol=1e-6)
    np.testing.assert_allclose(seen.own[1], seen.mirrored[1], atol=1e-6)
    assert np.isnan(seen.own[2]).all()
    assert np.isnan(seen.boxes[2]).all()
    assert np.linalg.norm(seen.peer[0, 0] - seen.own[0, 0]) > 5


def test_the_worst_frames_come_first_and_are_no_neighbours():
    shake = np.zeros((30, 2))
    shake[[3, 4, 20], 0] = 8.0, 12.0, 4.0
    calm = _clip(np.tile([1.0, 0.0], (30, 1)))
    worst = worst_frames([calm, _clip(shake)], 4)
    assert [(w.clip, w.frame) for w in worst[:2]] == [(1, 4), (1, 20)]
    assert worst[0].distance == pytest.approx(12 / 40)
    assert [w.clip for w in worst[2:]] == [0, 0]  # frame 3 of the other lies beside its frame 4
    assert abs(worst[3].frame - worst[2].frame) >= 5


def test_a_sheet_shows_both_models_points(tmp_path: Path):
    for t in range(3):
        cv2.imwrite(str(tmp_path / f"{t}.png"), np.full((120, 120, 3), 90, np.uint8))
    boxes = np.tile([10.0, 10, 110, 110], (3, 1))
    peer = np.tile(np.full((68, 2), 40.0), (3, 1, 1))
    peer[:, 45] = (80, 40)
    own = peer + 20.0
    clip = ClipPoints("toy", boxes, own, peer, own, own)
    sheet = draw_sheet([tmp_path], [clip], worst_frames([clip]))
    assert sheet.shape == (TILE, COLUMNS * TILE, 3)
    zoom = TILE / 150
    for xy, colour in ((40.0, PEER_RGB), (60.0, OWN_RGB)):
        at = round((TILE - 1) / 2 + zoom * (xy - 60))
        np.testing.assert_array_equal(sheet[at, at], colour)
    assert sheet[:, TILE:].max() == 0  # the frames are neighbours: one tile
    written = write_sheet(tmp_path / "look", sheet)
    assert written == tmp_path / "look" / "worst-frames.jpg"
    assert cv2.imread(str(written)).shape == sheet.shape
