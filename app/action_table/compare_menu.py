"""The Compare menu."""

from __future__ import annotations

from app.action_table.spec import ActionSpec

GROUP_STARTS = frozenset({"compare_over", "largest_difference", "show_compared"})


def actions() -> tuple[ActionSpec, ...]:
    """The rows of the Compare menu."""
    return (
        ActionSpec("compare", "&Compare runs", ("K",), "runs.set_comparing", "Compare",
                   "What is shown left of a divider, another run right of it.", "compare",
                   checkable=True),
        ActionSpec("compare_next", "&Next run", ("Shift+K",), "runs.compare_next", "Compare",
                   "Compare with the next run; the shown one itself shows what you changed."),
        ActionSpec("compare_over", "Both &over each other", ("Ctrl+K",), "runs.set_over",
                   "Compare", "Draw the other run in white over what is shown.",
                   checkable=True),
        ActionSpec("divider_left", "Divider to the &left", ("Alt+K",), "runs.divider_left",
                   "Compare", "Move the divider a step; it can be dragged too."),
        ActionSpec("divider_right", "Divider to the &right", ("Alt+Shift+K",),
                   "runs.divider_right", "Compare",
                   "Move the divider a step; it can be dragged too."),
        ActionSpec("largest_difference", "Largest &difference", ("Ctrl+Shift+K",),
                   "runs.go_to_largest", "Compare",
                   "Go to the frame where both are furthest apart, in the range if there is one."),
        ActionSpec("show_compared", "&Show the other run…", (), "runs.show_compared", "Compare",
                   "Show the run compared with from now on; you are asked first."),
    )  # fmt: skip
