"""What is shown beside another run: matched faces, distances, masks that follow the points."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from core.annotations.derived_masks import is_outdated
from core.annotations.differences import (
    differences,
    landmark_distance,
    mask_disagreement,
    point_distances,
)
from core.annotations.point_edits import SetPoints
from core.annotations.project import Project
from core.annotations.records import FaceRecord, RunHeader, Source
from core.faces.correction.template import placed_by_eyes
from core.masks.from_landmarks import face5_from_landmarks
from core.masks.label_map import LabelMap
from core.schemes import load_landmark_scheme

EYES_APART = 40.0
SHAPE = np.array([[100, 100], [140, 100], [120, 120], [105, 140], [135, 140]], np.float32)
POINTS5 = load_landmark_scheme("points5")


def face(shift: float = 0.0, track: int = 0) -> FaceRecord:
    """Five points, 40 pixels between the eyes, moved to the right."""
    landmarks = SHAPE + np.array([shift, 0], np.float32)
    box = np.array([90 + shift, 90, 150 + shift, 150], np.float32)
    return FaceRecord(track, box, 0.9, landmarks=landmarks)


def write(project: Project, clip_id: str, run_id: str, faces_of: Any, **header: Any) -> None:
    known = {"kind": "predict", "title": run_id, "frames": 1000, "start": 0, "stop": 20}
    known |= {"landmark_scheme": "points5"} | header
    writer = project.start_run(RunHeader(run_id=run_id, clip_id=clip_id, **known))
    for frame in range(20):
        writer.append(frame, faces_of(frame))
    writer.seal().close()


@dataclass
class Shown:
    """A project's clip as `differences` asks for it."""

    project: Project
    clip_id: str

    def tracks(self):
        return [track.track_id for track in self.project.tracks(self.clip_id)]

    def column(self, track_id, name, start, stop):
        return self.project.shown_column(self.clip_id, track_id, name, start, stop)

    def decided_frames(self):
        return self.project.annotated_frames(self.clip_id)

    def faces(self, frame_idx):
        return self.project.shown(self.clip_id, frame_idx, masks=False)


def compared(project: Project, clip_id: str, run_id: str):
    other = project.other_run(clip_id, run_id)
    try:
        return differences(Shown(project, clip_id), other, (POINTS5, POINTS5), 0, 20)
    finally:
        other.close()


def place(clip_id: str, frame: int, scheme: str, points: np.ndarray) -> SetPoints:
    """A person puts every landmark of the face somewhere."""
    count = len(points)
    sources = np.full(count, Source.PERSON, np.uint8)
    return SetPoints(
        clip_id, 0, frame, scheme, np.ones(count, np.bool_), points.astype(np.float32), sources
    )


def test_a_run_moved_by_two_pixels_differs_by_five_percent_of_the_eyes(project, clip):
    write(project, clip.clip_id, "a", lambda _: [face()])
    write(project, clip.clip_id, "b", lambda _: [face(2.0)])
    found = compared(project, clip.clip_id, "b")
    assert found.distance == pytest.approx(100 * 2 / EYES_APART)
    assert not found.lonely.any()


def test_tracks_of_the_other_run_are_matched_by_overlap_and_nothing_is_stored(project, clip):
    write(project, clip.clip_id, "a", lambda _: [face(0, 0), face(300, 1)])
    write(project, clip.clip_id, "b", lambda _: [face(301, 0), face(1, 1)])
    before = project.digest()
    assert compared(project, clip.clip_id, "b").distance == pytest.approx(2.5)
    other = project.other_run(clip.clip_id, "b")
    assert [f.track_id for f in other.frame(3)] == [0, 1]
    assert other.frame(3)[0].landmarks[0, 0] == 101
    other.close()
    assert project.digest() == before


def test_a_face_on_one_side_only_is_lonely(project, clip):
    write(project, clip.clip_id, "a", lambda _: [face()])
    write(project, clip.clip_id, "b", lambda frame: [face()] if frame < 5 else [])
    found = compared(project, clip.clip_id, "b")
    assert not found.lonely[:5].any()
    assert found.lonely[5:].all()
    assert np.isnan(found.distance[5:]).all()


def test_the_shown_run_against_itself_shows_what_people_corrected(project, clip):
    write(project, clip.clip_id, "a", lambda _: [face()])
    project.apply(place(clip.clip_id, 7, "points5", SHAPE + np.array([4.0, 0.0])), "ada")
    found = compared(project, clip.clip_id, "a")
    assert found.distance[7] == pytest.approx(10.0)
    assert np.delete(found.distance, 7) == pytest.approx(0.0)


