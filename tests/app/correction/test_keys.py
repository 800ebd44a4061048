"""Correcting landmarks by key and menu, over frames, through the real window."""

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QInputDialog

from core.annotations.records import ReviewState, Source
from core.faces.correction.mirroring import mirrored
from tests.app.correction.kit import ALT, CTRL, IBUG, LEFT_BROW, NONE, SHIFT, Hand, face_xy

K = Qt.Key


def moved(hand, frame_idx):
    """Which points are not where the run has them."""
    return np.flatnonzero((np.abs(hand.xy(frame_idx) - face_xy(frame_idx)) > 1e-3).any(axis=1))


@pytest.mark.parametrize(
    ("key", "keys", "shift"),
    [
        (K.Key_Right, NONE, (1, 0)),
        (K.Key_Up, NONE, (0, -1)),
        (K.Key_Down, SHIFT, (0, 10)),
        (K.Key_Left, ALT, (-0.1, 0)),
    ],
)
def test_arrows_move_what_is_selected(hand, key, keys, shift):
    hand.key(K.Key_3)
    hand.key(key, keys)
    assert np.allclose(hand.xy()[LEFT_BROW] - face_xy(0)[LEFT_BROW], shift, atol=1e-4)
    assert moved(hand, 0).tolist() == LEFT_BROW


def test_without_a_selection_arrows_step(hand):
    hand.key(K.Key_Right)
    assert hand.session.frame_idx == 1
    hand.key(K.Key_3)
    hand.key(K.Key_Escape)
    assert hand.selected == []
    assert hand.session.selected_track == 0
    hand.key(K.Key_Right)
    assert hand.session.frame_idx == 2
    hand.key(K.Key_3)
    hand.key(K.Key_D)  # steps whatever is selected
    assert hand.session.frame_idx == 3
    assert hand.selected == LEFT_BROW


def test_points_are_selected_by_key(hand):
    hand.key(K.Key_Period)
    assert hand.selected == [0]
    hand.key(K.Key_Period)
    hand.key(K.Key_Period)
    hand.key(K.Key_Comma)
    assert hand.selected == [1]
    hand.key(K.Key_A, CTRL)
    assert len(hand.selected) == 68
    hand.key(K.Key_9)
    assert "8 parts" in hand.window.message_bar.text


def test_turning_and_scaling_by_key_keep_the_middle(hand):
    hand.key(K.Key_5)
    eye = list(IBUG.components["right_eye"])
    before = hand.xy()[eye]
    for _ in range(3):
        hand.key(K.Key_Right, CTRL)
        hand.key(K.Key_Up, CTRL)
    after = hand.xy()[eye]
    a, b = before[3] - before[0], after[3] - after[0]
    assert np.linalg.norm(b) / np.linalg.norm(a) == pytest.approx(1.01**3, rel=1e-3)
    turned = np.rad2deg(np.arctan2(b[1], b[0]) - np.arctan2(a[1], a[0]))
    assert turned == pytest.approx(3.0, abs=0.05)
    assert hand.session.undo_stack.count() == 6


def test_undo_goes_to_the_frame_and_redo_comes_back(hand):
    hand.go(3)
    hand.key(K.Key_3)
    hand.key(K.Key_Up)
    hand.go(9)
    hand.key(K.Key_Down)
    hand.go(15)
    hand.key(K.Key_Z, CTRL)
    assert hand.session.frame_idx == 9
    hand.key(K.Key_Z, CTRL)
    assert hand.session.frame_idx == 3
    assert not moved(hand, 3).size
    assert not moved(hand, 9).size
    hand.go(0)
    hand.key(K.Key_Z, CTRL | SHIFT)
    assert hand.session.frame_idx == 3
    assert moved(hand, 3).tolist() == LEFT_BROW


def test_q_hides_and_del_removes_and_backspace_takes_back(hand):
    hand.key(K.Key_3)
    hand.key(K.Key_Q)
    assert np.flatnonzero(~hand.face().visible).tolist() == LEFT_BROW
    hand.key(K.Key_Q)
    assert hand.face().visible.all()
    hand.key(K.Key_Delete)
    assert np.flatnonzero(np.isnan(hand.xy()[:, 0])).tolist() == LEFT_BROW
    hand.key(K.Key_Backspace, SHIFT)
    assert not moved(hand, 0).size
    assert hand.face().landmarks.shape == (68, 2)


def test_mirror_repairs_a_drifted_brow_from_the_other_side(hand):
    hand.key(K.Key_3)
    for _ in range(2):
        hand.key(K.Key_Up, SHIFT)
    drifted = hand.xy()
    hand.key(K.Key_M, SHIFT)
    assert np.allclose(hand.xy(), mirrored(drifted, IBUG.mirror, LEFT_BROW), atol=1e-3)
    assert np.abs(hand.xy() - face_xy(0)).max() < 1.0


