"""Landmark affinity in the window: kept up to date in a thread, drawn, and marked on the canvas."""
