"""What the rows show, however many frames lie under a pixel."""

import numpy as np
import pytest

from app import data_colours
from app.convert import premultiplied
from app.document import NO_SOURCE, ClipColumns, empty_columns
from app.timeline.binning import make_bins
from app.timeline.rows import build_rows

FRAMES = 10_000


def columns(**changes):
    values = {
        "track_ids": (0, 3),
        "processed": np.ones(FRAMES, bool),
        "source": np.full((2, FRAMES), 1, np.uint8),
        "confidence": np.full((2, FRAMES), 0.5, np.float32),
        "jitter": np.ones(FRAMES, np.float32),
        "review": np.ones(FRAMES, np.uint8),
        "edited": np.zeros(FRAMES, bool),
    }
    return ClipColumns(**(values | changes))


def picture(shown, title, width=100):
    row = next(r for r in build_rows(shown, lambda track: f"Face {track}") if r.title == title)
    return row.render(make_bins(0, FRAMES, width, FRAMES), row.height)


def colour(mark):
    return premultiplied(mark.colour, 1.0)


@pytest.mark.parametrize("title", ["Face 0", "Face 3", "Source", "Review", "Confidence", "Jitter"])
def test_every_row_has_a_column_a_pixel(title):
    assert picture(columns(), title).shape[1] == 100
    assert picture(columns(), title).any()


def test_one_edited_frame_among_a_hundred_shows_in_the_review_row():
    review = np.ones(FRAMES, np.uint8)
    review[5050] = 2
    shown = picture(columns(review=review), "Review")
    edited = shown == colour(data_colours.REVIEW_STATES[2])
    assert edited[:, 50].sum() == 1
    assert edited.sum() == 1


def test_shares_of_sources_are_shares_of_the_height():
    source = np.full((2, FRAMES), 1, np.uint8)
    source[0] = 0
    shown = picture(columns(source=source), "Source")
    assert ((shown == colour(data_colours.SOURCES[0])).mean()) == pytest.approx(0.5, abs=0.08)


def test_a_person_who_is_away_is_not_drawn():
    source = np.full((2, FRAMES), 1, np.uint8)
    source[1, FRAMES // 2 :] = NO_SOURCE
    shown = picture(columns(source=source), "Face 3")
    assert shown[:, :50].any()
    assert not shown[:, 51:].any()


def test_confidence_is_drawn_at_its_height():
    shown = picture(columns(confidence=np.full((2, FRAMES), 0.25, np.float32)), "Confidence")
    rows = np.nonzero(shown[:, 10])[0]
    assert np.mean(rows + 0.5) / shown.shape[0] == pytest.approx(0.75, abs=0.04)


def test_a_single_edit_is_a_tick():
    edited = np.zeros(FRAMES, bool)
    edited[777] = True
    shown = picture(columns(edited=edited), "Edits")
    assert np.nonzero(shown.any(axis=0))[0].tolist() == [7]


def test_rows_of_a_clip_nothing_is_known_of_are_empty():
    for row in build_rows(empty_columns(50), str):
        assert not row.render(make_bins(0, 50, 200, 50), row.height).any()
        assert row.describe(10)
