"""Rows of what is known along a clip."""
