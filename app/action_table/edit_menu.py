"""The Edit menu."""

from __future__ import annotations

from app.action_table.spec import ActionSpec

GROUP_STARTS = frozenset({"approve", "next_face"})


def actions() -> tuple[ActionSpec, ...]:
    """The rows of the Edit menu."""
    return (
        ActionSpec("undo", "&Undo", ("Ctrl+Z",), "window.undo", "Edit",
                   "Take back the last edit and go to where it was made.", "undo"),
        ActionSpec("redo", "&Redo", ("Ctrl+Shift+Z", "Ctrl+Y"), "window.redo", "Edit",
                   "Do again what was taken back.", "redo"),
        ActionSpec("approve", "&Approve", ("M",), "review.approve", "Edit",
                   "Approve the selected face, or all faces of this frame; again takes it back.",
                   "check"),
        ActionSpec("approve_next", "Approve and &go on", ("Ctrl+Return",), "review.approve_next",
                   "Edit", "Approve this frame and go to the next unreviewed one."),
        ActionSpec("approve_range", "Appro&ve in range", ("Ctrl+Shift+Return",),
                   "review.approve_range", "Edit",
                   "Approve the selected person, or everybody, on every frame of the range."),
        ActionSpec("next_face", "Next &face", ("F",), "go.select_next_face", "Edit",
                   "Select the next face of this frame.", "person"),
        ActionSpec("previous_face", "&Previous face", ("Shift+F",), "go.select_previous_face",
                   "Edit",
                   "Select the previous face of this frame."),
        ActionSpec("deselect", "&Deselect", ("Esc",), "go.deselect", "Edit",
                   "Select no face."),
    )  # fmt: skip
