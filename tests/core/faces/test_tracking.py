"""Identities through time: entering, leaving, returning, cuts, crossing, and exact resumption."""

from __future__ import annotations

import json

import numpy as np
import pytest

from core.faces import assignment
from core.faces.appearance import describe, distance
from core.faces.cuts import is_cut, thumbnail


def still(**people):
    """The same places in every frame."""
    return lambda count: [dict(people) for _ in range(count)]


def test_one_face_is_one_track_and_is_followed_without_detection(world):
    scene = world([{"ann": (60 + 2 * i, 120, 60)} for i in range(60)])
    seen = scene.follow()
    assert seen == [{"ann": 0}] * 60
    assert scene.detections == 6  # every tenth frame, none in between


def test_two_faces_are_two_tracks(world):
    seen = world(still(ann=(100, 120, 60), bob=(300, 120, 60))(30)).follow()
    assert len(set(seen[0].values())) == 2
    assert all(frame == seen[0] for frame in seen)


def test_a_face_that_enters_is_found_at_the_next_detection(world):
    script = [
        {"ann": (100, 120, 60)} | ({"bob": (300, 120, 60)} if i >= 13 else {}) for i in range(40)
    ]
    seen = world(script).follow()
    assert all("bob" not in frame for frame in seen[:20])
    assert all(frame == {"ann": 0, "bob": 1} for frame in seen[20:])


def test_a_face_that_leaves_is_gone_at_once_and_asks_for_one_detection(world):
    scene = world([{"ann": (100, 120, 60)} if i < 15 else {} for i in range(40)])
    seen = scene.follow()
    assert seen[14] == {"ann": 0}
    assert seen[15:] == [{}] * 25
    assert scene.detections == 4 + 1


def test_who_returns_keeps_the_identity_and_a_stranger_gets_a_new_one(world):
    script = (
        still(ann=(100, 120, 60))(30)
        + still()(90)
        + still(ann=(290, 100, 70))(20)
        + still()(20)
        + still(bob=(100, 120, 60))(20)
    )
    seen = world(script).follow()
    assert {track for frame in seen for name, track in frame.items() if name == "ann"} == {0}
    assert {track for frame in seen for name, track in frame.items() if name == "bob"} == {1}


def test_a_cut_away_and_back(world):
    """Other people after the cut, in the same place; the first ones again after the next cut."""
    script = (
        still(ann=(100, 120, 60), bob=(300, 120, 60))(35)
        + still(cyd=(100, 120, 60))(25)
        + still(bob=(110, 110, 70), ann=(310, 120, 60))(30)
    )
    scene = world(script, [90] * 35 + [200] * 25 + [90] * 30)
    seen = scene.follow()
    assert seen[0] == {"ann": 0, "bob": 1}
    assert seen[35] == {"cyd": 2}, "a cut asks for detection in its own frame"
    assert seen[60] == {"bob": 1, "ann": 0}
    assert all(frame == seen[60] for frame in seen[60:])


