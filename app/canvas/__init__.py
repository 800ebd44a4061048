"""The video view, its overlays and edit tools."""
