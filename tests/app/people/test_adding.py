"""Adding a face by its box: the model runs in it, and what it says lands where it belongs."""

import numpy as np
import pytest
from PySide6.QtCore import Qt, QTimer

from core.annotations.project import Project
from core.annotations.records import ReviewState, Source
from core.inference import one_face
from tests.app.correction.kit import LEFT, SHIFT
from tests.app.people.conftest import write_run
from tests.app.people.kit import HEIGHT, MISSED, WIDTH, places, points_of

X, Y, R = MISSED
BEGIN, END = np.array([X - R, Y - R]), np.array([X + R, Y + R])


def draw_box(hand, begin=BEGIN, end=END):
    hand.key(Qt.Key.Key_A, SHIFT)
    hand.drag(begin, end)


def wait_until_asked(gate, qtbot, times=1):
    """Until the model has been asked, in its own thread."""
    qtbot.waitUntil(lambda: bool(gate) and len(gate[0].boxes) >= times, timeout=20_000)


class TestDrawn:
    def test_the_model_finds_the_landmarks_in_the_box(self, hand):
        draw_box(hand, BEGIN - 3, END + 2)
        hand.wait_for_model()
        face = hand.shown()[3]
        assert np.abs(face.landmarks[2] - [X, Y]).max() < 0.5
        assert np.abs(face.landmarks - points_of(MISSED)).max() < 0.3 * R
        assert (face.point_sources == Source.HEAVY).all()
        assert not face.edited.any()
        assert np.allclose(face.box_xyxy, [*(BEGIN - 3), *(END + 2)], atol=1.0)
        assert (face.box_source, face.source) == (Source.PERSON, Source.HEAVY)
        assert face.review == ReviewState.EDITED
        assert hand.session.selected_track == 3
        assert "landmarks found, confidence" in hand.told

    def test_it_is_one_step_of_undo_that_goes_to_the_frame(self, hand):
        before = hand.project.digest()
        hand.go(7)
        draw_box(hand)
        hand.wait_for_model()
        after = hand.project.digest()
        assert hand.session.undo_stack.count() == 1
        assert hand.session.undo_stack.undoText() == "add face, frame 7"
        hand.go(20)
        hand.window.undo()
        assert hand.session.frame_idx == 7
        assert hand.project.digest() == before
        hand.window.redo()
        assert hand.project.digest() == after

    def test_it_lasts(self, hand, open_main, people_project):
        draw_box(hand)
        hand.wait_for_model()
        hand.window.close()
        with Project.open(people_project) as project:
            faces = project.shown(project.clips()[0].clip_id, 0)
            assert [face.track_id for face in faces] == [0, 1, 3]
            assert [edit.title for edit in project.history()] == ["add face"]

    def test_the_window_goes_on_while_the_model_works(self, hand, gate, qtbot):
        draw_box(hand)
        wait_until_asked(gate, qtbot)
        ticks = []
        timer = QTimer()
        timer.timeout.connect(lambda: ticks.append(None))
        timer.start(1)
        qtbot.waitUntil(lambda: len(ticks) >= 20, timeout=20_000)
        timer.stop()
        assert hand.adder.is_waiting
        assert gate[0].threads == {"face-finder"}
        mean = hand.shown()[3]  # until the answer comes there is a mean face in the box
        assert (mean.point_sources == Source.DERIVED).all()
        low, high = mean.landmarks.min(axis=0), mean.landmarks.max(axis=0)
        assert np.allclose((low + high) / 2, [X, Y], atol=1.5)
        assert np.prod(high - low) == pytest.approx((2 * R) ** 2, rel=0.1)
        gate[0].free.set()
        hand.wait_for_model()
        assert (hand.shown()[3].point_sources == Source.HEAVY).all()

    def test_a_face_corrected_meanwhile_keeps_what_was_set_by_hand(self, hand, gate, qtbot):
        draw_box(hand)
        wait_until_asked(gate, qtbot)
        start = hand.shown()[3].landmarks[2].astype(float)
        hand.drag(start, start + np.array([4, 3]))
        gate[0].free.set()
        hand.wait_for_model()
        face = hand.shown()[3]
        assert np.allclose(face.landmarks[2], start + np.array([4, 3]), atol=0.5)
        assert np.flatnonzero(face.edited).tolist() == [2]
        assert face.point_sources.tolist() == [0, 0, 4, 0, 0]
        assert hand.session.undo_stack.count() == 3
        assert "1 set by hand stay" in hand.told

    def test_escape_leaves_it(self, hand):
        hand.key(Qt.Key.Key_A, SHIFT)
        assert "brows to chin" in hand.window.boxes.layer.picture.hint
        hand.press(BEGIN)
        hand.move(END, LEFT)
        hand.key(Qt.Key.Key_Escape)
        hand.release(END)
        assert not hand.window.boxes.is_drawing
        assert not hand.session.undo_stack.canUndo()

    def test_a_slip_of_the_hand_is_no_face(self, hand):
        draw_box(hand, BEGIN, BEGIN + 2)
        assert hand.window.boxes.is_drawing
        assert not hand.session.undo_stack.canUndo()

    def test_by_keys_alone(self, hand):
        hand.key(Qt.Key.Key_A, SHIFT)
        box = hand.window.boxes.box.copy()
        assert np.allclose((box[:2] + box[2:]) / 2, [WIDTH / 2, HEIGHT / 2])
        for _ in range(5):
            hand.key(Qt.Key.Key_Down)
        hand.key(Qt.Key.Key_Left, SHIFT)
        assert np.allclose(hand.window.boxes.box, box + np.array([0, 50, -10, 50]))
        hand.key(Qt.Key.Key_Return)
        hand.wait_for_model()
        assert hand.who()[3] == "m"
        assert hand.session.frame_idx == 0  # the arrows did not step