def test_snapping_finds_the_edge_in_the_picture(hand):
    rgb = np.full((200, 240, 3), 90, np.uint8)
    chin = round(float(face_xy(0)[8, 1])) + 3
    rgb[chin:] = 200  # an edge below the chin
    hand.window.correction.points.shown_rgb = lambda: rgb
    hand.window.correction.selection.choose(0, [8])
    hand.key(K.Key_S, SHIFT)
    assert hand.xy()[8, 1] == pytest.approx(chin - 0.5, abs=0.3)
    assert moved(hand, 0).tolist() == [8]
    hand.window.correction.points.shown_rgb = lambda: np.full((200, 240, 3), 90, np.uint8)
    hand.key(K.Key_S, SHIFT)
    assert hand.session.undo_stack.count() == 1  # nothing to snap to


def test_a_corrected_key_frame_is_still_a_key_frame_and_an_edited_one(hand, qtbot):
    hand.go(7)
    hand.key(K.Key_3)
    hand.key(K.Key_Up)
    columns = hand.session.document.columns(hand.session.entry.clip_id, 24, lambda: False)
    assert columns.is_key()[:20].all()
    assert np.flatnonzero(columns.edited).tolist() == [7]


def test_the_landmark_list_and_the_canvas_select_the_same(hand):
    from app.docks.landmarks_dock import LandmarksDock

    tree = hand.window.findChild(LandmarksDock).tree
    brow = tree.topLevelItem(2)
    assert brow.text(0) == "left brow"
    tree.setFocus()
    tree.setCurrentItem(brow)
    assert hand.selected == LEFT_BROW
    hand.qtbot.keyClick(tree, K.Key_Down)  # moves on in the list, not the landmarks
    assert not hand.session.undo_stack.canUndo()
    assert hand.selected == list(IBUG.components["nose"])
    hand.view.setFocus()
    hand.click(hand.xy()[24])
    assert [item.text(0)[:2] for item in tree.selectedItems()] == ["24"]


def test_actions_on_points_are_disabled_while_none_is_selected(hand):
    actions = hand.window.actions_by_id
    names = ("mirror", "snap", "toggle_visible", "delete_points", "nudge_left", "turn_left")
    assert not any(actions[name].isEnabled() for name in names)
    hand.key(K.Key_3)
    assert all(actions[name].isEnabled() for name in names)


# Over frames


def test_accepting_decides_without_approving(hand):
    hand.go(4)
    hand.key(K.Key_Return)
    face = hand.face()
    assert face.review == ReviewState.EDITED
    assert not face.edited.any()
    kept = hand.project.annotation(hand.session.entry.clip_id, 4, 0).landmarks["ibug68"]
    assert np.array_equal(kept.points, face_xy(4))
    assert set(kept.sources.tolist()) == {Source.HEAVY}
    hand.key(K.Key_M)
    assert hand.face().review == ReviewState.APPROVED
    hand.window.undo()
    hand.window.undo()
    assert hand.face().review == ReviewState.PREDICTED


def test_a_range_is_accepted_but_for_approved_frames(hand):
    hand.go(6)
    hand.key(K.Key_M)
    hand.session.set_range((5, 9))
    hand.key(K.Key_Return, SHIFT)
    clip = hand.session.entry.clip_id
    assert hand.project.annotated_frames(clip).tolist() == [5, 7, 8]
    assert hand.face(6).review == ReviewState.APPROVED
    assert hand.session.undo_stack.count() == 2
    assert "3 frames accepted" in hand.window.message_bar.text


def test_copying_from_the_previous_frame_follows_the_face(hand):
    hand.go(7)
    hand.key(K.Key_3)
    hand.key(K.Key_Up, SHIFT)
    hand.key(K.Key_D)
    hand.key(K.Key_C)
    assert hand.session.frame_idx == 8
    assert np.allclose(hand.xy(8)[LEFT_BROW], face_xy(8)[LEFT_BROW] - [0, 10], atol=0.05)
    assert moved(hand, 8).tolist() == LEFT_BROW
    assert hand.session.undo_stack.count() == 2


def test_copying_from_the_next_frame_and_to_a_frame_without_the_face(hand):
    hand.go(19)
    hand.key(K.Key_3)
    hand.key(K.Key_Up, SHIFT)
    hand.go(18)
    hand.key(K.Key_C, SHIFT)
    assert moved(hand, 18).tolist() == LEFT_BROW
    hand.window.correction.selection.clear()
    hand.go(21)
    hand.key(K.Key_C)
    xy = hand.project.shown(hand.session.entry.clip_id, 21)[0].landmarks
    assert np.allclose(xy, hand.xy(19), atol=1e-4)


