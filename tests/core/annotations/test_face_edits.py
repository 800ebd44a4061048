"""Who is who and who is nobody: deleting, bringing back, swapping around approved frames."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import numpy as np
import pytest

from core.annotations.edits import (
    FOREVER,
    AddFace,
    CompositeEdit,
    DeleteFace,
    SetBox,
    SetReviewState,
    SetTrack,
)
from core.annotations.face_edits import RestoreFace
from core.annotations.records import ReviewState, Source
from core.annotations.rejections import nearest_in_time, rejected_regions
from core.annotations.track_edits import MergeTracks, SplitTrack, SwapTracks
from core.errors import StoreError


def predict(project, clip, samples, run_id, frames=range(200), tracks=None, **header):
    """Write a run of two people; `tracks` numbers them otherwise."""
    values = samples.header(clip_id=clip.clip_id, run_id=run_id, **header)
    writer = project.start_run(values)
    for frame in frames:
        faces = samples.faces(frame)
        for face in faces:
            face.track_id = (tracks or {}).get(face.track_id, face.track_id)
        writer.append(frame, sorted(faces, key=lambda face: face.track_id))
    writer.seal().close()


@pytest.fixture
def predicted(project, clip, samples):
    """`project` with a run of 200 frames: face 1, and face 2 on frames 40 … 79 and so on."""
    predict(project, clip, samples, "r1")
    return project


def people(project, clip, frame):
    """By face: which of the two people of the samples it is, told by the box."""
    shown = project.shown(clip.clip_id, frame)
    return {face.track_id: int(face.box_xyxy[0]) // 100 for face in shown}


class TestDeleted:
    def test_a_face_comes_back_where_it_was_deleted_and_nowhere_else(self, predicted, clip):
        before = predicted.digest()
        predicted.apply(DeleteFace(clip.clip_id, 1, 40, 60), "ann")
        applied = predicted.apply(RestoreFace(clip.clip_id, 1, 50, 55), "ann")
        gone = [i for i in range(35, 65) if 1 not in people(predicted, clip, i) and i % 11 != 10]
        assert gone == [i for i in (*range(40, 50), *range(55, 60)) if i % 11 != 10]
        assert (applied.title, applied.first_frame, applied.last_frame) == (
            "bring face back", 50, 54,
        )  # fmt: skip
        predicted.undo()
        predicted.undo()
        assert predicted.digest() == before

    def test_bringing_back_what_was_not_deleted_is_no_edit(self, predicted, clip):
        assert predicted.apply(RestoreFace(clip.clip_id, 1, 0, 100), "ann").seq == 0

    def test_the_history_knows_where_a_whole_clip_was_rejected(self, predicted, clip):
        applied = predicted.apply(DeleteFace(clip.clip_id, 1, 0, 1000, frame=77), "ann")
        assert applied.summary["frame"] == 77


class TestRejectedRegions:
    def test_they_are_where_the_run_has_the_face_on_the_frames_rejected(
        self, predicted, clip, samples
    ):
        predicted.apply(DeleteFace(clip.clip_id, 2, 40, 60), "ann")
        regions = rejected_regions(predicted, clip.clip_id, 30, 100)
        assert [len(regions.at(i)) for i in (29, 39, 40, 59, 60, 100)] == [0, 0, 1, 1, 0, 0]
        box = samples.face(2, 50).box_xyxy
        assert np.array_equal(regions.at(50)[0], box)
        assert regions.covers(50, box + 3)
        assert not regions.covers(50, box + 70)
        assert not regions.covers(39, box)

    def test_none_is_no_digest_and_another_one_is_another(self, predicted, clip):
        digests = [rejected_regions(predicted, clip.clip_id, 0, 100).digest]
        for stop in (50, 60):
            predicted.apply(DeleteFace(clip.clip_id, 2, 40, stop), "ann")
            digests.append(rejected_regions(predicted, clip.clip_id, 0, 100).digest)
        assert digests[0] == ""
        assert len(set(digests)) == 3

    def test_they_last_when_another_run_is_shown_that_lacks_the_face(
        self, predicted, clip, samples
    ):
        predicted.apply(DeleteFace(clip.clip_id, 2, 0, 200), "ann")
        values = samples.header(clip_id=clip.clip_id, run_id="r2")
        writer = predicted.start_run(values)
        for frame in range(200):
            writer.append(frame, [f for f in samples.faces(frame) if f.track_id == 1])
        writer.seal().close()
        predicted.set_active_run(clip.clip_id, "r2")
        regions = rejected_regions(predicted, clip.clip_id, 0, 200)
        assert np.array_equal(regions.at(50)[0], samples.face(2, 50).box_xyxy)

    def test_another_run_that_has_found_the_face_too_does_not_show_it(
        self, predicted, clip, samples
    ):
        predict(predicted, clip, samples, "r2", tracks={1: 0, 2: 1})
        predicted.apply(DeleteFace(clip.clip_id, 2, 0, 200), "ann")
        predicted.set_active_run(clip.clip_id, "r2")
        assert people(predicted, clip, 50) == {1: 1}
        predicted.undo()
        assert people(predicted, clip, 50) == {1: 1, 2: 2}

    def test_a_face_drawn_and_deleted_is_rejected_where_it_was_drawn(self, predicted, clip):
        box = np.array([300, 200, 350, 260], np.float32)
        predicted.apply(AddFace(clip.clip_id, 9, 12, box), "ann")
        predicted.apply(DeleteFace(clip.clip_id, 9, 12, 13), "ann")
        regions = rejected_regions(predicted, clip.clip_id, 0, 100)
        assert np.array_equal(regions.at(12), box[None])
        assert len(regions.at(13)) == 0

    def test_between_sightings_the_nearest_counts_but_not_from_afar(self):
        boxes = np.full((10, 4), np.nan, np.float32)
        boxes[2], boxes[5] = 2, 5
        filled = nearest_in_time(boxes, 3)[:, 0]
        assert np.array_equal(filled, [2, 2, 2, 2, 5, 5, 5, 5, 5, np.nan], equal_nan=True)


class TestApprovedFramesStay:
    """With `skip_approved`, frames on which one of the faces is approved are left alone."""

    @pytest.fixture
    def approved(self, predicted, clip):
        """Face 2 is approved on 60 … 64, face 1 on 70."""
        clip_id = clip.clip_id
        predicted.apply(SetReviewState(clip_id, 2, 60, 65, ReviewState.APPROVED), "ann")
        predicted.apply(SetReviewState(clip_id, 1, 70, 71, ReviewState.APPROVED), "ann")
        predicted.apply(SetBox(clip_id, 2, 62, np.full(4, 200, np.float32)), "ann")
        predicted.apply(SetReviewState(clip_id, 2, 62, 63, ReviewState.APPROVED), "ann")
        return predicted

    def test_a_swap_goes_round_them_and_says_how_many(self, approved, clip):
        before = approved.digest()
        edit = SwapTracks(clip.clip_id, "r1", 50, FOREVER, 1, 2, skip_approved=True)
        assert approved.apply(edit, "ann").skipped == 6
        swapped = [i for i in range(40, 80) if people(approved, clip, i).get(1) == 2]
        assert swapped == [i for i in range(50, 80) if i % 11 != 10 and i not in (
            60, 61, 62, 63, 64, 70)]  # fmt: skip
        states = approved.review_column(clip.clip_id, 2, 0, 100)
        assert np.flatnonzero(states == ReviewState.APPROVED).tolist() == [60, 61, 62, 63, 64]
        approved.undo()
        assert approved.digest() == before

    def test_a_split_leaves_them_with_the_old_face(self, approved, clip):
        edit = SplitTrack(clip.clip_id, "r1", 58, FOREVER, 2, 7, skip_approved=True)
        assert approved.apply(edit, "ann").skipped == 5
        assert [sorted(people(approved, clip, i)) for i in (57, 59, 62, 66)] == [
            [1, 2], [1, 7], [1, 2], [1, 7],
        ]  # fmt: skip

    def test_inside_a_command_that_minds_them_it_minds_them_too(self, approved, clip):
        swap = SwapTracks(clip.clip_id, "r1", 50, FOREVER, 1, 2)
        assert approved.apply(CompositeEdit("both", (swap,)), "ann").skipped == 6

    def test_without_it_they_move_whole(self, approved, clip):
        assert approved.apply(SwapTracks(clip.clip_id, "r1", 50, FOREVER, 1, 2), "ann").skipped == 0
        assert people(approved, clip, 62)[1] == 2


class TestManyCorrectedFrames:
    """Items change hands in whole ranges where nothing is lost by that, else row by row."""

    @pytest.fixture
    def corrected(self, predicted, clip):
        """A box of every face on every third frame."""
        boxes = [
            SetBox(clip.clip_id, track, i, np.full(4, track * 100 + i, np.float32))
            for i in range(0, 200, 3)
            for track in (1, 2)
        ]
        predicted.apply(CompositeEdit("boxes", tuple(boxes), skip_approved=False), "ann")
        return predicted

    def boxes(self, project, clip, track):
        return {
            i: float(project.annotation(clip.clip_id, i, track).box_xyxy[0])
            for i in project.annotated_frames(clip.clip_id, track).tolist()
        }

    def test_a_swap_is_one_line_of_history(self, corrected, clip):
        before = corrected.digest()
        mine, theirs = self.boxes(corrected, clip, 1), self.boxes(corrected, clip, 2)
        applied = corrected.apply(SwapTracks(clip.clip_id, "r1", 100, FOREVER, 1, 2), "ann")
        expected = {i: theirs[i] if i >= 100 else mine[i] for i in mine}
        assert self.boxes(corrected, clip, 1) == expected
        assert applied.rows > 60
        after = corrected.digest()
        for _ in range(2):
            assert corrected.undo().rows == applied.rows
            assert corrected.digest() == before
            corrected.redo()
            assert corrected.digest() == after

    def test_a_merge_keeps_what_was_there_and_undo_tells_them_apart_again(self, corrected, clip):
        before = corrected.digest()
        mine = self.boxes(corrected, clip, 1)
        corrected.apply(MergeTracks(clip.clip_id, "r1", 0, FOREVER, 2, 1), "ann")
        assert self.boxes(corrected, clip, 1) == mine
        assert self.boxes(corrected, clip, 2) == {}
        corrected.undo()
        assert corrected.digest() == before

    def test_a_renaming_that_no_longer_fits_is_damage_told_and_nothing_changes(
        self, corrected, clip
    ):
        corrected.apply(SplitTrack(clip.clip_id, "r1", 100, FOREVER, 1, 7), "ann")
        with closing(sqlite3.connect(corrected.folder / "project.db")) as connection, connection:
            connection.execute("DELETE FROM boxes WHERE track_id = 7 AND frame = 150")
        before = corrected.digest()
        with pytest.raises(StoreError, match="damaged at edit 2"):
            corrected.undo()
        assert corrected.digest() == before


class TestAmended:
    """A command that waited for an answer is replaced by one that has it: one step for undo."""

    def test_undo_takes_both_back_at_once(self, predicted, clip):
        before = predicted.digest()
        box = np.array([1, 2, 30, 40], np.float32)
        first = predicted.apply(AddFace(clip.clip_id, 7, 5, box), "ann")
        amended = predicted.amend(first.seq, AddFace(clip.clip_id, 7, 5, box + 1), "ann")
        assert amended.seq == first.seq
        face = next(f for f in predicted.shown(clip.clip_id, 5) if f.track_id == 7)
        assert face.box_xyxy.tolist() == [2, 3, 31, 41]
        assert face.box_source == Source.PERSON
        assert len(predicted.history()) == 1
        after = predicted.digest()
        predicted.undo()
        assert predicted.digest() == before
        predicted.redo()
        assert predicted.digest() == after

    def test_not_once_something_else_was_done(self, predicted, clip):
        first = predicted.apply(AddFace(clip.clip_id, 7, 5), "ann")
        predicted.apply(SetTrack(clip.clip_id, 7, "Ada"), "ann")
        before = predicted.digest()
        with pytest.raises(ValueError, match="not the last one"):
            predicted.amend(first.seq, AddFace(clip.clip_id, 7, 6), "ann")
        assert predicted.digest() == before

    def test_not_by_nothing(self, predicted, clip):
        first = predicted.apply(AddFace(clip.clip_id, 7, 5), "ann")
        before = predicted.digest()
        with pytest.raises(ValueError, match="changes nothing"):
            predicted.amend(first.seq, RestoreFace(clip.clip_id, 7, 5, 6), "ann")
        assert predicted.digest() == before
