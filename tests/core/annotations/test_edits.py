"""What each edit does to what is shown, and that approved frames are left alone."""

from __future__ import annotations

import numpy as np
import pytest

from core.annotations.edits import (
    FOREVER,
    AddFace,
    CompositeEdit,
    DeleteFace,
    SetBox,
    SetLandmarks,
    SetMask,
    SetReviewState,
    SetTrack,
)
from core.annotations.mask_patch import MaskPatch
from core.annotations.records import LandmarkAnnotation, ReviewState, Source
from core.annotations.rows import mask_to_row
from core.annotations.track_edits import MergeTracks, SplitTrack, SwapTracks, remap
from core.masks.label_map import LabelMap

FRAME = 50
"""Both people are there."""


@pytest.fixture
def predicted(project, clip, samples):
    """`project` with a sealed run of 200 frames."""
    header = samples.header(clip_id=clip.clip_id, run_id="r1")
    writer = project.start_run(header)
    for frame in range(200):
        writer.append(frame, samples.faces(frame))
    writer.seal().close()
    return project


def decided(samples, *edited: int) -> LandmarkAnnotation:
    """Points `edited` set by hand to (7, 9), the others left to the run."""
    points = np.full((samples.points, 2), np.nan, np.float32)
    points[list(edited)] = 7, 9
    flags = np.zeros(samples.points, np.bool_)
    flags[list(edited)] = True
    return LandmarkAnnotation(points, flags)


def shown(project, clip, track: int, frame: int = FRAME):
    return next((f for f in project.shown(clip.clip_id, frame) if f.track_id == track), None)


class TestLandmarks:
    def test_points_come_from_the_annotation_or_the_run_one_by_one(self, predicted, clip, samples):
        edit = SetLandmarks(clip.clip_id, 1, FRAME, "points5", decided(samples, 1, 3))
        predicted.apply(edit, "ann")
        face, run = shown(predicted, clip, 1), samples.face(1, FRAME)
        np.testing.assert_array_equal(face.landmarks[[1, 3]], [[7, 9]] * 2)
        np.testing.assert_array_equal(face.landmarks[[0, 2, 4]], run.landmarks[[0, 2, 4]])
        assert face.edited.tolist() == [False, True, False, True, False]
        person, net = int(Source.PERSON), int(run.source)
        assert face.point_sources.tolist() == [net, person, net, person, net]
        assert face.source == Source.PERSON
        assert face.review == ReviewState.EDITED

    def test_a_point_can_be_decided_to_be_missing(self, predicted, clip, samples):
        value = decided(samples, 2)
        value.points[2] = np.nan
        predicted.apply(SetLandmarks(clip.clip_id, 1, FRAME, "points5", value), "ann")
        assert np.isnan(shown(predicted, clip, 1).landmarks[2]).all()

    def test_accepted_points_stay_when_the_run_changes(self, predicted, clip, samples):
        run = samples.face(1, FRAME)
        value = LandmarkAnnotation(
            run.landmarks,
            np.zeros(samples.points, np.bool_),
            sources=np.full(samples.points, Source.HEAVY, np.uint8),
        )
        predicted.apply(SetLandmarks(clip.clip_id, 1, FRAME, "points5", value), "ann")
        face = shown(predicted, clip, 1)
        assert set(face.point_sources.tolist()) <= {int(Source.HEAVY), int(run.source)}
        assert not face.edited.any()

    def test_taking_back_shows_the_run_again(self, predicted, clip, samples):
        predicted.apply(SetLandmarks(clip.clip_id, 1, FRAME, "points5", decided(samples, 1)), "ann")
        predicted.apply(SetLandmarks(clip.clip_id, 1, FRAME, "points5", None), "ann")
        np.testing.assert_array_equal(
            shown(predicted, clip, 1).landmarks, samples.face(1, FRAME).landmarks
        )

    def test_visibility_is_kept(self, predicted, clip, samples):
        value = decided(samples, 0, 1)
        value.visible = np.array([True, False, True, True, True])
        predicted.apply(SetLandmarks(clip.clip_id, 1, FRAME, "points5", value), "ann")
        face = shown(predicted, clip, 1)
        assert face.visible[:2].tolist() == [True, False]
        assert face.visible[2:].tolist() == samples.face(1, FRAME).visible[2:].tolist()
        said = predicted.annotation(clip.clip_id, FRAME, 1)
        assert said.landmarks["points5"] == value

    def test_arrays_that_do_not_fit_change_nothing(self, predicted, clip, samples):
        before = predicted.digest()
        value = decided(samples, 0)
        value.edited = value.edited[:-1]
        with pytest.raises(ValueError, match="differ in length"):
            predicted.apply(SetLandmarks(clip.clip_id, 1, FRAME, "points5", value), "ann")
        assert predicted.digest() == before
        assert predicted.history() == []


