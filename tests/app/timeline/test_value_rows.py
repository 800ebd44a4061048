"""Rows of a run's own numbers, such as a scheduler's state."""

import numpy as np

from app import data_colours
from app.convert import premultiplied
from app.document import empty_columns
from app.timeline.binning import make_bins
from app.timeline.rows import build_rows
from app.timeline.value_rows import CURVE_COLOUR, value_row

FRAMES = 1000
HEAVY = premultiplied(data_colours.SOURCES[0].colour, 1.0)


def decisions(keys, said=FRAMES):
    values = np.full(FRAMES, np.nan, np.float32)
    values[:said] = 0
    values[keys] = 1
    return values


def test_a_run_without_numbers_has_no_rows_of_them():
    titles = [row.title for row in build_rows(empty_columns(10), str)]
    assert "Decision" not in titles


def test_numbers_become_rows_after_the_source_row():
    columns = empty_columns(FRAMES)
    shown = {"policy": np.zeros(FRAMES, np.float32), "decision": decisions([0])}
    with_values = type(columns)(**{**vars(columns), "values": shown})
    titles = [row.title for row in build_rows(with_values, str)]
    assert titles[:3] == ["Source", "Decision", "Policy"]


def test_one_heavy_frame_among_a_hundred_shows():
    row = value_row("decision", decisions([550]))
    picture = row.render(make_bins(0, FRAMES, 10, FRAMES), row.height)
    heavy = (picture == HEAVY).any(axis=0)
    assert np.flatnonzero(heavy).tolist() == [5]
    assert (picture != 0).any(axis=0).all()  # propagated frames are a faint ground


def test_frames_without_a_decision_stay_empty():
    row = value_row("decision", decisions([0], said=500))
    picture = row.render(make_bins(0, FRAMES, 10, FRAMES), row.height)
    assert not picture[:, 5:].any()
    assert row.describe(0) == "decision: run the heavy net"
    assert row.describe(1) == "decision: propagate"
    assert row.describe(700) == "no decision"


def test_any_other_number_is_a_curve_between_its_least_and_largest():
    values = np.linspace(-2, 6, FRAMES, dtype=np.float32)
    row = value_row("mean_flow", values)
    assert row.title == "Mean flow"
    picture = row.render(make_bins(0, FRAMES, 100, FRAMES), 40)
    line = picture == premultiplied(CURVE_COLOUR, 1.0)
    tops = line.argmax(axis=0)
    assert (np.diff(tops) <= 0).all()  # it rises
    assert tops[0] > 30
    assert tops[-1] < 8
    assert row.describe(0) == "mean flow -2 (-2 … 6 in this run)"


def test_a_number_that_never_changes_and_one_that_is_never_said_are_drawn():
    for values in (np.ones(FRAMES, np.float32), np.full(FRAMES, np.nan, np.float32)):
        row = value_row("policy", values)
        picture = row.render(make_bins(0, FRAMES, 100, FRAMES), row.height)
        assert picture.any() == np.isfinite(values).any()
