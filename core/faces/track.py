"""One face through time, as the tracker remembers it; can be written down and read back exactly."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from core.faces.appearance import Descriptor, blend, distance
from core.geometry import Array, box_of_points

_VIEWS = 5
_NEW_VIEW = 0.05
_VELOCITY_SHARE = 0.5


@dataclass(eq=False)
class Track:
    """A person's face: where it was last, how it moved, what it looked like."""

    track_id: int
    points: Array
    """Its landmarks (M, 2) when it was last seen, frame pixels."""
    last_frame: int
    views: list[Descriptor] = field(default_factory=list)
    """What it looked like, a few views that differ."""
    velocity: Array = field(default_factory=lambda: np.zeros(2))
    """(2,) pixels a frame, smoothed."""
    missed: int = 0
    """Frames since it was last seen, while it is still looked for near its last place."""
    located: bool = True
    """Whether its place still means anything: False after a cut."""
    last_near: int = -(10**6)
    """The last frame in which another face was near enough to be mistaken for it."""

    @property
    def hull(self) -> Array:
        """The landmarks' tight box when it was last seen, (4,)."""
        return box_of_points(self.points)

    @property
    def side(self) -> float:
        """The hull's longer side in pixels."""
        hull = self.hull
        return float((hull[2:] - hull[:2]).max())

    def predicted(self, frame_idx: int) -> Array:
        """The points moved on by the velocity, for at most three frames, (M, 2)."""
        return self.points + self.velocity * min(frame_idx - self.last_frame, 3)

    def move(self, points: Array, frame_idx: int) -> None:
        """It was seen here."""
        step = np.nanmean(points, axis=0) - np.nanmean(self.points, axis=0)
        near_in_time = self.located and frame_idx - self.last_frame <= 3
        pace = step / max(frame_idx - self.last_frame, 1) if near_in_time else np.zeros(2)
        self.velocity = (1 - _VELOCITY_SHARE) * self.velocity + _VELOCITY_SHARE * pace
        if not near_in_time:
            self.velocity = np.zeros(2)
        self.points, self.last_frame = points, frame_idx
        self.missed, self.located = 0, True

    def unlikeness(self, descriptor: Descriptor) -> float:
        """Distance of a face to the nearest remembered view; 1 with no view."""
        return min((distance(view, descriptor) for view in self.views), default=1.0)

    def remember(self, descriptor: Descriptor) -> None:
        """Refresh the nearest view, or keep the descriptor as a new one."""
        distances = [distance(view, descriptor) for view in self.views]
        if not distances or min(distances) > _NEW_VIEW:
            self.views.append(descriptor)
            del self.views[1 : -_VIEWS + 1]  # the first view stays: how the person came in
        else:
            nearest = int(np.argmin(distances))
            self.views[nearest] = blend(self.views[nearest], descriptor, 0.2)

    def as_record(self) -> dict[str, Any]:
        """JSON-ready, losing no bit."""
        return {
            "track_id": self.track_id,
            "points": _text(self.points, np.float64),
            "last_frame": self.last_frame,
            "views": [_text(view, np.float32) for view in self.views],
            "velocity": self.velocity.tolist(),
            "missed": self.missed,
            "located": self.located,
            "last_near": self.last_near,
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Track:
        """The track `as_record` wrote."""
        values = dict(record)
        values["points"] = _array(record["points"], np.float64).reshape(-1, 2)
        values["views"] = [_array(view, np.float32) for view in record["views"]]
        values["velocity"] = np.array(record["velocity"], dtype=np.float64)
        return cls(**values)


def _text(values: Array, kind: type) -> str:
    return base64.b64encode(np.ascontiguousarray(values, dtype=kind).tobytes()).decode()


def _array(text: str, kind: type) -> Array:
    return np.frombuffer(base64.b64decode(text), dtype=kind).copy()
