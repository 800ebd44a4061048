"""What a person prefers, kept between runs: one table of typed settings over QSettings.

Only what differs from the default is stored. A value that cannot be read counts as the default, so
that a damaged file never keeps the window from opening.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PySide6.QtCore import QByteArray, QObject, QSettings, Signal

from core import paths

RECENT_LIMIT = 12
DEVICES = ("auto", "cpu", "cuda", "mps")


@dataclass(frozen=True)
class Setting:
    """One preference."""

    key: str
    default: Any
    """Also its type: str, int, float, bool, list or dict."""
    help: str
    choices: tuple[str, ...] = ()
    low: float = 0
    high: float = 0
    """Bounds of a number; equal bounds mean none."""


TABLE: dict[str, Setting] = {
    setting.key: setting
    for setting in (
        Setting("theme", "system", "Colours of the window.", ("system", "light", "dark")),
        Setting("annotator", "", "Your name, kept with every edit you make."),
        Setting(
            "frame_cache_mib",
            512,
            "Memory for decoded frames, from the next clip on.",
            low=64,
            high=16384,
        ),
        Setting("read_ahead", True, "Decode frames ahead while idle and while playing."),
        Setting("predict_device", "auto", "Where predicting is offered first.", DEVICES),
        Setting("train_device", "auto", "Where training is offered first.", DEVICES),
        Setting(
            "job_cores",
            0,
            "Processor cores a job may use beside the window; 0 leaves one to the window.",
            low=0,
            high=256,
        ),
        Setting("key_preset", "Default", "The set of keys you are used to."),
        Setting("keys", {}, "Keys you have changed: action → list of keys."),
        Setting("recent", [], "Clips and projects opened lately, newest first."),
        Setting("places", {}, "Clip → the frame it was left at."),
        Setting("layers", {}, "How each layer was last shown."),
        Setting("magnifier", False, "Whether the face magnifier was last shown."),
    )
}


class Settings(QObject):
    """The preferences of this person on this machine.

    Signals:
        changed: Key of a setting that has a new value. Main window, canvas and docks listen.
    """

    changed = Signal(str)

    def __init__(self, store: QSettings | None = None) -> None:
        super().__init__()
        self._store = store or QSettings(str(_config_file()), QSettings.Format.IniFormat)

    def value(self, key: str) -> Any:
        """A setting's value, the default if it is unset or unreadable."""
        setting = TABLE[key]
        text = self._store.value(f"settings/{key}")
        if not isinstance(text, str):
            return _copy(setting.default)
        try:
            value = json.loads(text)
        except ValueError:
            return _copy(setting.default)
        return value if _fits(setting, value) else _copy(setting.default)

    def set_value(self, key: str, value: Any) -> None:
        """Store a value, or forget it where it is the default.

        Raises:
            ValueError: If the value is none this setting can have.
        """
        setting = TABLE[key]
        if not _fits(setting, value):
            raise ValueError(f"{value!r} is no value for {key}")
        if value == self.value(key):
            return
        if value == setting.default:
            self._store.remove(f"settings/{key}")
        else:
            self._store.setValue(f"settings/{key}", json.dumps(value))
        self.changed.emit(key)

    def add_recent(self, path: Path) -> None:
        """Put a clip or project at the head of the recent list."""
        entry = str(path.absolute())
        others = [other for other in self.value("recent") if other != entry]
        self.set_value("recent", [entry, *others][:RECENT_LIMIT])

    def geometry(self, name: str) -> QByteArray | None:
        """Saved geometry or state of a window, by name."""
        value = self._store.value(f"geometry/{name}")
        return value if isinstance(value, QByteArray) and not value.isEmpty() else None

    def set_geometry(self, name: str, value: QByteArray) -> None:
        """Keep geometry or state of a window."""
        self._store.setValue(f"geometry/{name}", value)

    def reset(self) -> None:
        """Forget everything but the recent list."""
        recent = self.value("recent")
        self._store.clear()
        for key in TABLE:
            self.changed.emit(key)
        self.set_value("recent", recent)

    def sync(self) -> None:
        """Write to disk now."""
        self._store.sync()


def _config_file() -> Path:
    return paths.user_config() / "window.ini"


def _copy(value: Any) -> Any:
    return value.copy() if isinstance(value, (list, dict)) else value


def _fits(setting: Setting, value: Any) -> bool:
    if isinstance(setting.default, bool) != isinstance(value, bool):
        return False
    if isinstance(setting.default, float) and isinstance(value, int):
        value = float(value)
    if not isinstance(value, type(setting.default)):
        return False
    if setting.choices and value not in setting.choices:
        return False
    return setting.low == setting.high or setting.low <= value <= setting.high
