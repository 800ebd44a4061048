"""The Play menu."""

from __future__ import annotations

from app.action_table.spec import ActionSpec

GROUP_STARTS = frozenset({"faster", "loop", "mark_in"})


def actions() -> tuple[ActionSpec, ...]:
    """The rows of the Play menu."""
    return (
        ActionSpec("play", "&Play or pause", ("Space",), "player.toggle_play", "Play",
                   "Tap to play or pause; hold and drag to move the picture.", "play", held=True),
        ActionSpec("faster", "&Faster", ("Ctrl+Up",), "player.faster", "Play",
                   "The next higher speed, up to 4×."),
        ActionSpec("slower", "&Slower", ("Ctrl+Down",), "player.slower", "Play",
                   "The next lower speed, down to 0.1×."),
        ActionSpec("normal_speed", "&Normal speed", ("Ctrl+Backspace",), "player.normal_speed",
                   "Play", "The clip's own rate."),
        ActionSpec("loop", "&Loop", ("Ctrl+L",), "player.set_looping", "Play",
                   "Play the range, or the whole clip, again and again.", "loop",
                   checkable=True),
        ActionSpec("mark_in", "Range starts &here", ("Ctrl+[",), "player.mark_in", "Play",
                   "Let the range start at this frame.", "mark-in"),
        ActionSpec("mark_out", "Range &ends here", ("Ctrl+]",), "player.mark_out", "Play",
                   "Let the range end with this frame.", "mark-out"),
        ActionSpec("clear_range", "&Clear range", ("Ctrl+\\",), "player.clear_range", "Play",
                   "Forget where the range starts and ends.", "mark-clear"),
    )  # fmt: skip
