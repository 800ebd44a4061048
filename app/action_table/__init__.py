"""The one table of what the window can do: menus, keys, the F1 sheet and the key editor read it.

An action's `slot` is "part.method", where the part (files, go, player, canvas, …) is one of the
objects that `actions.Actions` is given. Key presets replace the keys of the actions they name and
leave the rest.
"""

from __future__ import annotations

from app.action_table import (
    compare_menu,
    edit_menu,
    faces_menu,
    file_menu,
    go_menu,
    help_menu,
    landmarks_menu,
    play_menu,
    training_menu,
    view_menu,
)
from app.action_table.presets import PRESETS
from app.action_table.spec import ActionSpec

_MENUS = (
    file_menu,
    edit_menu,
    landmarks_menu,
    faces_menu,
    compare_menu,
    go_menu,
    play_menu,
    view_menu,
    training_menu,
    help_menu,
)
TABLE: tuple[ActionSpec, ...] = tuple(spec for menu in _MENUS for spec in menu.actions())
MENUS = ("File", "Edit", "Landmarks", "Faces", "Compare", "Go", "Play", "View", "Help")
SUBMENUS = {
    "Select part": "Landmarks",
    "Move selected": "Landmarks",
    "Select person": "Faces",
}
"""Menus inside menus, at the end of them."""
GROUP_STARTS = frozenset().union(*(menu.GROUP_STARTS for menu in _MENUS))
"""Ids of the actions with a line above them in their menu."""

__all__ = ["GROUP_STARTS", "MENUS", "PRESETS", "SUBMENUS", "TABLE", "ActionSpec"]
