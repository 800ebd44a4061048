"""Correcting landmarks with the mouse, through the real window."""

import numpy as np
import pytest
from PySide6.QtCore import Qt

from core.annotations.records import ReviewState, Source
from core.faces.correction.curve_drag import drag_weights
from tests.app.correction.kit import ALT, CTRL, LEFT_BROW, RIGHT, SHIFT, face_xy


def changed(hand, before):
    return np.flatnonzero((np.abs(hand.xy() - before) > 1e-6).any(axis=1)).tolist()


@pytest.mark.parametrize("zoom", [1.0, 8.0])
def test_a_dragged_point_lands_where_it_was_dropped_to_the_screen_pixel(hand, zoom):
    before = hand.xy()
    hand.zoom(zoom, before[30])
    hand.drag(before[30], before[30] + [6.5, -4.25])
    assert changed(hand, before) == [30]
    assert np.allclose(hand.xy()[30], before[30] + [6.5, -4.25], atol=1e-4)
    face = hand.face()
    assert face.edited.nonzero()[0].tolist() == [30]
    assert face.point_sources[30] == Source.PERSON
    assert face.review == ReviewState.EDITED
    assert hand.selected == [30]


@pytest.mark.parametrize("zoom", [1.0, 8.0])
def test_a_drag_by_whole_screen_pixels_moves_by_their_share_of_a_clip_pixel(hand, zoom):
    before = hand.xy()
    hand.zoom(zoom, before[8])
    hand.drag(before[8], before[8] + [40 / zoom, 16 / zoom])
    assert np.allclose(hand.xy()[8] - before[8], [40 / zoom, 16 / zoom], atol=1e-4)


def test_the_stored_point_is_drawn_where_the_mouse_let_it_go(hand):
    before = hand.xy()
    hand.zoom(8.0, before[33])
    goal = np.round(before[33] + [5, 7])
    hand.drag(before[33], goal)
    picture = hand.view._face_items[0].picture
    places = np.concatenate([group.xy for group in picture.points])
    assert np.abs(places - (goal + 0.5)).sum(axis=1).min() < 1e-3


def test_a_click_selects_and_moves_nothing(hand):
    before = hand.xy()
    hand.click(before[45])
    assert hand.selected == [45]
    assert hand.session.selected_track == 0
    hand.click(before[47], SHIFT)
    assert hand.selected == [45, 47]
    hand.click(before[45], SHIFT)
    assert hand.selected == [47]
    hand.click([2, 2])
    assert hand.selected == []
    assert changed(hand, before) == []
    assert not hand.session.undo_stack.canUndo()


def test_a_band_selects_and_a_drag_moves_all_that_are_selected(hand):
    before = hand.xy()
    brow = before[LEFT_BROW]
    hand.drag(brow.min(axis=0) - 3, brow.max(axis=0) + 3)
    assert hand.selected == LEFT_BROW
    hand.drag(before[24], before[24] + [3, -9])
    assert changed(hand, before) == LEFT_BROW
    assert np.allclose(hand.xy()[LEFT_BROW], brow + np.array([3, -9]), atol=1e-4)
    assert hand.session.undo_stack.count() == 1


def test_a_band_with_shift_adds(hand):
    before = hand.xy()
    hand.click(before[8])
    brow = before[LEFT_BROW]
    hand.drag(brow.min(axis=0) - 3, brow.max(axis=0) + 3, SHIFT)
    assert hand.selected == [8, *LEFT_BROW]


def test_a_double_click_selects_the_part(hand):
    hand.double_click(hand.xy()[24])
    assert hand.selected == LEFT_BROW


def test_with_control_the_contour_bends(hand):
    before = hand.xy()
    hand.drag(before[5], before[5] + [-8, 4], CTRL)
    weights = drag_weights(before, hand.window.correction.tools._shown_subject().scheme.contours, 5)
    assert np.allclose(hand.xy(), before + weights[:, None] * [-8, 4], atol=1e-3)
    assert len(changed(hand, before)) > 5


