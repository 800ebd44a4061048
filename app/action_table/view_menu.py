"""The View menu."""

from __future__ import annotations

from app.action_table.spec import ActionSpec

GROUP_STARTS = frozenset({"fold_panels", "hide_held", "theme_system", "timeline_all"})


def actions() -> tuple[ActionSpec, ...]:
    """The rows of the View menu."""
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
        ActionSpec("magnifier", "Face &magnifier", ("Z",), "magnifier.set_shown", "View",
                   "The selected face, levelled and large, in a corner of the canvas.",
                   "magnifier", checkable=True),
        ActionSpec("hide_held", "Hide overlays while &held", ("H",), "layers.hide_overlays", "View",
                   "See the bare frame as long as the key is down.", "eye-off", held=True),
        ActionSpec("overlays", "Show o&verlays", ("Shift+H",), "layers.set_overlays_visible",
                   "View", "Show or hide all layers.", "eye", checkable=True),
        ActionSpec("cycle_layers", "C&ycle layers", ("`",), "layers.cycle_layers", "View",
                   "All layers, landmarks only, label maps only, none.", "layers"),
        ActionSpec("heat_map", "&Landmark correlation", ("L",), "correlation.show_dock", "View",
                   "A live heat-map of how landmarks hang together, and sparse formats."),
        ActionSpec("timeline_all", "Whole clip in the &timeline", ("Ctrl+Shift+0",),
                   "window.show_whole_timeline", "View",
                   "Zoom the timeline out to the whole clip."),
        ActionSpec("fold_panels", "Fold &panels away", ("Shift+F11",), "panels.set_folded",
                   "View", "Canvas only.", "panels", "window", checkable=True),
        ActionSpec("full_screen", "Full &screen", ("F11",), "window.set_full_screen", "View",
                   "Fill the screen.", "fullscreen", "window", checkable=True),
        ActionSpec("theme_system", "Syst&em colours", (), "look.theme_system", "View",
                   "Follow the system's light or dark colours.", "system", "window"),
        ActionSpec("theme_light", "Li&ght colours", (), "look.theme_light", "View",
                   "A light window.", "light", "window"),
        ActionSpec("theme_dark", "&Dark colours", (), "look.theme_dark", "View",
                   "A dark window.", "dark", "window"),
    )  # fmt: skip