class TestMasks:
    def test_a_painted_mask_is_shown(self, predicted, clip):
        painted = LabelMap(np.full((5, 4), 2, np.uint8), -2, 3)
        predicted.apply(SetMask(clip.clip_id, 1, FRAME, "face5", painted), "ann")
        face = shown(predicted, clip, 1)
        assert face.label_maps["face5"] == painted
        assert face.label_map_sources == {"face5": Source.PERSON}

    def test_history_keeps_only_the_box_a_stroke_changed(self, predicted, clip):
        rng = np.random.default_rng(0)
        labels = rng.integers(0, 5, (300, 300)).astype(np.uint8)  # packs badly
        predicted.apply(SetMask(clip.clip_id, 1, FRAME, "face5", LabelMap(labels, 0, 0)), "ann")
        stroke = labels.copy()
        stroke[100:110, 50:60] = 4
        predicted.apply(SetMask(clip.clip_id, 1, FRAME, "face5", LabelMap(stroke, 0, 0)), "ann")
        with predicted._reading() as connection:
            sizes = connection.execute("SELECT length(changes) FROM edits").fetchall()
        assert sizes[0][0] > 10_000
        assert sizes[1][0] < 1_000
        predicted.undo()
        np.testing.assert_array_equal(shown(predicted, clip, 1).label_maps["face5"].labels, labels)

    @pytest.mark.parametrize("grown", [(0, 0, 4, 5), (-3, -2, 20, 9), (1, 1, 2, 2), (30, 40, 3, 3)])
    def test_a_patch_turns_either_side_into_the_other(self, grown):
        rng = np.random.default_rng(1)
        before = LabelMap(rng.integers(0, 3, (5, 4)).astype(np.uint8), 0, 0)
        x0, y0, width, height = grown
        after = LabelMap(rng.integers(0, 3, (height, width)).astype(np.uint8), x0, y0)
        rows = mask_to_row(before, Source.FLOW), mask_to_row(after, Source.PERSON)
        patch = MaskPatch.between(*rows)
        assert patch.apply(rows[0], forwards=True) == rows[1]
        assert patch.apply(rows[1], forwards=False) == rows[0]
        assert MaskPatch.from_stored(patch.to_stored()) == patch
        with pytest.raises(ValueError, match="history"):
            patch.apply(rows[0], forwards=False)


class TestFaces:
    def test_an_added_face_is_shown(self, predicted, clip):
        box = np.array([1, 2, 3, 4], np.float32)
        predicted.apply(AddFace(clip.clip_id, 9, FRAME, box), "ann")
        face = shown(predicted, clip, 9)
        assert face.box_xyxy.tolist() == [1, 2, 3, 4]
        assert face.source == Source.PERSON
        assert shown(predicted, clip, 9, FRAME + 1) is None

    def test_a_deleted_face_is_not_shown_and_can_come_back(self, predicted, clip):
        predicted.apply(DeleteFace(clip.clip_id, 1, FRAME, FRAME + 1), "ann")
        assert shown(predicted, clip, 1) is None
        assert shown(predicted, clip, 1, FRAME + 1) is not None
        assert predicted.annotation(clip.clip_id, FRAME, 1).present is False
        predicted.apply(AddFace(clip.clip_id, 1, FRAME), "ann")
        assert shown(predicted, clip, 1) is not None

    def test_a_box_is_shown(self, predicted, clip):
        predicted.apply(SetBox(clip.clip_id, 1, FRAME, np.arange(4, dtype=np.float32)), "ann")
        face = shown(predicted, clip, 1)
        assert face.box_xyxy.tolist() == [0, 1, 2, 3]
        assert face.box_source == Source.PERSON

    def test_a_named_person(self, predicted, clip):
        predicted.apply(SetTrack(clip.clip_id, 1, "Ann", "#aabbcc"), "ann")
        assert shown(predicted, clip, 1).name == "Ann"
        predicted.apply(SetTrack(clip.clip_id, 1, ""), "ann")
        assert shown(predicted, clip, 1).name == ""

    def test_landmarks_alone_make_a_face(self, project, clip, samples):
        value = decided(samples, 0, 1, 2, 3, 4)
        project.apply(SetLandmarks(clip.clip_id, 4, 3, "points5", value), "ann")
        face = shown(project, clip, 4, 3)
        assert face.landmark_scheme == "points5"
        assert face.box_xyxy.tolist() == [7, 9, 7, 9]