class TestWho:
    def test_who_is_selected_and_missing_here_is_who_is_added(self, hand):
        hand.session.select_face(2)
        draw_box(hand)
        assert 2 in hand.shown()

    def test_who_was_there_a_moment_ago_is_proposed_and_added(self, hand):
        hand.go(15)
        hand.key(Qt.Key.Key_Delete)  # of nobody: two faces, none selected
        assert "Select the face" in hand.told
        hand.session.select_face(0)
        hand.key(Qt.Key.Key_Delete)
        hand.wait_for_columns()
        assert sorted(hand.shown()) == [1]
        hand.key(Qt.Key.Key_A, SHIFT)
        hand.key(Qt.Key.Key_Return)
        hand.wait_for_model()
        face = hand.shown()[0]
        assert hand.who()[0] == "a"
        assert np.abs(face.landmarks[2] - places(15)[0][:2]).max() < 0.5


class TestLate:
    """What answers another question than the one in hand never lands."""

    @pytest.fixture
    def asked(self, hand, gate, qtbot):
        """A face is added and the model has been asked, but does not answer yet."""
        draw_box(hand)
        wait_until_asked(gate, qtbot)
        return hand

    def answer(self, hand, gate, qtbot):
        """Let the model answer; what the tables held before and after."""
        before = hand.project.digest()
        gate[0].free.set()
        hand.wait_for_model()
        qtbot.wait(50)
        return before, hand.project.digest()

    def test_for_another_frame(self, asked, gate, qtbot):
        asked.go(5)
        before, after = self.answer(asked, gate, qtbot)
        assert before == after
        assert "too late" in asked.told
        asked.window.undo()
        assert asked.session.frame_idx == 0
        assert sorted(asked.shown()) == [0, 1]

    def test_for_another_clip(self, asked, gate, qtbot, clip_path):
        clip = asked.project.add_clip(clip_path)
        asked.session.document._entries.append(asked.session.document._entry(clip))
        asked.session.open_clip(clip.clip_id)
        qtbot.waitUntil(lambda: asked.session.shown_frame_idx == 0, timeout=20_000)
        before, after = self.answer(asked, gate, qtbot)
        assert before == after
        assert "too late" in asked.told

    def test_for_another_model(self, asked, gate, qtbot, people_project):
        write_run(asked.project, asked.session.entry.clip_id, "r2",
                  people_project / "models" / "blob.onnx")  # fmt: skip
        asked.window.runs.show_run("r2")
        assert asked.session.document.shown_run(asked.session.entry.clip_id) == "r2"
        before, after = self.answer(asked, gate, qtbot)
        assert before == after

    def test_for_a_face_that_was_taken_back(self, asked, gate, qtbot):
        asked.window.undo()
        before, after = self.answer(asked, gate, qtbot)
        assert before == after
        assert sorted(asked.shown()) == [0, 1]

    def test_for_a_face_that_was_approved_meanwhile(self, asked, gate, qtbot):
        asked.key(Qt.Key.Key_M)
        before, after = self.answer(asked, gate, qtbot)
        assert before == after
        assert (asked.shown()[3].point_sources == Source.DERIVED).all()

    def test_for_an_older_request(self, asked, gate, qtbot):
        """The box is moved while the model looks at where it was: only the newer answer lands."""
        box = asked.shown()[3].box_xyxy.astype(float)
        asked.adder.move_box(asked.shown()[3], box + 2)
        gate[0].free.set()
        asked.wait_for_model()
        assert [np.round(b).tolist() for b in gate[0].boxes] == [
            np.round(box).tolist(), np.round(box + 2).tolist(),
        ]  # fmt: skip
        assert asked.session.undo_stack.count() == 2  # add face, set box with its landmarks
        assert (asked.shown()[3].point_sources == Source.HEAVY).all()

    def test_for_a_window_that_is_closed(self, asked, gate, people_project):
        gate[0].free.set()
        asked.window.close()
        with Project.open(people_project) as project:
            assert 3 in {face.track_id for face in project.shown(project.clips()[0].clip_id, 0)}


class TestWithoutAModel:
    def test_a_missing_one_leaves_the_mean_face_and_says_so(self, hand, monkeypatch, tmp_path):
        monkeypatch.setattr("core.inference.model_source.model_folders", lambda project: [tmp_path])
        draw_box(hand)
        hand.wait_for_model()
        assert "There is no model called 'landmarks-68'" in hand.told
        assert "stays with a mean face" in hand.told
        assert (hand.shown()[3].point_sources == Source.DERIVED).all()

    def test_one_that_fails_leaves_the_mean_face_and_says_so(self, hand, monkeypatch):
        def fail(path):
            raise RuntimeError("shapes do not fit")

        monkeypatch.setattr(one_face, "load_landmark_model", fail)
        draw_box(hand)
        hand.wait_for_model()
        assert hand.told.startswith("The model failed on this face. The box stays")
        assert "shapes do not fit" in hand.session.hub.history[-1].details
        assert 3 in hand.shown()

    def test_under_another_name_it_is_the_same_model(self, hand, people_project):
        (people_project / "models" / "blob.onnx").rename(people_project / "models" / "old.onnx")
        (people_project / "models" / "blob.json").rename(people_project / "models" / "old.json")
        draw_box(hand)
        hand.wait_for_model()
        assert (hand.shown()[3].point_sources == Source.HEAVY).all()
        assert "not here" not in hand.told

    def test_loose_clips_say_what_to_do(self, open_main, disc_clip):
        window = open_main(disc_clip)
        window.people.adder.add(np.array([10.0, 10, 50, 50]))
        assert "make a project" in window.session.hub.history[-1].text
