"""How to predict the open clip; the dialog makes a plan, the desk starts it."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QDialog,
    QFileDialog,
    QFormLayout,
    QLabel,
    QWidget,
)

from app.dialogs.command_line import CommandLine
from app.dialogs.file_combo import FileCombo
from app.dialogs.job_fields import DeviceBox, PlaceEdit, RangeBox, lay_out_job
from app.model_list import ModelChoice, model_choices
from app.session import Session
from core.annotations.job_files import JobPlan

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
        self._has_others = len(session.document.entries()) > 1
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
        self.device = DeviceBox(self, session.settings.value("predict_device"))
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
        self.go = lay_out_job(self, form, "Predict", (self._note, self.command))

    def _note_text(self) -> str:
        if self._project is None:
            later = "can be opened in the Jobs panel" if self._has_others else "is opened"
            return f"The clip's project {later} when the prediction is done."
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


def _fill(box: FileCombo, models: list[ModelChoice]) -> None:
    for model in models:
        box.addItem(model.name if model.task else f"{model.name} (cannot be read)", model.name)
        box.setItemData(box.count() - 1, model.about, _TOOL_TIP)
        if model.name == _DEFAULT:
            box.setCurrentIndex(box.count() - 1)
    box.add_file_item("From a file…")
