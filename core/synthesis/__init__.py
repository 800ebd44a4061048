"""Rendered faces with exact ground truth."""
