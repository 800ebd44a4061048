"""The F1 sheet: every action with its key, and what the mouse does; made from the table."""

from __future__ import annotations

import html

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QTextBrowser, QVBoxLayout, QWidget

from app.action_table import MENUS, SUBMENUS, TABLE
from app.actions import Keys, native, plain_text

_MOUSE = (
    ("Wheel on the canvas", "Zoom at the cursor"),
    ("Middle button, or Space and left button", "Move the picture"),
    ("Click on a face", "Select it; click beside all faces to select none"),
    ("Drag a landmark", "Move it, or all that are selected; with Ctrl, bend the contour"),
    ("Click, Shift and click on landmarks", "Select one; add or take away others"),
    ("Double click on a landmark", "Select its part of the face"),
    ("Drag over empty canvas", "Select the landmarks inside; with Shift, add them"),
    ("Drag a corner or the knob of the frame", "Scale or turn the selected landmarks"),
    ("Alt and drag", "Move the whole face"),
    ("Alt and wheel", "Turn the selected landmarks or the face; with Shift, scale"),
    ("Right button on a landmark", "Hidden or visible"),
    ("Rest on a landmark", "Its name, score and source"),
    ("Click or drag on the timeline", "Go there; the exact frame follows on release"),
    ("Shift and drag on the timeline", "Choose a range"),
    ("Wheel on the timeline", "Zoom; with Shift, scroll"),
    ("Double click on the timeline", "The whole clip"),
)


class KeySheet(QDialog):
    """Keys by menu in two columns, then the mouse."""

    def __init__(self, keys: Keys, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Keys and mouse")
        self.resize(860, 640)
        self.text = QTextBrowser(self)
        self.text.setAccessibleName("Keys and mouse")
        self.text.setHtml(sheet_html(keys))
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close, self)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(self.text)
        layout.addWidget(buttons)


def sheet_html(keys: Keys) -> str:
    """The sheet as HTML.

    Args:
        keys: Keys in force, by action.
    """
    parts = []
    for menu in (*MENUS, *SUBMENUS):
        rows = [
            (native(keys[spec.id]) or "—", plain_text(spec), spec.help)
            for spec in TABLE
            if spec.menu == menu
        ]
        parts.append(_section(menu, rows))
    parts.append(_section("Mouse", [(what, does, "") for what, does in _MOUSE]))
    return "".join(parts)


def _section(title: str, rows: list[tuple[str, str, str]]) -> str:
    lines = "".join(
        f"<tr><td width='200'><b>{html.escape(key)}</b>&nbsp;</td>"
        f"<td width='190'>{html.escape(name)}</td><td>{html.escape(text)}</td></tr>"
        for key, name, text in rows
    )
    return f"<h3>{html.escape(title)}</h3><table cellpadding='2' width='100%'>{lines}</table>"
