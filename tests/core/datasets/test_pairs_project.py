"""Label pairs, and what a person approved in a project, as samples."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from core.annotations.edits import AddFace, SetLandmarks, SetReviewState
from core.annotations.project import Project
from core.annotations.records import FaceRecord, LandmarkAnnotation, ReviewState, RunHeader
from core.datasets.registry import read_samples
from core.errors import InputError
from core.video.images import write_png_indexed


@pytest.fixture
def pairs(tmp_path: Path) -> Path:
    """One picture of 12 × 10 px with hair2 labels."""
    for name in ("images", "labels"):
        (tmp_path / name).mkdir()
    cv2.imwrite(str(tmp_path / "images/a.jpg"), np.zeros((10, 12, 3), np.uint8))
    _write_labels(tmp_path, np.eye(10, 12, dtype=np.uint8))
    (tmp_path / "scheme.txt").write_text("hair2\n", encoding="utf-8")
    return tmp_path


def _write_labels(folder: Path, labels: np.ndarray) -> None:
    palette = np.zeros((256, 3), np.uint8)
    write_png_indexed(folder / "labels/a.png", labels, palette)


def test_pairs_are_read_with_their_scheme(pairs: Path):
    (sample,) = read_samples(f"pairs:{pairs}")
    assert sample.mask_scheme == "hair2"
    assert sample.labels is not None
    np.testing.assert_array_equal(sample.labels(), np.eye(10, 12))


def test_wrong_pairs_are_sentences_that_name_the_file(pairs: Path):
    (sample,) = read_samples(f"pairs:{pairs}")
    assert sample.labels is not None
    _write_labels(pairs, np.full((10, 12), 7, np.uint8))
    with pytest.raises(InputError, match=r"a\.png: holds label 7; hair2 has 0 … 1"):
        sample.labels()
    _write_labels(pairs, np.zeros((5, 12), np.uint8))
    with pytest.raises(InputError, match=r"12×5 px, its picture 12×10"):
        sample.labels()
    (pairs / "labels/a.png").unlink()
    with pytest.raises(InputError, match=r"lacks labels/a\.png"):
        read_samples(f"pairs:{pairs}")
    (pairs / "scheme.txt").unlink()
    with pytest.raises(InputError, match=r"scheme\.txt"):
        read_samples(f"pairs:{pairs}")
    (pairs / "labels").rmdir()
    with pytest.raises(InputError, match="0 folders called labels"):
        read_samples(f"pairs:{pairs}")


@pytest.fixture
def project_folder(tmp_path: Path) -> Path:
    """A project with a face on frames 0 and 2 of a three-picture clip, frame 2 approved."""
    clip_folder = tmp_path / "clip"
    clip_folder.mkdir()
    for index in range(3):
        image = np.full((40, 50, 3), 60 * index, np.uint8)
        cv2.imwrite(str(clip_folder / f"{index:03d}.png"), image)
    points = np.random.default_rng(0).uniform(5, 35, (68, 2)).astype(np.float32)
    with Project.create(tmp_path / "toy.lin") as project:
        clip = project.add_clip(clip_folder)
        for frame in (0, 2):
            value = LandmarkAnnotation(points + frame, np.ones(68, bool))
            project.apply(
                AddFace(clip.clip_id, 4, frame, np.array([5, 5, 35, 35], np.float32)), "me"
            )
            project.apply(SetLandmarks(clip.clip_id, 4, frame, "ibug68", value), "me")
        project.apply(SetReviewState(clip.clip_id, 4, 2, 3, ReviewState.APPROVED), "me")
    return tmp_path / "toy.lin"


def test_only_approved_faces_of_a_project_are_samples(project_folder: Path):
    (sample,) = read_samples(f"project:{project_folder}")
    assert sample.name.endswith("#2/4")
    assert sample.scheme == "ibug68"
    expected = np.random.default_rng(0).uniform(5, 35, (68, 2)).astype(np.float32) + 2
    np.testing.assert_allclose(sample.landmarks, expected)
    assert sample.rgb().shape == (40, 50, 3)
    assert int(sample.rgb()[0, 0, 0]) == 120


def test_edited_faces_of_a_project_are_samples_where_asked_for(project_folder: Path):
    samples = read_samples(f"project-edited:{project_folder}")
    assert [s.name.rpartition("#")[2] for s in samples] == ["0/4", "2/4"]


def test_a_prediction_approved_as_it_is_is_a_sample_too(project_folder: Path):
    """A person who finds a prediction right presses M, and has said all there is to say."""
    with Project.open(project_folder) as project:
        (clip,) = project.clips()
        header = RunHeader("", clip.clip_id, "predict", "", 3, 0, 3, landmark_scheme="ibug68")
        run = project.start_run(header)
        points = np.full((68, 2), 7.0, np.float32)
        run.append(1, [FaceRecord(4, np.array([5, 5, 9, 9], np.float32), 0.9, points)])
        run.seal().close()
        assert len(read_samples(f"project:{project_folder}")) == 1
        project.apply(SetReviewState(clip.clip_id, 4, 1, 2, ReviewState.APPROVED), "me")
    first, _ = read_samples(f"project:{project_folder}")
    assert first.name.endswith("#1/4")
    np.testing.assert_array_equal(first.landmarks, points)


def test_projects_without_approved_faces_or_clips_are_sentences(project_folder: Path):
    (project_folder.parent / "clip").rename(project_folder.parent / "moved")
    with pytest.raises(InputError, match=r"lacks .*clip"):
        read_samples(f"project:{project_folder}")
    with Project.create(project_folder.parent / "empty.lin"):
        pass
    with pytest.raises(InputError, match="no face is approved"):
        read_samples(f"project:{project_folder.parent / 'empty.lin'}")
    with pytest.raises(InputError, match="no face is edited"):
        read_samples(f"project-edited:{project_folder.parent / 'empty.lin'}")
