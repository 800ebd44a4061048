"""The slots behind the layer actions of the View menu."""

from __future__ import annotations

from PySide6.QtCore import QObject

from app import layers
from app.session import Session


class LayerCommands(QObject):
    """Shows and hides layers by key."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._session = session

    def hide_overlays(self) -> None:
        """Hide all overlays, or show them again (the menu's way; the key acts while held)."""
        self._session.set_overlays_hidden(not self._session.overlays_hidden)

    def set_overlays_visible(self, visible: bool) -> None:
        """Show or hide all overlays until told otherwise."""
        self._session.set_overlays_hidden(not visible)

    def cycle_layers(self) -> None:
        """Everything, points alone, areas alone, nothing, and round again."""
        shown = frozenset(name for name, s in self._session.layers.items() if s.visible)
        at = layers.CYCLE.index(shown) if shown in layers.CYCLE else -1
        following = layers.CYCLE[(at + 1) % len(layers.CYCLE)]
        self._session.set_layers(layers.with_visible(self._session.layers, following))
