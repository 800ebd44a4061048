"""What is about training and stands in the View menu."""

from __future__ import annotations

from app.action_table.spec import ActionSpec

GROUP_STARTS: frozenset[str] = frozenset()


def actions() -> tuple[ActionSpec, ...]:
    """The row that brings up the training dock."""
    return (
        ActionSpec("training", "T&raining", ("Ctrl+Shift+T",), "training.show_dock", "View",
                   "Curves of a training; stop, resume, compare its model, predict with it."),
    )  # fmt: skip
