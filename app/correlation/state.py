"""What is looked at of the affinity: pair, pinned landmark, block, sparse format; and its marks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from PySide6.QtCore import QObject, Signal, Slot

from app.correlation.heat_map import Scale
from app.correlation.live import LiveAffinity
from app.correlation.marks import Marks, Rgb
from app.session import Session

AUTO, FIXED = "auto", "fixed"
_FIXED_DIFFERENCE = 0.5
CHOSEN: Rgb = (213, 94, 0)
"""A landmark of a sparse format."""


class Correlation(QObject):
    """The one place that knows what the correlation dock shows; canvas and panels listen.

    Signals:
        marks_changed: Other marks are to be drawn. The canvas.
        pin_changed: Another landmark is pinned, −1 for none. Heat-map.
        range_changed: The colours mean other numbers. Dock.
        asked: The person wants to see the dock. Main window.
    """

    marks_changed = Signal()
    pin_changed = Signal(int)
    range_changed = Signal()
    asked = Signal()

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.session = session
        self.live = LiveAffinity(session)
        self.marks = Marks()
        self.pin = -1
        self.range_kind = AUTO
        self._pair: tuple[int, int] | None = None
        self._block: tuple[int, int, int, int] | None = None
        self._format: tuple[tuple[int, ...], tuple[int, ...]] | None = None
        self._is_visible = False
        self.live.changed.connect(self._on_live)

    @property
    def num_points(self) -> int:
        """Landmarks of the affinity; 0 without one."""
        shown = self.live.shown
        return 0 if shown is None or shown.matrix is None else len(shown.matrix)

    @property
    def scale(self) -> Scale:
        """What the colours mean now."""
        from core.correlation.colour_maps import automatic_range

        shown = self.live.shown
        is_difference = self.live.source.is_difference
        if self.range_kind == FIXED or shown is None or shown.matrix is None:
            low = -_FIXED_DIFFERENCE if is_difference else 0.0
            return Scale(is_difference, low, _FIXED_DIFFERENCE if is_difference else 1.0)
        return Scale(is_difference, *automatic_range(shown.matrix, is_difference))

    def show_dock(self) -> None:
        """Bring the dock up."""
        self.asked.emit()

    def set_visible(self, visible: bool) -> None:
        """Whether the dock is to be seen: only then faces are read and marks drawn."""
        self._is_visible = visible
        self.live.set_wanted(visible)
        self._mark()

    def set_range_kind(self, kind: str) -> None:
        """Let the colours span what there is, or always the same numbers."""
        self.range_kind = kind
        self.range_changed.emit()
        self._mark()

    @Slot(int, int)
    def hover(self, row: int, column: int) -> None:
        """Light a pair; −1 for none."""
        self._pair = (row, column) if row >= 0 else None
        self._mark()

    @Slot(int)
    def toggle_pin(self, row: int) -> None:
        """Pin a landmark, or let the pinned one go."""
        self.pin = -1 if row == self.pin else row
        self.pin_changed.emit(self.pin)
        self._mark()

    @Slot(object)
    def choose_block(self, block: tuple[int, int, int, int] | None) -> None:
        """Light all landmarks of a block."""
        self._block = block
        self._mark()

    def show_format(self, points: Sequence[int] | None, assigned: Sequence[int] = ()) -> None:
        """Mark a sparse format and whom each other landmark is assigned to; None for none."""
        self._format = None if points is None else (tuple(points), tuple(assigned))
        self._mark()

    def close(self) -> None:
        """Stop reading."""
        self.live.close()

    @Slot()
    def _on_live(self) -> None:
        if 0 < self.num_points <= max(self.pin, *(self._pair or (-1, -1)), *(self._block or (-1,))):
            self.pin, self._pair, self._block = -1, None, None
            self.pin_changed.emit(-1)
        self._mark()

    def _mark(self) -> None:
        marks = self._marks() if self._is_visible else Marks()
        if marks != self.marks:
            self.marks = marks
            self.marks_changed.emit()

    def _marks(self) -> Marks:
        rings = set(self._pair or ())
        colours: dict[int, Rgb] = {}
        links: tuple[tuple[int, int], ...] = ()
        if self._block is not None:
            top, bottom, left, right = self._block
            rings |= {*range(top, bottom + 1), *range(left, right + 1)}
        if self.pin >= 0:
            rings.add(self.pin)
            colours = self._painted(self.pin)
        elif self._format is not None:
            points, assigned = self._format
            colours = dict.fromkeys(points, CHOSEN)
            links = tuple((j, int(i)) for j, i in enumerate(assigned) if i != j)
        return Marks(tuple(sorted(rings)), colours, links)

    def _painted(self, pin: int) -> dict[int, Rgb]:
        """Every other landmark in the colour of its affinity to the pinned one."""
        from core.correlation.colour_maps import DIVERGING, SEQUENTIAL, colourise

        shown: Any = self.live.shown
        if shown is None or shown.matrix is None:
            return {}
        scale = self.scale
        table = DIVERGING if scale.is_diverging else SEQUENTIAL
        row = np.asarray(shown.matrix[pin])
        colours = colourise(row, table, scale.low, scale.high)
        return {j: (int(r), int(g), int(b)) for j, (r, g, b) in enumerate(colours) if j != pin}
