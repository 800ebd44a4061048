"""The Landmarks menu."""

from __future__ import annotations

from app.action_table.spec import ActionSpec

GROUP_STARTS = frozenset(
    {
        "bend_curves",
        "copy_previous",
        "mirror",
        "nudge_left_far",
        "nudge_left_little",
        "reset_points",
        "select_all_points",
        "turn_right",
    }
)


def actions() -> tuple[ActionSpec, ...]:
    """The rows of the Landmarks menu."""
    return (
        ActionSpec("accept", "&Accept prediction", ("Return", "Enter"), "frames.accept",
                   "Landmarks",
                   "Make what is shown of the face an annotation; approving is another step."),
        ActionSpec("accept_range", "Accept in &range", ("Shift+Return",), "frames.accept_range",
                   "Landmarks",
                   "Accept the face on every frame of the range that is not approved."),
        ActionSpec("reset_points", "Back to the &prediction", ("Shift+Backspace",), "points.reset",
                   "Landmarks", "Take back what was said of the selected landmarks, or of all."),
        ActionSpec("copy_previous", "&Copy from previous frame", ("C",), "frames.copy_previous",
                   "Landmarks",
                   "The selected landmarks or all, moved along with the face."),
        ActionSpec("copy_next", "Copy from &next frame", ("Shift+C",), "frames.copy_next",
                   "Landmarks",
                   "The selected landmarks or all, moved along with the face."),
        ActionSpec("copy_forward", "Copy &forward…", ("Ctrl+Shift+C",), "frames.ask_copy_forward",
                   "Landmarks",
                   "To a number of next frames, moved along with the face; approved ones stay."),
        ActionSpec("interpolate", "&Interpolate", ("Ctrl+I",), "frames.interpolate", "Landmarks",
                   "Fill the frames between two corrected ones, or between the range's ends."),
        ActionSpec("mirror", "&Mirror from the other side", ("Shift+M",), "points.mirror",
                   "Landmarks", "Put the selected landmarks where the other side's mirror is.",
                   scope="points"),
        ActionSpec("snap", "&Snap to the edge", ("Shift+S",), "points.snap", "Landmarks",
                   "Move the selected landmarks to the nearest edge across their contour.",
                   scope="points"),
        ActionSpec("toggle_visible", "&Hidden or visible", ("Q",), "points.toggle_visible",
                   "Landmarks", "Say whether the selected landmarks can be seen in the picture.",
                   scope="points"),
        ActionSpec("delete_points", "&Delete landmarks", ("Del",), "points.delete", "Landmarks",
                   "Say that the selected landmarks are missing.", scope="points"),
        ActionSpec("bend_curves", "Drags &bend the contour", ("X",), "tools.set_curves",
                   "Landmarks", "Neighbours follow a dragged landmark; Ctrl does it once.",
                   checkable=True),
        ActionSpec("place_template", "Place a &template face", ("Shift+T",),
                   "tools.place_template", "Landmarks",
                   "Click both eyes; the mean face is placed by them."),
        ActionSpec("place_in_order", "Place landmarks one by &one", ("Shift+P",),
                   "tools.place_in_order", "Landmarks",
                   "A click for each landmark, in the scheme's order, the missing ones first."),
        ActionSpec("select_all_points", "Select a&ll", ("Ctrl+A",), "points.select_all",
                   "Landmarks", "Select all landmarks of the face."),
        ActionSpec("next_point", "Select ne&xt", (".",), "points.next_point", "Landmarks",
                   "Select the next landmark of the scheme."),
        ActionSpec("previous_point", "Select pre&vious", (",",), "points.previous_point",
                   "Landmarks", "Select the previous landmark of the scheme."),
        ActionSpec("deselect_points", "S&elect none", ("Esc",), "points.select_none", "Landmarks",
                   "Select no landmark; the face stays selected.", scope="points"),
        *_parts(),
        *_moves(),
    )  # fmt: skip


def _parts() -> tuple[ActionSpec, ...]:
    return tuple(
        ActionSpec(f"select_part_{number}", f"Part &{number}", (str(number),), "points.select_part",
                   "Select part", f"Select part {number} of the face, in the scheme's order.",
                   arguments=(number,))
        for number in range(1, 10)
    )  # fmt: skip


def _moves() -> tuple[ActionSpec, ...]:
    ways = (("Left", -1, 0), ("Right", 1, 0), ("Up", 0, -1), ("Down", 0, 1))
    sizes = (("", "", 1.0, "1 pixel"), ("Shift+", "_far", 10.0, "10 pixels"),
             ("Alt+", "_little", 0.1, "a tenth of a pixel"))  # fmt: skip
    nudges = (
        ActionSpec(f"nudge_{way.lower()}{suffix}", f"{way} by {words}", (prefix + way,),
                   "points.nudge", "Move selected",
                   f"Move the selected landmarks {way.lower()} by {words} of the clip.",
                   scope="points", arguments=(x * size, y * size))
        for prefix, suffix, size, words in sizes
        for way, x, y in ways
    )  # fmt: skip
    turns = (
        ("turn_right", "Turn &clockwise", "Ctrl+Right", "Turn the selected landmarks by 1°."),
        ("turn_left", "Turn &anticlockwise", "Ctrl+Left", "Turn the selected landmarks by −1°."),
        ("grow", "&Larger", "Ctrl+Up", "Scale the selected landmarks up by 1 %."),
        ("shrink", "&Smaller", "Ctrl+Down", "Scale the selected landmarks down by 1 %."),
    )
    return (
        *nudges,
        *(
            ActionSpec(name, text, (key,), f"points.{name}", "Move selected", words, scope="points")
            for name, text, key, words in turns
        ),
    )