def test_a_missing_point_is_left_out_and_no_point_at_all_is_nan():
    a = np.stack([SHAPE, SHAPE, SHAPE])
    b = a + np.array([[[4, 0]], [[0, 2]], [[0, 0]]], np.float32)
    b[0, 1] = np.nan
    b[2] = np.nan
    found = landmark_distance(a, b, POINTS5, POINTS5)
    assert found[:2] == pytest.approx([10.0, 5.0])
    assert np.isnan(found[2])


def test_other_schemes_are_compared_where_points_have_the_same_name():
    ibug, inner = load_landmark_scheme("ibug68"), load_landmark_scheme("inner41")
    xy = np.random.default_rng(0).normal(size=(68, 2))
    inner_xy = ibug.convert(xy, inner)
    apart = point_distances(inner_xy, xy, inner, ibug)
    assert apart[np.isfinite(apart)] == pytest.approx(0.0)
    assert np.isfinite(apart).sum() == 41


def test_landmarks_without_known_names_are_not_compared():
    assert np.isnan(landmark_distance(SHAPE, SHAPE, None, POINTS5))
    assert np.isnan(landmark_distance(SHAPE[:4], SHAPE, POINTS5, POINTS5))


def test_masks_disagree_by_the_share_of_pixels_either_has():
    ones = np.ones((4, 4), np.uint8)
    assert mask_disagreement(LabelMap(ones, 0, 0), LabelMap(ones, 0, 0)) == 0
    assert mask_disagreement(LabelMap(ones, 0, 0), LabelMap(ones, 2, 0)) == pytest.approx(2 / 3)
    assert np.isnan(mask_disagreement(LabelMap(0 * ones, 0, 0), LabelMap(0 * ones, 9, 9)))


IBUG = load_landmark_scheme("ibug68")


def round_face(shift: float = 0.0) -> np.ndarray:
    """The mean face, its eyes 80 pixels apart."""
    placed = placed_by_eyes(
        IBUG, np.array([180.0 + shift, 200.0]), np.array([260.0 + shift, 200.0])
    )
    return placed.astype(np.float32)


def derived_run(project: Project, clip_id: str) -> None:
    points = round_face()
    box = np.concatenate([points.min(axis=0), points.max(axis=0)]).astype(np.float32)
    record = FaceRecord(
        0, box, 0.9, landmarks=points,
        label_maps={
            "face5": face5_from_landmarks(points, (480, 640)),
            "helen11": LabelMap(np.ones((5, 5), np.uint8), 0, 0),
        },
    )  # fmt: skip
    write(
        project, clip_id, "a", lambda _: [record], landmark_scheme="ibug68",
        mask_schemes=("face5", "helen11"), settings={"derived_masks": ["face5"]},
    )  # fmt: skip


def test_a_derived_mask_follows_the_points_a_person_moved(project, clip):
    derived_run(project, clip.clip_id)
    moved = round_face(9.0)
    project.apply(place(clip.clip_id, 3, "ibug68", moved), "ada")
    shown = project.shown(clip.clip_id, 3)[0]
    assert shown.label_maps["face5"] == face5_from_landmarks(moved, (480, 640))
    assert shown.label_map_sources["face5"] == Source.DERIVED
    untouched = project.shown(clip.clip_id, 4)[0]
    assert untouched.label_maps["face5"] == face5_from_landmarks(round_face(), (480, 640))
    project.undo()
    assert project.shown(clip.clip_id, 3)[0].label_maps == untouched.label_maps


def test_a_net_s_mask_is_outdated_once_points_are_moved(project, clip):
    derived_run(project, clip.clip_id)
    assert not is_outdated(project.shown(clip.clip_id, 3)[0], "helen11")
    project.apply(place(clip.clip_id, 3, "ibug68", round_face(9.0)), "ada")
    shown = project.shown(clip.clip_id, 3)[0]
    assert is_outdated(shown, "helen11")
    assert not is_outdated(shown, "face5")


def test_without_a_point_it_needs_there_is_no_derived_mask(project, clip):
    derived_run(project, clip.clip_id)
    points = round_face()
    points[8] = np.nan
    project.apply(place(clip.clip_id, 3, "ibug68", points), "ada")
    assert "face5" not in project.shown(clip.clip_id, 3)[0].label_maps