class TestApproved:
    """Approved frames are what bulk edits must not touch."""

    @pytest.fixture
    def approved(self, predicted, clip):
        """Frames 10 … 19 of face 1 are approved."""
        predicted.apply(SetReviewState(clip.clip_id, 1, 10, 20, ReviewState.APPROVED), "ann")
        return predicted

    def test_a_bulk_edit_skips_them_and_says_how_many(self, approved, clip, samples):
        value = decided(samples, 0)
        edits = tuple(SetLandmarks(clip.clip_id, 1, i, "points5", value) for i in range(5, 25))
        applied = approved.apply(CompositeEdit("interpolate", edits), "ann")
        assert applied.skipped == 10
        frames = approved.annotated_frames(clip.clip_id, 1).tolist()
        assert frames == [*range(5, 10), *range(20, 25)]
        assert (applied.first_frame, applied.last_frame) == (5, 24)

    def test_deleting_a_range_skips_them(self, approved, clip):
        assert approved.apply(DeleteFace(clip.clip_id, 1, 0, 100), "ann").skipped == 10
        assert shown(approved, clip, 1, 12) is not None
        assert shown(approved, clip, 1, 22) is None

    def test_a_range_of_states_skips_them_unless_asked(self, approved, clip):
        unseen = (clip.clip_id, 1, 0, 100, ReviewState.UNSEEN)
        assert approved.apply(SetReviewState(*unseen), "ann").skipped == 10
        column = approved.review_column(clip.clip_id, 1, 0, 30)
        assert (column == ReviewState.APPROVED).sum() == 10
        approved.apply(SetReviewState(*unseen, include_approved=True), "ann")
        assert not (approved.review_column(clip.clip_id, 1, 0, 30) == ReviewState.APPROVED).any()

    def test_a_correction_by_hand_wants_approval_again(self, approved, clip, samples):
        edit = SetLandmarks(clip.clip_id, 1, 12, "points5", decided(samples, 0))
        assert approved.apply(edit, "ann").skipped == 0
        assert shown(approved, clip, 1, 12).review == ReviewState.EDITED

    def test_an_edit_that_changes_nothing_is_not_recorded(self, approved, clip):
        before = approved.history_position
        same = SetReviewState(clip.clip_id, 1, 10, 20, ReviewState.APPROVED)
        assert approved.apply(same, "ann").seq == 0
        assert approved.history_position == before