def test_copying_forward_is_one_command_that_skips_approved_frames(hand):
    hand.go(4)
    hand.key(K.Key_M)
    hand.go(2)
    hand.key(K.Key_3)
    hand.key(K.Key_Up, SHIFT)
    hand.window.actions_by_id["copy_forward"].trigger()
    dialog = QApplication.activeModalWidget()
    assert isinstance(dialog, QInputDialog)
    dialog.setIntValue(4)
    dialog.accept()
    assert [moved(hand, f).tolist() for f in (3, 4, 5, 6, 7)] == [
        LEFT_BROW, [], LEFT_BROW, LEFT_BROW, [],
    ]  # fmt: skip
    assert hand.face(4).review == ReviewState.APPROVED
    assert not hand.face(5).edited.any()
    assert set(hand.face(5).point_sources[LEFT_BROW].tolist()) == {Source.DERIVED}
    count = hand.session.undo_stack.count()
    hand.window.undo()
    assert count == 3
    assert not moved(hand, 5).size


def test_interpolation_fills_between_two_anchors_the_parts_corrected(hand):
    hand.go(12)
    hand.key(K.Key_M)
    for frame_idx, key in ((10, K.Key_Up), (14, K.Key_Down)):
        hand.go(frame_idx)
        hand.key(K.Key_3)
        hand.key(key, SHIFT)
    hand.window.correction.selection.clear()
    hand.key(K.Key_I, CTRL)
    for frame_idx, shift in ((11, -5), (13, 5)):
        face = hand.face(frame_idx)
        assert moved(hand, frame_idx).tolist() == LEFT_BROW
        goal = face_xy(frame_idx)[LEFT_BROW] + [0, shift]
        assert np.allclose(face.landmarks[LEFT_BROW], goal, atol=0.01)
        assert set(face.point_sources[LEFT_BROW].tolist()) == {Source.INTERPOLATED}
        assert not face.edited.any()
    assert not moved(hand, 12).size  # approved
    hand.window.undo()
    assert not moved(hand, 11).size


def test_interpolation_without_anchors_says_what_to_do(hand):
    hand.key(K.Key_I, CTRL)
    assert "Correct the face on two frames" in hand.window.message_bar.text
    assert not hand.session.undo_stack.canUndo()


def test_a_frame_without_a_face_is_a_sentence(hand):
    hand.go(22)
    hand.key(K.Key_Return)
    assert "no face" in hand.window.message_bar.text


def test_everything_is_there_after_opening_again(hand, open_main, face_project, qtbot):
    hand.go(5)
    hand.key(K.Key_3)
    hand.key(K.Key_Up, SHIFT)
    hand.key(K.Key_Q)
    hand.drag(hand.xy()[30], hand.xy()[30] + [12, 3])
    kept, digest = hand.face(5), hand.project.digest()
    hand.window.close()
    again = Hand(open_main(face_project), qtbot)
    assert again.project.digest() == digest
    assert again.face(5) == kept
    assert again.session.undo_stack.count() == 3
    again.window.undo()
    assert again.session.frame_idx == 5
    assert np.allclose(again.xy(5)[30], face_xy(5)[30], atol=1e-4)


def test_a_read_only_project_is_left_as_it_is(hand, open_main, face_project, qtbot):
    second = Hand(open_main(face_project), qtbot)
    before = second.xy()
    second.drag(before[30], before[30] + [9, 9])
    assert np.array_equal(second.xy(), before)
    assert "cannot be changed" in second.window.message_bar.text


def test_two_hundred_random_edits_are_undone_to_the_same_project(hand):
    rng = np.random.default_rng(11)
    window, session = hand.window, hand.session
    points, frames = window.correction.points, window.correction.frames
    acts = [
        lambda: points.nudge(*rng.normal(size=2) * 3),
        points.turn_left, points.grow, points.mirror,
        points.toggle_visible, points.delete, points.reset,
        frames.accept, frames.copy_previous,
        frames.copy_next, frames.interpolate,
        lambda: frames.copy_forward(int(rng.integers(1, 5))),
        window.review.approve,
        lambda: hand.drag(*_drag_of(hand, rng)),
    ]  # fmt: skip
    digests = [hand.project.digest()]
    while len(digests) <= 200:
        hand.go(int(rng.integers(0, 20)))
        points.select_part(int(rng.integers(1, 9)))
        acts[rng.integers(len(acts))]()
        digest = hand.project.digest()
        if session.undo_stack.count() == len(digests):
            digests.append(digest)
    for digest in digests[-2::-1]:
        window.undo()
        assert hand.project.digest() == digest
    assert not session.undo_stack.canUndo()
    for digest in digests[1:]:
        window.redo()
        assert hand.project.digest() == digest


def _drag_of(hand, rng):
    index = rng.choice(np.flatnonzero(np.isfinite(hand.xy()[:, 0])))
    start = hand.xy()[index]
    return start, start + rng.normal(size=2) * 8 + 3
