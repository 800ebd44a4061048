"""The Go menu."""

from __future__ import annotations

from app.action_table.spec import ActionSpec

GROUP_STARTS = frozenset(
    {
        "first_frame",
        "go_back",
        "go_to",
        "next_approved",
        "next_clip",
        "next_edited",
        "next_key",
        "next_unreviewed",
        "toggle_marker",
    }
)


def actions() -> tuple[ActionSpec, ...]:
    """The rows of the Go menu."""
    return (
        ActionSpec("next_frame", "&Next frame", ("Right", "D"), "go.next_frame", "Go",
                   "One frame forward; hold to repeat.", "step-forward"),
        ActionSpec("previous_frame", "&Previous frame", ("Left", "A"), "go.previous_frame", "Go",
                   "One frame back; hold to repeat.", "step-back"),
        ActionSpec("forward_10", "10 frames &forward", ("Shift+Right",), "go.forward_10", "Go",
                   "Ten frames forward."),
        ActionSpec("back_10", "10 frames &back", ("Shift+Left",), "go.back_10", "Go",
                   "Ten frames back."),
        ActionSpec("first_frame", "F&irst frame", ("Home",), "go.first_frame", "Go",
                   "The first frame of the clip.", "first"),
        ActionSpec("last_frame", "&Last frame", ("End",), "go.last_frame", "Go",
                   "The last frame of the clip.", "last"),
        ActionSpec("go_to", "&Go to frame…", ("Ctrl+G", "Ctrl+J"), "window.go_to", "Go",
                   "Type a frame number, or a time such as 1:02.5.", "goto"),
        ActionSpec("next_key", "Next &key frame", ("Ctrl+Right",), "go.next_key", "Go",
                   "The next frame the heavy net ran on."),
        ActionSpec("previous_key", "Previous k&ey frame", ("Ctrl+Left",), "go.previous_key", "Go",
                   "The previous frame the heavy net ran on."),
        ActionSpec("next_edited", "Next e&dited frame", ("Alt+Right",), "go.next_edited", "Go",
                   "The next frame a person edited."),
        ActionSpec("previous_edited", "Previous edi&ted frame", ("Alt+Left",), "go.previous_edited",
                   "Go", "The previous frame a person edited."),
        ActionSpec("next_unreviewed", "Next &unreviewed frame", ("U",), "go.next_unreviewed", "Go",
                   "The next predicted frame nobody has looked at."),
        ActionSpec("previous_unreviewed", "Previous un&reviewed frame", ("Shift+U",),
                   "go.previous_unreviewed", "Go",
                   "The previous predicted frame nobody has looked at."),
        ActionSpec("next_approved", "Next &approved frame", ("Ctrl+Alt+Right",), "go.next_approved",
                   "Go", "The next approved frame."),
        ActionSpec("previous_approved", "Previous appr&oved frame", ("Ctrl+Alt+Left",),
                   "go.previous_approved", "Go", "The previous approved frame."),
        ActionSpec("toggle_marker", "&Mark this frame", ("Ctrl+M",), "go.toggle_marker", "Go",
                   "Mark this frame, or take its mark away."),
        ActionSpec("next_marker", "Ne&xt marked frame", ("Ctrl+.",), "go.next_marker",
                   "Go", "The next frame you marked."),
        ActionSpec("previous_marker", "Pre&vious marked frame", ("Ctrl+Shift+.",),
                   "go.previous_marker", "Go", "The previous frame you marked."),
        ActionSpec("go_back", "Where I &was before", ("Alt+Backspace",), "go.go_back", "Go",
                   "Back to the frame before the last jump."),
        ActionSpec("go_forward", "W&here I went after", ("Alt+Shift+Backspace",), "go.go_forward",
                   "Go", "Forward again after going back."),
        ActionSpec("next_clip", "Next &clip", ("Ctrl+PgDown",), "go.next_clip", "Go",
                   "The next clip of the list."),
        ActionSpec("previous_clip", "Previou&s clip", ("Ctrl+PgUp",), "go.previous_clip", "Go",
                   "The previous clip of the list."),
    )  # fmt: skip
