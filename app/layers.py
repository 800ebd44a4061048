"""What the canvas draws over a frame, and how: one table of layers and their state."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

COLOUR_MODES = ("face", "source", "confidence")


@dataclass(frozen=True)
class LayerState:
    """How one layer is shown."""

    visible: bool = True
    opacity: float = 1.0
    """0…1."""
    outline_only: bool = False
    """Label maps: contours instead of filled areas."""
    colour_by: str = "face"
    """Landmarks and lines: colour of the person, of the source, or of the confidence."""


@dataclass(frozen=True)
class LayerSpec:
    """One layer of the table."""

    id: str
    title: str
    initial: LayerState
    can_outline: bool = False
    can_colour: bool = False


TABLE: tuple[LayerSpec, ...] = (
    LayerSpec("label_maps", "Label maps", LayerState(opacity=0.45), can_outline=True),
    LayerSpec("contours", "Contour lines", LayerState(opacity=0.9), can_colour=True),
    LayerSpec("points", "Landmarks", LayerState(), can_colour=True),
    LayerSpec("indices", "Landmark numbers", LayerState(visible=False)),
    LayerSpec("boxes", "Boxes and names", LayerState(opacity=0.8), can_colour=True),
)

Layers = Mapping[str, LayerState]

# What ` goes through: everything, points alone, areas alone, nothing.
CYCLE: tuple[frozenset[str], ...] = (
    frozenset({"label_maps", "contours", "points", "boxes"}),
    frozenset({"contours", "points"}),
    frozenset({"label_maps"}),
    frozenset(),
)


def initial_layers(saved: Mapping[str, Any]) -> dict[str, LayerState]:
    """The layers as they were last shown; what was saved wrongly starts afresh."""
    return {spec.id: _restore(spec.initial, saved.get(spec.id)) for spec in TABLE}


def to_plain(layers: Layers) -> dict[str, dict[str, Any]]:
    """The layers as plain values for the settings file."""
    return {name: asdict(state) for name, state in layers.items()}


def with_visible(layers: Layers, visible: frozenset[str]) -> dict[str, LayerState]:
    """The same layers with exactly these visible."""
    return {name: replace(state, visible=name in visible) for name, state in layers.items()}


def _restore(initial: LayerState, saved: Any) -> LayerState:
    if not isinstance(saved, dict):
        return initial
    known = {f.name: type(getattr(initial, f.name)) for f in fields(LayerState)}
    good = {k: v for k, v in saved.items() if k in known and isinstance(v, known[k])}
    state = replace(initial, **good)
    is_sane = 0.0 <= state.opacity <= 1.0 and state.colour_by in COLOUR_MODES
    return state if is_sane else initial
