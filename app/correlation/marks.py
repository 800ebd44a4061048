"""What correlation shows on the canvas: a pair lit, a face painted by affinity, a sparse format."""

from __future__ import annotations

from dataclasses import dataclass, field

Rgb = tuple[int, int, int]


@dataclass(frozen=True)
class Marks:
    """What is drawn, by landmark."""

    rings: tuple[int, ...] = ()
    """Lit: under the mouse, pinned, or in a chosen block."""
    colours: dict[int, Rgb] = field(default_factory=dict)
    """Filled in a colour."""
    links: tuple[tuple[int, int], ...] = ()
    """Lines from one landmark to another."""

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to draw."""
        return not (self.rings or self.colours or self.links)
