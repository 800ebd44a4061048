"""Landmark affinity and the search for sparse formats."""
