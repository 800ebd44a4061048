"""Correcting landmarks: what is selected, what is edited, and the slots behind the menu."""