@pytest.mark.parametrize("speed", [3, 6, 9])
def test_two_faces_that_swap_places_keep_their_identities(world, speed: int):
    """One passes behind the other and is not to be seen meanwhile."""
    count = 280 // speed + 21
    script = [
        {
            "ann": (60 + speed * min(i, 280 // speed), 120, 60),
            "bob": (340 - speed * min(i, 280 // speed), 120, 60),
        }
        for i in range(count)
    ]
    seen = world(script).follow()
    assert seen[0] == {"ann": 0, "bob": 1}
    assert any("ann" not in frame for frame in seen), "ann is hidden behind bob for a while"
    assert all(frame == seen[0] for frame in seen[-11:])
    wrong = sum(frame.get(n, t) != t for frame in seen for n, t in (("ann", 0), ("bob", 1)))
    assert wrong <= 10


def test_a_box_that_is_no_face_is_dropped(world):
    """The detector errs; the landmark net is not confident; no track begins."""
    scene = world(still()(15))
    scene.detect = lambda rgb, thorough=False: world(still(ann=(100, 120, 60))(1)).detect(rgb)
    assert scene.follow() == [{}] * 15


@pytest.mark.parametrize("split", [1, 17, 30, 45, 61])
def test_a_tracker_restored_in_between_goes_on_as_if_nothing_had_happened(world, split: int):
    script = [
        {"ann": (60 + 4 * i, 120, 60), "bob": (340 - 4 * i, 118, 64)} if i < 70 else {}
        for i in range(75)
    ] + still(bob=(100, 120, 60))(15)
    whole = world(script).follow()
    first, second = world(script), world(script)
    tracker = first.tracker()
    head = first.follow(tracker, 0, split)
    state = json.loads(json.dumps(tracker.state()))
    again = second.tracker()
    again.restore(state)
    assert head + second.follow(again, split) == whole
    assert again.state() == json.loads(json.dumps(again.state()))


@pytest.mark.parametrize("late", [1, 4, 9])
def test_after_a_start_or_a_cut_every_frame_is_searched_until_somebody_is_found(world, late: int):
    """The detector sees nobody in the first frames after both; the next scheduled one is later."""
    script = still(ann=(100, 120, 60))(32) + still(bob=(300, 120, 60))(28)
    scene = world(script, [90] * 32 + [200] * 28)
    blind = {*range(late), *range(32, 32 + late)}
    see = scene.detect
    scene.detect = lambda rgb, thorough=False: [] if scene.now in blind else see(rgb, thorough)
    seen = scene.follow()
    assert [i for i, frame in enumerate(seen) if not frame] == sorted(blind)
    assert seen[-1] == {"bob": 1}


def test_a_scene_without_faces_is_not_searched_for_ever(world):
    scene = world(still()(60))
    scene.follow()
    assert scene.detections == 10 + 5


def test_a_detector_that_is_sure_makes_up_for_a_doubtful_landmark_net(world):
    """0.45 is too little for a new face, unless the detection is as good as certain."""
    for detection_score, faces in ((0.9, {"ann": 0}), (0.7, {})):
        scene = world(still(ann=(100, 120, 60))(12))
        scene.landmark_score, scene.detection_score = 0.45, detection_score
        assert scene.follow() == [faces] * 12


def test_memory_is_bounded(world):
    """Sixty strangers one after the other: only the last ones are remembered."""
    script = []
    for k in range(60):
        script += still(**{f"person{k}x{k * k}": (100 + k, 120, 60)})(10) + still()(10)
    scene = world(script)
    tracker = scene.tracker()
    scene.follow(tracker)
    assert len(tracker.state()["tracks"]) <= 32


class TestAppearance:
    def test_the_same_picture_is_near_and_another_far(self):
        rng = np.random.default_rng(1)
        blobs = [rng.integers(0, 255, (6, 6, 3), dtype=np.uint8) for _ in range(2)]
        import cv2

        frames = [cv2.resize(b, (120, 120), interpolation=cv2.INTER_CUBIC) for b in blobs]
        hull = np.array([30.0, 30, 90, 90])
        a, b = (describe(frame, hull, 0.0) for frame in frames)
        brighter = np.clip(frames[0].astype(int) + 12, 0, 255).astype(np.uint8)
        assert np.linalg.norm(a) == pytest.approx(1.0, abs=1e-5)
        assert distance(a, describe(brighter, hull, 0.0)) < 0.03
        assert distance(a, describe(frames[0], hull + 2, 0.0)) < 0.06
        assert distance(a, b) > 0.1

    def test_a_blank_frame_has_a_descriptor_without_nan(self):
        flat = describe(np.zeros((50, 50, 3), np.uint8), np.array([5.0, 5, 40, 40]), 0.1)
        assert np.isfinite(flat).all()


class TestCuts:
    def test_motion_and_noise_are_no_cut(self):
        rng = np.random.default_rng(0)
        frame = rng.integers(60, 180, (90, 160, 3), dtype=np.uint8)
        noisy = np.clip(frame + rng.normal(0, 12, frame.shape), 0, 255).astype(np.uint8)
        assert not is_cut(thumbnail(frame), thumbnail(np.roll(noisy, 3, axis=1)))

    def test_another_scene_is(self):
        dark, light = np.full((90, 160, 3), 60, np.uint8), np.full((90, 160, 3), 100, np.uint8)
        assert is_cut(thumbnail(dark), thumbnail(light))


class TestAssignment:
    def test_least_cost_in_all_not_greedily(self):
        assert assignment.pairs(np.array([[1.0, 2.0], [1.1, 9.0]]), 10) == {0: 1, 1: 0}

    def test_pairs_beyond_the_limit_are_not_made(self):
        assert assignment.pairs(np.array([[0.2, 3.0], [3.0, 3.0]]), 1.0) == {0: 0}
        assert assignment.pairs(np.zeros((0, 3)), 1.0) == {}
