"""Preferences: name, colours, memory, devices; keys with a check that no two actions share one."""

from __future__ import annotations

import os

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QHBoxLayout,
    QHeaderView,
    QKeySequenceEdit,
    QLabel,
    QLineEdit,
    QPushButton,
    QSpinBox,
    QTableWidget,
    QTableWidgetItem,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from app import settings as settings_module
from app.action_table import PRESETS, TABLE
from app.actions import Keys, conflicts, native, normalise, plain_text, resolve_keys
from app.dialogs.job_fields import DeviceBox
from app.settings import Settings

_FRAME_BYTES = 1920 * 1080 * 3 // 2
"""A decoded frame as the cache keeps it: one byte of brightness and half a byte of colour."""


class SettingsDialog(QDialog):
    """Changes take effect at once; there is nothing to confirm."""

    def __init__(self, settings: Settings, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Settings")
        self.resize(680, 560)
        tabs = QTabWidget(self)
        self.general_page = GeneralPage(settings, tabs)
        tabs.addTab(self.general_page, "General")
        self.devices_page = DevicesPage(settings, tabs)
        tabs.addTab(self.devices_page, "Devices")
        self.keys_page = KeysPage(settings, tabs)
        tabs.addTab(self.keys_page, "Keys")
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close, self)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(tabs)
        layout.addWidget(buttons)
        for button in self.findChildren(QPushButton):
            button.setAutoDefault(False)  # Return in a field ends the field, and presses nothing


class GeneralPage(QWidget):
    """Name, colours, memory."""

    def __init__(self, settings: Settings, parent: QWidget) -> None:
        super().__init__(parent)
        self.name = QLineEdit(settings.value("annotator"), self)
        self.name.setPlaceholderText("kept with every edit")
        self.name.editingFinished.connect(
            lambda: settings.set_value("annotator", self.name.text().strip())
        )
        theme_box = QComboBox(self)
        theme_box.addItems(list(settings_module.TABLE["theme"].choices))
        theme_box.setCurrentText(settings.value("theme"))
        theme_box.currentTextChanged.connect(lambda text: settings.set_value("theme", text))
        ahead = QCheckBox("Decode frames ahead", self)
        ahead.setChecked(settings.value("read_ahead"))
        ahead.toggled.connect(lambda on: settings.set_value("read_ahead", on))
        self.cache = _number(settings, "frame_cache_mib", 128, self)
        self.cache.setSuffix(" MiB")
        self._holds = QLabel(self)
        self.cache.valueChanged.connect(self._say_frames)
        self._say_frames(self.cache.value())
        _fill(
            QFormLayout(self),
            (
                ("Your &name", self.name, "annotator"),
                ("&Colours", theme_box, "theme"),
                ("&Playback", ahead, "read_ahead"),
                ("&Memory for frames", self.cache, "frame_cache_mib"),
            ),
        ).addRow("", self._holds)

    def _say_frames(self, size_mib: int) -> None:
        """What the memory holds, for those who do not count in MiB."""
        frames = size_mib * 2**20 // _FRAME_BYTES
        self._holds.setText(f"About {frames:,} frames of 1920×1080")


class DevicesPage(QWidget):
    """Where predicting and training run, and how much of the processor they may take."""

    def __init__(self, settings: Settings, parent: QWidget) -> None:
        super().__init__(parent)
        self.predict = _device(settings, "predict_device", self)
        self.train = _device(settings, "train_device", self)
        self.cores = _number(settings, "job_cores", 1, self)
        self.cores.setSpecialValueText("all but one")
        self.cores.setMaximum(max(os.cpu_count() or 1, settings.value("job_cores"), 1))
        note = QLabel(
            "The dialogs start with these; there you can choose another device for one job. A job"
            " on a device that is not there ends with a sentence. `doctor` on the command line"
            " lists what this machine has.",
            self,
        )
        note.setWordWrap(True)
        _fill(
            QFormLayout(self),
            (
                ("&Predict on", self.predict, "predict_device"),
                ("&Train on", self.train, "train_device"),
                ("&Cores for a job", self.cores, "job_cores"),
            ),
        ).addRow(note)


def _fill(form: QFormLayout, rows: tuple[tuple[str, QWidget, str], ...]) -> QFormLayout:
    """A line for each setting, with what it does as its tooltip."""
    for label, widget, key in rows:
        widget.setToolTip(settings_module.TABLE[key].help)
        widget.setAccessibleName(label.replace("&", ""))
        form.addRow(label, widget)
    return form


def _number(settings: Settings, key: str, step: int, parent: QWidget) -> QSpinBox:
    box = QSpinBox(parent)
    limits = settings_module.TABLE[key]
    box.setRange(int(limits.low), int(limits.high))
    box.setSingleStep(step)
    box.setValue(settings.value(key))
    box.valueChanged.connect(lambda value: settings.set_value(key, value))
    return box


