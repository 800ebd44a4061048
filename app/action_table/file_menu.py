"""The File menu."""

from __future__ import annotations

from app.action_table.spec import ActionSpec

GROUP_STARTS = frozenset({"close", "predict", "quit", "settings"})


def actions() -> tuple[ActionSpec, ...]:
    """The rows of the File menu."""
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
        ActionSpec("import", "&Import…", ("Ctrl+Shift+E",), "jobs.import_files", "File",
                   "Read faces from a file of another program, or an export, as a new run.",
                   "import"),
        ActionSpec("export", "&Export…", ("Ctrl+E",), "jobs.export", "File",
                   "Write a video with the faces drawn in, masks, tables or point files.",
                   "export"),
        ActionSpec("train", "&Train…", ("Ctrl+T",), "jobs.train", "File",
                   "Train a net on your approved faces, or on rendered ones, beside your work.",
                   "train"),
        ActionSpec("settings", "&Settings…", ("Ctrl+,",), "window.show_settings", "File",
                   "Your name, theme, memory and keys.", "settings", "window"),
        ActionSpec("quit", "&Quit", ("Ctrl+Q",), "window.close", "File",
                   "Close the window.", "", "window"),
    )  # fmt: skip