def test_the_bend_switch_turns_the_modifier_round(hand):
    before = hand.xy()
    hand.window.actions_by_id["bend_curves"].trigger()
    hand.drag(before[5], before[5] + [-8, 4])
    assert len(changed(hand, before)) > 5
    hand.window.undo()
    hand.drag(before[5], before[5] + [-8, 4], CTRL)
    assert changed(hand, before) == [5]


def test_alt_drag_moves_the_whole_face(hand):
    before = hand.xy()
    box = hand.face().box_xyxy
    hand.drag(before[30] + [0, -9], before[30] + [11, -9], ALT)
    assert np.allclose(hand.face().box_xyxy, box + np.array([11, 0, 11, 0]), atol=1e-3)
    assert hand.session.undo_stack.count() == 1
    assert np.allclose(hand.xy(), before + np.array([11, 0]), atol=1e-4)


def test_alt_and_wheel_turn_and_scale_as_one_command(hand, qtbot):
    before = hand.xy()
    for _ in range(5):
        hand.wheel(before[30], 1, ALT)
    hand.wheel(before[30], 2, ALT | SHIFT)
    assert changed(hand, before) == []  # not recorded before the wheel rests
    qtbot.waitUntil(lambda: hand.session.undo_stack.count() == 1, timeout=3000)
    a, b = before[45] - before[36], hand.xy()[45] - hand.xy()[36]
    turned = np.rad2deg(np.arctan2(b[1], b[0]) - np.arctan2(a[1], a[0]))
    assert turned == pytest.approx(10.0, abs=0.01)
    assert np.linalg.norm(b) / np.linalg.norm(a) == pytest.approx(1.02**2, rel=1e-4)


def test_the_knob_turns_and_a_corner_scales(hand):
    from app.canvas.tools.tool_layer import handle_places

    before = hand.xy()
    hand.double_click(before[24])
    brow = before[LEFT_BROW]
    to_image = hand.view.viewportTransform().inverted()[0]

    def place(name):
        selected = hand.window.correction.tools._selected_places()
        at = to_image.map(handle_places(selected, hand.view.viewportTransform())[name])
        return np.array([at.x() - 0.5, at.y() - 0.5])

    middle = (brow.min(axis=0) + brow.max(axis=0)) / 2
    arm = place("knob") - middle
    a_quarter_on = np.array([middle[0] - arm[1], middle[1] + arm[0]])  # clockwise
    hand.drag(place("knob"), a_quarter_on)
    quarter = np.column_stack([-(brow - middle)[:, 1], (brow - middle)[:, 0]])
    assert np.allclose(hand.xy()[LEFT_BROW], middle + quarter, atol=0.1)
    hand.window.undo()
    assert changed(hand, before) == []
    fixed = brow.min(axis=0)
    corner = place("bottom_right")
    hand.drag(corner, corner + (corner - fixed))
    assert np.allclose(hand.xy()[LEFT_BROW], fixed + 2 * (brow - fixed), atol=0.3)


def test_escape_leaves_a_drag_without_a_trace(hand):
    before = hand.xy()
    hand.press(before[30])
    hand.move(before[30] + [9, 9], Qt.MouseButton.LeftButton)
    assert hand.window.correction.tools.layer.picture.ghost is not None
    live = hand.view._face_items[0].picture
    places = np.concatenate([group.xy for group in live.points])
    assert np.abs(places - (before[30] + 9.5)).sum(axis=1).min() < 1e-3
    hand.key(Qt.Key.Key_Escape)
    hand.release(before[30] + [9, 9])
    assert changed(hand, before) == []
    assert hand.window.correction.tools.layer.picture.ghost is None
    assert not hand.session.undo_stack.canUndo()


def test_a_drag_back_to_the_start_is_no_edit(hand):
    before = hand.xy()
    hand.press(before[30])
    hand.move(before[30] + [9, 9], Qt.MouseButton.LeftButton)
    hand.move(before[30], Qt.MouseButton.LeftButton)
    hand.release(before[30])
    assert not hand.session.undo_stack.canUndo()


