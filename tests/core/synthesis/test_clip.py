"""Clips: any frame in any order, truth for each, flow between them."""

from dataclasses import replace

import numpy as np
import pytest

from core.synthesis.clip import Clip
from core.synthesis.motion import MotionSettings


@pytest.fixture
def clip(world_recipe):
    """Three seconds in several shots, 96 px."""
    return Clip(4, 75, (96, 96), world_recipe, settings=MotionSettings(shot_s=(0.8, 1.2)))


def test_frames_can_be_asked_for_in_any_order(clip, world_recipe):
    late = clip.frame(40).rgb
    clip.frame(3)
    again = (
        Clip(4, 75, (96, 96), world_recipe, settings=MotionSettings(shot_s=(0.8, 1.2)))
        .frame(40)
        .rgb
    )
    assert np.array_equal(late, again)


def test_shots_cover_the_clip(clip):
    assert len(clip.shot_of) == 75
    assert len(clip.shots) > 1
    assert clip.shots[0].start == 0
    assert clip.shots[-1].stop == 75


def test_landmarks_of_all_frames_are_those_of_each(clip):
    every = clip.landmarks()
    for index in (0, 30, 74):
        assert np.abs(every[index] - clip.frame(index, ()).landmarks["ibug68"]).max() < 1e-2


def test_faces_move_smoothly_within_a_shot(clip):
    every = clip.landmarks()
    size = np.linalg.norm(every[:, 45] - every[:, 36], axis=1).mean()
    same = clip.shot_of[1:] == clip.shot_of[:-1]
    steps = np.linalg.norm(np.diff(every[:, 27:36], axis=0), axis=2).mean(1)
    assert steps[same].max() < 0.35 * size
    assert steps[same].mean() > 0


def test_flow_takes_landmarks_along(clip):
    """At a fixed mesh point's pixel the flow leads to the point's place in the other frame."""
    first, other = clip.shots[0].start, clip.shots[0].start + 4
    flow = clip.flow(first, other)
    here, there = clip.frame(first, ("visible",)), clip.frame(other, ())
    errors = []
    for index in range(27, 68):
        x, y = np.round(here.landmarks["ibug68_3d"][index]).astype(int)
        if here.visible["ibug68_3d"][index] and 0 <= x < 96 and 0 <= y < 96:
            moved = there.landmarks["ibug68_3d"][index] - here.landmarks["ibug68_3d"][index]
            errors.append(np.linalg.norm(flow[y, x] - moved))
    assert len(errors) > 20
    assert np.median(errors) < 0.25


def test_flow_to_itself_is_zero(clip):
    assert np.abs(clip.flow(2, 2)).max() < 1e-3


def test_no_flow_crosses_a_cut(clip):
    with pytest.raises(ValueError, match="a cut lies between"):
        clip.flow(0, 74)


def test_a_named_subject_plays_every_shot(world_recipe):
    clip = Clip(1, 60, (64, 64), world_recipe, subject=17, settings=MotionSettings(shot_s=(0.8, 1)))
    assert {shot.subject for shot in clip.shots} == {17}
    assert clip.frame(0, ()).subject == 17


def test_things_pass_in_hard_clips(world_recipe):
    busy = replace(world_recipe, occluded_share=1.0)
    clip = Clip(2, 50, (64, 64), busy, settings=MotionSettings(hard_share=1.0))
    assert any(shot.scene.props for shot in clip.shots)


def test_frames_outside_are_refused(clip):
    with pytest.raises(IndexError, match="of a clip of 75"):
        clip.frame(75)
