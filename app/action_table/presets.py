"""Sets of keys that people bring from other programs."""

from __future__ import annotations

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
