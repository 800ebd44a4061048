"""Where a person last was in each clip: it opens there again, in a project or by itself."""

from __future__ import annotations

from pathlib import Path

from app.settings import Settings

MOST = 200
"""Clips of which the place is remembered."""


class Places:
    """The frame each clip was left at, by the clip's path."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def keep(self, clip: Path, frame_idx: int) -> None:
        """Remember the frame a clip is left at."""
        key = str(clip.absolute())
        places = {name: at for name, at in self._all().items() if name != key}
        if frame_idx > 0:
            places[key] = frame_idx
        newest = list(places.items())[-MOST:]
        self._settings.set_value("places", dict(newest))

    def frame_of(self, clip: Path) -> int:
        """The frame to open a clip at; it may be past the end of one that was cut since."""
        return self._all().get(str(clip.absolute()), 0)

    def _all(self) -> dict[str, int]:
        found = self._settings.value("places")
        return {name: at for name, at in found.items() if type(at) is int and at > 0}
