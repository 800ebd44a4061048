"""Times as people read and type them."""

from __future__ import annotations

import re

_TIME = re.compile(r"(?:(?:(\d+):)?(\d+):)?(\d+(?:\.\d*)?)s?")


def timecode(time_s: float) -> str:
    """A time as 00:04.100, with hours from one hour on."""
    milliseconds = round(time_s * 1000)
    minutes, rest = divmod(milliseconds, 60_000)
    hours, minutes = divmod(minutes, 60)
    tail = f"{minutes:02d}:{rest // 1000:02d}.{rest % 1000:03d}"
    return f"{hours}:{tail}" if hours else tail


def parse_time(text: str) -> float | None:
    """Seconds of a typed time ("1:02.5", "4.1s"), None if it is none.

    A bare whole number is no time but a frame number, and left to the caller.
    """
    text = text.strip()
    found = _TIME.fullmatch(text)
    if found is None or text.isdecimal():
        return None
    hours, minutes, seconds = found.groups()
    return int(hours or 0) * 3600 + int(minutes or 0) * 60 + float(seconds)
