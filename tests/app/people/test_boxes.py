"""Moving and sizing a face's box with the mouse: the model runs in the new one."""

import numpy as np
import pytest
from PySide6.QtCore import Qt

from app.canvas.tools.box_layer import handle_places
from app.canvas.tools.box_tools import dragged
from core.annotations.records import ReviewState, Source
from tests.app.correction.kit import LEFT, SHIFT
from tests.app.people.kit import places


def handle(hand, name):
    """The image place of a handle of the selected face's box."""
    boxes = hand.window.boxes
    on_screen = boxes._on_screen(boxes.layer.picture.box)
    at = hand.view.viewportTransform().inverted()[0].map(handle_places(on_screen)[name])
    return np.array([at.x() - 0.5, at.y() - 0.5])


@pytest.fixture
def selected(hand):
    """Ann is selected."""
    hand.key(Qt.Key.Key_1, Qt.KeyboardModifier.AltModifier)
    assert hand.session.selected_track == 0
    return hand


def test_handles_show_on_the_selected_face_alone(hand):
    layer = hand.window.boxes.layer
    assert not layer.picture.has_handles
    hand.session.select_face(1)
    assert layer.picture.has_handles
    hand.session.set_layer("boxes", visible=False)
    assert not layer.picture.has_handles


def test_a_corner_sizes_the_box_and_the_model_runs_in_it(selected, qtbot):
    before = selected.shown()[0]
    start = handle(selected, "bottom_right")
    selected.drag(start, start + np.array([6, 5]))
    selected.wait_for_model()
    face = selected.shown()[0]
    assert np.allclose(face.box_xyxy, before.box_xyxy + np.array([0, 0, 6, 5]), atol=0.01)
    assert face.box_source == Source.PERSON
    assert not np.allclose(face.landmarks, before.landmarks, atol=0.5)
    assert np.abs(face.landmarks[2] - places(0)[0][:2]).max() < 0.5
    assert (face.point_sources == Source.HEAVY).all()
    assert selected.session.undo_stack.count() == 1
    selected.window.undo()
    assert np.allclose(selected.shown()[0].landmarks, before.landmarks)
    assert np.allclose(selected.shown()[0].box_xyxy, before.box_xyxy)


def test_the_border_moves_it(selected):
    before = selected.shown()[0].box_xyxy.astype(float)
    top = np.array([before[0] + 0.35 * (before[2] - before[0]), before[1]])
    selected.drag(top, top + np.array([-4, 3]))
    selected.wait_for_model()
    assert np.allclose(selected.shown()[0].box_xyxy, before + np.array([-4, 3, -4, 3]), atol=0.3)


def test_landmarks_set_by_hand_stay(selected):
    nose = selected.shown()[0].landmarks[2].astype(float)
    selected.drag(nose, nose + np.array([5, 0]))
    selected.key(Qt.Key.Key_Escape)  # no landmark selected: the handles are back
    start = handle(selected, "right")
    selected.drag(start, start + np.array([4, 0]))
    selected.wait_for_model()
    face = selected.shown()[0]
    assert np.allclose(face.landmarks[2], nose + np.array([5, 0]), atol=0.01)
    assert face.point_sources.tolist() == [0, 0, 4, 0, 0]
    assert "1 set by hand stay" in selected.told


def test_escape_leaves_the_box(selected):
    before = selected.project.digest()
    start = handle(selected, "left")
    selected.press(start)
    selected.move(start - 9, LEFT)
    assert selected.window.boxes.layer.picture.is_new
    selected.key(Qt.Key.Key_Escape)
    selected.release(start - 9)
    assert selected.project.digest() == before
    assert not selected.adder.is_waiting


def test_a_click_on_a_handle_changes_nothing(selected):
    before = selected.project.digest()
    selected.click(handle(selected, "top"))
    assert selected.project.digest() == before
    assert selected.session.selected_track == 0


def test_a_landmark_is_grabbed_where_it_is_nearer_than_the_box(selected):
    mouth = selected.shown()[0].landmarks[4].astype(float)  # on the box's edge
    selected.drag(mouth, mouth + np.array([5, 5]))
    assert selected.shown()[0].edited.nonzero()[0].tolist() == [4]


def test_the_model_runs_again_by_key(selected):
    selected.key(Qt.Key.Key_R, SHIFT)
    selected.wait_for_model()
    face = selected.shown()[0]
    assert (face.point_sources == Source.HEAVY).all()
    assert face.review == ReviewState.EDITED
    assert selected.session.undo_stack.undoText() == "find landmarks, frame 0"
    selected.key(Qt.Key.Key_M)
    selected.key(Qt.Key.Key_R, SHIFT)
    assert "approved" in selected.told


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        ("border", [13, 24, 33, 44]),
        ("top_left", [13, 24, 30, 40]),
        ("right", [10, 20, 33, 40]),
        ("bottom", [10, 20, 30, 44]),
    ],
)
def test_what_a_handle_moves(part, expected):
    box = np.array([10.0, 20, 30, 40])
    assert dragged(box, part, np.array([3.0, 4])).tolist() == expected


def test_a_box_is_never_turned_inside_out():
    box = dragged(np.array([10.0, 20, 30, 40]), "left", np.array([100.0, 0]))
    assert box.tolist() == [29, 20, 30, 40]
