"""The one table of what the window can do: menus, keys, the F1 sheet and the key editor read it.

An action's `slot` is "part.method", where the part (files, go, player, canvas, …) is one of the
objects that `actions.Actions` is given. Key presets replace the keys of the actions they name and
leave the rest.
"""

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


def _file() -> tuple[ActionSpec, ...]:
    return (
        ActionSpec("open", "&Open clip…", ("Ctrl+O",), "files.open_files", "File",
                   "Open one or more video files.", "open", "window"),
        ActionSpec("open_folder", "Open &folder or project…", ("Ctrl+Shift+O",),
                   "files.open_folder", "File",
                   "Open a folder of clips, an image folder or a project (NAME.lin).",
                   "folder", "window"),
        ActionSpec("open_demo", "Open the &demo", (), "files.open_demo", "File",
                   "Open the demo project; it is made first where there is none yet.", "demo",
                   "window"),
        ActionSpec("close", "&Close clip", ("Ctrl+W",), "files.close_document", "File",
                   "Close what is open and go back to the start page.", "close"),
        ActionSpec("predict", "&Predict…", ("Ctrl+P",), "jobs.predict", "File",
                   "Find faces, landmarks and masks in this clip, beside your work.", "predict"),
        ActionSpec("export", "&Export…", ("Ctrl+E",), "jobs.export", "File",
                   "Write a video with the faces drawn in, masks, tables or point files.",
                   "export"),
        ActionSpec("settings", "&Settings…", ("Ctrl+,",), "window.show_settings", "File",
                   "Your name, theme, memory and keys.", "settings", "window"),
        ActionSpec("quit", "&Quit", ("Ctrl+Q",), "window.close", "File",
                   "Close the window.", "", "window"),
    )  # fmt: skip


def _edit() -> tuple[ActionSpec, ...]:
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
        ActionSpec("next_face", "Next &face", ("F",), "go.select_next_face", "Edit",
                   "Select the next face of this frame.", "person"),
        ActionSpec("previous_face", "Previous f&ace", ("Shift+F",), "go.select_previous_face",
                   "Edit",
                   "Select the previous face of this frame."),
        ActionSpec("deselect", "&Deselect", ("Esc",), "go.deselect", "Edit",
                   "Select no face."),
    )  # fmt: skip


def _landmarks() -> tuple[ActionSpec, ...]:
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
        ActionSpec("deselect_points", "Select n&one", ("Esc",), "points.select_none", "Landmarks",
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


def _go() -> tuple[ActionSpec, ...]:
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
        ActionSpec("next_marker", "Next mar&ked frame", ("Ctrl+.",), "go.next_marker",
                   "Go", "The next frame you marked."),
        ActionSpec("previous_marker", "Previous mar&ked frame", ("Ctrl+Shift+.",),
                   "go.previous_marker", "Go", "The previous frame you marked."),
        ActionSpec("go_back", "Where I &was before", ("Alt+Backspace",), "go.go_back", "Go",
                   "Back to the frame before the last jump."),
        ActionSpec("go_forward", "Where I went a&fter", ("Alt+Shift+Backspace",), "go.go_forward",
                   "Go", "Forward again after going back."),
        ActionSpec("next_clip", "Next &clip", ("Ctrl+PgDown",), "go.next_clip", "Go",
                   "The next clip of the list."),
        ActionSpec("previous_clip", "Previous clip", ("Ctrl+PgUp",), "go.previous_clip", "Go",
                   "The previous clip of the list."),
    )  # fmt: skip


def _play() -> tuple[ActionSpec, ...]:
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