def _device(settings: Settings, key: str, parent: QWidget) -> DeviceBox:
    box = DeviceBox(parent, settings.value(key))
    box.currentIndexChanged.connect(lambda _: settings.set_value(key, str(box.currentData())))
    return box


class KeysPage(QWidget):
    """A preset, and a table to give single actions other keys."""

    def __init__(self, settings: Settings, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._settings = settings
        self.preset = QComboBox(self)
        self.preset.addItems(list(PRESETS))
        self.preset.setCurrentText(settings.value("key_preset"))
        self.preset.currentTextChanged.connect(self._on_preset)
        self.table = QTableWidget(len(TABLE), 2, self)
        self.table.setAccessibleName("Keys")
        self.table.setHorizontalHeaderLabels(["Action", "Keys"])
        self.table.verticalHeader().hide()
        self.table.setSelectionBehavior(QTableWidget.SelectionBehavior.SelectRows)
        self.table.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
        header = self.table.horizontalHeader()
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        self.search = QLineEdit(self)
        self.search.setPlaceholderText("Find an action or a key")
        self.search.setAccessibleName("Find an action or a key")
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._show_found)
        self.edit = QKeySequenceEdit(self)
        self.edit.setAccessibleName("New key")
        self.edit.setMaximumSequenceLength(1)
        self.warning = QLabel(self)
        self.warning.setWordWrap(True)
        self._lay_out()
        self.table.currentCellChanged.connect(self._on_row)
        self.edit.keySequenceChanged.connect(self._check)
        self.refresh()

    def keys(self) -> Keys:
        """The keys in force."""
        return resolve_keys(self._settings.value("key_preset"), self._settings.value("keys"))

    def refresh(self) -> None:
        """Show the keys in force."""
        keys = self.keys()
        for row, spec in enumerate(TABLE):
            self.table.setItem(row, 0, QTableWidgetItem(f"{spec.menu}: {plain_text(spec)}"))
            self.table.setItem(row, 1, QTableWidgetItem(native(keys[spec.id])))
        self._check()

    def set_key(self, action_id: str, key: str) -> None:
        """Give an action one key, taking it from any other action that has it."""
        keys, own = self.keys(), dict(self._settings.value("keys"))
        key = normalise(key)
        for other, sequences in keys.items():
            if other != action_id and key in [normalise(k) for k in sequences]:
                own[other] = [k for k in sequences if normalise(k) != key]
        own[action_id] = [key] if key else []
        self._settings.set_value("keys", own)
        self.refresh()

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.addWidget(QLabel("Preset", self))
        top.addWidget(self.preset)
        top.addWidget(self.search, 1)
        reset = QPushButton("All as in the preset", self)
        reset.clicked.connect(self._reset)
        top.addWidget(reset)
        bottom = QHBoxLayout()
        bottom.addWidget(QLabel("New key", self))
        bottom.addWidget(self.edit)
        self._set = QPushButton("Set", self)
        self._set.clicked.connect(self._on_set)
        bottom.addWidget(self._set)
        remove = QPushButton("Remove", self)
        remove.clicked.connect(lambda: self.set_key(self._current_id(), ""))
        bottom.addWidget(remove)
        bottom.addStretch(1)
        layout = QVBoxLayout(self)
        layout.addLayout(top)
        layout.addWidget(self.table)
        layout.addLayout(bottom)
        layout.addWidget(self.warning)

    def _show_found(self, text: str) -> None:
        """List only actions whose name or keys have the text in them."""
        for row in range(self.table.rowCount()):
            cells = [self.table.item(row, column) for column in (0, 1)]
            words = " ".join(cell.text() for cell in cells if cell is not None)
            self.table.setRowHidden(row, text.lower() not in words.lower())

    def _current_id(self) -> str:
        return TABLE[max(self.table.currentRow(), 0)].id

    def _on_preset(self, preset: str) -> None:
        self._settings.set_value("key_preset", preset)
        self.refresh()

    def _reset(self) -> None:
        self._settings.set_value("keys", {})
        self.refresh()

    def _on_row(self) -> None:
        self.edit.clear()

    def _on_set(self) -> None:
        text = self.edit.keySequence().toString(QKeySequence.SequenceFormat.PortableText)
        if text:
            self.set_key(self._current_id(), text)
            self.edit.clear()

    def _check(self) -> None:
        """Say who has the typed key, or which keys are shared."""
        keys = self.keys()
        names = {spec.id: plain_text(spec) for spec in TABLE}
        typed = normalise(self.edit.keySequence().toString())
        owners = [
            names[other]
            for other, sequences in keys.items()
            if typed and typed in [normalise(k) for k in sequences] and other != self._current_id()
        ]
        shared = [f"{k}: {', '.join(names[i] for i in ids)}" for k, ids in conflicts(keys).items()]
        if owners:
            self.warning.setText(f"{typed} belongs to “{owners[0]}”, which will lose it.")
        else:
            self.warning.setText("Shared keys do nothing: " + "; ".join(shared) if shared else "")
        self.warning.setAlignment(Qt.AlignmentFlag.AlignLeft)
