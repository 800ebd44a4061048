"""What one action of the window is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ActionSpec:
    """One action.

    Attributes:
        id: Stable name, used by settings and presets.
        text: What the menu says, "&" before the access key.
        keys: Default keys as QKeySequence text.
        slot: Part of the window and its method that does it.
        menu: Menu it stands in.
        help: One line for tooltip, status and the F1 sheet.
        icon: File in resources/icons; empty for none.
        scope: "window" (anywhere), "document" (disabled while no clip is open) or "points" (while
            no landmark is selected; otherwise its keys come before those of the others).
        checkable: Whether it is a switch; its slot then takes a bool.
        held: The key acts while it is held or when it is tapped; the window handles it itself.
        arguments: What the slot is called with.
    """

    id: str
    text: str
    keys: tuple[str, ...]
    slot: str
    menu: str
    help: str
    icon: str = ""
    scope: str = "document"
    checkable: bool = False
    held: bool = False
    arguments: tuple[float, ...] = ()
