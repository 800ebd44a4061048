"""Actions made from the table, with a person's own keys, and the check that no two share a key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction, QKeySequence, QPalette

from app import theme
from app.action_table import PRESETS, TABLE, ActionSpec

Keys = dict[str, tuple[str, ...]]

_OF_POINTS = frozenset(spec.id for spec in TABLE if spec.scope == "points")


def resolve_keys(preset: str, overrides: Mapping[str, Sequence[str]]) -> Keys:
    """The keys in force: the table's, replaced by the preset's, replaced by the person's own.

    Unknown actions and an unknown preset, from an older or newer settings file, are left out.
    """
    own = {name: tuple(keys) for name, keys in overrides.items()}
    preset_keys = PRESETS.get(preset, {})
    return {spec.id: own.get(spec.id, preset_keys.get(spec.id, spec.keys)) for spec in TABLE}


def conflicts(keys: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """Keys that more than one action claims.

    All scopes live in one window, so a key belongs to one action; but while landmarks are selected
    the actions about them come first, so that arrows can move them.

    Returns:
        Normalised key → ids of the actions that claim it, in the table's order.
    """
    claims: dict[tuple[bool, str], list[str]] = {}
    for action_id, sequences in keys.items():
        for sequence in dict.fromkeys(normalise(text) for text in sequences):
            if sequence:
                claims.setdefault((action_id in _OF_POINTS, sequence), []).append(action_id)
    return {key: ids for (_, key), ids in claims.items() if len(ids) > 1}


def normalise(text: str) -> str:
    """A key in Qt's portable spelling; empty if it is none."""
    return QKeySequence(text).toString(QKeySequence.SequenceFormat.PortableText)


def native(keys: Sequence[str]) -> str:
    """Keys as this system writes them, for menus, tooltips and the F1 sheet."""
    shown = (QKeySequence(k).toString(QKeySequence.SequenceFormat.NativeText) for k in keys)
    return " or ".join(text for text in shown if text)


class Actions(QObject):
    """Every action of the window, ready for menus and tool bars."""

    def __init__(self, parts: Mapping[str, Any], colours: QPalette, parent: QObject) -> None:
        """Make the actions.

        Args:
            parts: The objects whose methods the table's slots name, by part.
            colours: Palette the icons are tinted for.
            parent: Owner of the actions.
        """
        super().__init__(parent)
        self._by_id: dict[str, QAction] = {}
        self.keys: Keys = {}
        self._points_selected = False
        for spec in TABLE:
            self._by_id[spec.id] = self._build(spec, parts)
        self.retint(colours)

    def __getitem__(self, action_id: str) -> QAction:
        return self._by_id[action_id]

    def all(self) -> list[QAction]:
        """Every action, in the table's order."""
        return list(self._by_id.values())

    def set_keys(self, keys: Keys) -> None:
        """Put keys in force and show them in tooltips."""
        self.keys = keys
        for spec in TABLE:
            shown = native(keys[spec.id])
            title = plain_text(spec)
            self._by_id[spec.id].setToolTip(f"{title} ({shown})\n{spec.help}" if shown else
                                            f"{title}\n{spec.help}")  # fmt: skip

        self._put_shortcuts()

    def set_points_selected(self, selected: bool) -> None:
        """Let the actions about selected landmarks have their keys, or the others theirs."""
        if selected != self._points_selected:
            self._points_selected = selected
            self._put_shortcuts()
            self._enable_points()

    def _put_shortcuts(self) -> None:
        """Keys claimed by two scopes belong to the selected landmarks while there are any."""
        of_points = {normalise(key) for name in _OF_POINTS for key in self.keys[name]}
        taken = of_points if self._points_selected else set()
        for name, action in self._by_id.items():
            own = self.keys[name]
            free = [key for key in own if name in _OF_POINTS or normalise(key) not in taken]
            action.setShortcuts([QKeySequence(key) for key in free])

    def _enable_points(self) -> None:
        for name in _OF_POINTS:
            self._by_id[name].setEnabled(self._points_selected)

    def retint(self, colours: QPalette) -> None:
        """Tint the icons for a palette."""
        for spec in TABLE:
            if spec.icon:
                self._by_id[spec.id].setIcon(theme.icon(spec.icon, colours))

    def set_document_open(self, is_open: bool) -> None:
        """Enable what needs a clip only while one is open."""
        for spec in TABLE:
            if spec.scope == "document":
                self._by_id[spec.id].setEnabled(is_open)
        self._enable_points()

    def _build(self, spec: ActionSpec, parts: Mapping[str, Any]) -> QAction:
        action = QAction(spec.text, self)
        action.setObjectName(spec.id)
        action.setStatusTip(spec.help)
        action.setCheckable(spec.checkable)
        part, method = spec.slot.split(".")
        slot: Any = getattr(parts[part], method)
        if spec.checkable:
            action.toggled.connect(slot)
        else:
            action.triggered.connect(lambda _checked=False: slot(*spec.arguments))
        return action


def plain_text(spec: ActionSpec) -> str:
    """The action's text without access key and dots."""
    return spec.text.replace("&", "").rstrip("…")


def key_of_event(key_event: Any) -> str:
    """A key event in portable spelling, to compare with the table's."""
    combination = key_event.keyCombination()
    return QKeySequence(combination).toString(QKeySequence.SequenceFormat.PortableText)
