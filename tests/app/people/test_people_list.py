"""The list of people, their names and colours, and choosing them by key."""

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QColorDialog, QDockWidget, QInputDialog, QLineEdit

from app import data_colours
from tests.app.correction.kit import CTRL, SHIFT
from tests.app.people.kit import places

ALT = Qt.KeyboardModifier.AltModifier
F2 = Qt.Key.Key_F2


def type_name(hand, text):
    """Type into the open editor of the list, then Enter."""
    editor = hand.people.findChild(QLineEdit)
    hand.qtbot.keyClick(editor, Qt.Key.Key_A, CTRL)
    hand.qtbot.keyClicks(editor, text)
    enter(hand, editor)


def enter(hand, editor):
    """Enter; Qt takes the text when it gets to it."""
    hand.qtbot.keyClick(editor, Qt.Key.Key_Return)
    hand.qtbot.waitUntil(lambda: not hand.people._editor_open, timeout=5_000)


def picture(hand, track):
    return next(
        i.picture for i in hand.view._face_items if i.isVisible() and i.picture.track_id == track
    )


def test_it_says_how_many_frames_and_which(hand):
    assert hand.rows() == [
        ["Face 1", "40", "0 – 39"], ["Face 2", "40", "0 – 39"], ["Face 3", "10", "30 – 39"],
    ]  # fmt: skip


def test_a_click_selects_and_a_double_click_goes_there(hand):
    hand.click_person(2)
    assert hand.session.selected_track == 2
    assert hand.session.frame_idx == 0
    hand.click_person(2, column=3, double=True)
    assert hand.session.frame_idx == 30
    hand.key(Qt.Key.Key_Backspace, ALT)
    assert hand.session.frame_idx == 0


def test_the_selected_face_is_selected_in_the_list(hand):
    hand.click(places(0)[1][:2])
    assert hand.people.track_of(hand.people.currentItem()) == 1
    hand.click([5, 190])
    assert hand.people.currentItem() is None


def test_a_name_typed_in_place_is_everywhere_and_can_be_undone(hand, qtbot):
    hand.session.select_face(1)
    hand.key(F2)
    type_name(hand, "  Bob   Roe ")
    assert picture(hand, 1).name == "Bob Roe"
    assert hand.rows()[1][0] == "Bob Roe"
    hand.wait_for_columns()
    assert [row.title for row in hand.window.timeline.view.rows[:3]] == [
        "Face 1", "Bob Roe", "Face 3",
    ]  # fmt: skip
    assert hand.view.hud is not None
    assert hand.session.undo_stack.undoText() == "name person, frame 0"
    hand.window.undo()
    assert hand.rows()[1][0] == "Face 2"
    assert picture(hand, 1).name == "Face 2"


def test_escape_leaves_the_name(hand):
    hand.click_person(0, double=True)
    editor = hand.people.findChild(QLineEdit)
    hand.qtbot.keyClicks(editor, "X")
    hand.qtbot.keyClick(editor, Qt.Key.Key_Escape)
    assert hand.rows()[0][0] == "Face 1"
    assert not hand.session.undo_stack.canUndo()


def test_letters_go_into_the_name_and_are_no_keys(hand):
    """M would approve, Del delete, 1 select a part."""
    hand.session.select_face(0)
    hand.key(F2)
    editor = hand.people.findChild(QLineEdit)
    for key in (Qt.Key.Key_M, Qt.Key.Key_1, Qt.Key.Key_Delete, Qt.Key.Key_W):
        hand.qtbot.keyClick(editor, key)
    enter(hand, editor)
    assert hand.rows()[0][0] == "m1w"
    assert [edit.title for edit in hand.project.history()] == ["name person"]


def test_with_the_dock_closed_a_dialog_asks(hand, qtbot):
    hand.window.findChild(QDockWidget, "clips_and_people").hide()
    hand.session.select_face(0)
    hand.key(F2)
    dialog = QApplication.activeWindow().findChild(QInputDialog) or next(
        w for w in QApplication.topLevelWidgets() if isinstance(w, QInputDialog)
    )
    dialog.setTextValue("Ann")
    dialog.accept()
    assert picture(hand, 0).name == "Ann"


def test_a_colour_is_the_same_everywhere(hand, qtbot):
    hand.session.select_face(1)
    hand.key(F2, SHIFT)
    dialog = next(w for w in QApplication.topLevelWidgets() if isinstance(w, QColorDialog))
    dialog.setCurrentColor("#12ab34")
    dialog.accept()
    colour = (0x12, 0xAB, 0x34)
    assert picture(hand, 1).box_colour == colour
    assert {group.colour for group in picture(hand, 1).points} == {colour}
    hand.wait_for_columns()
    icon = hand.people.topLevelItem(1).icon(1).pixmap(14, 14).toImage()
    assert icon.pixelColor(7, 7).getRgb()[:3] == colour
    from app.timeline.binning import make_bins

    row = hand.window.timeline.view.rows[1].render(make_bins(0, 40, 40, 40), 11)
    words = {int(word) & 0xFFFFFF for word in np.unique(row)}
    assert 0x12AB34 in words
    hand.window.undo()
    assert picture(hand, 1).box_colour == data_colours.face_colour(1)


def test_colours_of_many_people_differ():
    assert len({data_colours.face_colour(track) for track in range(24)}) == 24
    assert data_colours.face_colour(3, "no colour") == data_colours.face_colour(3)


class TestHidden:
    def test_they_are_neither_drawn_nor_grabbed_nor_approved(self, hand):
        hand.session.select_face(1)
        hand.key(Qt.Key.Key_H, CTRL)
        assert [face.track_id for face in hand.session.faces(0)] == [0]
        assert sum(item.isVisible() for item in hand.view._face_items) == 1
        nose = places(0)[1][:2]
        hand.click(nose)
        assert hand.session.selected_track == -1
        hand.key(Qt.Key.Key_M)
        assert [int(hand.shown()[track].review) for track in (0, 1)] == [3, 1]
        assert hand.rows()[1][:2] == ["Face 2", "40"]  # still in the list
        assert not hand.session.undo_stack.canRedo()

    def test_the_eye_hides_and_shows(self, hand):
        hand.click_person(1, column=0)
        assert hand.session.document.hidden_people(hand.session.entry.clip_id) == {1}
        hand.click_person(1, column=0)
        assert len(hand.session.faces(0)) == 2

    def test_it_lasts_and_everybody_comes_back_by_key(self, hand, open_main, people_project):
        hand.click_person(1, column=0)
        hand.window.close()
        again = open_main(people_project)
        assert [face.track_id for face in again.session.faces(0)] == [0]
        again.actions_by_id["show_people"].trigger()
        assert [face.track_id for face in again.session.faces(0)] == [0, 1]


def test_keys_choose_people_and_go_to_their_ends(hand):
    hand.key(Qt.Key.Key_3, ALT)
    assert hand.session.selected_track == 2
    assert "not on this frame" in hand.told
    hand.key(Qt.Key.Key_Home, SHIFT)
    assert hand.session.frame_idx == 30
    hand.key(Qt.Key.Key_End, SHIFT)
    assert hand.session.frame_idx == 39
    hand.key(Qt.Key.Key_9, ALT)
    assert "There are 3 people" in hand.told


@pytest.mark.parametrize("action", ["rename_person", "first_of_person", "hide_person"])
def test_without_anybody_selected_it_says_how(hand, action):
    hand.window.actions_by_id[action].trigger()
    assert hand.told == "Select a person first (F, a click, or Alt and a number)."
