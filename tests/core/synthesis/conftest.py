"""A small world for the renderer's tests."""

import pytest

from core.synthesis.recipe import PRESETS


@pytest.fixture
def world_recipe(monkeypatch):
    """A clean frontal world with the head that needs no files."""
    from dataclasses import replace

    monkeypatch.delenv("LINEAMENT_HEAD", raising=False)
    return replace(PRESETS["frontal"], template="procedural", faults=0.0, glasses_share=0.0)
