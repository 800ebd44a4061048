"""The Help menu."""

from __future__ import annotations

from app.action_table.spec import ActionSpec

GROUP_STARTS = frozenset({"diagnostics"})


def actions() -> tuple[ActionSpec, ...]:
    """The rows of the Help menu."""
    return (
        ActionSpec("keys_sheet", "&Keys and mouse", ("F1",), "help.show_keys", "Help",
                   "Every action with its key.", "keyboard", "window"),
        ActionSpec("diagnostics", "Copy &diagnostics", (), "help.copy_diagnostics", "Help",
                   "Put versions, machine and recent messages on the clipboard.", "copy",
                   "window"),
        ActionSpec("about", "&About Lineament", (), "help.show_about", "Help",
                   "Version and licences.", "info", "window"),
    )  # fmt: skip
