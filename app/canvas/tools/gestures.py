"""Drags in hand: where the points are while the mouse is somewhere. No Qt, no session."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from app.correction.subject import Points, Subject
from core.faces.correction.curve_drag import curve_dragged, drag_weights
from core.faces.correction.moves import is_there, mapped, middle_of, shifted, turn_about

_LEAST_SCALE = 0.05
_WHEEL_TURN = np.deg2rad(2.0)
_WHEEL_SCALE = 1.02

# Handles of the frame round selected points; the corners by what they are right and down of.
CORNERS = {"top_left": (0, 0), "top_right": (1, 0), "bottom_right": (1, 1), "bottom_left": (0, 1)}
KNOB = "knob"


class Gesture(Protocol):
    """A change of one face that follows the mouse."""

    @property
    def subject(self) -> Subject:
        """The face before the change."""
        ...

    @property
    def what(self) -> str:
        """For the undo menu."""
        ...

    @property
    def members(self) -> Sequence[int]:
        """The points it changes."""
        ...

    def at(self, mouse_xy: Points) -> Points:
        """All points, (M, 2), with the mouse at an image place (2,)."""
        ...


@dataclass(frozen=True)
class MoveGesture:
    """Chosen points move with the mouse."""

    subject: Subject
    members: Sequence[int]
    start_xy: Points
    what: str = "move landmarks"

    def at(self, mouse_xy: Points) -> Points:
        """See Gesture."""
        return shifted(self.subject.xy, self.members, mouse_xy - self.start_xy)


@dataclass(frozen=True)
class CurveGesture:
    """One point moves with the mouse; its neighbours on the contour follow smoothly."""

    subject: Subject
    index: int
    start_xy: Points
    what: str = "bend contour"

    @property
    def members(self) -> Sequence[int]:
        """The point and its followers."""
        weights = drag_weights(self.subject.xy, self.subject.scheme.contours, self.index)
        return [int(i) for i in np.flatnonzero(weights)]

    def at(self, mouse_xy: Points) -> Points:
        """See Gesture."""
        contours = self.subject.scheme.contours
        return curve_dragged(self.subject.xy, contours, self.index, mouse_xy - self.start_xy)


@dataclass(frozen=True)
class ScaleGesture:
    """Chosen points grow or shrink about a place that stays."""

    subject: Subject
    members: Sequence[int]
    start_xy: Points
    fixed_xy: Points
    what: str = "scale landmarks"

    def at(self, mouse_xy: Points) -> Points:
        """See Gesture: the mouse's way along the diagonal counts."""
        arm = self.start_xy - self.fixed_xy
        length = float(arm @ arm)
        scale = float((mouse_xy - self.fixed_xy) @ arm) / length if length else 1.0
        matrix = turn_about(self.fixed_xy, 0.0, max(scale, _LEAST_SCALE))
        return mapped(self.subject.xy, self.members, matrix)


@dataclass(frozen=True)
class TurnGesture:
    """Chosen points turn about their middle."""

    subject: Subject
    members: Sequence[int]
    start_xy: Points
    middle_xy: Points
    what: str = "turn landmarks"

    def at(self, mouse_xy: Points) -> Points:
        """See Gesture."""
        before, now = _angle(self.start_xy - self.middle_xy), _angle(mouse_xy - self.middle_xy)
        return mapped(self.subject.xy, self.members, turn_about(self.middle_xy, now - before))


@dataclass(frozen=True)
class WheelGesture:
    """Chosen points turned and scaled about their middle by the wheel, whatever the mouse does."""

    subject: Subject
    members: Sequence[int]
    middle_xy: Points
    angle_rad: float = 0.0
    scale: float = 1.0
    what: str = "turn landmarks"

    def at(self, mouse_xy: Points) -> Points:
        """See Gesture."""
        matrix = turn_about(self.middle_xy, self.angle_rad, self.scale)
        return mapped(self.subject.xy, self.members, matrix)

    def turned_on(self, steps: float, scales: bool) -> WheelGesture:
        """After more steps of the wheel."""
        if scales:
            return replace(self, scale=self.scale * _WHEEL_SCALE**steps)
        return replace(self, angle_rad=self.angle_rad + steps * _WHEEL_TURN)


def by_handle(
    handle: str, subject: Subject, members: Sequence[int], start_xy: Points
) -> ScaleGesture | TurnGesture:
    """What dragging a corner of the frame or its knob does to the selected points."""
    if handle == KNOB:
        return TurnGesture(subject, members, start_xy, middle_of(subject.xy, members))
    there = subject.xy[list(members)]
    there = there[is_there(there)]
    low, high = there.min(axis=0), there.max(axis=0)
    right, down = CORNERS[handle]
    opposite = np.array([(high, low)[right][0], (high, low)[down][1]])
    return ScaleGesture(subject, members, start_xy, opposite)


def _angle(arm: NDArray[np.float64]) -> float:
    return float(np.arctan2(arm[1], arm[0]))
