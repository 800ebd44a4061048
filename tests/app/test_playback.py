"""Playing keeps the clip's own time, and counts what nobody saw."""

import pytest

from app import playback
from app.document import LooseClips
from app.playback import Player
from app.viewing import SPEEDS, OpenedClip


@pytest.fixture
def player(session, tmp_path):
    """A player of a clip of 30 frames at 100 fps, shown as soon as asked for."""
    session.open_document(LooseClips([tmp_path / "a.mp4"]))
    session.clip_opened(OpenedClip(30, 100.0, 64, 48, ""))
    return Player(session)


def test_it_plays_to_the_end_and_stops(qtbot, session, player):
    session.frame_changed.connect(session.note_shown)
    with qtbot.waitSignal(session.playing_changed, timeout=5000):
        player.toggle_play()
    qtbot.waitUntil(lambda: not session.playing, timeout=5000)
    assert session.frame_idx == 29


def test_frames_that_were_never_shown_are_counted(qtbot, session, player):
    # A canvas that shows every fourth frame only.
    session.frame_changed.connect(lambda i: session.note_shown(i) if i % 4 == 0 else None)
    player.toggle_play()
    qtbot.waitUntil(lambda: not session.playing, timeout=5000)
    assert player.dropped >= 29 - 8


def test_nothing_is_dropped_where_all_is_shown(qtbot, session, player):
    session.set_speed(0.25)
    session.frame_changed.connect(session.note_shown)
    seen = []
    session.frame_changed.connect(seen.append)
    player.toggle_play()
    qtbot.waitUntil(lambda: not session.playing, timeout=10_000)
    # A busy machine may wake the clock late; what it then skips must be what it counts.
    assert player.dropped == 29 - len(seen)


def test_the_clock_waits_for_a_canvas_that_falls_far_behind(qtbot, session, player, monkeypatch):
    monkeypatch.setattr(playback, "LONGEST_WAIT_S", 60.0)
    player.toggle_play()
    session.note_shown(0)  # and no frame more: the next takes its time to decode
    qtbot.waitUntil(lambda: session.frame_idx >= playback.MOST_BEHIND, timeout=5000)
    waiting_at = session.frame_idx
    qtbot.wait(400)  # longer than the whole clip
    assert session.playing
    assert session.frame_idx == waiting_at
    session.frame_changed.connect(session.note_shown)
    session.note_shown(waiting_at)
    qtbot.waitUntil(lambda: not session.playing, timeout=5000)
    assert session.shown_frame_idx == 29


def test_it_does_not_wait_for_ever(qtbot, session, player, monkeypatch):
    monkeypatch.setattr(playback, "LONGEST_WAIT_S", 0.2)
    player.toggle_play()
    session.note_shown(0)
    qtbot.waitUntil(lambda: not session.playing, timeout=5000)
    assert session.frame_idx == 29


def test_a_range_is_looped(qtbot, session, player):
    session.set_range((5, 10))
    session.set_looping(True)
    session.set_frame(5)
    seen = []
    session.frame_changed.connect(seen.append)
    player.toggle_play()
    qtbot.waitUntil(lambda: seen.count(5) >= 2, timeout=5000)
    session.set_playing(False)
    assert set(seen) <= set(range(5, 10))


def test_playing_outside_the_range_starts_at_its_beginning(session, player):
    session.set_range((5, 10))
    session.set_frame(20)
    player.toggle_play()
    session.set_playing(False)
    assert session.frame_idx == 5


def test_a_jump_while_playing_goes_on_from_there(qtbot, session, player):
    session.set_speed(0.1)
    player.toggle_play()
    session.set_frame(20)
    qtbot.waitUntil(lambda: session.frame_idx > 20, timeout=5000)
    session.set_playing(False)
    assert session.frame_idx < 29


def test_speeds_go_up_and_down_and_stay_within_bounds(session, player):
    seen = []
    session.speed_changed.connect(seen.append)
    for _ in SPEEDS:
        player.faster()
    for _ in range(2 * len(SPEEDS)):
        player.slower()
    player.normal_speed()
    assert max(seen) == 4.0
    assert min(seen) == 0.1
    assert session.speed == 1.0


def test_in_and_out_make_a_range_of_whole_frames(session, player):
    session.set_frame(4)
    player.mark_in()
    session.set_frame(8)
    player.mark_out()
    assert session.range == (4, 9)
    player.clear_range()
    assert session.range is None