def _view() -> tuple[ActionSpec, ...]:
    return (
        ActionSpec("fit", "&Fit", ("Ctrl+0",), "canvas.fit", "View",
                   "Show the whole frame.", "fit"),
        ActionSpec("actual_size", "&Actual size", ("Ctrl+1",), "canvas.actual_size", "View",
                   "One pixel of the clip is one pixel of the screen.", "actual-size"),
        ActionSpec("zoom_in", "Zoom &in", ("Ctrl++", "Ctrl+="), "canvas.zoom_in", "View",
                   "Larger; the wheel zooms at the cursor.", "zoom-in"),
        ActionSpec("zoom_out", "Zoom &out", ("Ctrl+-",), "canvas.zoom_out", "View",
                   "Smaller.", "zoom-out"),
        ActionSpec("zoom_face", "Zoom to the fa&ce", ("Ctrl+2",), "canvas.zoom_to_face", "View",
                   "Fill the canvas with the selected face.", "person"),
        ActionSpec("hide_held", "Hide overlays while &held", ("H",), "layers.hide_overlays", "View",
                   "See the bare frame as long as the key is down.", "eye-off", held=True),
        ActionSpec("overlays", "Show o&verlays", ("Shift+H",), "layers.set_overlays_visible",
                   "View", "Show or hide all layers.", "eye", checkable=True),
        ActionSpec("cycle_layers", "C&ycle layers", ("`",), "layers.cycle_layers", "View",
                   "All layers, landmarks only, label maps only, none.", "layers"),
        ActionSpec("timeline_all", "Whole clip in the &timeline", ("Ctrl+Shift+0",),
                   "window.show_whole_timeline", "View",
                   "Zoom the timeline out to the whole clip."),
        ActionSpec("fold_panels", "Fold &panels away", ("Shift+F11",), "window.set_panels_folded",
                   "View", "Canvas only.", "panels", "window", checkable=True),
        ActionSpec("full_screen", "Full &screen", ("F11",), "window.set_full_screen", "View",
                   "Fill the screen.", "fullscreen", "window", checkable=True),
        ActionSpec("theme_system", "S&ystem colours", (), "window.theme_system", "View",
                   "Follow the system's light or dark colours.", "system", "window"),
        ActionSpec("theme_light", "&Light colours", (), "window.theme_light", "View",
                   "A light window.", "light", "window"),
        ActionSpec("theme_dark", "&Dark colours", (), "window.theme_dark", "View",
                   "A dark window.", "dark", "window"),
    )  # fmt: skip


def _help() -> tuple[ActionSpec, ...]:
    return (
        ActionSpec("keys_sheet", "&Keys and mouse", ("F1",), "help.show_keys", "Help",
                   "Every action with its key.", "keyboard", "window"),
        ActionSpec("diagnostics", "Copy &diagnostics", (), "help.copy_diagnostics", "Help",
                   "Put versions, machine and recent messages on the clipboard.", "copy",
                   "window"),
        ActionSpec("about", "&About Lineament", (), "help.show_about", "Help",
                   "Version and licences.", "info", "window"),
    )  # fmt: skip


TABLE: tuple[ActionSpec, ...] = (
    *_file(), *_edit(), *_landmarks(), *_go(), *_play(), *_view(), *_help(),
)  # fmt: skip
MENUS = ("File", "Edit", "Landmarks", "Go", "Play", "View", "Help")
SUBMENUS = {"Select part": "Landmarks", "Move selected": "Landmarks"}
"""Menus inside menus, at the end of them."""

# A line starts a new group in its menu: the ids that begin one.
GROUP_STARTS = frozenset(
    {
        "close", "predict", "settings", "quit", "approve", "next_face", "first_frame", "go_to",
        "next_key", "next_edited", "next_unreviewed", "next_approved", "toggle_marker", "go_back",
        "next_clip",
        "faster", "loop", "mark_in", "hide_held", "timeline_all", "fold_panels", "theme_system",
        "diagnostics", "reset_points", "copy_previous", "mirror", "bend_curves",
        "select_all_points", "nudge_left_far", "nudge_left_little", "turn_right",
    }
)  # fmt: skip

PRESETS: dict[str, dict[str, tuple[str, ...]]] = {
    "Default": {},
    "SLEAP": {
        "next_frame": ("Right",),
        "previous_frame": ("Left",),
        "forward_10": ("Ctrl+Alt+Right",),
        "back_10": ("Ctrl+Alt+Left",),
        "go_to": ("Ctrl+J",),
        "next_edited": ("Alt+Right", "Ctrl+U"),
        "next_unreviewed": ("Space",),
        "previous_unreviewed": ("Shift+Space",),
        "next_approved": (),
        "previous_approved": (),
        "play": ("P",),
        "fit": ("Ctrl+=",),
        "zoom_in": ("Ctrl++",),
    },
    "CVAT": {
        "next_frame": ("F",),
        "previous_frame": ("D",),
        "forward_10": ("V",),
        "back_10": ("C",),
        "next_key": ("R",),
        "previous_key": ("E",),
        "next_unreviewed": ("Right",),
        "previous_unreviewed": ("Left",),
        "go_to": ("`", "Ctrl+G"),
        "copy_previous": ("Alt+C",),
        "copy_next": ("Alt+Shift+C",),
        "next_face": ("Ctrl+F",),
        "previous_face": ("Ctrl+Shift+F",),
        "overlays": ("T",),
        "cycle_layers": (),
    },
    "labelme": {
        "next_frame": ("D", "Right"),
        "previous_frame": ("A", "Left"),
        "next_unreviewed": ("Ctrl+Shift+D",),
        "previous_unreviewed": ("Ctrl+Shift+A",),
        "fit": ("Ctrl+F",),
        "overlays": ("T",),
    },
}
