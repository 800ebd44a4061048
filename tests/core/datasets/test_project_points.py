"""`project-points:` — what a person set, point by point, for dense-from-sparse training."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from core.annotations.edits import SetLandmarks, SetReviewState
from core.annotations.project import Project
from core.annotations.records import FaceRecord, LandmarkAnnotation, ReviewState, RunHeader
from core.datasets.registry import read_samples
from core.errors import InputError
from core.progress import ignore, never
from core.schemes import load_landmark_scheme
from core.training.recipe import load_recipe
from core.training.sources import open_training_data, pack
from core.training.weak.data import weak_faces

SET = (30, 36, 45)


def _shape() -> np.ndarray:
    rng = np.random.default_rng(2)
    return rng.uniform((40, 30), (80, 70), (68, 2)).astype(np.float32)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three frames, a predicted face in each: two approved, one with three points set by hand."""
    clip_folder = tmp_path / "clip"
    clip_folder.mkdir()
    picture = np.random.default_rng(1).integers(0, 256, (100, 120, 3)).astype(np.uint8)
    for frame in range(3):
        cv2.imwrite(str(clip_folder / f"{frame:03d}.png"), picture)
    xy = _shape()
    box = np.array([*xy.min(axis=0), *xy.max(axis=0)])
    with Project.create(tmp_path / "toy.lin") as project:
        clip = project.add_clip(clip_folder)
        header = RunHeader("", clip.clip_id, "predict", "r", 3, 0, 3, landmark_scheme="ibug68")
        with project.start_run(header) as writer:
            for frame in range(3):
                face = FaceRecord(4, box.astype(np.float32), 0.9, xy + frame)
                writer.append(frame, [face])
            run = writer.seal()
        project.set_active_run(clip.clip_id, run.header.run_id)
        run.close()
        moved = np.full((68, 2), np.nan, np.float32)
        moved[list(SET)] = xy[list(SET)] + 1
        edited = np.zeros(68, bool)
        edited[list(SET)] = True
        value = LandmarkAnnotation(moved, edited)
        project.apply(SetLandmarks(clip.clip_id, 4, 2, "ibug68", value), "me")
        project.apply(SetReviewState(clip.clip_id, 4, 0, 2, ReviewState.APPROVED), "me")
    return tmp_path / "toy.lin"


def test_only_points_set_by_hand_count_where_nobody_approved(folder: Path):
    samples = read_samples(f"project-points:{folder}")
    assert len(samples) == 3
    known = [np.isfinite(s.landmarks).all(axis=1) for s in samples]
    assert known[0].all()
    assert known[1].all()
    assert np.flatnonzero(known[2]).tolist() == list(SET)
    np.testing.assert_allclose(samples[2].landmarks[list(SET)], _shape()[list(SET)] + 1)
    assert samples[2].box_xyxy is not None


def test_a_sparse_faces_crop_shows_the_whole_face(folder: Path, tmp_path: Path):
    recipe = load_recipe("weak-small", ["data.stored_size=80"])
    samples = read_samples(f"project-points:{folder}")
    cache = pack(samples, recipe, tmp_path / "packed", ignore, never)
    scheme = load_landmark_scheme("ibug68")
    size = [np.ptp(x[list(SET)], axis=0).max() for x in cache.landmarks]
    assert size[2] == pytest.approx(size[0], rel=0.1)  # not blown up to fill the crop
    faces = weak_faces(cache, scheme.name, 0, 0, 0, 1)
    assert faces.dense.tolist() == [0, 1]
    assert faces.faces.tolist() == [0, 1, 2]


def test_a_project_nobody_touched_is_a_sentence(tmp_path: Path):
    with Project.create(tmp_path / "empty.lin"):
        pass
    with pytest.raises(InputError, match="no point is set by hand yet"):
        read_samples(f"project-points:{tmp_path / 'empty.lin'}")


def test_a_project_annotated_further_is_packed_anew(folder: Path, tmp_path: Path):
    recipe = load_recipe(
        "weak-small",
        [
            f'data.train=["project-points:{folder.as_posix()}"]', f"data.folder={tmp_path / 'c'}",
            "data.stored_size=48",
        ],
    )  # fmt: skip
    first, _ = open_training_data(recipe, ignore, never)
    again, _ = open_training_data(recipe, ignore, never)
    assert again.folder == first.folder
    with Project.open(folder) as project:
        (clip,) = project.clips()
        value = LandmarkAnnotation(_shape(), np.ones(68, bool))
        project.apply(SetLandmarks(clip.clip_id, 4, 2, "ibug68", value), "me")
    later, _ = open_training_data(recipe, ignore, never)
    assert np.isnan(first.landmarks[2]).any()
    assert np.isfinite(later.landmarks[2]).all()
