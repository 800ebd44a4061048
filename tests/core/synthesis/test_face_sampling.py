"""Distributions people, expressions and head poses are drawn from."""

import numpy as np
import pytest

from core.synthesis import procedural
from core.synthesis.expression import (
    BROWS,
    MOUTHS,
    PoseRange,
    sample_expression,
    sample_gaze,
    sample_pose,
)
from core.synthesis.shape import MODE_SPREAD, mode_spread, sample_modes, sample_shape
from core.synthesis.template import EXPRESSION_INDEX

HEAD = procedural.load()


def test_a_seed_is_a_person():
    assert sample_shape(7, HEAD) == sample_shape(7, HEAD)
    assert sample_shape(7, HEAD) != sample_shape(8, HEAD)


def test_people_stay_in_the_stated_ranges():
    people = [sample_shape(seed, HEAD) for seed in range(200)]
    ages = np.array([p.age_years for p in people])
    assert 18.0 <= ages.min() < 22.0
    assert 60.0 < ages.max() <= 80.0
    for person in people:
        assert sum(person.ancestry) == pytest.approx(1.0)
        assert 0.0 <= person.gender <= 1.0
        assert all(abs(weight) <= 1.0 for weight in person.modes.values())
    assert 0.35 < np.mean([p.gender > 0.5 for p in people]) < 0.65


def test_both_sides_share_their_draw():
    draws = [
        sample_modes(np.random.default_rng(i), ["ears/l-ear-x", "ears/r-ear-x"]) for i in range(200)
    ]
    pairs = np.array([list(d.values()) for d in draws if d])
    assert np.corrcoef(pairs.T)[0, 1] > 0.8
    assert (pairs[:, 0] != pairs[:, 1]).mean() > 0.9


def test_the_longest_start_of_a_name_gives_the_spread():
    assert mode_spread("head/head-trans-up") == MODE_SPREAD["head/head-trans"] == 0.0
    assert mode_spread("head/head-fat-incr") == MODE_SPREAD["head/"]


def test_every_unit_of_the_tables_exists():
    for _, table in MOUTHS.values():
        assert table.keys() <= EXPRESSION_INDEX.keys()
    for _, table in BROWS.values():
        assert {f"eyebrows-left-{motion}" for motion in table} <= EXPRESSION_INDEX.keys()
    assert sum(chance for chance, _ in BROWS.values()) == pytest.approx(1.0)


def test_expressions_are_sparse_and_bounded():
    drawn = np.array([sample_expression(np.random.default_rng(i))[0] for i in range(300)])
    assert drawn.min() >= 0.0
    assert drawn.max() <= 1.2
    assert (drawn > 0.05).sum(axis=1).mean() < 12
    assert (drawn > 0.3).any(axis=0).sum() >= 25  # nearly every unit is seen strongly


def test_eyes_close_about_as_often_as_stated():
    left = EXPRESSION_INDEX["eye-left-closure"]
    shut = [sample_expression(np.random.default_rng(i))[0][left] > 0.9 for i in range(2000)]
    assert 0.09 < np.mean(shut) < 0.14  # 10 % both, 1.5 % this one alone, the tightest squints


def test_tongues_are_rare_but_there():
    out = [sample_expression(np.random.default_rng(i))[1] > 0 for i in range(2000)]
    assert 0.005 < np.mean(out) < 0.03


def test_heads_are_mostly_near_frontal_and_never_past_the_limits():
    poses = [sample_pose(np.random.default_rng(i)) for i in range(2000)]
    yaw = np.degrees([p.yaw for p in poses])
    assert 0.58 < (np.abs(yaw) < 30).mean() < 0.82
    limit = PoseRange()
    assert 70 < np.abs(yaw).max() <= limit.yaw_deg[2]
    assert np.abs(np.degrees([p.pitch for p in poses])).max() <= limit.pitch_deg[2]
    assert np.abs(np.degrees([p.roll for p in poses])).max() <= limit.roll_deg[2]


def test_turned_heads_look_back_at_the_camera():
    gaze = [sample_gaze(np.random.default_rng(i), 0.4)[0][0] for i in range(500)]
    assert np.mean(gaze) < -0.1
    assert np.abs(gaze).max() < 0.7
