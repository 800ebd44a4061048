"""Mixed-up people are put right from a frame on; approved frames stay as they are."""

import numpy as np
import pytest
from PySide6.QtCore import Qt

from core.annotations.edits import SetReviewState
from core.annotations.records import ReviewState
from tests.app.correction.kit import SHIFT
from tests.app.people.kit import FRAMES, places

ALT = Qt.KeyboardModifier.AltModifier


def who_is(hand, track, frames=range(FRAMES)):
    """By frame: who a track is, "-" for nobody."""
    return "".join(hand.who(i).get(track, "-") for i in frames)


def approve(hand, track, start, stop):
    edit = SetReviewState(hand.session.entry.clip_id, track, start, stop, ReviewState.APPROVED)
    hand.session.apply(edit)


class TestSwap:
    def test_with_two_faces_on_the_frame_it_is_one_key(self, hand):
        before = hand.project.digest()
        hand.go(12)
        hand.key(Qt.Key.Key_W)
        assert who_is(hand, 0) == "a" * 12 + "b" * 28
        assert who_is(hand, 1) == "b" * 12 + "a" * 28
        assert "Face 1 and Face 2 are swapped from frame 12 on." in hand.told
        hand.go(30)
        hand.window.undo()
        assert hand.session.frame_idx == 12
        assert hand.project.digest() == before

    def test_with_three_it_asks_and_a_click_answers(self, hand):
        hand.go(32)
        hand.session.select_face(0)
        hand.key(Qt.Key.Key_W)
        hint = hand.window.boxes.layer.picture.hint
        assert "Swap Face 1 with:" in hint
        assert "2  Face 2" in hint
        assert "3  Face 3" in hint
        hand.click(places(32)[2][:2])
        assert who_is(hand, 0, range(29, 34)) == "aaacc"
        assert hand.session.selected_track == 2  # the face is still selected, with its new number

    def test_a_number_answers_too_and_escape_does_not(self, hand):
        hand.go(32)
        hand.session.select_face(0)
        hand.key(Qt.Key.Key_W)
        hand.key(Qt.Key.Key_Escape)
        assert hand.window.boxes.layer.picture.hint == ""
        assert not hand.session.undo_stack.canUndo()
        hand.key(Qt.Key.Key_W)
        hand.key(Qt.Key.Key_3)
        assert who_is(hand, 2, range(29, 34)) == "-ccaa"

    def test_the_list_answers_too(self, hand):
        hand.go(32)
        hand.session.select_face(0)
        hand.key(Qt.Key.Key_W)
        hand.click_person(1)
        assert who_is(hand, 0, range(31, 34)) == "abb"

    def test_a_step_takes_the_question_back(self, hand):
        hand.go(32)
        hand.session.select_face(0)
        hand.key(Qt.Key.Key_W)
        hand.go(33)
        assert not hand.window.people.picking.is_active

    def test_in_a_range_round_the_frame_only_there(self, hand):
        hand.session.set_range((10, 20))
        hand.go(15)
        hand.key(Qt.Key.Key_W)
        assert who_is(hand, 0) == "a" * 10 + "b" * 10 + "a" * 20
        assert "on frames 10 … 19" in hand.told

    def test_a_range_elsewhere_does_not_count(self, hand):
        hand.session.set_range((30, 35))
        hand.go(15)
        hand.key(Qt.Key.Key_W)
        assert who_is(hand, 0) == "a" * 15 + "b" * 25

    def test_approved_frames_stay_and_are_counted(self, hand):
        approve(hand, 1, 20, 23)
        hand.go(12)
        hand.key(Qt.Key.Key_W)
        assert who_is(hand, 0) == "a" * 12 + "b" * 8 + "aaa" + "b" * 17
        assert "3 approved frames left as they were" in hand.told

    def test_where_all_is_approved_it_says_so(self, hand):
        approve(hand, 0, 0, FRAMES)
        hand.key(Qt.Key.Key_W)
        assert "take the approval back" in hand.told
        assert who_is(hand, 0) == "a" * 40

    def test_what_was_corrected_goes_along(self, hand):
        hand.go(20)
        nose = hand.shown()[0].landmarks[2].astype(float)
        hand.drag(nose, nose + np.array([6, 0]))
        hand.go(12)
        hand.session.select_face(0)
        hand.key(Qt.Key.Key_W)
        face = hand.shown(20)[1]
        assert np.allclose(face.landmarks[2], nose + np.array([6, 0]), atol=0.01)
        assert face.edited.tolist() == [False, False, True, False, False]


