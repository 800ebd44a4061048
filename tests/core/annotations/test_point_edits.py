"""Edits of some of a face's points leave the others as they are, and are undone exactly."""

from pathlib import Path

import numpy as np
import pytest

from core.annotations.edits import CompositeEdit, DeleteFace, SetReviewState
from core.annotations.point_edits import ResetPoints, SetPoints
from core.annotations.project import Project
from core.annotations.records import FaceRecord, ReviewState, RunHeader, Source
from core.video.writer import VideoWriter

POINTS = np.arange(10, dtype=np.float32).reshape(5, 2)


@pytest.fixture
def project(tmp_path: Path):
    """A clip of four frames; a run has a face of five points on the first three."""
    with VideoWriter(tmp_path / "a.mp4", 32, 32, 25) as writer:
        for _ in range(4):
            writer.write(np.zeros((32, 32, 3), np.uint8))
    with Project.create(tmp_path / "a.lin") as project:
        clip = project.add_clip(tmp_path / "a.mp4")
        header = RunHeader("", clip.clip_id, "predict", "", 4, 0, 4, landmark_scheme="points5")
        run = project.start_run(header)
        for frame in range(4):
            face = FaceRecord(0, np.array([0, 0, 9, 9], np.float32), 0.9, POINTS.copy())
            run.append(frame, [face] if frame < 3 else [])
        run.seal()
        yield project


def set_points(project, members, points, frame=0, **options):
    mask = np.isin(np.arange(5), members)
    values = np.full((5, 2), np.nan, np.float32)
    values[mask] = points
    sources = np.full(5, options.pop("source", Source.PERSON), np.uint8)
    return SetPoints(clip_of(project), 0, frame, "points5", mask, values, sources, **options)


def clip_of(project):
    return project.clips()[0].clip_id


def shown(project, frame=0):
    return project.shown(clip_of(project), frame)[0]


def test_points_are_decided_one_by_one(project):
    project.apply(set_points(project, [1], [50, 50]), "me")
    project.apply(set_points(project, [3], [60, 60], by_hand=False, source=Source.FLOW), "me")
    face = shown(project)
    assert face.landmarks.tolist() == [[0, 1], [50, 50], [4, 5], [60, 60], [8, 9]]
    assert face.edited.tolist() == [False, True, False, False, False]
    assert face.point_sources.tolist() == [0, 4, 0, 1, 0]
    assert face.review == ReviewState.EDITED


def test_corrected_frames_are_those_with_points_set_by_hand(project):
    project.apply(set_points(project, [1], [50, 50], frame=2), "me")
    project.apply(set_points(project, [1], [50, 50], frame=1, by_hand=False), "me")
    assert project.corrected_frames(clip_of(project), 0).tolist() == [2]
    assert project.corrected_frames(clip_of(project), 1).tolist() == []
    project.undo()
    project.undo()
    assert project.corrected_frames(clip_of(project), 0).tolist() == []


def test_a_deleted_point_is_decided_to_be_missing(project):
    project.apply(set_points(project, [2], [np.nan, np.nan], by_hand=False), "me")
    assert np.isnan(shown(project).landmarks[2]).all()


def test_visibility_is_said_of_chosen_points_only(project):
    hidden = np.array([True, False, True, True, True])
    project.apply(set_points(project, [1], [2, 3], visible=hidden), "me")
    project.apply(set_points(project, [4], [8, 9], visible=np.zeros(5, bool)), "me")
    assert shown(project).visible.tolist() == [True, False, True, True, False]


def test_taking_points_back_shows_the_run_again_and_leaves_no_row(project):
    project.apply(set_points(project, [1, 2], [[50, 50], [60, 60]]), "me")
    project.apply(ResetPoints(clip_of(project), 0, 0, "points5", np.eye(5, dtype=bool)[1]), "me")
    assert shown(project).landmarks[1:3].tolist() == [[2, 3], [60, 60]]
    project.apply(ResetPoints(clip_of(project), 0, 0, "points5", np.ones(5, bool)), "me")
    assert project.annotation(clip_of(project), 0, 0).landmarks == {}
    assert np.array_equal(shown(project).landmarks, POINTS)


def test_a_face_can_be_added_but_not_against_what_was_said(project):
    clip = clip_of(project)
    points = set_points(project, range(5), POINTS, frame=3, adds_face=True)
    project.apply(points, "me")
    assert shown(project, 3).landmarks.tolist() == POINTS.tolist()
    assert project.presence_column(clip, 0, 0, 4).tolist() == [0, 0, 0, 1]
    project.apply(DeleteFace(clip, 0, 3, 4), "me")
    project.apply(points, "me")
    assert project.shown(clip, 3) == []


def test_bulk_edits_leave_approved_frames_alone(project):
    project.apply(SetReviewState(clip_of(project), 0, 1, 2, ReviewState.APPROVED), "me")
    edits = tuple(set_points(project, [0], [70, 70], frame=frame) for frame in range(3))
    applied = project.apply(CompositeEdit("copy landmarks", edits), "me")
    assert applied.skipped == 1
    assert [shown(project, frame).landmarks[0, 0] for frame in range(3)] == [70, 0, 70]


def test_another_number_of_points_is_refused(project):
    project.apply(set_points(project, [0], [1, 1]), "me")
    other = SetPoints(
        clip_of(project), 0, 0, "points5", np.ones(3, bool), np.zeros((3, 2), np.float32),
        np.zeros(3, np.uint8),
    )  # fmt: skip
    with pytest.raises(ValueError, match="5 points"):
        project.apply(other, "me")


def test_every_kind_is_undone_and_redone_exactly(project):
    edits = (
        set_points(project, [1], [50, 50]),
        set_points(project, [1, 2], [[5, 5], [6, 6]], visible=np.zeros(5, bool)),
        set_points(project, range(5), POINTS, frame=3, adds_face=True),
        ResetPoints(clip_of(project), 0, 0, "points5", np.eye(5, dtype=bool)[1]),
    )
    digests = [project.digest()]
    for edit in edits:
        project.apply(edit, "me")
        digests.append(project.digest())
    assert len(set(digests)) == 5
    for digest in digests[-2::-1]:
        project.undo()
        assert project.digest() == digest
    for digest in digests[1:]:
        project.redo()
        assert project.digest() == digest
