"""The session: what is set is cut to the clip and told once."""

import numpy as np
import pytest

from app.document import LooseClips, empty_columns
from app.messages import MessageHub
from app.session import Session
from app.viewing import OpenedClip

CLIP = OpenedClip(frames=100, fps=25.0, width=64, height=48, description="")


@pytest.fixture
def opened(session, tmp_path):
    """A session with a clip of 100 frames."""
    session.open_document(LooseClips([tmp_path / "a.mp4", tmp_path / "b.mp4"]))
    session.clip_opened(CLIP)
    return session


@pytest.mark.parametrize(("asked", "got"), [(5, 5), (-3, 0), (1000, 99)])
def test_frames_are_cut_to_the_clip(opened, asked, got):
    opened.set_frame(asked)
    assert opened.frame_idx == got


def test_a_frame_is_told_only_when_it_changes(opened):
    told = []
    opened.frame_changed.connect(told.append)
    for frame_idx in (5, 5, 6, 500, 99):
        opened.set_frame(frame_idx)
    assert told == [5, 6, 99]


@pytest.mark.parametrize(
    ("asked", "got"),
    [((10, 20), (10, 20)), ((20, 10), (10, 20)), ((-5, 300), (0, 100)), ((7, 7), None)],
)
def test_a_range_is_half_open_and_inside_the_clip(opened, asked, got):
    opened.set_range(asked)
    assert opened.range == got


def test_times_follow_a_varying_rate(opened):
    times = np.array([0.0, 0.1, 0.5, 0.6])
    opened.clip_opened(OpenedClip(4, 10.0, 64, 48, "", times_s=times))
    assert opened.time_s(2) == 0.5
    assert [opened.frame_at(t) for t in (0.0, 0.49, 0.5, 9.0)] == [0, 1, 2, 3]


def test_every_frame_is_found_by_its_own_time(opened):
    assert [opened.frame_at(opened.time_s(i)) for i in range(100)] == list(range(100))


def test_an_undo_in_another_clip_opens_it_where_the_edit_was(opened, tmp_path):
    opened.set_frame(42)
    opened.go_to_edit(str(tmp_path / "b.mp4"), 33)
    opened.clip_opened(CLIP)
    assert opened.frame_idx == 33
    opened.go_to_edit(str(tmp_path / "a.mp4"), 0)
    opened.clip_opened(CLIP)
    assert opened.frame_idx == 0


def test_a_clip_is_found_at_the_frame_it_was_left_also_by_another_session(
    opened, settings, tmp_path
):
    opened.set_frame(42)
    opened.close_document()
    again = Session(settings, MessageHub())
    again.open_document(LooseClips([tmp_path / "a.mp4"]))
    again.clip_opened(OpenedClip(30, 25.0, 64, 48, ""))
    assert again.frame_idx == 29, "the clip is shorter now"


def test_a_clip_is_found_at_the_frame_it_was_left(opened, tmp_path):
    opened.set_frame(42)
    opened.open_clip(str(tmp_path / "b.mp4"))
    opened.clip_opened(CLIP)
    assert opened.frame_idx == 0
    opened.open_clip(str(tmp_path / "a.mp4"))
    opened.clip_opened(CLIP)
    assert opened.frame_idx == 42


def test_columns_of_another_clip_come_too_late(opened, tmp_path):
    other = empty_columns(100)
    opened.set_columns(str(tmp_path / "b.mp4"), other)
    assert opened.columns is not other
    opened.set_columns(str(tmp_path / "a.mp4"), other)
    assert opened.columns is other


def test_an_answer_after_closing_changes_nothing(opened):
    opened.close_document()
    opened.clip_opened(CLIP)
    opened.clip_not_opened("too late")
    assert opened.num_frames == 0
    assert opened.entry is None


def test_layers_are_remembered(opened, settings, qapp):
    from app.messages import MessageHub
    from app.session import Session

    opened.set_layer("points", visible=False, opacity=0.25)
    again = Session(settings, MessageHub())
    assert not again.layers["points"].visible
    assert again.layers["points"].opacity == 0.25


def test_edits_of_loose_clips_are_refused_with_a_sentence(opened):
    assert not opened.apply(object())
    assert "make a project" in opened.hub.history[-1].text


def test_a_clip_that_turns_out_shorter_keeps_the_place(opened):
    opened.set_frame(80)
    opened.clip_opened(OpenedClip(60, 25.0, 64, 48, ""))
    assert opened.num_frames == 60
    assert opened.frame_idx == 59


def test_a_marker_is_set_and_taken_away(opened):
    told = []
    opened.markers_changed.connect(lambda: told.append(opened.markers))
    for frame_idx in (30, 10, 30):
        opened.toggle_marker(frame_idx)
    assert told == [[30], [10, 30], [10]]