def test_stepping_in_the_middle_of_a_drag_leaves_it(hand):
    before = hand.xy(0)
    hand.press(before[30])
    hand.move(before[30] + [9, 9], Qt.MouseButton.LeftButton)
    hand.go(3)
    hand.release(before[30] + [9, 9])
    assert np.allclose(hand.xy(0), before)
    assert np.allclose(hand.xy(3), face_xy(3))


def test_the_right_button_hides_a_point_and_shows_it_again(hand):
    before = hand.xy()
    hand.click(before[2], button=RIGHT)
    assert np.flatnonzero(~hand.face().visible).tolist() == [2]
    assert changed(hand, before) == []
    assert not hand.face().edited.any()
    hand.click(before[2], button=RIGHT)
    assert hand.face().visible.all()


def test_hidden_landmarks_cannot_be_grabbed(hand):
    before = hand.xy()
    hand.session.set_layer("points", visible=False)
    hand.drag(before[30], before[30] + [9, 9])
    hand.session.set_layer("points", visible=True)
    hand.session.set_overlays_hidden(True)
    hand.drag(before[30], before[30] + [9, 9])
    assert not hand.session.undo_stack.canUndo()


def test_the_middle_button_still_moves_the_picture(hand):
    before = hand.xy()
    hand.zoom(8.0, before[30])
    was = hand.screen(before[30])
    hand.press(before[30], button=Qt.MouseButton.MiddleButton)
    hand.move(before[30] + [4, 0], Qt.MouseButton.MiddleButton)
    hand.release(before[30] + [4, 0], button=Qt.MouseButton.MiddleButton)
    assert hand.screen(before[30]).x() > was.x() + 20
    assert not hand.session.undo_stack.canUndo()


# Placing


def test_a_template_is_placed_by_two_clicks(hand):
    hand.go(22)  # where the run has no face
    hand.key(Qt.Key.Key_T, SHIFT)
    assert "one eye" in hand.window.correction.tools.layer.picture.hint
    hand.click([150, 80])
    hand.move([100, 84])
    hand.click([100, 84])
    assert hand.window.correction.tools.tool is None
    xy = hand.xy(22)
    assert np.allclose(xy[36:42].mean(axis=0), [100, 84], atol=1.0)
    assert np.allclose(xy[42:48].mean(axis=0), [150, 80], atol=1.0)
    assert hand.face(22).track_id == 0
    assert hand.session.undo_stack.count() == 1
    hand.window.undo()
    assert hand.project.shown(hand.session.entry.clip_id, 22) == []


def test_points_are_placed_in_the_scheme_s_order(hand):
    hand.go(22)
    hand.key(Qt.Key.Key_P, SHIFT)
    goals = np.array([[40, 40], [50, 60], [70, 30]])
    hand.zoom(4.0, [50, 50])
    hand.click(goals[0])
    assert "right jaw 02" in hand.window.correction.tools.layer.picture.hint
    hand.click(goals[1])
    hand.key(Qt.Key.Key_Z, CTRL)
    assert "right jaw 02" in hand.window.correction.tools.layer.picture.hint
    hand.click(goals[1])
    hand.click([0, 0], button=RIGHT)  # leave point 2 out
    hand.click(goals[2])
    hand.key(Qt.Key.Key_Escape)
    xy = hand.xy(22)
    # a click means the middle of its screen's pixel, an eighth of a clip's pixel further
    assert np.allclose(xy[[0, 1, 3]], goals + 0.125, atol=1e-4)
    assert np.isnan(np.delete(xy, [0, 1, 3], axis=0)).all()
    assert hand.session.undo_stack.count() == 3


def test_an_undo_in_the_middle_of_a_drag_leaves_the_drag(hand):
    before = hand.xy()
    hand.drag(before[30], before[30] + [9, 0])
    hand.press(before[8])
    hand.move(before[8] + [0, 9], Qt.MouseButton.LeftButton)
    hand.window.undo()
    hand.release(before[8] + [0, 9])
    assert np.allclose(hand.xy(), before)
    assert hand.session.undo_stack.index() == 0