class TestPeople:
    def boxes(self, project, clip, frame):
        return {f.track_id: float(f.box_xyxy[0]) for f in project.shown(clip.clip_id, frame)}

    def test_swap_from_a_frame_on(self, predicted, clip, samples):
        value = decided(samples, 0)
        predicted.apply(SetLandmarks(clip.clip_id, 1, 60, "points5", value), "ann")
        predicted.apply(SetReviewState(clip.clip_id, 2, 58, 62, ReviewState.APPROVED), "ann")
        predicted.apply(SwapTracks(clip.clip_id, "r1", 50, FOREVER, 1, 2), "ann")
        assert self.boxes(predicted, clip, 49) == {1: 100.0, 2: 200.0}
        assert self.boxes(predicted, clip, 60) == {1: 200.0, 2: 100.0}
        assert predicted.annotation(clip.clip_id, 60, 2).landmarks["points5"] == value
        approved = predicted.review_column(clip.clip_id, 1, 0, 100) == ReviewState.APPROVED
        assert np.flatnonzero(approved).tolist() == [58, 59, 60, 61]

    def test_swapping_twice_is_nothing(self, predicted, clip):
        before = predicted.digest()
        for _ in range(2):
            predicted.apply(SwapTracks(clip.clip_id, "r1", 10, 90, 1, 2), "ann")
        assert predicted.digest() == before

    def test_split_from_a_frame_on(self, predicted, clip):
        new = predicted.new_track_id(clip.clip_id)
        predicted.apply(SplitTrack(clip.clip_id, "r1", 50, FOREVER, 1, new), "ann")
        assert self.boxes(predicted, clip, 49) == {1: 100.0, 2: 200.0}
        assert self.boxes(predicted, clip, 50) == {2: 200.0, new: 100.0}
        assert {t.track_id for t in predicted.tracks(clip.clip_id)} == {1, 2, new}
        assert predicted.new_track_id(clip.clip_id) == new + 1

    def test_merge_keeps_the_face_merged_into_where_both_are(self, predicted, clip, samples):
        one, two = decided(samples, 0), decided(samples, 1)
        predicted.apply(SetLandmarks(clip.clip_id, 1, 60, "points5", one), "ann")
        predicted.apply(SetLandmarks(clip.clip_id, 2, 60, "points5", two), "ann")
        before = predicted.digest()
        predicted.apply(MergeTracks(clip.clip_id, "r1", 0, FOREVER, 2, 1), "ann")
        assert self.boxes(predicted, clip, 60) == {1: 100.0}
        assert predicted.annotation(clip.clip_id, 60, 1).landmarks["points5"] == one
        assert [t.track_id for t in predicted.tracks(clip.clip_id)] == [1]
        predicted.undo()
        assert predicted.digest() == before
        assert predicted.annotation(clip.clip_id, 60, 2).landmarks["points5"] == two

    def test_columns_follow_the_people(self, predicted, clip, samples):
        predicted.apply(SwapTracks(clip.clip_id, "r1", 50, 70, 1, 2), "ann")
        boxes = predicted.shown_column(clip.clip_id, 1, "box", 0, 200)
        for frame in range(200):
            here = self.boxes(predicted, clip, frame).get(1)
            assert boxes[frame, 0] == here or (here is None and np.isnan(boxes[frame, 0]))

    def test_columns_and_frames_agree_after_any_renaming(self, project, clip, samples):
        writer = project.start_run(samples.header(clip_id=clip.clip_id, run_id="r1"))
        for frame in range(60):
            tracks = [t for t in (1, 2, 3, 4) if (frame + t) % 5]
            writer.append(frame, [samples.face(t, frame, masks=False) for t in tracks])
        writer.seal().close()
        rng = np.random.default_rng(5)
        for _ in range(8):
            a, b = (int(v) for v in rng.choice([1, 2, 3, 4, 5], 2, replace=False))
            start, stop = (int(v) for v in np.sort(rng.choice(61, 2, replace=False)))
            kind = MergeTracks if rng.random() < 0.7 else SwapTracks
            project.apply(kind(clip.clip_id, "r1", start, stop, a, b), "ann")
            shown = [self.boxes(project, clip, i) for i in range(60)]
            for track in range(1, 6):
                column = project.shown_column(clip.clip_id, track, "box", 0, 60)[:, 0]
                expected = [boxes.get(track, np.nan) for boxes in shown]
                np.testing.assert_array_equal(column, expected)
            listed = {t.track_id for t in project.tracks(clip.clip_id)}
            assert listed == {track for boxes in shown for track in boxes}

    def test_remap_against_a_frame_by_frame_twin(self):
        rng = np.random.default_rng(3)
        for _ in range(200):
            spans, twin = (), [1] * 30
            for _ in range(6):
                a, b = (int(v) for v in sorted(rng.integers(0, 31, 2)))
                p, q = (int(v) for v in rng.integers(0, 4, 2))
                mapping = {p: q, q: p} if rng.random() < 0.5 else {p: q}
                spans = remap(spans, 1, mapping, (a, b))
                twin = [mapping.get(t, t) if a <= i < b else t for i, t in enumerate(twin)]
                from core.annotations.track_edits import shown_as

                assert [shown_as(spans, 1, i) for i in range(30)] == twin
                edges = [edge for start, stop, _ in spans for edge in (start, stop)]
                assert edges == sorted(edges)


def test_a_thousand_frames_are_one_command(predicted, clip, samples):
    before = predicted.digest()
    value = decided(samples, 0, 1)
    edits = tuple(SetLandmarks(clip.clip_id, 1, i, "points5", value) for i in range(1000))
    applied = predicted.apply(CompositeEdit("copy forward", edits), "ann")
    after = predicted.digest()
    assert (applied.seq, applied.title) == (1, "copy forward")
    assert applied.summary["parts"] == {"set_landmarks": 1000}
    undone = predicted.undo()
    assert (undone.who, undone.first_frame, undone.rows) == ("ann", 0, applied.rows)
    assert predicted.digest() == before
    predicted.redo()
    assert predicted.digest() == after


def test_a_failing_part_takes_the_whole_command_back(predicted, clip, samples):
    before = predicted.digest()
    good = SetBox(clip.clip_id, 1, 3, np.zeros(4, np.float32))
    bad = SetBox(clip.clip_id, 1, 4, np.zeros(3, np.float32))
    with pytest.raises(ValueError, match="a box is"):
        predicted.apply(CompositeEdit("both", (good, bad)), "ann")
    assert predicted.digest() == before


def test_a_new_edit_drops_what_was_undone(predicted, clip):
    for name in "abc":
        predicted.apply(SetTrack(clip.clip_id, 1, name), "ann")
    predicted.undo()
    predicted.undo()
    predicted.apply(SetTrack(clip.clip_id, 1, "d"), "bob")
    assert predicted.redo() is None
    assert [(e.seq, e.summary["name"], e.who) for e in predicted.history()] == [
        (2, "d", "bob"),
        (1, "a", "ann"),
    ]
