"""Losses, functions first."""
