"""Times as typed and as shown."""

import pytest

from app.timecode import parse_time, timecode


@pytest.mark.parametrize(
    ("time_s", "text"),
    [(0, "00:00.000"), (4.1, "00:04.100"), (61.9996, "01:02.000"), (3723.5, "1:02:03.500")],
)
def test_times_are_shown_to_the_millisecond(time_s, text):
    assert timecode(time_s) == text


@pytest.mark.parametrize(
    ("text", "time_s"),
    [("1:02.5", 62.5), ("4.1s", 4.1), ("4.1", 4.1), ("1:00:00", 3600.0), (" 0:07 ", 7.0)],
)
def test_times_are_read(text, time_s):
    assert parse_time(text) == time_s


@pytest.mark.parametrize("text", ["", "123", "a", "1:2:3:4", "-3.0", "1;2"])
def test_what_is_no_time_is_none(text):
    assert parse_time(text) is None