class TestSplit:
    def test_from_here_on_it_is_somebody_new(self, hand):
        hand.go(25)
        hand.session.select_face(0)
        hand.key(Qt.Key.Key_W, SHIFT)
        assert who_is(hand, 0) == "a" * 25 + "-" * 15
        assert who_is(hand, 3) == "-" * 25 + "a" * 15
        assert hand.session.selected_track == 3
        hand.wait_for_columns()
        assert [row[0] for row in hand.rows()] == ["Face 1", "Face 2", "Face 3", "Face 4"]
        hand.go(3)
        hand.window.undo()
        assert hand.session.frame_idx == 25
        assert who_is(hand, 0) == "a" * 40

    def test_who_begins_here_need_not_be_split(self, hand):
        hand.go(30)
        hand.session.select_face(2)
        hand.key(Qt.Key.Key_W, SHIFT)
        assert "on no other frames" in hand.told
        assert not hand.session.undo_stack.canUndo()


class TestJoin:
    @pytest.fixture
    def fragments(self, hand):
        """Ann is Face 1 up to frame 24 and Face 4 from 25 on."""
        hand.go(25)
        hand.session.select_face(0)
        hand.key(Qt.Key.Key_W, SHIFT)
        hand.wait_for_columns()
        return hand

    def test_to_the_only_one_never_on_a_frame_with_them_it_is_one_key(self, fragments):
        fragments.session.select_face(3)
        fragments.key(Qt.Key.Key_J)
        assert who_is(fragments, 0) == "a" * 40
        assert "Face 4 is Face 1 from frame 25 on." in fragments.told
        assert fragments.session.selected_track == 0
        fragments.wait_for_columns()
        assert len(fragments.rows()) == 3

    def test_from_here_on_or_on_all_frames(self, fragments):
        fragments.go(32)
        fragments.session.select_face(3)
        fragments.key(Qt.Key.Key_J)
        assert who_is(fragments, 0) == "a" * 25 + "-" * 7 + "a" * 8
        fragments.window.undo()
        fragments.wait_for_columns()
        fragments.session.select_face(3)
        fragments.key(Qt.Key.Key_J, SHIFT)
        assert who_is(fragments, 0) == "a" * 40

    def test_among_several_it_asks(self, fragments):
        fragments.session.select_face(1)
        fragments.key(Qt.Key.Key_W, SHIFT)  # Bob is in two pieces too
        fragments.wait_for_columns()
        fragments.session.select_face(3)
        fragments.key(Qt.Key.Key_J)
        assert "Who is Face 4?" in fragments.window.boxes.layer.picture.hint
        fragments.key(Qt.Key.Key_1)
        assert who_is(fragments, 0) == "a" * 40

    def test_where_both_are_the_one_joined_to_stays(self, hand):
        hand.go(5)
        hand.session.select_face(0)
        hand.key(Qt.Key.Key_J)
        hand.key(Qt.Key.Key_2)
        assert who_is(hand, 1) == "b" * 40
        assert who_is(hand, 0) == "a" * 5 + "-" * 35
        assert "Face 2 stayed on 35 frames that had both" in hand.told
        hand.window.undo()
        assert who_is(hand, 0) == "a" * 40


def test_nobody_selected_among_three_is_a_sentence(hand):
    hand.go(32)
    for key, keys in ((Qt.Key.Key_W, None), (Qt.Key.Key_W, SHIFT), (Qt.Key.Key_J, None)):
        hand.key(key, *([keys] if keys else []))
        assert "first" in hand.told or "Select" in hand.told
    assert not hand.session.undo_stack.canUndo()
