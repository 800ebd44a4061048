"""Tools that place points by clicks: a template by two eyes, or each in the scheme's order."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from app.correction.editor import PointEditor
from app.correction.subject import Points, Subject
from core.faces.correction.moves import is_there
from core.faces.correction.template import placed_by_eyes

_LEAST_PX = 2.0
"""Two eyes are further apart than this."""


class PlacingTool(Protocol):
    """Takes clicks until it is done."""

    subject: Subject

    @property
    def hint(self) -> str:
        """What the next click does."""
        ...

    @property
    def clicks(self) -> Points:
        """(C, 2) places clicked that are not points yet."""
        ...

    def preview(self, mouse_xy: Points) -> Points | None:
        """(M, 2) the face as a click here would leave it, None to show it as it is."""
        ...

    def click(self, xy: Points) -> bool:
        """Take a click; returns whether the tool is done."""
        ...

    def skip(self) -> bool:
        """Leave out what comes next; returns whether the tool is done."""
        ...

    def go_on_with(self, subject: Subject) -> None:
        """The face has changed: by a click, or by an undo."""
        ...


@dataclass
class TemplateTool:
    """Two clicks on the eyes place the mean face."""

    subject: Subject
    editor: PointEditor
    first_xy: Points | None = None

    @property
    def hint(self) -> str:
        """What the next click does."""
        if self.first_xy is None:
            return "Click the middle of one eye   (Esc: leave)"
        return "Click the middle of the other eye   (right button: once more)"

    @property
    def clicks(self) -> Points:
        """The first eye."""
        return np.zeros((0, 2)) if self.first_xy is None else self.first_xy[None]

    def preview(self, mouse_xy: Points) -> Points | None:
        """The template with its second eye under the mouse."""
        if self.first_xy is None or np.linalg.norm(mouse_xy - self.first_xy) < _LEAST_PX:
            return None
        return placed_by_eyes(self.subject.scheme, self.first_xy, mouse_xy)

    def click(self, xy: Points) -> bool:
        """The first eye, then the second."""
        face = self.preview(xy)
        if face is None:
            self.first_xy = xy
            return False
        self.editor.place(self.subject, face, range(self.subject.count), "place template")
        return True

    def skip(self) -> bool:
        """Forget the first eye."""
        self.first_xy = None
        return False

    def go_on_with(self, subject: Subject) -> None:
        """The first eye stays clicked."""
        self.subject = subject


@dataclass
class OrderTool:
    """A click for each point in the scheme's order."""

    subject: Subject
    editor: PointEditor
    waiting: list[int] = field(default_factory=list)
    """The points still to be clicked; empty at the start means all."""
    clicked: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        if not self.waiting:
            missing = np.flatnonzero(~is_there(self.subject.xy))
            self.waiting = [int(i) for i in missing] or list(range(self.subject.count))

    @property
    def hint(self) -> str:
        """Which point comes next."""
        name = self.subject.scheme.point_names[self.waiting[0]].replace("_", " ")
        return (
            f"Click {name}   ({len(self.waiting)} to go; right button: leave it out; Esc: enough)"
        )

    @property
    def clicks(self) -> Points:
        """None: each click is a point at once."""
        return np.zeros((0, 2))

    def preview(self, mouse_xy: Points) -> Points | None:
        """The face as it is."""
        return None

    def click(self, xy: Points) -> bool:
        """Place the next point: one command a click."""
        face = self.subject.xy
        face[self.waiting[0]] = xy
        self.clicked.append(self.waiting.pop(0))
        self.editor.place(self.subject, face, self.clicked[-1:], "place landmark")
        return not self.waiting

    def skip(self) -> bool:
        """Go on to the next point."""
        del self.waiting[0]
        return not self.waiting

    def go_on_with(self, subject: Subject) -> None:
        """A clicked point that an undo took away again is to be clicked again."""
        self.subject = subject
        while self.clicked and not is_there(subject.xy)[self.clicked[-1]]:
            self.waiting.insert(0, self.clicked.pop())
