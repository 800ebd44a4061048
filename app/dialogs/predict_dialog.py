"""How to predict the open clip; the dialog makes a plan, the desk starts it."""

from __future__ import annotations

import sys
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QFormLayout,
    QLabel,
    QVBoxLayout,
    QWidget,
)

from app.dialogs.command_line import CommandLine
from app.dialogs.job_fields import PlaceEdit, RangeBox
from app.model_list import ModelChoice, model_choices
from app.session import Session
from core.annotations.job_files import JobPlan

_FROM_FILE = "\0file"
_MODEL_FILES = "Models (*.safetensors *.onnx)"
_DEFAULT = "landmarks-68"
_TOOL_TIP = Qt.ItemDataRole.ToolTipRole


class PredictDialog(QDialog):
    """Model, masks, detector, frames, device."""

    def __init__(self, session: Session, parent: QWidget) -> None:
        super().__init__(parent)
        assert session.entry is not None
        assert session.document is not None
        self.setWindowTitle("Predict")
        self._entry, self._project = session.entry, session.document.path
        models = model_choices(self._project)
        self.model = FileCombo("Landmark model", _MODEL_FILES, self)
        _fill(self.model, [m for m in models if m.task != "parsing"])
        self.masks = FileCombo("Masks", _MODEL_FILES, self)
        self.masks.addItem("Painted from the landmarks (face5)", "")
        self.masks.addItem("None", "--no-masks")
        _fill(self.masks, [m for m in models if m.task == "parsing"])
        self.detector = FileCombo("Detector", "YuNet (*.onnx)", self)
        self.detector.addItem("Cascade (built in)", "")
        self.detector.add_file_item("YuNet, from a file…")
        self.range = RangeBox(session, self)
        self.device = QComboBox(self)
        self.device.setAccessibleName("Device")
        for text, device in _devices():
            self.device.addItem(text, device)
        self.place = PlaceEdit("Project", self._choose_project, self)
        self.command = CommandLine(self)
        self._lay_out()
        for box in (self.model, self.masks, self.detector, self.range, self.device):
            box.currentIndexChanged.connect(self._show_command)
        self.place.changed.connect(self._show_command)
        self.place.set_path(self._project or self._entry.path.absolute().with_suffix(".lin"))
        self._show_command()

    def plan(self) -> JobPlan:
        """What was chosen.

        Without a project the clip's path stands for its id.
        """
        own = self._entry.clip_id if self._project else str(self._entry.path.absolute())
        title = f"Predict {self._entry.title}"
        return JobPlan("predict", title, tuple(self.arguments()), own, str(self.place.path))

    def arguments(self) -> list[str]:
        """The command."""
        words = ["predict", str(self._entry.path.absolute()), "-o", str(self.place.path)]
        words += ["--model", str(self.model.currentData() or _DEFAULT)]
        masks = str(self.masks.currentData())
        words += [masks] if masks == "--no-masks" else ["--model", masks] if masks else []
        detector = str(self.detector.currentData())
        words += ["--detector", f"yunet:{detector}"] if detector else []
        words += self.range.arguments
        device = self.device.currentData()
        return words + ([] if device == "auto" else ["--device", str(device)])

    def _lay_out(self) -> None:
        form = QFormLayout()
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        clip = QLabel(self._entry.title, self)
        clip.setToolTip(str(self._entry.path))
        form.addRow("Clip", clip)
        form.addRow("&Landmark model", self.model)
        form.addRow("&Masks", self.masks)
        form.addRow("Faces &found by", self.detector)
        form.addRow("F&rames", self.range)
        form.addRow("&Device", self.device)
        if self._project is None:
            form.addRow("New &project", self.place)
        else:
            self.place.hide()
        self._note = QLabel(self._note_text(), self)
        self._note.setWordWrap(True)
        self._buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel, self)
        self.go = self._buttons.addButton("Predict", QDialogButtonBox.ButtonRole.AcceptRole)
        self.go.setDefault(True)
        self._buttons.accepted.connect(self.accept)
        self._buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.setSpacing(10)
        layout.addLayout(form)
        layout.addWidget(self._note)
        layout.addWidget(self.command)
        layout.addWidget(self._buttons)
        self.setMinimumWidth(600)

    def _note_text(self) -> str:
        if self._project is None:
            return "The clip's project is opened when the prediction is done."
        return (
            "A new run is written; your corrections stay as they are. A run stopped before is gone"
            " on with."
        )

    def _choose_project(self, present: str) -> str:
        name, _ = QFileDialog.getSaveFileName(
            self, "New project", present, "Projects (*.lin)",
            options=QFileDialog.Option.DontConfirmOverwrite,
        )  # fmt: skip
        return str(Path(name).with_suffix(".lin")) if name else ""

    def _show_command(self) -> None:
        self.command.show_command(self.arguments())
        self.go.setEnabled(bool(self.model.currentData()) and not self.place.is_empty)


class FileCombo(QComboBox):
    """Choices, of which the last asks for a file."""

    def __init__(self, name: str, files: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self._name, self._files = name, files
        self._last = 0
        self.activated.connect(self._on_activated)
        self.currentIndexChanged.connect(self._on_index)

    def add_file_item(self, text: str) -> None:
        """Add the choice that asks."""
        self.addItem(text, _FROM_FILE)

    def choose_file(self, path: Path) -> None:
        """Choose a file, which joins the list."""
        at = max(self.findData(_FROM_FILE), 0)
        self.insertItem(at, path.name, str(path.absolute()))
        self.setCurrentIndex(at)

    def currentData(self, role: int | None = None) -> str:
        """The choice's value; empty while the file is still asked for."""
        value = super().currentData() if role is None else super().currentData(role)
        return "" if value is None or value == _FROM_FILE else str(value)

    def _on_index(self, index: int) -> None:
        if index >= 0 and self.itemData(index) != _FROM_FILE:
            self._last = index

    def _on_activated(self, index: int) -> None:
        if self.itemData(index) != _FROM_FILE:
            return
        chosen, _ = QFileDialog.getOpenFileName(self, self._name, "", self._files)
        if chosen:
            self.choose_file(Path(chosen))
        else:
            self.setCurrentIndex(self._last)


def _fill(box: FileCombo, models: list[ModelChoice]) -> None:
    for model in models:
        box.addItem(model.name if model.task else f"{model.name} (cannot be read)", model.name)
        box.setItemData(box.count() - 1, model.about, _TOOL_TIP)
        if model.name == _DEFAULT:
            box.setCurrentIndex(box.count() - 1)
    box.add_file_item("From a file…")


def _devices() -> list[tuple[str, str]]:
    known = [("The best there is", "auto"), ("Processor", "cpu")]
    return [*known, ("Apple GPU", "mps") if sys.platform == "darwin" else ("NVIDIA GPU", "cuda")]
